//! Whole numbers, which are of any size in Python.

use std::{fmt::Display, ops::RangeInclusive};

use pyo3::{exceptions::PyOverflowError, prelude::*};

use crate::failure::Failure;

/// A whole number in a range; `what` names it in messages.
pub(crate) fn of<'py, T>(value: &Bound<'py, PyAny>, what: &str, range: RangeInclusive<T>) -> PyResult<T>
where
    T: Copy + Display + PartialOrd + for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    match value.extract() {
        Ok(number) if range.contains(&number) => Ok(number),
        Err(error) if !error.is_instance_of::<PyOverflowError>(value.py()) => Err(error),
        _ => {
            let (first, last) = range.into_inner();
            Err(Failure { code: "out_of_range", text: format!("{what} must be from {first} to {last}") }.into())
        }
    }
}
