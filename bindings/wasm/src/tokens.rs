//! Field tokens, rows and columns: inputs and results of any number of values in one crossing.
//!
//! A layout or a form crosses the border as a `bool`: an `enum` would come with JavaScript of its own.

use fortress::{
    Context, Keyring,
    batch::{Batch, BatchError},
    group::{GroupEncryptor, Layout},
    token::{TokenError, decode_text, token_len},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader, Tokens},
    keyring::KeyringHandle,
    random::Pool,
};

#[wasm_bindgen]
impl KeyringHandle {
    /// Encrypts a value. Frame: context, value. Result: the token, or its bytes if they are asked for.
    pub fn encrypt(&self, len: usize, as_bytes: bool) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let value = input.rest();
            self.with(|keyring| keyring.encrypt_into(keyring.token_suite(), value, &context, &mut Pool, out))?;
            if as_bytes { Ok(()) } else { frame::finish_token(out) }
        })
    }

    /// Bytes of the token of a value of so many.
    pub fn token_len(&self, value_len: f64) -> f64 {
        token_len(value_len as u64) as f64
    }

    /// Decrypts a token. Frame: context, the token. Result: the value.
    pub fn decrypt(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let context = input.context()?;
            let token = input.token(&mut decoded)?;
            // Taken as it is: a long value's copy would take a tenth of the time.
            *out = self.with(|keyring| keyring.decrypt(token, &context))?;
            Ok(())
        })
    }

    /// Encrypts a token's value anew under the primary version. Frame: context, the token. Result: as of encrypting.
    pub fn reencrypt(&self, len: usize, as_bytes: bool) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let context = input.context()?;
            let token = input.token(&mut decoded)?;
            *out = self.with(|keyring| keyring.reencrypt(token, &context, &mut Pool))?;
            if as_bytes { Ok(()) } else { frame::finish_token(out) }
        })
    }

    /// Was this token made by the primary version? Frame: the token. Result: one byte, 1 for yes.
    pub fn is_current(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let token = input.token(&mut decoded)?;
            out.push(self.with(|keyring| keyring.is_current(token))?.into());
            Ok(())
        })
    }

    /// Encrypts many values by themselves. Frame: list of values, 1 if they have contexts and then those. Result: tokens.
    pub fn encrypt_all(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let values = input.list()?;
            let own = own_contexts(input, values.len())?;
            let empty = Context::empty();
            let batch = self.with(|keyring| keyring.encrypt_all(beside(values, &own, &empty), &mut Pool))?;
            write_batch(None, &batch, out)
        })
    }

    /// Decrypts many single tokens. Frame: as for encrypting, with tokens. Result: lengths, then values.
    pub fn decrypt_all(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let members = input.tokens(&mut decoded)?;
            let own = own_contexts(input, members.tokens.len())?;
            let empty = Context::empty();
            let batch = self.with(|keyring| keyring.decrypt_all(beside(members.iter(), &own, &empty)));
            write_values(&members.checked(batch)?, out);
            Ok(())
        })
    }

    /// Encrypts a row. Frame: context, list of names, list of values. Result: tokens; for `hoisted` the header comes first.
    pub fn encrypt_row(&self, len: usize, hoisted: bool) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let fields = input.texts()?.into_iter().zip(input.list()?);
            let layout = if hoisted { Layout::Hoisted } else { Layout::Whole };
            let row = self.with(|keyring| keyring.encrypt_row(fields, &context, layout, &mut Pool))?;
            write_batch(hoisted.then_some(&row.header[..]), &row.fields, out)
        })
    }

    /// Decrypts a row. Frame: context, 1 for a hoisted one, the header's text, list of names, list of tokens. Result: lengths, then
    /// values.
    pub fn decrypt_row(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let row = StoredRow::read(input, &mut decoded)?;
            let batch = self.with(|keyring| row.decrypt(keyring))?;
            write_values(&batch, out);
            Ok(())
        })
    }

    /// Encrypts a row anew under the primary version, in the layout that it has. Frame: as for decrypting. Result: as of encrypting.
    pub fn reencrypt_row(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let row = StoredRow::read(input, &mut decoded)?;
            let anew = self.with(|keyring| {
                let anew = keyring.reencrypt_row(row.fields(), row.header.as_deref(), &row.context, &mut Pool);
                row.members.checked(anew)
            })?;
            write_batch(row.header.is_some().then_some(&anew.header[..]), &anew.fields, out)
        })
    }

    /// Encrypts a column. Frame: context, list of values, 1 if they have contexts and then those. Result: tokens.
    pub fn encrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let values = input.list()?;
            let own = own_contexts(input, values.len())?;
            let empty = Context::empty();
            let batch =
                self.with(|keyring| keyring.encrypt_column(beside(values, &own, &empty), &context, &mut Pool))?;
            write_batch(None, &batch, out)
        })
    }

    /// Decrypts a column. Frame: context, 1 for a hoisted one, the header's text, then as for encrypting, with tokens. Result: lengths,
    /// then values.
    pub fn decrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let column = StoredColumn::read(input, &mut decoded)?;
            let batch = self.with(|keyring| column.decrypt(keyring))?;
            write_values(&batch, out);
            Ok(())
        })
    }

    /// Encrypts the values of a column anew under the primary version, as whole members. Frame: as for decrypting. Result: as of
    /// encrypting.
    pub fn reencrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let column = StoredColumn::read(input, &mut decoded)?;
            let empty = Context::empty();
            let batch = self.with(|keyring| {
                let members = beside(column.members.iter(), &column.own, &empty);
                let anew = keyring.reencrypt_column(members, column.header.as_deref(), &column.context, &mut Pool);
                column.members.checked(anew)
            })?;
            write_batch(None, &batch, out)
        })
    }

    /// Starts a column whose header is stored once. Frame: context.
    pub fn hoisted_column(&self, len: usize) -> Option<HoistedColumn> {
        frame::make(len, |input, _| {
            let context = input.context()?;
            Ok(HoistedColumn(self.with(|keyring| keyring.encrypt_group(&context, &mut Pool))?))
        })
    }
}

