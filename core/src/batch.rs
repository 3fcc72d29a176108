//! Rows, columns and many tokens in one call (spec G-6, G-7). Results stand in one buffer.

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use crate::{
    context::Context,
    group::{GroupEncryptor, Layout},
    keyring::Keyring,
    token::{TokenError, encode_text},
};

/// Byte strings in one buffer, with the places where each ends.
#[derive(Clone, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The one at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// All of them, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each ends in [`bytes`](Batch::bytes).
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// The text forms of all tokens, one after the other, and where each ends.
    pub fn encode_text(&self) -> (String, Vec<usize>) {
        let mut text = String::with_capacity(self.bytes.len() / 3 * 4 + 4 * self.len());
        let ends = self
            .iter()
            .map(|token| {
                text.push_str(&encode_text(token));
                text.len()
            })
            .collect();
        (text, ends)
    }

    /// Adds what `write` appends, or nothing if it fails.
    fn push<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        if written.is_err() {
            self.bytes.truncate(start);
        }
        self.ends.push(self.bytes.len());
        written
    }

    /// Wipes what it holds: for batches of plaintext that are no longer needed.
    pub fn wipe(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes);
        self.ends.clear();
    }
}

/// An encrypted row: its group's header, and a member for each field in the order of the fields.
pub struct EncryptedRow {
    /// The header. Whole members repeat it; hoisted ones need it.
    pub header: crate::group::Header,
    /// The members.
    pub fields: Batch,
}

/// The values that failed, with their positions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} of the values failed, the first at position {}: {}", .0.len(), first_position(.0), first_text(.0))]
pub struct BatchError(Vec<(usize, TokenError)>);

impl BatchError {
    /// Positions, counted from 0, and errors, in ascending order; at least one.
    pub fn failures(&self) -> &[(usize, TokenError)] {
        &self.0
    }

    /// The stable code of the first failure.
    pub fn code(&self) -> &'static str {
        self.0.first().map_or("authentication_failed", |(_, error)| error.code())
    }
}

impl Keyring {
    /// Encrypts the fields of a row, given as names and values, as one group (spec G-6). Names are distinct.
    pub fn encrypt_row<'f, R: TryCryptoRng + ?Sized>(
        &self,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        context: &Context,
        layout: Layout,
        rng: &mut R,
    ) -> Result<EncryptedRow, BatchError> {
        let mut group = self.encrypt_group(context, rng).map_err(|error| BatchError(alloc::vec![(0, error)]))?;
        let fields =
            collect(fields, |(name, value), out| group.encrypt_into(value, &Context::of_field(name)?, layout, out))?;
        Ok(EncryptedRow { header: *group.header(), fields })
    }

    /// Decrypts fields of a row, given as names and members of any layout. Hoisted ones need the row's `header`.
    pub fn decrypt_row<'f>(
        &self,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        header: Option<&[u8]>,
        context: &Context,
    ) -> Result<Batch, BatchError> {
        let mut reader = self.group_reader(context.clone());
        collect(fields, |(name, member), out| reader.decrypt_into(header, member, &Context::of_field(name)?, out))
    }

    /// Encrypts the values of a column, each with its own context, as whole members of as many groups as it takes (spec G-7). `context` is
    /// that of the column. A value's own context should name its row: without it, equal columns' values can be exchanged.
    pub fn encrypt_column<'v, R: TryCryptoRng + ?Sized>(
        &self,
        values: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        context: &Context,
        rng: &mut R,
    ) -> Result<Batch, BatchError> {
        let mut group: Option<GroupEncryptor> = None;
        collect(values, |(value, member_context), out| {
            if group.as_ref().is_none_or(|group| group.remaining() == 0) {
                group = Some(self.encrypt_group(context, rng)?);
            }
            match &mut group {
                Some(group) => group.encrypt_into(value, member_context, Layout::Whole, out),
                None => Err(TokenError::GroupFull),
            }
        })
    }

    /// Decrypts the values of a column, given as members and their own contexts.
    pub fn decrypt_column<'v>(
        &self,
        members: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        context: &Context,
    ) -> Result<Batch, BatchError> {
        let mut reader = self.group_reader(context.clone());
        collect(members, |(member, member_context), out| reader.decrypt_into(None, member, member_context, out))
    }

    /// Encrypts many values as single tokens, each bound to its own context and independent of the others.
    pub fn encrypt_all<'v, R: TryCryptoRng + ?Sized>(
        &self,
        values: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        rng: &mut R,
    ) -> Result<Batch, BatchError> {
        let suite = self.token_suite();
        collect(values, |(value, context), out| self.encrypt_into(suite, value, context, rng, out))
    }

    /// Decrypts many single tokens, each with its own context.
    pub fn decrypt_all<'v>(
        &self,
        tokens: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
    ) -> Result<Batch, BatchError> {
        collect(tokens, |(token, context), out| {
            out.extend_from_slice(&zeroize::Zeroizing::new(self.decrypt(token, context)?));
            Ok(())
        })
    }
}

/// Writes each item into a batch; fails with every item that failed.
fn collect<I>(
    items: impl IntoIterator<Item = I>,
    mut write: impl FnMut(I, &mut Vec<u8>) -> Result<(), TokenError>,
) -> Result<Batch, BatchError> {
    let mut batch = Batch::default();
    let mut failures = Vec::new();
    for (position, item) in items.into_iter().enumerate() {
        if let Err(error) = batch.push(|out| write(item, out)) {
            failures.push((position, error));
        }
    }
    if failures.is_empty() {
        return Ok(batch);
    }
    batch.wipe();
    Err(BatchError(failures))
}

fn first_position(failures: &[(usize, TokenError)]) -> usize {
    failures.first().map_or(0, |(position, _)| *position)
}

fn first_text(failures: &[(usize, TokenError)]) -> String {
    use alloc::string::ToString;
    failures.first().map(|(_, error)| error.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
