//! Arrow arrays of strings or bytes, read where they lie.

use std::{marker::PhantomData, ops::Range};

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
        let (mut arrays, mut end) = (Vec::with_capacity(self.arrays.len()), 0);
        for array in &self.arrays {
            let rows = Rows::new(array, self.layout, end)?;
            end = rows.all.end;
            arrays.push(rows);
        }
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
        self.arrays.last().map_or(0, |rows| rows.all.end)
    }

    /// Calls `visit` with some rows' values, where they have one, in order.
    pub(crate) fn visit(
        &self,
        range: Range<usize>,
        mut visit: impl FnMut(Option<Cell<'a>>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let first = self.arrays.partition_point(|rows| rows.all.end <= range.start);
        for rows in self.arrays.iter().skip(first).take_while(|rows| rows.all.start < range.end) {
            let before = rows.all.start;
            for row in range.start.max(before) - before..range.end.min(rows.all.end) - before {
                let bytes = rows.value(rows.offset + row)?;
                visit(bytes.map(|bytes| Cell { bytes, form: self.form }))?;
            }
        }
        Ok(())
    }
}

/// One array's buffers. Their lengths follow from the array's; the interface does not carry them, so a producer is believed.
struct Rows<'a> {
    layout: Layout,
    /// Its rows among those of all arrays.
    all: Range<usize>,
    offset: usize,
    /// A bit for each row; null if all have a value.
    validity: *const u8,
    /// Offsets, views, or the values themselves where they are of one length.
    first: *const u8,
    /// The values that offsets are into.
    data: *const u8,
    /// The values that views are into, and the length of each buffer.
    variadic: (&'a [*const u8], *const i64),
    array: PhantomData<&'a Array>,
}

// SAFETY: an array's buffers are not changed by anyone until it is released, and it lives for `'a`.
unsafe impl Sync for Rows<'_> {}

impl<'a> Rows<'a> {
    /// The rows of an array that follows `start` others.
    fn new(array: &'a Array, layout: Layout, start: usize) -> Result<Rows<'a>, Failure> {
        let (Ok(len), Ok(offset)) = (usize::try_from(array.length), usize::try_from(array.offset)) else {
            return Err(malformed("a negative length"));
        };
        // One more than the last row: there is an offset there.
        let end =
            start.checked_add(len).filter(|_| offset.checked_add(len).is_some_and(|end| end < isize::MAX as usize));
        let Some(end) = end else { return Err(malformed("more rows than there can be")) };
        let buffers = match layout {
            Layout::Fixed(_) => 2,
            Layout::Offsets32 | Layout::Offsets64 | Layout::Views => 3,
        };
        let given = usize::try_from(array.n_buffers).unwrap_or_default();
        if given < buffers || array.buffers.is_null() {
            return Err(malformed("too few buffers"));
        }
        // SAFETY: an array has `n_buffers` pointers to buffers, which live and do not change until it is released.
        let given: &[*const u8] = unsafe { std::slice::from_raw_parts(array.buffers.cast(), given) };
        let validity = if array.null_count == 0 { std::ptr::null() } else { given[0] };
        if len > 0 && given[1].is_null() {
            return Err(malformed("a missing buffer"));
        }
        let (mut data, mut variadic) = (std::ptr::null(), (&[][..], std::ptr::null()));
        match (layout, &given[2..]) {
            (Layout::Offsets32 | Layout::Offsets64, [first, ..]) => data = *first,
            (Layout::Views, [buffers @ .., lengths]) => variadic = (buffers, lengths.cast()),
            _ => {}
        }
        Ok(Rows { layout, all: start..end, offset, validity, first: given[1], data, variadic, array: PhantomData })
    }

    /// The value of a row, counted from the buffers' first, where it has one. It is a loop's body, which a call would slow down by a twentieth.
    #[inline(always)]
    fn value(&self, row: usize) -> Result<Option<&'a [u8]>, Failure> {
        // SAFETY: a validity bitmap has a bit for each of `offset + length` rows.
        if !self.validity.is_null() && unsafe { *self.validity.add(row / 8) & (1 << (row % 8)) == 0 } {
            return Ok(None);
        }
        let value = match self.layout {
            // SAFETY: the offsets' buffer has `offset + length + 1` of them, and rows are below `offset + length`.
            Layout::Offsets32 => unsafe {
                let offsets: *const i32 = self.first.cast();
                self.between(offsets.add(row).read_unaligned().into(), offsets.add(row + 1).read_unaligned().into())?
            },
            // SAFETY: as above.
            Layout::Offsets64 => unsafe {
                let offsets: *const i64 = self.first.cast();
                self.between(offsets.add(row).read_unaligned(), offsets.add(row + 1).read_unaligned())?
            },
            Layout::Views => self.view(row)?,
            // SAFETY: the data's buffer has `offset + length` values of this width.
            Layout::Fixed(width) => unsafe { slice(self.first.add(row * width), width) },
        };
        Ok(Some(value))
    }

    /// The bytes between two offsets into the data.
    #[inline(always)]
    fn between(&self, start: i64, end: i64) -> Result<&'a [u8], Failure> {
        if start < 0 || end < start || (self.data.is_null() && end > start) {
            return Err(malformed("offsets that do not ascend"));
        }
        // SAFETY: a producer's offsets lie within its data.
        Ok(unsafe { slice(self.data.add(start as usize), (end - start) as usize) })
    }

    /// The bytes of a view: 12 of them inside it, more of them in a buffer that it names.
    fn view(&self, row: usize) -> Result<&'a [u8], Failure> {
        // SAFETY: the views' buffer has `offset + length` of 16 bytes.
        let view: &'a [u8; 16] = unsafe { &*self.first.add(row * 16).cast() };
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
        let (buffers, lengths) = self.variadic;
        let data = *buffers.get(index).ok_or_else(|| malformed("a view of a buffer that is not there"))?;
        // SAFETY: the last buffer holds the length of each variadic one.
        let available = unsafe { lengths.add(index).read_unaligned() };
        if start as i64 + len as i64 > available {
            return Err(malformed("a view beyond its buffer"));
        }
        // SAFETY: within the buffer, as just checked.
        Ok(unsafe { slice(data.add(start), len) })
    }

    fn short_view(&self, view: &'a [u8; 16], len: i32) -> Result<&'a [u8], Failure> {
        let len = usize::try_from(len).map_err(|_| malformed("a negative length"))?;
        view.get(4..4 + len).ok_or_else(|| malformed("a view with a negative offset"))
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

#[cold]
fn malformed(what: &str) -> Failure {
    Failure::argument(format!("the Arrow array is malformed: it has {what}"))
}

/// Bytes that fit into a view.
const SHORT_VIEW: usize = 12;
