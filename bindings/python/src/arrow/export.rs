//! What became of a column: an Arrow array that any library takes over without a copy, or the buffers of one in memory that its library has lent.

use std::ffi::{c_char, c_void};
use std::{slice::ArrayWindows, sync::Arc};

use pyo3::{
    prelude::*,
    types::{PyCapsule, PyTuple},
};
use zeroize::Zeroizing;

use super::{
    abi::{Array, NULLABLE, Schema},
    lent::{Lender, Lent},
};
use crate::{
    columns::{Cell, Room, Sink},
    failure::Failure,
    tokens::Form,
};

/// An array of large strings or large binaries.
#[pyclass(module = "fortress._fortress", frozen)]
pub(crate) struct ArrowColumn(Arc<Column>);

struct Column {
    form: Form,
    nulls: usize,
    /// A bit for each row, 1 for those with a value.
    validity: Vec<u8>,
    /// Where each value starts, and where the last ends.
    offsets: Vec<i64>,
    data: Vec<u8>,
}

#[pymethods]
impl ArrowColumn {
    fn __len__(&self) -> usize {
        self.0.rows()
    }

    /// The Arrow PyCapsule protocol. The type is ours whatever is asked for; a consumer casts.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        // A capsule that nobody takes from drops its structure, which releases it.
        let array = PyCapsule::new_with_value(py, Array::of(Arc::clone(&self.0)), c"arrow_array")?;
        PyTuple::new(py, [self.__arrow_c_schema__(py)?, array])
    }

    /// The Arrow PyCapsule protocol.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        PyCapsule::new_with_value(py, Schema::of(self.0.form), c"arrow_schema")
    }
}

/// A column that is being filled.
pub(crate) struct ColumnBuilder<'py> {
    form: Form,
    nulls: usize,
    validity: Vec<u8>,
    offsets: Vec<i64>,
    data: Data<'py>,
}

/// Where a column's values go. Wiped if the column fails: they may be plaintext.
enum Data<'py> {
    Own(Zeroizing<Vec<u8>>),
    Lent(Lender<'py>, Lent<'py>),
}

/// The buffers of an array in memory that was lent: whether it is of text, whether its offsets have 64 bits, how many rows and how many nulls there are; and
/// validity, unless all rows have a value, offsets and values.
type Buffers<'py> = (bool, bool, usize, usize, [Option<Bound<'py, PyAny>>; 3]);

impl<'py> ColumnBuilder<'py> {
    /// Room for `rows` items of these lengths, in memory that is lent where there is a lender.
    pub(crate) fn new(
        form: Form,
        rows: usize,
        lens: impl Iterator<Item = PyResult<Option<usize>>>,
        lender: Option<Lender<'py>>,
    ) -> PyResult<ColumnBuilder<'py>> {
        let (mut nulls, mut validity, mut offsets) = (0, vec![0; rows.div_ceil(8)], Vec::with_capacity(rows + 1));
        let mut end = 0;
        offsets.push(0);
        // By the iterator itself, and not one after the other: the rows of each array are then one loop.
        lens.enumerate().try_for_each(|(row, len)| {
            match (len?, validity.get_mut(row / 8)) {
                (Some(len), Some(byte)) => {
                    *byte |= 1 << (row % 8);
                    end += len;
                }
                _ => nulls += 1,
            }
            offsets.push(end as i64);
            Ok::<(), PyErr>(())
        })?;
        let mut data = match lender {
            Some(lender) => {
                let lent = lender.lend(end)?;
                Data::Lent(lender, lent)
            }
            None => Data::Own(Zeroizing::new(vec![0; end])),
        };
        in_huge_pages(data.as_mut_slice());
        Ok(ColumnBuilder { form, nulls, validity, offsets, data })
    }

    /// Gives out the room, row by row.
    pub(crate) fn sink(&mut self) -> ColumnSink<'_> {
        ColumnSink { lens: self.offsets.array_windows(), rest: self.data.as_mut_slice() }
    }

    /// The array, or its [`Buffers`] where memory was lent.
    pub(crate) fn finish(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let ColumnBuilder { form, nulls, validity, offsets, data } = self;
        match data {
            Data::Own(mut data) => {
                let column = Column { form, nulls, validity, offsets, data: std::mem::take(&mut *data) };
                Ok(Bound::new(py, ArrowColumn(Arc::new(column)))?.into_any())
            }
            Data::Lent(lender, mut data) => {
                let rows = offsets.len() - 1;
                let validity =
                    if nulls == 0 { None } else { Some(lender.filled(validity.iter().map(|byte| [*byte]))?) };
                let is_wide = lender.is_wide(data.as_mut_slice().len());
                let offsets = if is_wide {
                    lender.filled(offsets.iter().map(|offset| offset.to_ne_bytes()))?
                } else {
                    lender.filled(offsets.iter().map(|offset| (*offset as i32).to_ne_bytes()))?
                };
                let buffers: Buffers<'py> =
                    (form == Form::Text, is_wide, rows, nulls, [validity, Some(offsets), Some(data.passed_on())]);
                Ok(buffers.into_pyobject(py)?.into_any())
            }
        }
    }
}

