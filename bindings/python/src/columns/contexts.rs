//! The contexts of a column's rows.

use std::{borrow::Cow, ops::Range};

use fortress::Context;
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString, PyTuple},
};

use crate::{
    failure::Failure,
    text::{self, borrowed_utf8},
};

/// What the caller gave, kept alive.
pub(super) enum OwnContexts<'py> {
    None(Context),
    /// A mapping for each row.
    Each(Bound<'py, PyTuple>),
    /// Keys, and for each key a string for each row.
    Columns(Vec<(Bound<'py, PyString>, Bound<'py, PyTuple>)>),
}

impl<'py> OwnContexts<'py> {
    /// `contexts` is `None`, a dict from keys to tuples of strings, or a tuple of mappings.
    pub(super) fn of(contexts: Option<&Bound<'py, PyAny>>, rows: usize) -> PyResult<OwnContexts<'py>> {
        let Some(contexts) = contexts else { return Ok(OwnContexts::None(Context::empty())) };
        if let Ok(columns) = contexts.cast::<PyDict>() {
            let column = |(key, column): (Bound<'py, PyAny>, Bound<'py, PyAny>)| {
                let key = text::string(&key, "the keys of contexts")?.clone();
                let column = column.cast_into::<PyTuple>()?;
                same_length(rows, column.len(), &format!("contexts[{:?}]", key.to_string_lossy()))?;
                Ok((key, column))
            };
            return columns.iter().map(column).collect::<PyResult<_>>().map(OwnContexts::Columns);
        }
        let contexts = contexts.cast::<PyTuple>()?;
        same_length(rows, contexts.len(), "contexts")?;
        Ok(OwnContexts::Each(contexts.clone()))
    }

    /// The contexts of some of the rows, as another thread can use them.
    pub(super) fn of_rows(&self, rows: Range<usize>) -> PyResult<Planned<'_>> {
        Ok(match self {
            OwnContexts::None(empty) => Planned::Same(empty),
            OwnContexts::Each(contexts) => Planned::Each(rows.map(|row| own(contexts, row)).collect::<PyResult<_>>()?),
            OwnContexts::Columns(columns) => {
                let column = |(key, column)| strings(key, column, rows.clone());
                Planned::Columns(columns.iter().map(|(key, values)| column((key, values))).collect::<PyResult<_>>()?)
            }
        })
    }
}

/// The contexts of a block of rows.
pub(super) enum Planned<'a> {
    Same(&'a Context),
    Each(Vec<Context>),
    Columns(Vec<(&'a str, Vec<&'a str>)>),
}

impl Planned<'_> {
    /// That of one row, counted from the block's first.
    #[inline]
    pub(super) fn of(&self, row: usize) -> Result<Cow<'_, Context>, Failure> {
        Ok(match self {
            Planned::Same(context) => Cow::Borrowed(*context),
            Planned::Each(contexts) => Cow::Borrowed(&contexts[row]),
            Planned::Columns(columns) => {
                Cow::Owned(Context::new(columns.iter().map(|(key, column)| (*key, column[row])))?)
            }
        })
    }
}

fn own(contexts: &Bound<'_, PyTuple>, row: usize) -> PyResult<Context> {
    let context = contexts.get_borrowed_item(row)?;
    if context.is_none() {
        return Ok(Context::empty());
    }
    let entries = text::Entries::of(Some(&context), &format!("contexts[{row}]"))?;
    Ok(Context::new(entries.pairs()?).map_err(Failure::from)?)
}

fn strings<'a>(
    key: &'a Bound<'_, PyString>,
    column: &'a Bound<'_, PyTuple>,
    rows: Range<usize>,
) -> PyResult<(&'a str, Vec<&'a str>)> {
    let key = text::utf8(key)?;
    let values = rows.map(|row| {
        let value = column.get_borrowed_item(row)?;
        match value.cast::<PyString>() {
            Ok(value) => borrowed_utf8(value),
            Err(_) => {
                let got = text::type_name(&value);
                Err(PyTypeError::new_err(format!(
                    "contexts[{key:?}][{row}] must be str, got {got}; convert the column first"
                )))
            }
        }
    });
    Ok((key, values.collect::<PyResult<_>>()?))
}

fn same_length(rows: usize, got: usize, what: &str) -> Result<(), Failure> {
    if rows == got {
        return Ok(());
    }
    Err(Failure::argument(format!("{what} has {got} items for {rows} rows; give one for each row")))
}
