//! What became of a column, as an Arrow array that any library takes over without a copy.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use pyo3::{
    prelude::*,
    types::{PyCapsule, PyTuple},
};

use super::abi::{Array, NULLABLE, Schema};
use crate::{columns::Cell, tokens::Form};

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

/// A column that grows by a share of its rows at a time.
pub(crate) struct ColumnBuilder(Column);

impl ColumnBuilder {
    pub(crate) fn new(form: Form, rows: usize) -> ColumnBuilder {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        let validity = vec![0; rows.div_ceil(8)];
        ColumnBuilder(Column { form, nulls: 0, validity, offsets, data: Vec::new() })
    }

    /// Adds the next rows: `items` are the values of those that have one, and where each ends.
    pub(crate) fn add(&mut self, cells: &[Option<Cell<'_>>], (bytes, ends): (&[u8], &[usize])) {
        let column = &mut self.0;
        let start = column.data.len();
        column.data.extend_from_slice(bytes);
        let (mut ends, mut end) = (ends.iter(), start as i64);
        for cell in cells {
            let row = column.rows();
            match (cell, column.validity.get_mut(row / 8)) {
                (Some(_), Some(byte)) => {
                    *byte |= 1 << (row % 8);
                    end = ends.next().map_or(end, |item| (start + item) as i64);
                }
                _ => column.nulls += 1,
            }
            column.offsets.push(end);
        }
    }

    pub(crate) fn finish(self) -> ArrowColumn {
        ArrowColumn(Arc::new(self.0))
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
