//! Keys in hardware modules and in services: opened by their URIs, and asked without the interpreter.

use std::{process, sync::Arc};

use pyo3::{prelude::*, types::PyBytes};
use zeroize::Zeroizing;

use crate::{buffer::Bytes, external::NativeKey, failure::Failure, sharing::Held};

/// A key that stays where it is; `fortress.hsm.Key` is the class that people meet.
#[pyclass(name = "ExternalKey", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct KeyHandle {
    key: Held<NativeKey>,
    /// Sessions and connections are those of one process.
    process: u32,
}

#[pymethods]
impl KeyHandle {
    /// Opens the key that a URI names. All of it is done here, so that no frame of Python's own holds a PIN.
    #[new]
    #[pyo3(signature = (uri, *, pin=None, pin_file=None, module=None, timeout=None, tries=None))]
    fn new(
        py: Python<'_>,
        uri: &Bound<'_, PyAny>,
        pin: Option<&Bound<'_, PyAny>>,
        pin_file: Option<std::path::PathBuf>,
        module: Option<std::path::PathBuf>,
        timeout: Option<f64>,
        tries: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<KeyHandle> {
        let key = opening::open(py, uri, (pin, pin_file, module), (timeout, tries))?;
        Ok(KeyHandle { key: Held::new(key), process: process::id() })
    }

    /// What headers call it.
    #[getter]
    fn reference(&self) -> PyResult<String> {
        Ok(self.lend()?.reference().to_owned())
    }

    /// Wraps a file key there.
    fn wrap<'py>(&self, file_key: &Bound<'py, PyAny>, associated: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let py = file_key.py();
        let key = self.lend()?;
        let (file_key, associated) = (thirty_two(file_key, "a file key")?, thirty_two(associated, "associated")?);
        let wrapped = py.detach(|| key.wrap(&file_key, &associated)).map_err(Failure::from)?;
        Ok(PyBytes::new(py, &wrapped))
    }

    /// Unwraps there what `wrap` gave.
    fn unwrap<'py>(
        &self,
        wrapped: &Bound<'py, PyAny>,
        associated: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let py = wrapped.py();
        let key = self.lend()?;
        let (wrapped, associated) = (Bytes::of(wrapped, "a wrapped key")?, thirty_two(associated, "associated")?);
        let wrapped = wrapped.as_slice();
        let file_key = py.detach(|| key.unwrap(wrapped, &associated)).map_err(Failure::from)?;
        Ok(PyBytes::new(py, &file_key))
    }

    /// Does it open what is wrapped under this reference?
    fn opens(&self, reference: &str) -> PyResult<bool> {
        Ok(self.lend()?.opens(reference))
    }

    /// Lets go of it.
    fn close(&self) {
        self.key.close();
    }
}

impl KeyHandle {
    pub(crate) fn lend(&self) -> Result<Arc<NativeKey>, Failure> {
        if self.process != process::id() {
            let text = "this external key was opened by another process; open it again in this one";
            return Err(Failure { code: "closed", text: text.into() });
        }
        self.key.lend("external key")
    }
}

fn thirty_two(bytes: &Bound<'_, PyAny>, what: &str) -> PyResult<Zeroizing<[u8; 32]>> {
    let bytes = Bytes::of(bytes, what)?;
    let bytes = bytes.as_slice();
    let exact = <[u8; 32]>::try_from(bytes)
        .map_err(|_| Failure { code: "wrong_length", text: format!("{what} has 32 bytes, got {}", bytes.len()) });
    Ok(Zeroizing::new(exact?))
}

/// As the program that was built can.
#[cfg(feature = "hsm")]
mod opening {
    use std::{
        env,
        path::PathBuf,
        sync::{Arc, Mutex, PoisonError},
        time::Duration,
    };

    use fortress_hsm::{
        OpenError,
        cloud::Patience,
        pkcs11::{Access, Pin, PinRequest, Pkcs11Error, Tries},
    };
    use pyo3::{exceptions::PyTypeError, prelude::*};

    use super::NativeKey;
    use crate::{failure::Failure, numbers, text};

    /// Where the command looks too.
    const MODULE: &str = "FORTRESS_PKCS11_MODULE";
    const PIN: &str = "FORTRESS_PIN";

    /// What a caller's function raised when it was asked for a PIN.
    type Raised = Arc<Mutex<Option<PyErr>>>;

    type Options<'a, 'py> = (Option<&'a Bound<'py, PyAny>>, Option<PathBuf>, Option<PathBuf>);

