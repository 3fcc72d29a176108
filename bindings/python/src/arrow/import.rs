//! Arrow arrays of strings or bytes, read where they lie.

use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyCapsule, PyTuple},
};

use super::abi::{Array, Schema, Stream};
use crate::{columns::Cell, failure::Failure, tokens::Form};

/// An array or a stream of arrays, kept alive while it is read.
pub(crate) struct Imported {
    arrays: Vec<Array>,
    layout: Layout,
    form: Form,
}

/// How values lie in the buffers.
#[derive(Clone, Copy)]
enum Layout {
    Offsets32,
    Offsets64,
    Views,
    Fixed(usize),
}

impl Imported {
    /// What an object gives by `__arrow_c_array__` or `__arrow_c_stream__`.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Imported> {
        if object.hasattr("__arrow_c_array__")? {
            let pair = object.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
            let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
            // SAFETY: by the protocol these capsules hold the structures of their names, for the caller to move from.
            let (schema, array) = unsafe {
                (
                    Schema::moved_from(pointer(&schema, c"arrow_schema")?),
                    Array::moved_from(pointer(&array, c"arrow_array")?),
                )
            };
            return Ok(Imported::new(&schema, vec![array])?);
        }
        if object.hasattr("__arrow_c_stream__")? {
            let capsule = object.call_method0("__arrow_c_stream__")?;
            // SAFETY: as above.
            let mut stream = unsafe { Stream::moved_from(pointer(&capsule, c"arrow_array_stream")?) };
            let schema = stream.schema()?;
            let mut arrays = Vec::new();
            while let Some(array) = stream.next()? {
                arrays.push(array);
            }
            return Ok(Imported::new(&schema, arrays)?);
        }
        Err(PyTypeError::new_err("expected an object with __arrow_c_array__ or __arrow_c_stream__"))
    }

    fn new(schema: &Schema, arrays: Vec<Array>) -> Result<Imported, Failure> {
        let format = schema.format();
        let (layout, form) = match format {
            _ if !schema.dictionary.is_null() => return Err(not_supported("dictionary-encoded")),
            "u" => (Layout::Offsets32, Form::Text),
            "U" => (Layout::Offsets64, Form::Text),
            "vu" => (Layout::Views, Form::Text),
            "z" => (Layout::Offsets32, Form::Bytes),
            "Z" => (Layout::Offsets64, Form::Bytes),
            "vz" => (Layout::Views, Form::Bytes),
            _ => match format.strip_prefix("w:").and_then(|width| width.parse().ok()) {
                Some(width) => (Layout::Fixed(width), Form::Bytes),
                None => return Err(not_supported(&format!("of Arrow type {format:?}"))),
            },
        };
        Ok(Imported { arrays, layout, form })
    }

    /// What the values are.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// All rows.
    pub(crate) fn rows(&self) -> Result<AllRows<'_>, Failure> {
        let arrays = self.arrays.iter().map(|array| Rows::new(array, self.layout)).collect::<Result<_, _>>()?;
        Ok(AllRows { arrays, form: self.form })
    }
}

/// The rows of all arrays.
pub(crate) struct AllRows<'a> {
    arrays: Vec<Rows<'a>>,
    form: Form,
}

impl<'a> AllRows<'a> {
    pub(crate) fn len(&self) -> usize {
        self.arrays.iter().map(|rows| rows.len).sum()
    }

    /// Each row's value, where it has one.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Result<Option<Cell<'a>>, Failure>> {
        let form = self.form;
        self.arrays.iter().flat_map(move |rows| {
            (0..rows.len).map(move |row| {
                if rows.is_null(row) {
                    return Ok(None);
                }
                Ok(Some(Cell { bytes: rows.value(row)?, form }))
            })
        })
    }
}

/// One array's buffers. Their lengths follow from the array's; the interface does not carry them, so a producer is believed.
struct Rows<'a> {
    array: &'a Array,
    layout: Layout,
    len: usize,
    offset: usize,
    validity: *const u8,
}

