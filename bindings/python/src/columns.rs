//! Columns: many values in one call, on all cores, without the interpreter while they are worked on.
//!
//! Up to 2^20 rows are one group (spec G-7), so that whoever reads a few of them derives one key. Rows without a value stay
//! without one.

mod arrays;
mod blocks;
mod contexts;
mod lists;
mod singles;

use std::sync::{Mutex, MutexGuard, PoisonError};

use fortress::{
    Context,
    group::{self, GroupEncryptor, GroupPart, Layout, MAX_MEMBER_VALUE_LEN, MAX_MEMBERS},
    token::{TokenError, decode_text_into, encode_text_to, text_len},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyList, PyTuple},
};

use arrays::Arrays;
use blocks::{Block, Converted, Work, convert};
use contexts::{OwnContexts, Planned};
use lists::Objects;
pub(crate) use singles::{decrypt_all, encrypt_all};

use crate::{
    arrow::{ColumnBuilder, Imported, Lender},
    failure::Failure,
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
    (context, own): ContextArguments<'_, 'py>,
    layout: Layout,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyList>)> {
    let work = Encrypting::new(keyring, text::context(context)?.into_owned(), layout)?;
    let tokens = converted((values, "a value"), own, None, &work)?;
    Ok((work.header(values.py()), tokens))
}

pub(crate) fn decrypt_values<'py>(
    keyring: &KeyringHandle,
    tokens: &Bound<'py, PyTuple>,
    (context, own): ContextArguments<'_, 'py>,
    reading: &Reading<'_, 'py>,
) -> PyResult<Bound<'py, PyList>> {
    let work = Decrypting::new(keyring, text::context(context)?.into_owned(), reading)?;
    converted((tokens, "a token"), own, Some(reading.form), &work)
}

/// Encrypts tokens anew, hoisted where a header is given.
pub(crate) fn reencrypt_values<'py>(
    keyring: &KeyringHandle,
    tokens: &Bound<'py, PyTuple>,
    (context, own): ContextArguments<'_, 'py>,
    header: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyList>)> {
    let work = Reencrypting::new(keyring, text::context(context)?.into_owned(), header)?;
    let anew = converted((tokens, "a token"), own, None, &work)?;
    Ok((work.to.header(tokens.py()), anew))
}

/// A list of objects, each of them `what`, by a work: in the form of each, or in one for all.
fn converted<'py>(
    (given, what): (&Bound<'py, PyTuple>, &str),
    own: Option<&Bound<'py, PyAny>>,
    form: Option<Form>,
    work: &impl Work,
) -> PyResult<Bound<'py, PyList>> {
    let (py, rows) = (given.py(), given.len());
    let own = OwnContexts::of(own, rows)?;
    let given = lists::unchanging(given, what)?;
    let mut objects = Objects::new(&given, form);
    convert(py, rows, &mut objects, &own, work)?;
    objects.finish()
}

pub(crate) fn encrypt_arrow<'py>(
    keyring: &KeyringHandle,
    array: &Bound<'py, PyAny>,
    (context, own): ContextArguments<'_, 'py>,
    layout: Layout,
    lender: Option<Lender<'py>>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyAny>)> {
    let py = array.py();
    let work = Encrypting::new(keyring, text::context(context)?.into_owned(), layout)?;
    let imported = Imported::of(array)?;
    let column = arrow(py, &imported, imported.form(), own, &work, lender)?;
    Ok((work.header(py), column))
}

pub(crate) fn decrypt_arrow<'py>(
    keyring: &KeyringHandle,
    array: &Bound<'py, PyAny>,
    (context, own): ContextArguments<'_, 'py>,
    reading: &Reading<'_, 'py>,
    lender: Option<Lender<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let work = Decrypting::new(keyring, text::context(context)?.into_owned(), reading)?;
    arrow(array.py(), &Imported::of(array)?, reading.form, own, &work, lender)
}

