//! Columns: many values in one call, on all cores, without the interpreter while they are worked on.
//!
//! Each core encrypts its share of the rows as a group of its own (spec G-7). Rows without a value stay without one.

mod contexts;
mod shares;

use std::{borrow::Cow, ops::Range};

use fortress::{Context, Keyring, token::TokenError, token::decode_text};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyList, PyString, PyTuple},
};

use contexts::OwnContexts;
use shares::{Share, shared};

use crate::{
    arrow::{ArrowColumn, ColumnBuilder, Imported},
    buffer::Bytes,
    failure::{Failure, RowFailures},
    keyring::KeyringHandle,
    random::Pool,
    text,
    tokens::{Data, Form, not_text},
};

/// A value or a token, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) form: Form,
}

/// Rows, some of them without a value.
pub(crate) type Cells<'a> = Vec<Option<Cell<'a>>>;

/// What a call gives beside its values: the column's context, and one for each row.
type ContextArguments<'a, 'py> = (Option<&'a Bound<'py, PyAny>>, Option<&'a Bound<'py, PyAny>>);

/// How tokens are read: the header that hoisted ones need, and what the values are.
pub(crate) struct Reading<'a, 'py> {
    pub(crate) header: Option<&'a Bound<'py, PyAny>>,
    pub(crate) form: Form,
}

pub(crate) fn encrypt_values<'py>(
    keyring: &KeyringHandle,
    values: &Bound<'py, PyTuple>,
    contexts: ContextArguments<'_, 'py>,
) -> PyResult<Bound<'py, PyList>> {
    let py = values.py();
    let items = Items::of(values, "a value")?;
    let cells = items.cells()?;
    let mut tokens = Vec::with_capacity(cells.len());
    encrypt(py, keyring, &cells, contexts, |rows, share| {
        objects(py, &cells[rows], &share, &mut tokens, |cell, token, form| match form {
            Form::Text => PyString::new(py, &String::from_utf8_lossy(token)).into_any(),
            Form::Bytes => cell.form.token(py, token),
        });
    })?;
    PyList::new(py, tokens)
}

pub(crate) fn decrypt_values<'py>(
    keyring: &KeyringHandle,
    tokens: &Bound<'py, PyTuple>,
    contexts: ContextArguments<'_, 'py>,
    reading: Reading<'_, 'py>,
) -> PyResult<Bound<'py, PyList>> {
    let py = tokens.py();
    let items = Items::of(tokens, "a token")?;
    let cells = items.cells()?;
    let mut values = Vec::with_capacity(cells.len());
    decrypt(py, keyring, &cells, contexts, &reading, |rows, share| {
        objects(py, &cells[rows], &share, &mut values, |_, value, form| match form {
            // Known to be UTF-8 since it was decrypted.
            Form::Text => PyString::new(py, &String::from_utf8_lossy(value)).into_any(),
            Form::Bytes => PyBytes::new(py, value).into_any(),
        });
    })?;
    PyList::new(py, values)
}

pub(crate) fn encrypt_arrow<'py>(
    keyring: &KeyringHandle,
    array: &Bound<'py, PyAny>,
    contexts: ContextArguments<'_, 'py>,
) -> PyResult<ArrowColumn> {
    let imported = Imported::of(array)?;
    let cells = imported.cells()?;
    let mut column = ColumnBuilder::new(imported.form(), cells.len());
    encrypt(array.py(), keyring, &cells, contexts, |rows, share| column.add(&cells[rows], share.items()))?;
    Ok(column.finish())
}

pub(crate) fn decrypt_arrow<'py>(
    keyring: &KeyringHandle,
    array: &Bound<'py, PyAny>,
    contexts: ContextArguments<'_, 'py>,
    reading: Reading<'_, 'py>,
) -> PyResult<ArrowColumn> {
    let imported = Imported::of(array)?;
    let cells = imported.cells()?;
    let mut column = ColumnBuilder::new(reading.form, cells.len());
    decrypt(array.py(), keyring, &cells, contexts, &reading, |rows, share| column.add(&cells[rows], share.items()))?;
    Ok(column.finish())
}

/// Tokens for the cells that have a value; as text where all of them do.
fn encrypt(
    py: Python<'_>,
    keyring: &KeyringHandle,
    cells: &Cells<'_>,
    (context, own): ContextArguments<'_, '_>,
    take: impl FnMut(Range<usize>, Share),
) -> PyResult<()> {
    let context = text::context(context)?;
    let own = OwnContexts::of(own, cells.len())?;
    let own = own.rows()?;
    let as_text = cells.iter().flatten().all(|cell| cell.form == Form::Text);
    let encrypt = |keyring: &Keyring, rows: Range<usize>| {
        let contexts = own.of_rows(rows.clone())?;
        let values = rows.clone().zip(contexts.iter()).filter_map(|(row, own)| Some((cells[row]?.bytes, own)));
        let batch = keyring.encrypt_column(values, &context, &mut Pool);
        let batch = batch.map_err(|error| shares::of_cells(&error, cells, rows))?;
        Ok(if as_text { Share::text(&batch) } else { Share::tokens(batch) })
    };
    shared(py, keyring, cells.len(), encrypt, take)
}

