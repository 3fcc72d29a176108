//! Strings and mappings of strings, borrowed from Python.

use std::{
    borrow::Cow,
    ffi::{c_char, c_int},
    sync::LazyLock,
};

use fortress::Context;
use pyo3::{
    exceptions::PyTypeError,
    ffi::{self, Py_ssize_t},
    prelude::*,
    types::{PyDict, PyMapping, PyString},
};

use crate::failure::Failure;

unsafe extern "C" {
    /// In the stable ABI's headers since 3.10, and exported by every CPython 3; the way around it copies each string.
    fn PyUnicode_AsUTF8AndSize(unicode: *mut ffi::PyObject, size: *mut Py_ssize_t) -> *const c_char;
}

/// A string's UTF-8. A string that has none is refused (spec N-4).
pub(crate) fn utf8<'s>(text: &'s Bound<'_, PyString>) -> PyResult<&'s str> {
    borrowed_utf8(text.as_borrowed())
}

/// As [`utf8`], of a string that something else keeps alive.
pub(crate) fn borrowed_utf8<'s>(text: Borrowed<'s, '_, PyString>) -> PyResult<&'s str> {
    utf8_or_none(text).ok_or_else(|| no_utf8().into())
}

/// As [`borrowed_utf8`]; `None` for a string that has no UTF-8.
pub(crate) fn utf8_or_none<'s>(text: Borrowed<'s, '_, PyString>) -> Option<&'s str> {
    let mut len: Py_ssize_t = 0;
    // SAFETY: `text` is a string object, and its owner is attached to the interpreter.
    let bytes = unsafe { PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut len) };
    if bytes.is_null() {
        // CPython's own exception would show the string.
        let _ = PyErr::take(text.py());
        return None;
    }
    // SAFETY: a string object is immutable, keeps its UTF-8 for its lifetime, and what CPython encodes is valid.
    Some(unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.cast(), len as usize)) })
}

/// The error for a string without UTF-8.
#[cold]
pub(crate) fn no_utf8() -> Failure {
    Failure::argument("the text has half of a surrogate pair and cannot be written as UTF-8; encrypt bytes instead")
}

/// A `str` argument, by its name in messages.
pub(crate) fn string<'s, 'py>(value: &'s Bound<'py, PyAny>, what: &str) -> PyResult<&'s Bound<'py, PyString>> {
    value.cast().map_err(|_| PyTypeError::new_err(format!("{what} must be str, got {}", type_name(value))))
}

/// The name of a value's type: all that messages say of a value, which may be secret.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "another type".into(), |name| name.to_string())
}

/// A mapping of strings to strings, borrowed item by item.
pub(crate) struct Entries<'py>(Vec<(Bound<'py, PyString>, Bound<'py, PyString>)>);

impl<'py> Entries<'py> {
    /// The entries of a mapping, `None` having none; `what` names it in messages.
    pub(crate) fn of(mapping: Option<&Bound<'py, PyAny>>, what: &str) -> PyResult<Entries<'py>> {
        let Some(mapping) = mapping else { return Ok(Entries(Vec::new())) };
        let mut entries = Vec::new();
        let mut add = |key: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>| -> PyResult<()> {
            let key = string(key, &format!("the keys of {what}"))?.clone();
            let value = match value.cast::<PyString>() {
                Ok(value) => value.clone(),
                Err(_) => return Err(not_a_string(what, &key, value)),
            };
            entries.push((key, value));
            Ok(())
        };
        if let Ok(dict) = mapping.cast::<PyDict>() {
            for (key, value) in dict {
                add(&key, &value)?;
            }
        } else if let Ok(mapping) = mapping.cast::<PyMapping>() {
            for item in mapping.items()? {
                let (key, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item.extract()?;
                add(&key, &value)?;
            }
        } else {
            let got = type_name(mapping);
            return Err(PyTypeError::new_err(format!("{what} must be a mapping of str to str, got {got}")));
        }
        Ok(Entries(entries))
    }

    /// Keys and values.
    pub(crate) fn pairs(&self) -> PyResult<Vec<(&str, &str)>> {
        self.0.iter().map(|(key, value)| Ok((utf8(key)?, utf8(value)?))).collect()
    }
}

/// The context that a caller gives.
pub(crate) fn context(mapping: Option<&Bound<'_, PyAny>>) -> PyResult<Cow<'static, Context>> {
    /// Most calls give none.
    static EMPTY: LazyLock<Context> = LazyLock::new(Context::empty);
    if mapping.is_none() {
        return Ok(Cow::Borrowed(&EMPTY));
    }
    let entries = Entries::of(mapping, "context")?;
    Ok(Cow::Owned(Context::new(entries.pairs()?).map_err(Failure::from)?))
}

/// Is this a `str`? Cheaper than a cast for a value that may well be something else.
pub(crate) fn is_str(value: &Bound<'_, PyAny>) -> bool {
    // SAFETY: `value` is a live object.
    let is: c_int = unsafe { ffi::PyUnicode_Check(value.as_ptr()) };
    is != 0
}

#[cold]
fn not_a_string(what: &str, key: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyErr {
    let (key, got) = (key.to_string_lossy(), type_name(value));
    PyTypeError::new_err(format!("{what}[{key:?}] must be str, got {got}; write str(...) around it"))
}