/// A column whose header is stored once, while its values come in parts.
#[wasm_bindgen]
pub struct HoistedColumn(GroupEncryptor);

#[wasm_bindgen]
impl HoistedColumn {
    /// Result: the header.
    pub fn header(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.0.header());
            frame::finish_token(out)
        })
    }

    /// Encrypts the next values. Frame: list of values, 1 if they have contexts and then those. Result: tokens.
    pub fn encrypt(&mut self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let values = input.list()?;
            let own = own_contexts(input, values.len())?;
            let empty = Context::empty();
            let batch = self.0.encrypt_all(beside(values, &own, &empty), Layout::Hoisted)?;
            write_batch(None, &batch, out)
        })
    }

    /// Encrypts the next values of a column of `keyring` anew. Frame: as for decrypting that one. Result: as of encrypting.
    pub fn reencrypt(&mut self, keyring: &KeyringHandle, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut decoded = Vec::new();
            let column = StoredColumn::read(input, &mut decoded)?;
            let empty = Context::empty();
            let batch = keyring.with(|keyring| {
                let header = column.header.as_deref();
                let mut anew = keyring.group_reencryptor(column.context.clone(), header, Layout::Hoisted);
                let members = beside(column.members.iter(), &column.own, &empty);
                column.members.checked(self.0.reencrypt_all(members, &mut anew))
            })?;
            write_batch(None, &batch, out)
        })
    }
}

/// A row as it is stored. Frame: context, 1 for a hoisted one, the header's text, list of names, list of tokens.
struct StoredRow<'i> {
    context: Context,
    header: Option<Vec<u8>>,
    names: Vec<&'i str>,
    members: Tokens<'i>,
}