/// Values for the cells that have a token.
fn decrypt(
    py: Python<'_>,
    keyring: &KeyringHandle,
    cells: &Cells<'_>,
    (context, own): ContextArguments<'_, '_>,
    reading: &Reading<'_, '_>,
    take: impl FnMut(Range<usize>, Share),
) -> PyResult<()> {
    let context = text::context(context)?;
    let header = reading.header.map(|header| Data::of(header, "a header")).transpose()?;
    let header = header.as_ref().map(Data::token).transpose()?;
    let group = Group { context: &context, header: header.as_deref(), form: reading.form };
    let own = OwnContexts::of(own, cells.len())?;
    let own = own.rows()?;
    let decrypt = |keyring: &Keyring, rows: Range<usize>| decrypt_share(keyring, cells, rows, &own, &group);
    shared(py, keyring, cells.len(), decrypt, take)
}

/// What the rows of a column have in common.
struct Group<'a> {
    context: &'a Context,
    header: Option<&'a [u8]>,
    form: Form,
}

fn decrypt_share(
    keyring: &Keyring,
    cells: &Cells<'_>,
    rows: Range<usize>,
    own: &contexts::RowContexts<'_>,
    group: &Group<'_>,
) -> Result<Share, RowFailures> {
    let contexts = own.of_rows(rows.clone())?;
    let tokens: Vec<Option<Cow<'_, [u8]>>> = rows
        .clone()
        // What is not a token's text becomes an empty token, which the core refuses; below it gets its own reason.
        .map(|row| cells[row].map(|cell| cell.token().unwrap_or_default()))
        .collect();
    let members = tokens.iter().zip(contexts.iter()).filter_map(|(token, own)| Some((&**token.as_ref()?, own)));
    let batch = keyring.decrypt_column(members, group.header, group.context);
    let batch = batch.map_err(|error| {
        let mut failures = shares::of_cells(&error, cells, rows.clone());
        for (row, failure) in &mut failures.0 {
            if cells[*row].is_some_and(|cell| cell.token().is_err()) {
                *failure = TokenError::InvalidText.into();
            }
        }
        failures
    })?;
    let share = Share::values(batch, group.form);
    if group.form == Form::Text {
        let values = rows.filter(|row| cells[*row].is_some()).zip(share.iter());
        let failures: Vec<(usize, Failure)> =
            values.filter(|(_, value)| std::str::from_utf8(value).is_err()).map(|(row, _)| (row, not_text())).collect();
        if !failures.is_empty() {
            return Err(RowFailures(failures));
        }
    }
    Ok(share)
}

impl<'a> Cell<'a> {
    /// The bytes of a token.
    fn token(self) -> Result<Cow<'a, [u8]>, TokenError> {
        match self.form {
            Form::Bytes => Ok(self.bytes.into()),
            Form::Text => {
                let text = std::str::from_utf8(self.bytes).map_err(|_| TokenError::InvalidText)?;
                decode_text(text).map(Into::into)
            }
        }
    }
}

/// The values of a tuple, which keeps them alive.
struct Items<'a, 'py>(Vec<Item<'a, 'py>>);

enum Item<'a, 'py> {
    Nothing,
    Text(Borrowed<'a, 'py, PyString>),
    Bytes(Borrowed<'a, 'py, PyBytes>),
    /// Of a buffer that could change while the interpreter is released.
    Copied(Bound<'py, PyBytes>),
}

impl<'a, 'py> Items<'a, 'py> {
    fn of(values: &'a Bound<'py, PyTuple>, what: &str) -> PyResult<Items<'a, 'py>> {
        let item = |(row, value): (usize, Borrowed<'a, 'py, PyAny>)| {
            if value.is_none() {
                return Ok(Item::Nothing);
            }
            if let Ok(bytes) = value.cast::<PyBytes>() {
                return Ok(Item::Bytes(bytes));
            }
            if let Ok(text) = value.cast::<PyString>() {
                return Ok(Item::Text(text));
            }
            match Data::of(&value, &format!("{what} (row {row})"))? {
                Data::Text(text) => Ok(Item::Copied(PyBytes::new(values.py(), text::utf8(&text)?.as_bytes()))),
                Data::Bytes(bytes) => Ok(Item::Copied(PyBytes::new(values.py(), Bytes::as_slice(&bytes)))),
            }
        };
        values.iter_borrowed().enumerate().map(item).collect::<PyResult<_>>().map(Items)
    }

    fn cells(&self) -> PyResult<Cells<'_>> {
        let mut failures = Vec::new();
        let cells = self.0.iter().enumerate().map(|(row, item)| match item {
            Item::Nothing => None,
            Item::Bytes(bytes) => Some(Cell { bytes: bytes.as_bytes(), form: Form::Bytes }),
            Item::Copied(bytes) => Some(Cell { bytes: bytes.as_bytes(), form: Form::Bytes }),
            Item::Text(text) => match text::utf8_or_none(*text) {
                Some(text) => Some(Cell { bytes: text.as_bytes(), form: Form::Text }),
                None => {
                    failures.push((row, text::no_utf8()));
                    None
                }
            },
        });
        let cells = cells.collect();
        if failures.is_empty() { Ok(cells) } else { Err(RowFailures(failures).into()) }
    }
}

/// Adds what `make` makes of each cell's item, and `None` for cells without a value.
fn objects<'py>(
    py: Python<'py>,
    cells: &[Option<Cell<'_>>],
    share: &Share,
    objects: &mut Vec<Bound<'py, PyAny>>,
    make: impl Fn(&Cell<'_>, &[u8], Form) -> Bound<'py, PyAny>,
) {
    let (mut items, form) = (share.iter(), share.form());
    objects.extend(cells.iter().map(|cell| match cell {
        None => py.None().into_bound(py),
        Some(cell) => make(cell, items.next().unwrap_or_default(), form),
    }));
}
