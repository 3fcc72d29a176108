//! External keys: those that this module has opened, and Python objects with a `reference`, `wrap` and `unwrap`.
//!
//! The latter are asked with the interpreter and without any lock, between two calls of the core: what they do may take long, run
//! other threads, or use the very keyring that is being sealed.

use std::sync::Arc;

use fortress::{
    envelope::ExternalRequest,
    external::{AnsweredKey, ExternalKey, ExternalKeyError},
    hazmat::{Draft, RewrapDraft},
};
use pyo3::{
    exceptions::{PyException, PyOSError},
    prelude::*,
    types::{PyBytes, PyString},
};
use zeroize::Zeroizing;

use crate::{
    buffer::Bytes,
    failure::Failure,
    hsm::{KeyHandle, raised},
    text,
};

/// An external key, whoever made it.
pub(crate) enum External {
    Native(Arc<NativeKey>),
    Own(OwnKey),
}

/// A key that this module has opened. It is asked without the interpreter, and no object of Python's holds what it unwraps.
pub(crate) type NativeKey = dyn ExternalKey + Send + Sync;

impl External {
    /// `None` for an object that is no such key.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<External>> {
        match object.cast::<KeyHandle>() {
            Ok(key) => Ok(Some(External::Native(key.get().lend()?))),
            Err(_) => Ok(OwnKey::of(object)?.map(External::Own)),
        }
    }

    /// Has it wrap a draft's file key.
    pub(crate) fn wrapping(&self, py: Python<'_>, draft: &(impl Wrappable + Sync)) -> PyResult<AnsweredKey> {
        match self {
            External::Own(key) => key.wrapping(py, draft),
            External::Native(key) => {
                let associated = draft.associated();
                match py.detach(|| raised::listening(|| key.wrap(draft.file_key(), &associated))) {
                    (Ok(wrapped), _) => Ok(AnsweredKey::wrapped(key.reference().to_owned(), wrapped, associated)),
                    (Err(error), raised) => Err(raised::explained(py, error, raised)),
                }
            }
        }
    }

    /// Does it open what is wrapped under this reference?
    pub(crate) fn opens(&self, py: Python<'_>, reference: &str) -> PyResult<bool> {
        match self {
            External::Own(key) => key.opens(py, reference),
            External::Native(key) => Ok(key.opens(reference)),
        }
    }

    /// Has it unwrap what a header holds. Its trouble is an answer too: another one may open the envelope.
    pub(crate) fn unwrapping(
        &self,
        py: Python<'_>,
        request: ExternalRequest,
    ) -> PyResult<(AnsweredKey, Option<PyErr>)> {
        match self {
            External::Own(key) => key.unwrapping(py, request),
            External::Native(key) => {
                let unwrap = || key.unwrap_as(&request.reference, &request.wrapped, &request.associated);
                let (answer, raised) = py.detach(|| raised::listening(unwrap));
                Ok((request.answered(answer), raised::as_cause(py, raised)?))
            }
        }
    }
}

/// A key of the caller's.
pub(crate) struct OwnKey {
    object: Py<PyAny>,
    reference: String,
}

/// An envelope whose file key is yet to be wrapped.
pub(crate) trait Wrappable {
    fn file_key(&self) -> &[u8; 32];
    fn associated(&self) -> [u8; 32];
}

macro_rules! wrappable {
    ($($draft:ty),+) => {$(
        impl Wrappable for $draft {
            fn file_key(&self) -> &[u8; 32] {
                self.expose_file_key()
            }

            fn associated(&self) -> [u8; 32] {
                self.associated_data()
            }
        }
    )+};
}

wrappable!(Draft, RewrapDraft);

impl OwnKey {
    fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<OwnKey>> {
        for method in ["wrap", "unwrap"] {
            if !object.hasattr(method)? {
                return Ok(None);
            }
        }
        let reference = object.getattr("reference")?;
        let reference = text::utf8(text::string(&reference, "the reference of an external key")?)?.to_owned();
        Ok(Some(OwnKey { object: object.clone().unbind(), reference }))
    }

    fn wrapping(&self, py: Python<'_>, draft: &impl Wrappable) -> PyResult<AnsweredKey> {
        let associated = draft.associated();
        let arguments = (PyBytes::new(py, draft.file_key()), PyBytes::new(py, &associated));
        let wrapped = self.object.bind(py).call_method1("wrap", arguments).map_err(|error| {
            self.trouble(py, error, &self.reference).map_or_else(
                |not_its_own| not_its_own,
                |(trouble, error)| Failure::from(trouble).caused_by(py, Some(error)),
            )
        })?;
        let wrapped = Bytes::of(&wrapped, "what an external key wrapped")?.as_slice().to_vec();
        Ok(AnsweredKey::wrapped(self.reference.clone(), wrapped, associated))
    }

    fn opens(&self, py: Python<'_>, reference: &str) -> PyResult<bool> {
        if !self.object.bind(py).hasattr("opens")? {
            return Ok(self.reference == reference);
        }
        self.object.bind(py).call_method1("opens", (reference,))?.is_truthy()
    }

    fn unwrapping(&self, py: Python<'_>, request: ExternalRequest) -> PyResult<(AnsweredKey, Option<PyErr>)> {
        let arguments = (PyBytes::new(py, &request.wrapped), PyBytes::new(py, &request.associated));
        match self.object.bind(py).call_method1("unwrap", arguments) {
            Ok(file_key) => {
                let file_key = Bytes::of(&file_key, "what an external key unwrapped")?;
                let file_key = Zeroizing::new(file_key.as_slice().to_vec());
                Ok((request.answered(Ok(file_key)), None))
            }
            Err(error) => {
                let (trouble, error) = self.trouble(py, error, &request.reference)?;
                Ok((request.answered(Err(trouble)), Some(error)))
            }
        }
    }

    /// What the core calls an exception of the key. One that ends the program is passed on.
    fn trouble(&self, py: Python<'_>, error: PyErr, reference: &str) -> Result<(ExternalKeyError, PyErr), PyErr> {
        if !error.is_instance_of::<PyException>(py) {
            return Err(error);
        }
        let reference = reference.to_owned();
        let reason = error.value(py).str().map_or_else(|_| String::new(), |text| text.to_string_lossy().into_owned());
        let code = error.value(py).getattr("code").ok();
        let code = code.as_ref().and_then(|code| code.cast::<PyString>().ok()).map(|code| code.to_string_lossy());
        let trouble = if code.as_deref() == Some("authentication_failed") {
            ExternalKeyError::NotAuthentic { reference }
        } else if error.is_instance_of::<PyOSError>(py) {
            ExternalKeyError::Unavailable { reference, reason }
        } else {
            ExternalKeyError::Refused { reference, reason }
        };
        Ok((trouble, error))
    }
}
