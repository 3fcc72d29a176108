//! Keys in hardware modules and in services: opened by their URIs, and asked without the interpreter.

#[cfg(not(feature = "hsm"))]
mod absent;
#[cfg(feature = "hsm")]
mod native;
pub(crate) mod raised;

use std::{
    path::PathBuf,
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use pyo3::{prelude::*, types::PyBytes};
use zeroize::Zeroizing;

#[cfg(not(feature = "hsm"))]
use absent as opening;
#[cfg(feature = "hsm")]
use native as opening;

use crate::{buffer::Bytes, external::NativeKey, failure::Failure, sharing::Held};

/// A key that stays where it is, or data keys of one.
#[pyclass(name = "ExternalKey", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct KeyHandle {
    key: Arc<Held<NativeKey>>,
    /// Sessions and connections are those of one process.
    process: u32,
}

/// A key that was opened by its URI; `fortress.hsm.Key` is the class that people meet.
#[pyclass(name = "OpenedKey", module = "fortress._fortress", extends = KeyHandle, subclass, frozen)]
pub(crate) struct OpenedHandle {
    /// The data keys that were made of it, which end with it.
    made: Mutex<Vec<Weak<Held<NativeKey>>>>,
}

/// Data keys; `fortress.hsm.DataKeys` is the class that people meet.
#[pyclass(name = "DataKeys", module = "fortress._fortress", extends = KeyHandle, subclass, frozen)]
pub(crate) struct DataKeysHandle;

/// What a caller says beside a URI.
#[cfg_attr(not(feature = "hsm"), expect(dead_code, reason = "a build without such keys opens none"))]
struct Options<'a, 'py> {
    pin: Option<&'a Bound<'py, PyAny>>,
    pin_file: Option<PathBuf>,
    module: Option<PathBuf>,
    timeout: Option<f64>,
    tries: Option<&'a Bound<'py, PyAny>>,
}

#[pymethods]
impl OpenedHandle {
    /// Opens the key that a URI names. All of it is done here, so that no frame of Python's own holds a PIN.
    #[new]
    #[pyo3(signature = (uri, *, pin=None, pin_file=None, module=None, timeout=None, tries=None))]
    fn new(
        py: Python<'_>,
        uri: &Bound<'_, PyAny>,
        pin: Option<&Bound<'_, PyAny>>,
        pin_file: Option<PathBuf>,
        module: Option<PathBuf>,
        timeout: Option<f64>,
        tries: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<OpenedHandle>> {
        let key = opening::open(py, uri, Options { pin, pin_file, module, timeout, tries })?;
        Ok(PyClassInitializer::from(KeyHandle::new(key)).add_subclass(OpenedHandle { made: Mutex::default() }))
    }

    /// Lets go of it, and of the data keys that were made of it.
    fn close(slf: &Bound<'_, OpenedHandle>) {
        slf.as_super().get().key.close();
        let made = std::mem::take(&mut *slf.get().made());
        for made in made.into_iter().filter_map(|made| made.upgrade()) {
            made.close();
        }
    }
}

impl OpenedHandle {
    fn made(&self) -> MutexGuard<'_, Vec<Weak<Held<NativeKey>>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl DataKeysHandle {
    /// Data keys of a key: each is replaced after `max_age` seconds, or `max_uses` envelopes.
    #[new]
    #[pyo3(signature = (key, *, max_age=None, max_uses=None))]
    fn new(
        key: &Bound<'_, OpenedHandle>,
        max_age: Option<f64>,
        max_uses: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyClassInitializer<DataKeysHandle>> {
        let opened = key.as_super().get();
        let handle = KeyHandle::new(opening::data_keys(opened.lend()?, max_age, max_uses)?);
        let mut made = key.get().made();
        made.retain(|made| made.strong_count() > 0);
        made.push(Arc::downgrade(&handle.key));
        drop(made);
        // Whoever closed the key in between has not seen these.
        opened.lend()?;
        Ok(PyClassInitializer::from(handle).add_subclass(DataKeysHandle))
    }
}

#[pymethods]
impl KeyHandle {
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
        match py.detach(|| raised::listening(|| key.wrap(&file_key, &associated))) {
            (Ok(wrapped), _) => Ok(PyBytes::new(py, &wrapped)),
            (Err(error), raised) => Err(raised::explained(py, error, raised)),
        }
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
        match py.detach(|| raised::listening(|| key.unwrap(wrapped, &associated))) {
            (Ok(file_key), _) => Ok(PyBytes::new(py, &file_key)),
            (Err(error), raised) => Err(raised::explained(py, error, raised)),
        }
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
    fn new(key: Arc<NativeKey>) -> KeyHandle {
        KeyHandle { key: Arc::new(Held::shared(key)), process: process::id() }
    }

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
