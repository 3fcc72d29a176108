//! Errors on their way out: the core's stable code and its sentence, as the exception that `fortress.errors` has for it.

use fortress::{
    ContextError, KeyringError, PassphraseError, SuiteError,
    batch::BatchError,
    chunked::ChunkedError,
    envelope::EnvelopeError,
    external::ExternalKeyError,
    grant::{GrantError, SigningKeyError},
    identity::IdentityError,
    shares::ShareError,
    token::TokenError,
};
use pyo3::{prelude::*, sync::PyOnceLock};

/// An error of the core, or of this side of the border.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Failure {
    /// An argument that the core has no type for.
    pub(crate) fn argument(text: impl Into<String>) -> Failure {
        Failure { code: "invalid_argument", text: text.into() }
    }

    /// A keyring or passphrase whose secrets are wiped, or a stream that has ended.
    pub(crate) fn closed(what: &str) -> Failure {
        Failure { code: "closed", text: format!("this {what} is closed") }
    }

    /// The exception, with the one of the caller's that led to it.
    pub(crate) fn caused_by(self, py: Python<'_>, cause: Option<PyErr>) -> PyErr {
        let error = PyErr::from(self);
        error.set_cause(py, cause);
        error
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
    ChunkedError,
    ContextError,
    EnvelopeError,
    ExternalKeyError,
    GrantError,
    IdentityError,
    KeyringError,
    PassphraseError,
    ShareError,
    SigningKeyError,
    SuiteError,
    TokenError
);

impl From<Failure> for PyErr {
    #[cold]
    fn from(failure: Failure) -> PyErr {
        Python::attach(|py| raise(py, "error_of", (failure.code, failure.text)))
    }
}

/// The rows of a column that failed, with their positions counted from 0.
pub(crate) struct RowFailures(pub(crate) Vec<(usize, Failure)>);

impl From<RowFailures> for PyErr {
    #[cold]
    fn from(failures: RowFailures) -> PyErr {
        let failures: Vec<(usize, &str, String)> =
            failures.0.into_iter().map(|(row, failure)| (row, failure.code, failure.text)).collect();
        Python::attach(|py| raise(py, "column_error", (failures,)))
    }
}

/// The first failure among the fields of a row, with the field's name.
#[cold]
pub(crate) fn of_field(error: &BatchError, names: &[&str]) -> Failure {
    match error.failures().first() {
        Some((position, error)) => {
            let name = names.get(*position).copied().unwrap_or_default();
            Failure { code: error.code(), text: format!("field {name:?}: {error}") }
        }
        None => Failure { code: error.code(), text: error.to_string() },
    }
}

/// The exception that a function of `fortress.errors` makes of these arguments.
fn raise<'py>(py: Python<'py>, function: &str, arguments: impl pyo3::call::PyCallArgs<'py>) -> PyErr {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let made = ERRORS
        .get_or_try_init(py, || py.import("fortress.errors").map(Bound::unbind))
        .and_then(|errors| errors.bind(py).call_method1(function, arguments));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
