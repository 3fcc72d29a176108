//! Columns of Python objects.

use std::ops::Range;

use fortress::Context;
use pyo3::{
    Borrowed,
    exceptions::PyTypeError,
    ffi,
    prelude::*,
    types::{PyBytes, PyList, PyString, PyTuple},
};
use zeroize::zeroize_bytes;

use super::{
    Cell,
    blocks::{Block, Column, Converted, Work},
    contexts::Planned,
};
use crate::{
    buffer::borrowed_bytes,
    failure::{Failure, RowFailures},
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

/// An [`unchanging`] tuple, and a Python object for each of its rows.
pub(super) struct Objects<'a, 'py> {
    py: Python<'py>,
    values: &'a Bound<'py, PyTuple>,
    /// What each row becomes; `None` where that follows the cell.
    form: Option<Form>,
    objects: Vec<Bound<'py, PyAny>>,
}

impl<'a, 'py> Objects<'a, 'py> {
    pub(super) fn new(values: &'a Bound<'py, PyTuple>, form: Option<Form>) -> Objects<'a, 'py> {
        Objects { py: values.py(), values, form, objects: Vec::with_capacity(values.len()) }
    }

    pub(super) fn finish(self) -> PyResult<Bound<'py, PyList>> {
        PyList::new(self.py, self.objects)
    }

    fn nothing(&mut self) {
        self.objects.push(self.py.None().into_bound(self.py));
    }

    /// Room for what becomes of the next row, of `len` bytes.
    fn room(&mut self, cell: Cell<'_>, len: usize) -> PyResult<Room<'a>> {
        if self.form.unwrap_or(cell.form) == Form::Text {
            self.nothing();
            return Ok(Room::Aside(len));
        }
        let (object, out) = new_bytes(self.py, len)?;
        self.objects.push(object);
        Ok(Room::There(out))
    }
}

impl<'a> Column for Objects<'a, '_> {
    type Block = Rows<'a>;

    fn block(&mut self, range: Range<usize>, work: &impl Work) -> PyResult<Rows<'a>> {
        let mut block =
            Rows { first: range.start, rows: Vec::with_capacity(range.len()), aside: 0, failures: Vec::new() };
        for (row, index) in range.enumerate() {
            match cell(self.values.get_borrowed_item(index)?)?.map(|cell| (cell, work.output_len(cell))) {
                Some((cell, Ok(len))) => {
                    let room = self.room(cell, len)?;
                    if let Room::Aside(len) = room {
                        block.aside += len;
                    }
                    block.rows.push((row, cell, room));
                }
                Some((_, Err(error))) => {
                    block.failures.push((row, error.into()));
                    self.nothing();
                }
                None => self.nothing(),
            }
        }
        Ok(block)
    }

    fn take(&mut self, aside: Aside) -> PyResult<()> {
        let mut rest = &aside.bytes[..];
        for &(row, len) in &aside.items {
            let (made, after) = rest.split_at(len);
            rest = after;
            // SAFETY: called on bytes of this length. They are base64, or known to be UTF-8 since they were decrypted; others would
            // be an exception.
            self.objects[row] = unsafe {
                let (start, len) = (made.as_ptr().cast(), made.len() as ffi::Py_ssize_t);
                Bound::from_owned_ptr_or_err(self.py, ffi::PyUnicode_FromStringAndSize(start, len))?
            };
        }
        Ok(())
    }
}

/// The cell of one value of an [`unchanging`] tuple.
pub(super) fn cell<'a>(value: Borrowed<'a, '_, PyAny>) -> PyResult<Option<Cell<'a>>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(Cell { bytes: borrowed_bytes(bytes), form: Form::Bytes }));
    }
    match value.cast::<PyString>() {
        Ok(text) => Ok(Some(Cell { bytes: text::borrowed_utf8(text)?.as_bytes(), form: Form::Text })),
        Err(_) => Ok(None),
    }
}

/// Some rows, those of them that have a value.
pub(super) struct Rows<'a> {
    first: usize,
    rows: Vec<(usize, Cell<'a>, Room<'a>)>,
    /// Bytes that go aside.
    aside: usize,
    failures: Vec<(usize, Failure)>,
}

/// Where what becomes of a row is written.
enum Room<'a> {
    /// Where it stays: into an object of bytes.
    There(&'a mut [u8]),
    /// Aside, that many bytes: a string is made of them with the interpreter.
    Aside(usize),
}

impl Block for Rows<'_> {
    type Aside = Aside;

    fn values(&self) -> usize {
        self.rows.len()
    }

    fn convert(
        self,
        _: &impl Work,
        contexts: &Planned<'_>,
        mut convert: impl FnMut(Cell<'_>, &Context, &mut [u8]) -> Result<(), Failure>,
    ) -> Result<Converted<Aside>, Failure> {
        let Rows { first, rows, aside, mut failures } = self;
        let mut aside = Aside { bytes: vec![0; aside], items: Vec::new() };
        let mut rest = &mut aside.bytes[..];
        for (row, cell, room) in rows {
            let out = match room {
                Room::There(out) => out,
                Room::Aside(len) => {
                    let (out, after) = std::mem::take(&mut rest).split_at_mut(len);
                    rest = after;
                    aside.items.push((first + row, len));
                    out
                }
            };
            let converted = contexts.of(row).and_then(|context| convert(cell, &context, out));
            failures.extend(converted.err().map(|failure| (row, failure)));
        }
        Ok(Converted { aside, failures })
    }
}

/// What was made aside, one after the other, and the row and length of each. Wiped when it has been taken, for it may be plaintext.
pub(super) struct Aside {
    bytes: Vec<u8>,
    items: Vec<(usize, usize)>,
}

impl Drop for Aside {
    fn drop(&mut self) {
        // All at once: byte by byte, as `Zeroizing` does it, takes longer than decrypting them.
        zeroize_bytes(&mut self.bytes);
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
