//! Many values in one call, each a token of its own that has nothing in common with the others.

use std::borrow::Cow;

use fortress::{Context, batch::BatchError, token::decode_text_into};
use pyo3::{
    prelude::*,
    types::{PyList, PyTuple},
};

use super::{
    Cell,
    contexts::{OwnContexts, Planned},
    lists,
};
use crate::{
    failure::{Failure, RowFailures},
    keyring::KeyringHandle,
    random::Pool,
    tokens::{Form, not_text},
};

/// Encrypts values to tokens of the form that they have themselves.
pub(crate) fn encrypt_all<'py>(
    keyring: &KeyringHandle,
    values: &Bound<'py, PyTuple>,
    own: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let py = values.py();
    let own = OwnContexts::of(own, values.len())?;
    let contexts = own.of_rows(0..values.len())?;
    let values = lists::unchanging(values, "a value")?;
    let items = Items::of(&values, &contexts)?;
    let pairs = || items.cells.iter().map(|cell| cell.bytes).zip(items.contexts());
    let made = keyring.with(py, items.len(), |keyring| Ok(keyring.encrypt_all(pairs(), &mut Pool)))?;
    let tokens = made.map_err(|error| items.failed(&error, |_, failure| failure))?;
    let forms = items.cells.iter().map(|cell| cell.form);
    items.list(py, values.len(), forms.zip(tokens.iter()).map(|(form, token)| form.token(py, token)))
}

/// Decrypts tokens of either form.
pub(crate) fn decrypt_all<'py>(
    keyring: &KeyringHandle,
    tokens: &Bound<'py, PyTuple>,
    own: Option<&Bound<'py, PyAny>>,
    form: Form,
) -> PyResult<Bound<'py, PyList>> {
    let py = tokens.py();
    let own = OwnContexts::of(own, tokens.len())?;
    let contexts = own.of_rows(0..tokens.len())?;
    let tokens = lists::unchanging(tokens, "a token")?;
    let items = Items::of(&tokens, &contexts)?;
    let decoded: Vec<Result<Cow<'_, [u8]>, Failure>> = items.cells.iter().map(|cell| decoded(*cell)).collect();
    // What could not be decoded is an empty token to the core, which refuses it; the reason is the one from here.
    let pairs = || decoded.iter().map(|token| token.as_deref().unwrap_or_default()).zip(items.contexts());
    let made = keyring.with(py, items.len(), |keyring| Ok(keyring.decrypt_all(pairs())))?;
    let values = made.map_err(|error| {
        items.failed(&error, |position, failure| decoded[position].as_ref().err().cloned().unwrap_or(failure))
    })?;
    if form == Form::Text {
        let rows = items.rows.iter().zip(values.iter());
        let wrong: Vec<_> = rows.filter(|(_, value)| std::str::from_utf8(value).is_err()).collect();
        if !wrong.is_empty() {
            return Err(RowFailures(wrong.into_iter().map(|(row, _)| (*row, not_text())).collect()).into());
        }
    }
    let values = values.iter().map(|value| form.value(py, value)).collect::<PyResult<Vec<_>>>()?;
    items.list(py, tokens.len(), values.into_iter())
}

/// What is not `None`, with its contexts and its rows.
struct Items<'a> {
    rows: Vec<usize>,
    cells: Vec<Cell<'a>>,
    contexts: Vec<Cow<'a, Context>>,
}

impl<'a> Items<'a> {
    fn of(values: &'a Bound<'_, PyTuple>, contexts: &'a Planned<'_>) -> PyResult<Items<'a>> {
        let mut items = Items { rows: Vec::new(), cells: Vec::new(), contexts: Vec::new() };
        let mut failures = Vec::new();
        for row in 0..values.len() {
            let Some(cell) = lists::cell(values.get_borrowed_item(row)?)? else { continue };
            match contexts.of(row) {
                Ok(context) => items.contexts.push(context),
                Err(failure) => failures.push((row, failure)),
            }
            items.rows.push(row);
            items.cells.push(cell);
        }
        if failures.is_empty() { Ok(items) } else { Err(RowFailures(failures).into()) }
    }

    fn len(&self) -> usize {
        self.cells.iter().map(|cell| cell.bytes.len()).sum()
    }

    fn contexts(&self) -> impl Iterator<Item = &Context> {
        self.contexts.iter().map(|context| &**context)
    }

    /// The rows that failed, each for the reason that `why` makes of the core's.
    #[cold]
    fn failed(&self, error: &BatchError, why: impl Fn(usize, Failure) -> Failure) -> RowFailures {
        let failures = error.failures().iter();
        RowFailures(failures.map(|(position, error)| (self.rows[*position], why(*position, (*error).into()))).collect())
    }

    /// A list of `len` rows, in which these became `made`.
    fn list<'py>(
        &self,
        py: Python<'py>,
        len: usize,
        made: impl Iterator<Item = Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut objects = vec![py.None().into_bound(py); len];
        for (row, object) in self.rows.iter().zip(made) {
            objects[*row] = object;
        }
        PyList::new(py, objects)
    }
}

fn decoded(cell: Cell<'_>) -> Result<Cow<'_, [u8]>, Failure> {
    match cell.form {
        Form::Bytes => Ok(Cow::Borrowed(cell.bytes)),
        Form::Text => {
            let mut token = Vec::new();
            decode_text_into(cell.bytes, &mut token)?;
            Ok(Cow::Owned(token))
        }
    }
}
