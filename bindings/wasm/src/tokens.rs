//! Field tokens, rows and columns: inputs and results of any number of values in one crossing.

use fortress::{
    Context,
    batch::Batch,
    group::Layout,
    token::{decode_text, encode_text},
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
    /// Encrypts a value. Frame: context, value. Result: the token's text.
    pub fn encrypt(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let token = self.with(|keyring| keyring.encrypt(input.rest(), &context, &mut Pool))?;
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

    /// Encrypts a row. Frame: context, number of fields, each name and value. Result: lengths, then texts; for `hoisted` the
    /// header comes first.
    pub fn encrypt_row(&self, len: usize, hoisted: bool) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let fields = list(input, |input| Ok((input.text()?, input.bytes()?)))?;
            let layout = if hoisted { Layout::Hoisted } else { Layout::Whole };
            let row = self.with(|keyring| keyring.encrypt_row(fields, &context, layout, &mut Pool))?;
            let header = hoisted.then(|| encode_text(&row.header)).unwrap_or_default();
            write_texts(&header, &row.fields, out);
            Ok(())
        })
    }

    /// Decrypts a row. Frame: context, the header's text or nothing, number of fields, each name and text. Result: lengths, then
    /// values.
    pub fn decrypt_row(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let header = decode_text(input.text()?)?;
            let header = (!header.is_empty()).then_some(&header[..]);
            let fields = list(input, |input| Ok((input.text()?, decode_text(input.text()?)?)))?;
            let fields = fields.iter().map(|(name, member)| (*name, &member[..]));
            let batch = self.with(|keyring| keyring.decrypt_row(fields, header, &context))?;
            write_values(batch, out);
            Ok(())
        })
    }

    /// Encrypts a column. Frame: context, 1 if values have contexts, number of values, each with its context. Result: lengths,
    /// then texts.
    pub fn encrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let with_contexts = input.number()? != 0;
            let empty = Context::empty();
            let values = list(input, |input| Ok((own_context(input, with_contexts)?, input.bytes()?)))?;
            let values = values.iter().map(|(context, value)| (*value, context.as_ref().unwrap_or(&empty)));
            let batch = self.with(|keyring| keyring.encrypt_column(values, &context, &mut Pool))?;
            write_texts("", &batch, out);
            Ok(())
        })
    }

    /// Decrypts a column. Frame: as for encrypting, with texts. Result: lengths, then values.
    pub fn decrypt_column(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            let context = input.context()?;
            let with_contexts = input.number()? != 0;
            let empty = Context::empty();
            let members = list(input, |input| Ok((own_context(input, with_contexts)?, decode_text(input.text()?)?)))?;
            let members = members.iter().map(|(context, member)| (&member[..], context.as_ref().unwrap_or(&empty)));
            let batch = self.with(|keyring| keyring.decrypt_column(members, &context))?;
            write_values(batch, out);
            Ok(())
        })
    }
}

fn list<'i, T>(input: &mut Reader<'i>, mut read: impl FnMut(&mut Reader<'i>) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    let count = input.number()?;
    (0..count).map(|_| read(input)).collect()
}

fn own_context(input: &mut Reader<'_>, present: bool) -> Result<Option<Context>, Failure> {
    present.then(|| input.context()).transpose()
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

fn write_values(batch: Batch, out: &mut Vec<u8>) {
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
