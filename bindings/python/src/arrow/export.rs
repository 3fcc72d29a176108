//! What became of a column: an Arrow array that any library takes over without a copy, or the buffers of one in memory that its library has lent.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use pyo3::{
    prelude::*,
    types::{PyCapsule, PyTuple},
};
use zeroize::Zeroizing;

use super::{
    abi::{Array, NULLABLE, Schema},
    lent::{Lender, Lent},
    room::{Offsets, Room},
};
use crate::tokens::Form;

/// An array of large strings or large binaries.
#[pyclass(module = "fortress._fortress", frozen)]
pub(crate) struct ArrowColumn(Arc<Column>);

struct Column {
    form: Form,
    nulls: usize,
    /// A bit for each row, 1 for those with a value; nothing if all have one.
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

/// A column that is being filled. Its values are wiped if it fails: they may be plaintext.
pub(crate) struct ColumnBuilder<'py> {
    form: Form,
    rows: usize,
    nulls: usize,
    buffers: Buffers<'py>,
}

/// Validity, offsets and values: our own, or in memory that is lent, where there is no validity unless there are nulls.
enum Buffers<'py> {
    Own { validity: Vec<u8>, offsets: Vec<i64>, data: Zeroizing<Vec<u8>> },
    Lent { validity: Option<Lent<'py>>, is_wide: bool, offsets: Lent<'py>, data: Lent<'py> },
}

/// What a column in memory that was lent is to its library: whether it is of text, whether its offsets have 64 bits, how many rows and how many nulls there
/// are; and validity, unless all rows have a value, offsets and values.
type Parts<'py> = (bool, bool, usize, usize, [Option<Bound<'py, PyAny>>; 3]);

impl<'py> ColumnBuilder<'py> {
    /// Room for `rows`, of which `nulls` have no value, and `bytes` of values; in memory that is lent where there is a lender.
    pub(crate) fn new(
        form: Form,
        (rows, nulls): (usize, usize),
        bytes: usize,
        lender: Option<&Lender<'py>>,
    ) -> PyResult<ColumnBuilder<'py>> {
        let validity_len = if nulls == 0 { 0 } else { rows.div_ceil(8) };
        let buffers = match lender {
            Some(lender) => {
                let (data, is_wide) = (lender.lend(bytes)?, lender.is_wide(bytes));
                let validity = if nulls == 0 { None } else { Some(lender.lend(validity_len)?) };
                let offsets = lender.lend((rows + 1) * if is_wide { 8 } else { 4 })?;
                Buffers::Lent { validity, is_wide, offsets, data }
            }
            None => {
                let mut data = Zeroizing::new(vec![0; bytes]);
                in_huge_pages(&mut data);
                Buffers::Own { validity: vec![0; validity_len], offsets: vec![0; rows + 1], data }
            }
        };
        Ok(ColumnBuilder { form, rows, nulls, buffers })
    }

    /// The room of all rows.
    pub(crate) fn room(&mut self) -> Room<'_> {
        match &mut self.buffers {
            Buffers::Own { validity, offsets, data } => {
                let validity = (!validity.is_empty()).then_some(&mut validity[..]);
                Room::new(validity, Offsets::Own(offsets), data)
            }
            Buffers::Lent { validity, is_wide, offsets, data } => {
                let (offsets, data) = (offsets.as_mut_slice(), data.as_mut_slice());
                let offsets = if *is_wide {
                    Offsets::Wide(offsets.as_chunks_mut().0)
                } else {
                    Offsets::Narrow(offsets.as_chunks_mut().0)
                };
                Room::new(validity.as_mut().map(Lent::as_mut_slice), offsets, data)
            }
        }
    }

    /// The array, or its [`Parts`] where memory was lent.
    pub(crate) fn finish(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let ColumnBuilder { form, rows, nulls, buffers } = self;
        match buffers {
            Buffers::Own { validity, offsets, mut data } => {
                let column = Column { form, nulls, validity, offsets, data: std::mem::take(&mut *data) };
                Ok(Bound::new(py, ArrowColumn(Arc::new(column)))?.into_any())
            }
            Buffers::Lent { validity, is_wide, offsets, data } => {
                let buffers = [validity.map(Lent::passed_on), Some(offsets.passed_on()), Some(data.passed_on())];
                let parts: Parts<'py> = (form == Form::Text, is_wide, rows, nulls, buffers);
                Ok(parts.into_pyobject(py)?.into_any())
            }
        }
    }
}

/// Asks for pages of 2 MiB where these bytes were not touched yet: a fault for every 4 KiB takes longer than encrypting them. They come as they are touched, by
/// whichever thread does. Not for memory that is lent, whose pages are its library's to choose: where that gives them back between two columns, a system may take
/// longer to find large ones again than to clear small ones.
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
