//! The contexts of a column's rows.

use std::ops::Range;

use fortress::Context;
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString, PyTuple},
};

use crate::{
    failure::{Failure, RowFailures},
    text::{self, borrowed_utf8},
};

/// What the caller gave, kept alive.
pub(super) enum OwnContexts<'py> {
    None,
    /// One for each row.
    Each(Vec<Context>),
    /// Keys, and for each key a string for each row.
    Columns(Vec<(Bound<'py, PyString>, Bound<'py, PyTuple>)>),
}

impl<'py> OwnContexts<'py> {
    /// `contexts` is `None`, a dict from keys to tuples of strings, or a tuple of mappings.
    pub(super) fn of(contexts: Option<&Bound<'py, PyAny>>, rows: usize) -> PyResult<OwnContexts<'py>> {
        let Some(contexts) = contexts else { return Ok(OwnContexts::None) };
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
        let each = contexts.iter().enumerate().map(|(row, context)| {
            if context.is_none() {
                return Ok(Context::empty());
            }
            let entries = text::Entries::of(Some(&context), &format!("contexts[{row}]"))?;
            Ok(Context::new(entries.pairs()?).map_err(Failure::from)?)
        });
        each.collect::<PyResult<_>>().map(OwnContexts::Each)
    }

    /// The contexts as threads can share them.
    pub(super) fn rows(&self) -> PyResult<RowContexts<'_>> {
        Ok(match self {
            OwnContexts::None => RowContexts::None(Context::empty()),
            OwnContexts::Each(contexts) => RowContexts::Each(contexts),
            OwnContexts::Columns(columns) => {
                RowContexts::Columns(columns.iter().map(|(key, column)| strings(key, column)).collect::<PyResult<_>>()?)
            }
        })
    }
}

/// The contexts of all rows.
pub(super) enum RowContexts<'a> {
    None(Context),
    Each(&'a [Context]),
    Columns(Vec<(&'a str, Vec<&'a str>)>),
}

impl RowContexts<'_> {
    /// The contexts of some of the rows.
    pub(super) fn of_rows(&self, rows: Range<usize>) -> Result<Contexts<'_>, RowFailures> {
        match self {
            RowContexts::None(empty) => Ok(Contexts::Same(empty)),
            RowContexts::Each(contexts) => Ok(Contexts::Given(contexts.get(rows).unwrap_or_default())),
            RowContexts::Columns(columns) => {
                let (mut made, mut failures) = (Vec::with_capacity(rows.len()), Vec::new());
                for row in rows {
                    match Context::new(columns.iter().map(|(key, column)| (*key, column[row]))) {
                        Ok(context) => made.push(context),
                        Err(error) => failures.push((row, error.into())),
                    }
                }
                if failures.is_empty() { Ok(Contexts::Made(made)) } else { Err(RowFailures(failures)) }
            }
        }
    }
}

/// The contexts of a share of the rows.
pub(super) enum Contexts<'a> {
    Same(&'a Context),
    Given(&'a [Context]),
    Made(Vec<Context>),
}

impl Contexts<'_> {
    /// One for each row; endless where all are the same.
    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = &Context> + '_> {
        match self {
            Contexts::Same(context) => Box::new(std::iter::repeat(*context)),
            Contexts::Given(contexts) => Box::new(contexts.iter()),
            Contexts::Made(contexts) => Box::new(contexts.iter()),
        }
    }
}

fn strings<'a>(key: &'a Bound<'_, PyString>, column: &'a Bound<'_, PyTuple>) -> PyResult<(&'a str, Vec<&'a str>)> {
    let key = text::utf8(key)?;
    let values = column.iter_borrowed().enumerate().map(|(row, value)| match value.cast::<PyString>() {
        Ok(value) => borrowed_utf8(value),
        Err(_) => {
            let got = text::type_name(&value);
            Err(PyTypeError::new_err(format!(
                "contexts[{key:?}][{row}] must be str, got {got}; convert the column first"
            )))
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