/// As [`reencrypt_values`].
pub(crate) fn reencrypt_arrow<'py>(
    keyring: &KeyringHandle,
    array: &Bound<'py, PyAny>,
    (context, own): ContextArguments<'_, 'py>,
    header: Option<&Bound<'py, PyAny>>,
    lender: Option<Lender<'py>>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyAny>)> {
    let py = array.py();
    let work = Reencrypting::new(keyring, text::context(context)?.into_owned(), header)?;
    let imported = Imported::of(array)?;
    let column = arrow(py, &imported, imported.form(), own, &work, lender)?;
    Ok((work.to.header(py), column))
}

fn arrow<'py>(
    py: Python<'py>,
    imported: &Imported,
    form: Form,
    own: Option<&Bound<'py, PyAny>>,
    work: &impl Work,
    lender: Option<Lender<'py>>,
) -> PyResult<Bound<'py, PyAny>> {
    let rows = imported.rows()?;
    let own = OwnContexts::of(own, rows.len())?;
    let sizes = py.detach(|| arrays::measure(&rows, work))?;
    let all = arrays::total(&sizes).ok_or_else(|| Failure::argument("the column is too long for memory"))?;
    let mut column = ColumnBuilder::new(form, (rows.len(), rows.len() - all.values), all.bytes, lender.as_ref())?;
    convert(py, rows.len(), &mut Arrays { rows: &rows, sizes, room: column.room() }, &own, work)?;
    column.finish(py)
}

/// Values become tokens of the form that they have themselves.
struct Encrypting<'k> {
    keyring: &'k KeyringHandle,
    context: Context,
    layout: Layout,
    /// The group that the next block takes its indexes from; asked for by the planning thread alone.
    group: Mutex<GroupEncryptor>,
}

impl Encrypting<'_> {
    fn new(keyring: &KeyringHandle, context: Context, layout: Layout) -> Result<Encrypting<'_>, Failure> {
        let group = Mutex::new(new_group(keyring, &context)?);
        Ok(Encrypting { keyring, context, layout, group })
    }

    fn group(&self) -> MutexGuard<'_, GroupEncryptor> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of a token in this form, of a value of this length.
    fn token_len(&self, value: usize, form: Form) -> usize {
        let len = value + self.layout.overhead();
        if form == Form::Text { text_len(len) } else { len }
    }

    /// The header that the members of the last group need, if they are hoisted.
    fn header<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.group().header())
    }
}

impl Work for Encrypting<'_> {
    type Share = GroupPart;

    fn output_len(&self, cell: Cell<'_>) -> Result<usize, TokenError> {
        let got = cell.bytes.len();
        if got > MAX_MEMBER_VALUE_LEN {
            return Err(TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got });
        }
        Ok(self.token_len(got, cell.form))
    }

    fn share(&self, values: usize) -> Result<GroupPart, Failure> {
        let values = u32::try_from(values).unwrap_or(MAX_MEMBERS);
        let mut group = self.group();
        if values > group.remaining() && self.layout == Layout::Whole {
            *group = new_group(self.keyring, &self.context)?;
        }
        Ok(group.part(values)?)
    }

    fn convert<B: Block>(
        &self,
        mut part: GroupPart,
        block: B,
        contexts: &Planned<'_>,
    ) -> Result<Converted<B::Aside>, Failure> {
        let mut token = Vec::new();
        block.convert(self, contexts, |cell, context, out| {
            let len = self.token_len(cell.bytes.len(), Form::Bytes);
            write_token(cell.form, len, &mut token, out, |out| part.encrypt_to(cell.bytes, context, self.layout, out))
        })
    }
}

fn new_group(keyring: &KeyringHandle, context: &Context) -> Result<GroupEncryptor, Failure> {
    let keyring = keyring.lend();
    Ok(keyring.as_ref().ok_or_else(|| Failure::closed("keyring"))?.encrypt_group(context, &mut Pool)?)
}

/// Tokens of either form become values.
struct Decrypting<'k> {
    keyring: &'k KeyringHandle,
    context: Context,
    header: Option<Vec<u8>>,
    form: Form,
}

impl Decrypting<'_> {
    fn new<'k>(keyring: &'k KeyringHandle, context: Context, reading: &Reading<'_, '_>) -> PyResult<Decrypting<'k>> {
        Ok(Decrypting { keyring, context, header: header(reading.header)?, form: reading.form })
    }
}

