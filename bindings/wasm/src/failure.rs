//! Errors on their way out: the core's stable code and its sentence.

use fortress::{
    ContextError, KeyringError, PassphraseError, SuiteError, batch::BatchError, chunked::ChunkedError,
    envelope::EnvelopeError, token::TokenError,
};

/// An error of the core, or of this side of the border.
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Failure {
    /// An argument that the core has no type for.
    pub(crate) fn argument(text: impl Into<String>) -> Failure {
        Failure { code: "invalid_argument", text: text.into() }
    }
}

macro_rules! from_core {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            #[cold]
            fn from(error: $error) -> Failure {
                Failure { code: error.code(), text: error.to_string() }
            }
        }
    )+};
}

from_core!(
    BatchError,
    ChunkedError,
    ContextError,
    EnvelopeError,
    KeyringError,
    PassphraseError,
    SuiteError,
    TokenError
);
