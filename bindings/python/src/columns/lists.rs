//! Columns of Python objects.

use pyo3::{
    Borrowed,
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyBytes, PyList, PyString, PyTuple},
};

use super::{
    Cell,
    blocks::{Room, Sink},
};
use crate::{
    buffer::borrowed_bytes,
    failure::RowFailures,
    text,
    tokens::{Data, Form},
};

/// The values of a tuple, all of them `None`, `bytes` or `str` with UTF-8, which cannot change while the interpreter is
/// released.
pub(super) fn unchanging<'py>(values: &Bound<'py, PyTuple>, what: &str) -> PyResult<Bound<'py, PyTuple>> {
    let (mut failures, mut all) = (Vec::new(), true);
    for (row, value) in values.iter_borrowed().enumerate() {
        if value.is_exact_instance_of::<PyBytes>() {
            continue;
        }
        if let Ok(value) = value.cast::<PyString>() {
            if text::utf8_or_none(value).is_none() {
                failures.push((row, text::no_utf8()));
            }
        } else {
            all &= value.is_instance_of::<PyBytes>() || value.is_none();
        }
    }
    if !failures.is_empty() {
        return Err(RowFailures(failures).into());
    }
    if all {
        return Ok(values.clone());
    }
    let mut wrong = WrongTypes::default();
    let mut unchanging = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        if value.is_none() || value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
            unchanging.push(value);
            continue;
        }
        match Data::of(&value, what) {
            Ok(Data::Text(text)) => unchanging.push(text.into_any()),
            Ok(Data::Bytes(bytes)) => unchanging.push(PyBytes::new(values.py(), bytes.as_slice()).into_any()),
            Err(error) if error.is_instance_of::<PyTypeError>(values.py()) => wrong.add(row, &value),
            Err(error) => return Err(error),
        }
    }
    wrong.none(what)?;
    PyTuple::new(values.py(), unchanging)
}

/// The rows whose values are of no type that a column has.
#[derive(Default)]
struct WrongTypes {
    /// The first of them, each with its type.
    first: Vec<String>,
    more: usize,
}

impl WrongTypes {
    #[cold]
    fn add(&mut self, row: usize, value: &Bound<'_, PyAny>) {
        if self.first.len() < TOLD {
            self.first.push(format!("row {row} is {}", text::type_name(value)));
        } else {
            self.more += 1;
        }
    }

    fn none(self, what: &str) -> PyResult<()> {
        if self.first.is_empty() {
            return Ok(());
        }
        let more = if self.more == 0 { String::new() } else { format!(", and {} more rows", self.more) };
        let rows = self.first.join(", ");
        Err(PyTypeError::new_err(format!(
            "{what} of a column must be str, bytes or None: {rows}{more}; convert it first, with str() for example"
        )))
    }
}

/// Rows that an error names.
const TOLD: usize = 5;

/// The cells of an [`unchanging`] tuple.
pub(super) fn cells<'a>(values: &'a Bound<'_, PyTuple>) -> impl Iterator<Item = PyResult<Option<Cell<'a>>>> {
    values.iter_borrowed().map(|value: Borrowed<'a, '_, PyAny>| {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Some(Cell { bytes: borrowed_bytes(bytes), form: Form::Bytes }));
        }
        match value.cast::<PyString>() {
            Ok(text) => Ok(Some(Cell { bytes: text::borrowed_utf8(text)?.as_bytes(), form: Form::Text })),
            Err(_) => Ok(None),
        }
    })
}

/// Python objects, a `bytes` or a `str` for each row that has a value.
pub(super) struct Objects<'py> {
    py: Python<'py>,
    /// What each row becomes; `None` where that follows the cell.
    form: Option<Form>,
    objects: Vec<Bound<'py, PyAny>>,
}

impl<'py> Objects<'py> {
    pub(super) fn new(py: Python<'py>, form: Option<Form>, rows: usize) -> Objects<'py> {
        Objects { py, form, objects: Vec::with_capacity(rows) }
    }

    pub(super) fn finish(self) -> PyResult<Bound<'py, PyList>> {
        PyList::new(self.py, self.objects)
    }
}

impl<'a> Sink<'a> for Objects<'_> {
    fn nothing(&mut self) {
        self.objects.push(self.py.None().into_bound(self.py));
    }

    fn room(&mut self, cell: Cell<'_>, len: usize) -> PyResult<Room<'a>> {
        if self.form.unwrap_or(cell.form) == Form::Text {
            self.nothing();
            return Ok(Room::Aside(len));
        }
        let (object, out) = new_bytes(self.py, len)?;
        self.objects.push(object);
        Ok(Room::There(out))
    }

    fn take(&mut self, row: usize, made: &[u8]) -> PyResult<()> {
        // SAFETY: called on bytes of this length. They are base64, or known to be UTF-8 since they were decrypted; others would
        // be an exception.
        self.objects[row] = unsafe {
            let (start, len) = (made.as_ptr().cast(), made.len() as ffi::Py_ssize_t);
            Bound::from_owned_ptr_or_err(self.py, ffi::PyUnicode_FromStringAndSize(start, len))?
        };
        Ok(())
    }
}

/// A new `bytes` object of `len` zeros, and these, to be written before anyone else sees the object.
///
/// The caller keeps the object for `'a`.
fn new_bytes<'a, 'py>(py: Python<'py>, len: usize) -> PyResult<(Bound<'py, PyAny>, &'a mut [u8])> {
    // SAFETY: without bytes to copy, CPython makes an object whose bytes the caller is to write (C API, PyBytes).
    let object = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyBytes_FromStringAndSize(std::ptr::null(), len as ffi::Py_ssize_t))?
    };
    if len == 0 {
        // The one empty object, which everyone shares.
        return Ok((object, &mut []));
    }
    // SAFETY: the object is `bytes` of `len` bytes, which nobody else knows of; it has no collector's header by which they
    // could find it. The caller keeps it.
    let out = unsafe {
        let start: *mut u8 = ffi::PyBytes_AsString(object.as_ptr()).cast();
        start.write_bytes(0, len);
        std::slice::from_raw_parts_mut(start, len)
    };
    Ok((object, out))
}