    pub(super) fn open(
        py: Python<'_>,
        uri: &Bound<'_, PyAny>,
        (pin, pin_file, module): Options<'_, '_>,
        (timeout, tries): (Option<f64>, Option<&Bound<'_, PyAny>>),
    ) -> PyResult<NativeKey> {
        let uri = text::utf8(text::string(uri, "the URI of a key")?)?;
        let raised = Raised::default();
        let access = match module.or_else(|| env::var_os(MODULE).map(PathBuf::from)) {
            Some(module) => asking(pin, pin_file, &raised)?.module(module),
            None => asking(pin, pin_file, &raised)?,
        };
        let patience = patience(timeout, tries)?;
        let opened = py.detach(|| fortress_hsm::open(uri, &access, patience));
        match raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(opened.map_err(told)?),
        }
    }

    fn asking(pin: Option<&Bound<'_, PyAny>>, pin_file: Option<PathBuf>, raised: &Raised) -> PyResult<Access> {
        let access = Access::new();
        Ok(match (pin, pin_file) {
            (Some(_), Some(_)) => return Err(Failure::argument("give pin or pin_file, not both").into()),
            (None, Some(path)) => access.ask(move |_| Pin::from_file(&path)),
            (Some(pin), None) if pin.is_callable() => {
                let (ask, raised) = (pin.clone().unbind(), Arc::clone(raised));
                access.ask(move |request| Python::attach(|py| asked(ask.bind(py), request, &raised)))
            }
            (Some(pin), None) => {
                let pin = Pin::new(text::utf8(text::string(pin, "a PIN")?)?);
                access.ask(move |_| Ok(pin.clone()))
            }
            (None, None) => access.ask(|request| match env::var(PIN) {
                Ok(pin) => Ok(Pin::new(pin)),
                Err(_) => Err(Pkcs11Error::NoPin { token: request.token.clone() }),
            }),
        })
    }

    /// The PIN that a function of the caller's gives. What it raises is kept, for the one who waits for the key.
    fn asked(ask: &Bound<'_, PyAny>, request: &PinRequest, raised: &Raised) -> Result<Pin, Pkcs11Error> {
        let tries = match request.tries {
            Tries::Few => "few",
            Tries::Last => "last",
            _ => "unknown",
        };
        let answer = ask
            .py()
            .import("fortress.hsm")
            .and_then(|module| module.getattr("PinRequest")?.call1((request.token.as_str(), tries)))
            .and_then(|request| ask.call1((request,)))
            .and_then(|pin| {
                let pin = text::string(&pin, "what gives a PIN must return str; the PIN").map_err(|_| {
                    PyTypeError::new_err(format!("a PIN must be str, and {} was returned", text::type_name(&pin)))
                })?;
                Ok(Pin::new(text::utf8(pin)?))
            });
        answer.map_err(|error| {
            *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Pkcs11Error::NoPin { token: request.token.clone() }
        })
    }

    fn patience(timeout: Option<f64>, tries: Option<&Bound<'_, PyAny>>) -> PyResult<Patience> {
        let mut patience = Patience::default();
        if let Some(seconds) = timeout {
            let timeout = Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero());
            patience.timeout =
                timeout.ok_or_else(|| Failure::argument(format!("timeout must be seconds above 0, got {seconds}")))?;
        }
        if let Some(tries) = tries {
            patience.tries = numbers::of(tries, "tries", 1..=u32::MAX)?;
        }
        Ok(patience)
    }

    /// With what this way in calls the things that are missing.
    fn told(error: OpenError) -> Failure {
        let advice = match &error {
            OpenError::Pkcs11(Pkcs11Error::NoModule) => ", such as module= or FORTRESS_PKCS11_MODULE",
            OpenError::Pkcs11(Pkcs11Error::NoPin { .. }) => ": pin=, pin_file= or FORTRESS_PIN",
            _ => "",
        };
        Failure { code: error.code(), text: format!("{error}{advice}") }
    }
}

#[cfg(not(feature = "hsm"))]
mod opening {
    use std::path::PathBuf;

    use pyo3::prelude::*;

    use super::NativeKey;
    use crate::failure::Failure;

    type Options<'a, 'py> = (Option<&'a Bound<'py, PyAny>>, Option<PathBuf>, Option<PathBuf>);

    pub(super) fn open(
        _: Python<'_>,
        _: &Bound<'_, PyAny>,
        _: Options<'_, '_>,
        _: (Option<f64>, Option<&Bound<'_, PyAny>>),
    ) -> PyResult<NativeKey> {
        let text = "this build is without keys in hardware and services; build it with the feature hsm";
        Err(Failure { code: "unsupported", text: text.into() }.into())
    }
}