impl<'i> StoredRow<'i> {
    fn read<'f: 'i>(input: &mut Reader<'f>, decoded: &'i mut Vec<u8>) -> Result<StoredRow<'i>, Failure> {
        let (context, header) = (input.context()?, read_header(input)?);
        Ok(StoredRow { context, header, names: input.texts()?, members: input.tokens(decoded)? })
    }

    fn decrypt(&self, keyring: &Keyring) -> Result<Batch, Failure> {
        self.members.checked(keyring.decrypt_row(self.fields(), self.header.as_deref(), &self.context))
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.names.iter().copied().zip(self.members.iter())
    }
}

/// A column as it is stored. Frame: context, 1 for a hoisted one, the header's text, list of tokens, 1 if they have contexts and then
/// those.
struct StoredColumn<'i> {
    context: Context,
    header: Option<Vec<u8>>,
    members: Tokens<'i>,
    own: Vec<Context>,
}

impl<'i> StoredColumn<'i> {
    fn read<'f: 'i>(input: &mut Reader<'f>, decoded: &'i mut Vec<u8>) -> Result<StoredColumn<'i>, Failure> {
        let (context, header) = (input.context()?, read_header(input)?);
        let members = input.tokens(decoded)?;
        let own = own_contexts(input, members.tokens.len())?;
        Ok(StoredColumn { context, header, members, own })
    }

    fn decrypt(&self, keyring: &Keyring) -> Result<Batch, Failure> {
        let empty = Context::empty();
        let members = beside(self.members.iter(), &self.own, &empty);
        self.members.checked(keyring.decrypt_column(members, self.header.as_deref(), &self.context))
    }
}

fn read_header(input: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let hoisted = input.number()? != 0;
    let header = decode_text(input.text()?)?;
    Ok(hoisted.then_some(header))
}

impl<'d> Tokens<'d> {
    fn iter(&self) -> impl ExactSizeIterator<Item = &'d [u8]> {
        self.tokens.iter().copied()
    }

    /// What was made of all of them. An empty token does not decrypt; the reason is that it could not be decoded.
    fn checked<T>(&self, made: Result<T, BatchError>) -> Result<T, Failure> {
        made.map_err(|error| {
            let reason = |&(position, error): &(usize, TokenError)| {
                let undecoded = self.failures.binary_search_by_key(&position, |(position, _)| *position);
                (position, undecoded.map_or(error, |place| self.failures[place].1))
            };
            Failure::of_values(error.failures().iter().map(reason))
        })
    }
}

/// The values' own contexts; none when the next input is 0.
fn own_contexts(input: &mut Reader<'_>, count: usize) -> Result<Vec<Context>, Failure> {
    let count = if input.number()? == 0 { 0 } else { count };
    (0..count).map(|position| input.context().map_err(|failure| failure.at(position))).collect()
}

/// Each value beside its own context, or the empty one.
fn beside<'v>(
    values: impl IntoIterator<Item = &'v [u8]>,
    own: &'v [Context],
    empty: &'v Context,
) -> impl Iterator<Item = (&'v [u8], &'v Context)> {
    values.into_iter().enumerate().map(move |(index, value)| (value, own.get(index).unwrap_or(empty)))
}

/// Writes tokens, the header first.
fn write_batch(header: Option<&[u8]>, batch: &Batch, out: &mut Vec<u8>) -> Result<(), Failure> {
    frame::write_tokens(header.into_iter().chain(batch.iter()), out)
}

fn write_values(batch: &Batch, out: &mut Vec<u8>) {
    // Reserved whole, so that growing leaves no plaintext behind.
    out.reserve(4 * batch.len() + batch.bytes().len());
    write_lens(batch.ends(), out);
    out.extend_from_slice(batch.bytes());
}

fn write_lens(ends: &[usize], out: &mut Vec<u8>) {
    let mut start = 0;
    for &end in ends {
        frame::write_len(end - start, out);
        start = end;
    }
}
