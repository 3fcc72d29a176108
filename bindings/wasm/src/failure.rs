//! Errors on their way out: the core's stable code and its sentence.

#[cfg(any(feature = "envelopes", feature = "signatures"))]
use fortress::grant::{GrantError, SigningKeyError};
use fortress::{
    ContextError, KeyringError, PassphraseError, SuiteError, batch::BatchError, chunked::ChunkedError,
    envelope::EnvelopeError, token::TokenError,
};
#[cfg(feature = "envelopes")]
use fortress::{identity::IdentityError, shares::ShareError};

/// An error of the core, or of this side of the border.
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) text: String,
    /// Of many values in one call, those that failed: position, code and text.
    pub(crate) values: Vec<(usize, &'static str, String)>,
}

impl Failure {
    /// An argument that the core has no type for.
    pub(crate) fn argument(text: impl Into<String>) -> Failure {
        Failure { code: "invalid_argument", text: text.into(), values: Vec::new() }
    }

    /// The same, as that of the value at this position.
    pub(crate) fn at(mut self, position: usize) -> Failure {
        self.values.push((position, self.code, self.text.clone()));
        self
    }

    /// Values that failed, in ascending order.
    pub(crate) fn of_values(failures: impl IntoIterator<Item = (usize, TokenError)>) -> Failure {
        let values: Vec<_> =
            failures.into_iter().map(|(position, error)| (position, error.code(), error.to_string())).collect();
        let (code, text) = values.first().map(|(_, code, text)| (*code, text.clone())).unwrap_or_default();
        Failure { code, text, values }
    }
}

macro_rules! from_core {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            #[cold]
            fn from(error: $error) -> Failure {
                Failure { code: error.code(), text: error.to_string(), values: Vec::new() }
            }
        }
    )+};
}

impl From<BatchError> for Failure {
    #[cold]
    fn from(error: BatchError) -> Failure {
        Failure::of_values(error.failures().iter().copied())
    }
}

from_core!(ChunkedError, ContextError, EnvelopeError, KeyringError, PassphraseError, SuiteError, TokenError);

#[cfg(feature = "envelopes")]
from_core!(IdentityError, ShareError);
#[cfg(any(feature = "envelopes", feature = "signatures"))]
from_core!(GrantError, SigningKeyError);