impl Data<'_> {
    fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Data::Own(data) => data,
            Data::Lent(_, lent) => lent.as_mut_slice(),
        }
    }
}

/// Asks for pages of 2 MiB where these bytes were not touched yet: a fault for every 4 KiB takes longer than encrypting them. They come as they are touched, by
/// whichever thread does.
#[cfg(target_os = "linux")]
fn in_huge_pages(bytes: &mut [u8]) {
    if bytes.len() < 2 * HUGE_PAGE {
        return;
    }
    let skipped = bytes.as_ptr().align_offset(HUGE_PAGE);
    if let Some(pages) = bytes.get_mut(skipped..) {
        let len = pages.len() / HUGE_PAGE * HUGE_PAGE;
        // SAFETY: whole pages that hold nothing but these bytes, which this advice does not change. It may be refused, and then nothing is lost.
        unsafe { libc::madvise(pages.as_mut_ptr().cast(), len, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn in_huge_pages(_: &mut [u8]) {}

#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// The room of a column that is not given out yet.
pub(crate) struct ColumnSink<'a> {
    lens: ArrayWindows<'a, i64, 2>,
    rest: &'a mut [u8],
}

impl<'a> Sink<'a> for ColumnSink<'a> {
    fn nothing(&mut self) {
        self.lens.next();
    }

    fn room(&mut self, _: Cell<'_>, len: usize) -> PyResult<Room<'a>> {
        let planned = self.lens.next().is_some_and(|[start, end]| end - start == len as i64);
        match std::mem::take(&mut self.rest).split_at_mut_checked(len) {
            Some((room, rest)) if planned => {
                self.rest = rest;
                Ok(Room::There(room))
            }
            _ => Err(Failure::argument("the Arrow array changed while it was read").into()),
        }
    }

    fn take(&mut self, _: usize, _: &[u8]) -> PyResult<()> {
        Ok(())
    }
}

impl Column {
    fn rows(&self) -> usize {
        self.offsets.len() - 1
    }
}

/// What an exported array keeps alive.
struct Kept {
    buffers: [*const c_void; 3],
    _column: Arc<Column>,
}

impl Array {
    fn of(column: Arc<Column>) -> Array {
        let validity = if column.nulls == 0 { std::ptr::null() } else { column.validity.as_ptr().cast() };
        let mut array = Array::released();
        array.length = column.rows() as i64;
        array.null_count = column.nulls as i64;
        array.n_buffers = 3;
        let buffers = [validity, column.offsets.as_ptr().cast(), column.data.as_ptr().cast()];
        let kept = Box::into_raw(Box::new(Kept { buffers, _column: column }));
        // SAFETY: just allocated; only the address of a field is taken.
        array.buffers = unsafe { &raw mut (*kept).buffers }.cast();
        array.private_data = kept.cast();
        array.release = Some(release_array);
        array
    }
}

impl Schema {
    fn of(form: Form) -> Schema {
        let format = match form {
            Form::Text => c"U",
            Form::Bytes => c"Z",
        };
        let mut schema = Schema::released();
        schema.format = format.as_ptr();
        schema.name = c"".as_ptr().cast::<c_char>();
        schema.flags = NULLABLE;
        schema.release = Some(release_schema);
        schema
    }
}

unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: a consumer passes an array that `Array::of` made and that is not released; its private data is a `Kept`.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<Kept>()));
        (*array).release = None;
    }
}

unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: a consumer passes a schema that `Schema::of` made; all it points to is static.
    unsafe { (*schema).release = None }
}
