//! What a function of the caller's raised when it was asked for a PIN.
//!
//! Between it and the one who waits for the key stands Rust, which has its own word for a PIN that did not come. The exception is kept meanwhile, by the
//! thread: it is the one that waits, and no other one's call takes it.

use std::cell::Cell;

use pyo3::{exceptions::PyException, prelude::*};

use crate::failure::Failure;

thread_local! {
    static RAISED: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// Keeps an exception for the call that this thread is in.
#[cfg(feature = "hsm")]
pub(super) fn keep(error: PyErr) {
    RAISED.set(Some(error));
}

/// Does something that may ask for a PIN. Also gives what was raised then.
pub(crate) fn listening<T>(work: impl FnOnce() -> T) -> (T, Option<PyErr>) {
    RAISED.set(None);
    let done = work();
    (done, RAISED.take())
}

/// What can be the cause of an exception of ours. One that ends the program is passed on as it is.
pub(crate) fn as_cause(py: Python<'_>, raised: Option<PyErr>) -> PyResult<Option<PyErr>> {
    match raised {
        Some(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        raised => Ok(raised),
    }
}

/// The exception for a failure, with what was raised as its cause.
pub(crate) fn explained(py: Python<'_>, failure: impl Into<Failure>, raised: Option<PyErr>) -> PyErr {
    match as_cause(py, raised) {
        Ok(cause) => failure.into().caused_by(py, cause),
        Err(error) => error,
    }
}
