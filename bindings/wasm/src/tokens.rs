//! Field tokens, rows and columns: inputs and results of any number of values in one crossing.

use fortress::{
    Context, Keyring,
    batch::Batch,
    group::Layout,
    token::{TokenError, decode_text, encode_text},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader},
    keyring::KeyringHandle,
    random::Pool,
};

#[wasm_bindgen]
impl KeyringHandle {
    /// Encrypts a value. Frame: context, value. Result: the token's bytes.
    pub fn encrypt(&self, len: usize) -> i32 {
        frame::call(len, |input, out| self.encrypt_into(input, out))
    }

    /// Encrypts a value. Frame: context, value. Result: the token's text.
    pub fn encrypt_text(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let mut token = Vec::new();
            self.encrypt_into(input, &mut token)?;
            out.extend_from_slice(encode_text(&token).as_bytes());
            Ok(())
        })
    }

    /// Decrypts a token. Frame: context, the token's text. Result: the value.
    pub fn decrypt(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let token = decode_text(input.rest_text()?)?;
            let mut value = self.with(|keyring| keyring.decrypt(&token, &context))?;
            out.extend_from_slice(&value);
            frame::wipe(&mut value);
            Ok(())
        })
    }

    /// Encrypts a token's value anew under the primary version. Frame: context, the token's text. Result: the new one's.
    pub fn reencrypt(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let token = decode_text(input.rest_text()?)?;
            let token = self.with(|keyring| keyring.reencrypt(&token, &context, &mut Pool))?;
            out.extend_from_slice(encode_text(&token).as_bytes());
            Ok(())
        })
    }

    /// Was this token made by the primary version? Frame: the token's text. Result: one byte, 1 for yes.
    pub fn is_current(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let token = decode_text(input.rest_text()?)?;
            out.push(self.with(|keyring| keyring.is_current(&token))?.into());
            Ok(())
        })
    }

    /// Encrypts a row. Frame: context, list of names, list of values. Result: lengths, then texts; for `hoisted` the header comes
    /// first.
    pub fn encrypt_row(&self, len: usize, hoisted: bool) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let fields = input.texts()?.into_iter().zip(input.list()?);
            let layout = if hoisted { Layout::Hoisted } else { Layout::Whole };
            let row = self.with(|keyring| keyring.encrypt_row(fields, &context, layout, &mut Pool))?;
            let header = if hoisted { encode_text(&row.header) } else { String::new() };
            write_texts(&header, &row.fields, out);
            Ok(())
        })
    }

    /// Decrypts a row. Frame: context, 1 for a hoisted one, the header's text, list of names, list of texts. Result: lengths, then
    /// values.
    pub fn decrypt_row(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let hoisted = input.number()? != 0;
            let header = decode_text(input.text()?)?;
            let header = hoisted.then_some(&header[..]);
            let (names, members) = (input.texts()?, decode_texts(&input.texts()?)?);
            let fields = names.into_iter().zip(members.iter().map(Vec::as_slice));
            let batch = self.with(|keyring| keyring.decrypt_row(fields, header, &context))?;
            write_values(&batch, out);
            Ok(())
        })
    }

    /// Encrypts a column. Frame: context, list of values, 1 if they have contexts and then those. Result: lengths, then texts.
    pub fn encrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let values = input.list()?;
            let own = own_contexts(input, values.len())?;
            let empty = Context::empty();
            let batch =
                self.with(|keyring| keyring.encrypt_column(beside(values, &own, &empty), &context, &mut Pool))?;
            write_texts("", &batch, out);
            Ok(())
        })
    }

    /// Decrypts a column. Frame: context, 1 for a hoisted one, the header's text, then as for encrypting, with texts. Result: lengths,
    /// then values.
    pub fn decrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let hoisted = input.number()? != 0;
            let header = decode_text(input.text()?)?;
            let header = hoisted.then_some(&header[..]);
            let members = decode_texts(&input.texts()?)?;
            let own = own_contexts(input, members.len())?;
            let empty = Context::empty();
            let members = members.iter().map(Vec::as_slice);
            let batch = self.with(|keyring| keyring.decrypt_column(beside(members, &own, &empty), header, &context))?;
            write_values(&batch, out);
            Ok(())
        })
    }
}

impl KeyringHandle {
    fn encrypt_into(&self, input: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let context = input.context()?;
        let value = input.rest();
        let encrypt = |keyring: &Keyring| keyring.encrypt_into(keyring.token_suite(), value, &context, &mut Pool, out);
        Ok(self.with(encrypt)?)
    }
}

fn decode_texts(texts: &[&str]) -> Result<Vec<Vec<u8>>, TokenError> {
    texts.iter().map(|text| decode_text(text)).collect()
}

/// The values' own contexts; none when the next input is 0.
fn own_contexts(input: &mut Reader<'_>, count: usize) -> Result<Vec<Context>, Failure> {
    let count = if input.number()? == 0 { 0 } else { count };
    (0..count).map(|_| input.context()).collect()
}

/// Each value beside its own context, or the empty one.
fn beside<'v>(
    values: impl IntoIterator<Item = &'v [u8]>,
    own: &'v [Context],
    empty: &'v Context,
) -> impl Iterator<Item = (&'v [u8], &'v Context)> {
    values.into_iter().enumerate().map(move |(index, value)| (value, own.get(index).unwrap_or(empty)))
}

fn write_texts(header: &str, batch: &Batch, out: &mut Vec<u8>) {
    let (texts, ends) = batch.encode_text();
    out.reserve(4 * (ends.len() + 1) + header.len() + texts.len());
    if !header.is_empty() {
        write_len(header.len(), out);
    }
    write_lens(&ends, out);
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(texts.as_bytes());
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
        write_len(end - start, out);
        start = end;
    }
}

fn write_len(len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(len as u32).to_le_bytes());
}