impl Work for Decrypting<'_> {
    type Share = ();

    fn output_len(&self, cell: Cell<'_>) -> Result<usize, TokenError> {
        value_len(cell)
    }

    fn share(&self, _: usize) -> Result<(), Failure> {
        Ok(())
    }

    fn convert<B: Block>(&self, (): (), block: B, contexts: &Planned<'_>) -> Result<Converted<B::Aside>, Failure> {
        // Lent for a block at a time: a thread that waits for the interpreter must not keep others from the keyring.
        let keyring = self.keyring.lend();
        let keyring = keyring.as_ref().ok_or_else(|| Failure::closed("keyring"))?;
        let (mut reader, mut token) = (keyring.group_reader(self.context.clone()), Vec::new());
        block.convert(self, contexts, |cell, context, out| {
            reader.decrypt_to(self.header.as_deref(), member(cell, &mut token)?, context, out)?;
            if self.form == Form::Text && std::str::from_utf8(out).is_err() {
                return Err(not_text());
            }
            Ok(())
        })
    }
}

/// Tokens of either form become tokens of the same form, under the primary version.
struct Reencrypting<'k> {
    to: Encrypting<'k>,
    header: Option<Vec<u8>>,
}

impl Reencrypting<'_> {
    fn new<'k>(
        keyring: &'k KeyringHandle,
        context: Context,
        stored: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Reencrypting<'k>> {
        let header = header(stored)?;
        let layout = if header.is_some() { Layout::Hoisted } else { Layout::Whole };
        Ok(Reencrypting { to: Encrypting::new(keyring, context, layout)?, header })
    }
}

impl Work for Reencrypting<'_> {
    type Share = GroupPart;

    fn output_len(&self, cell: Cell<'_>) -> Result<usize, TokenError> {
        Ok(self.to.token_len(value_len(cell)?, cell.form))
    }

    fn share(&self, values: usize) -> Result<GroupPart, Failure> {
        self.to.share(values)
    }

    fn convert<B: Block>(
        &self,
        mut part: GroupPart,
        block: B,
        contexts: &Planned<'_>,
    ) -> Result<Converted<B::Aside>, Failure> {
        let Reencrypting { to, header } = self;
        // Lent for a block at a time, as for decrypting.
        let keyring = to.keyring.lend();
        let keyring = keyring.as_ref().ok_or_else(|| Failure::closed("keyring"))?;
        let mut anew = keyring.group_reencryptor(to.context.clone(), header.as_deref(), to.layout);
        let (mut stored, mut token) = (Vec::new(), Vec::new());
        block.convert(self, contexts, |cell, context, out| {
            let len = to.token_len(value_len(cell)?, Form::Bytes);
            let member = member(cell, &mut stored)?;
            write_token(cell.form, len, &mut token, out, |out| anew.reencrypt_to(member, context, &mut part, out))
        })
    }
}

/// The bytes of the header that hoisted tokens need.
fn header(header: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<u8>>> {
    let header = header.map(|header| Data::of(header, "a header")).transpose()?;
    Ok(header.as_ref().map(Data::token).transpose()?.map(Into::into))
}

/// Bytes of the value in a token.
fn value_len(cell: Cell<'_>) -> Result<usize, TokenError> {
    match cell.form {
        Form::Bytes => group::value_len(cell.bytes),
        Form::Text => group::text_value_len(cell.bytes),
    }
}

/// The bytes of a token, decoded into `decoded` where it is text.
fn member<'a>(cell: Cell<'a>, decoded: &'a mut Vec<u8>) -> Result<&'a [u8], TokenError> {
    if cell.form == Form::Bytes {
        return Ok(cell.bytes);
    }
    decoded.clear();
    decode_text_into(cell.bytes, decoded)?;
    Ok(decoded)
}

/// Lets `write` make a token of `len` bytes: in `out`, or in `token`, whose text goes there.
fn write_token(
    form: Form,
    len: usize,
    token: &mut Vec<u8>,
    out: &mut [u8],
    write: impl FnOnce(&mut [u8]) -> Result<(), TokenError>,
) -> Result<(), Failure> {
    if form == Form::Bytes {
        return Ok(write(out)?);
    }
    token.resize(len, 0);
    write(token)?;
    Ok(encode_text_to(token, out)?)
}