impl<'a> Rows<'a> {
    fn new(array: &'a Array, layout: Layout) -> Result<Rows<'a>, Failure> {
        let (Ok(len), Ok(offset)) = (usize::try_from(array.length), usize::try_from(array.offset)) else {
            return Err(malformed("a negative length"));
        };
        let buffers = match layout {
            Layout::Fixed(_) => 2,
            Layout::Offsets32 | Layout::Offsets64 | Layout::Views => 3,
        };
        if array.n_buffers < buffers || array.buffers.is_null() {
            return Err(malformed("too few buffers"));
        }
        let mut rows = Rows { array, layout, len, offset, validity: std::ptr::null() };
        if array.null_count != 0 {
            rows.validity = rows.buffer(0).cast();
        }
        if len > 0 && rows.buffer(1).is_null() {
            return Err(malformed("a missing buffer"));
        }
        Ok(rows)
    }

    fn is_null(&self, row: usize) -> bool {
        if self.validity.is_null() {
            return false;
        }
        let bit = self.offset + row;
        // SAFETY: a validity bitmap has a bit for each of `offset + length` rows.
        unsafe { *self.validity.add(bit / 8) & (1 << (bit % 8)) == 0 }
    }

    fn value(&self, row: usize) -> Result<&'a [u8], Failure> {
        let row = self.offset + row;
        match self.layout {
            // SAFETY: the offsets' buffer has `offset + length + 1` of them, and rows are below `offset + length`.
            Layout::Offsets32 => unsafe {
                let offsets: *const i32 = self.buffer(1).cast();
                self.between(offsets.add(row).read_unaligned().into(), offsets.add(row + 1).read_unaligned().into())
            },
            // SAFETY: as above.
            Layout::Offsets64 => unsafe {
                let offsets: *const i64 = self.buffer(1).cast();
                self.between(offsets.add(row).read_unaligned(), offsets.add(row + 1).read_unaligned())
            },
            Layout::Views => self.view(row),
            Layout::Fixed(width) => {
                let data: *const u8 = self.buffer(1).cast();
                // SAFETY: the data's buffer has `offset + length` values of this width.
                Ok(unsafe { slice(data.add(row * width), width) })
            }
        }
    }

    /// The bytes between two offsets into the data.
    fn between(&self, start: i64, end: i64) -> Result<&'a [u8], Failure> {
        let data: *const u8 = self.buffer(2).cast();
        if start < 0 || end < start || (data.is_null() && end > start) {
            return Err(malformed("offsets that do not ascend"));
        }
        // SAFETY: a producer's offsets lie within its data.
        Ok(unsafe { slice(data.add(start as usize), (end - start) as usize) })
    }

    /// The bytes of a view: 12 of them inside it, more of them in a buffer that it names.
    fn view(&self, row: usize) -> Result<&'a [u8], Failure> {
        let views: *const u8 = self.buffer(1).cast();
        // SAFETY: the views' buffer has `offset + length` of 16 bytes.
        let view: &'a [u8; 16] = unsafe { &*views.add(row * 16).cast() };
        let number = |at: usize| i32::from_ne_bytes([view[at], view[at + 1], view[at + 2], view[at + 3]]);
        let (Ok(len), Ok(index), Ok(start)) =
            (usize::try_from(number(0)), usize::try_from(number(8)), usize::try_from(number(12)))
        else {
            // Short views hold bytes where these numbers would stand.
            return self.short_view(view, number(0));
        };
        if len <= SHORT_VIEW {
            return self.short_view(view, number(0));
        }
        let variadic = (self.array.n_buffers - 3).max(0) as usize;
        if index >= variadic {
            return Err(malformed("a view of a buffer that is not there"));
        }
        let lengths: *const i64 = self.buffer(2 + variadic).cast();
        // SAFETY: the last buffer holds the length of each variadic one.
        let available = unsafe { lengths.add(index).read_unaligned() };
        if start as i64 + len as i64 > available {
            return Err(malformed("a view beyond its buffer"));
        }
        let data: *const u8 = self.buffer(2 + index).cast();
        // SAFETY: within the buffer, as just checked.
        Ok(unsafe { slice(data.add(start), len) })
    }

    fn short_view(&self, view: &'a [u8; 16], len: i32) -> Result<&'a [u8], Failure> {
        let len = usize::try_from(len).map_err(|_| malformed("a negative length"))?;
        view.get(4..4 + len).ok_or_else(|| malformed("a view with a negative offset"))
    }

    fn buffer(&self, index: usize) -> *const std::ffi::c_void {
        // SAFETY: `index` is below `n_buffers`, as checked in `new`, or computed from it.
        unsafe { *self.array.buffers.add(index) }
    }
}

/// A slice of `len` bytes at `start`, which may be null when there are none.
///
/// # Safety
/// `start` points to `len` bytes that live and do not change for `'a`.
unsafe fn slice<'a>(start: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(start, len) }
}

/// The pointer in a capsule of this name.
fn pointer<T>(capsule: &Bound<'_, PyAny>, name: &std::ffi::CStr) -> PyResult<*mut T> {
    use pyo3::types::PyCapsuleMethods as _;
    Ok(capsule.cast::<PyCapsule>()?.pointer_checked(Some(name))?.as_ptr().cast())
}

fn not_supported(what: &str) -> Failure {
    Failure::argument(format!("a column {what} cannot be encrypted; cast it to strings or binary first"))
}

fn malformed(what: &str) -> Failure {
    Failure::argument(format!("the Arrow array is malformed: it has {what}"))
}

/// Bytes that fit into a view.
const SHORT_VIEW: usize = 12;
