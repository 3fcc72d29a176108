//! Rows, columns and many tokens in one call (spec G-6, G-7). Results stand in one buffer.

mod reencrypt;

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use rand_core::TryCryptoRng;

use crate::{
    chunked::message_len,
    context::{Context, ContextError},
    group::{GroupEncryptor, Layout},
    keyring::Keyring,
    secret::{redacted_debug, wipe},
    token::{HEAD_LEN, TokenError},
};

/// Byte strings in one buffer, with the places where each ends. Wiped on drop, since they may be plaintext.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

redacted_debug!(Batch);
redacted_debug!(EncryptedRow);
redacted_debug!(HoistedColumn);

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
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
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

    /// Wipes what it holds now, as dropping it does.
    pub fn wipe(&mut self) {
        wipe(&mut self.bytes);
        self.ends.clear();
    }

    /// Adds what `write` appends, at most `bound` bytes, or nothing if it fails.
    fn push<E>(&mut self, bound: usize, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.reserve(bound);
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        if written.is_err() {
            self.bytes.truncate(start);
        }
        self.ends.push(self.bytes.len());
        written
    }

    /// Makes room as a vector does, and wipes what it leaves behind.
    fn reserve(&mut self, additional: usize) {
        let needed = self.bytes.len() + additional;
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.bytes.capacity() * 2));
            larger.extend_from_slice(&self.bytes);
            wipe(&mut core::mem::replace(&mut self.bytes, larger));
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

/// An encrypted row: its group's header, and a member for each field in the order of the fields.
pub struct EncryptedRow {
    /// The header. Whole members repeat it; hoisted ones need it.
    pub header: crate::group::Header,
    /// The members.
    pub fields: Batch,
}

/// A column whose group header is stored once, and a hoisted member for each value in order.
pub struct HoistedColumn {
    /// The header, which all members need.
    pub header: crate::group::Header,
    /// The members.
    pub members: Batch,
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
    /// Encrypts the fields of a row, given as names and values, as one group (spec G-6). A repeated name fails: the
    /// two values could be exchanged.
    pub fn encrypt_row<'f, R: TryCryptoRng + ?Sized>(
        &self,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        context: &Context,
        layout: Layout,
        rng: &mut R,
    ) -> Result<EncryptedRow, BatchError> {
        let (mut group, mut names) = (self.first_group(context, rng)?, FieldNames::default());
        let bound = |(_, value): &(&str, &[u8])| value.len() + layout.overhead();
        let fields = collect(fields, bound, |(name, value), out| {
            group.encrypt_into(value, names.context_of(name)?, layout, out)
        })?;
        Ok(EncryptedRow { header: *group.header(), fields })
    }

    /// Decrypts fields of a row, given as names and members of any layout. Hoisted ones need the row's `header`.
    pub fn decrypt_row<'f>(
        &self,
        fields: impl IntoIterator<Item = (&'f str, &'f [u8])>,
        header: Option<&[u8]>,
        context: &Context,
    ) -> Result<Batch, BatchError> {
        let (mut reader, mut own) = (self.group_reader(context.clone()), Context::empty());
        let bound = |(_, member): &(&str, &[u8])| member.len();
        collect(fields, bound, |(name, member), out| {
            own.become_field(name)?;
            reader.decrypt_into(header, member, &own, out)
        })
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
        collect(
            values,
            |(value, _)| value.len() + Layout::Whole.overhead(),
            |(value, member_context), out| {
                let group = self.group_with_room(&mut group, context, rng)?;
                group.encrypt_into(value, member_context, Layout::Whole, out)
            },
        )
    }

    /// As [`encrypt_column`](Keyring::encrypt_column), with the header stored once: 21 bytes a value instead of 83. Takes at most
    /// [`MAX_MEMBERS`](crate::group::MAX_MEMBERS) values.
    pub fn encrypt_column_hoisted<'v, R: TryCryptoRng + ?Sized>(
        &self,
        values: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        context: &Context,
        rng: &mut R,
    ) -> Result<HoistedColumn, BatchError> {
        let mut group = self.first_group(context, rng)?;
        let members = group.encrypt_all(values, Layout::Hoisted)?;
        Ok(HoistedColumn { header: *group.header(), members })
    }

    /// Decrypts the values of a column, given as members and their own contexts. Hoisted ones need the column's `header`.
    pub fn decrypt_column<'v>(
        &self,
        members: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        header: Option<&[u8]>,
        context: &Context,
    ) -> Result<Batch, BatchError> {
        let mut reader = self.group_reader(context.clone());
        collect(
            members,
            |(member, _)| member.len(),
            |(member, member_context), out| reader.decrypt_into(header, member, member_context, out),
        )
    }

    /// Encrypts many values as single tokens, each bound to its own context and independent of the others.
    pub fn encrypt_all<'v, R: TryCryptoRng + ?Sized>(
        &self,
        values: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        rng: &mut R,
    ) -> Result<Batch, BatchError> {
        let suite = self.token_suite();
        let bound = |(value, _): &(&[u8], &Context)| HEAD_LEN + message_len(value.len() as u64) as usize;
        collect(values, bound, |(value, context), out| self.encrypt_into(suite, value, context, rng, out))
    }

    /// Decrypts many single tokens, each with its own context.
    pub fn decrypt_all<'v>(
        &self,
        tokens: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
    ) -> Result<Batch, BatchError> {
        collect(
            tokens,
            |(token, _)| token.len(),
            |(token, context), out| {
                out.extend_from_slice(&zeroize::Zeroizing::new(self.decrypt(token, context)?));
                Ok(())
            },
        )
    }

    /// A group for a whole call; without it nothing of that can be written.
    fn first_group<R: TryCryptoRng + ?Sized>(
        &self,
        context: &Context,
        rng: &mut R,
    ) -> Result<GroupEncryptor, BatchError> {
        self.encrypt_group(context, rng).map_err(|error| BatchError(alloc::vec![(0, error)]))
    }

    /// The group, or another one where that is full or none has been started.
    fn group_with_room<'g, R: TryCryptoRng + ?Sized>(
        &self,
        group: &'g mut Option<GroupEncryptor>,
        context: &Context,
        rng: &mut R,
    ) -> Result<&'g mut GroupEncryptor, TokenError> {
        if group.as_ref().is_none_or(|group| group.remaining() == 0) {
            *group = Some(self.encrypt_group(context, rng)?);
        }
        group.as_mut().ok_or(TokenError::GroupFull)
    }
}

impl GroupEncryptor {
    /// Encrypts many values, each with its own context, as the group's next members: a column that comes in parts.
    pub fn encrypt_all<'v>(
        &mut self,
        values: impl IntoIterator<Item = (&'v [u8], &'v Context)>,
        layout: Layout,
    ) -> Result<Batch, BatchError> {
        collect(
            values,
            |(value, _)| value.len() + layout.overhead(),
            |(value, context), out| self.encrypt_into(value, context, layout, out),
        )
    }
}

/// The names of a row's fields so far.
#[derive(Default)]
struct FieldNames<'f> {
    seen: BTreeSet<&'f str>,
    context: Context,
}

impl<'f> FieldNames<'f> {
    /// The context of the field of this name, which no other of the row has.
    fn context_of(&mut self, name: &'f str) -> Result<&Context, TokenError> {
        if !self.seen.insert(name) {
            return Err(ContextError::RepeatedKey.into());
        }
        self.context.become_field(name)?;
        Ok(&self.context)
    }
}

/// Writes each item, of at most `bound` bytes, into a batch; fails with every item that failed.
fn collect<I>(
    items: impl IntoIterator<Item = I>,
    bound: impl Fn(&I) -> usize,
    mut write: impl FnMut(I, &mut Vec<u8>) -> Result<(), TokenError>,
) -> Result<Batch, BatchError> {
    let items = items.into_iter();
    let (mut batch, count) = (Batch::default(), items.size_hint().0);
    let mut failures = Vec::new();
    for (position, item) in items.enumerate() {
        let bound = bound(&item);
        if position == 0 {
            // Most have the same length: nothing needs to be moved then, and wiped where it was.
            batch.ends.reserve(count.min(AHEAD));
            batch.reserve(bound.saturating_mul(count).min(AHEAD).max(bound));
        }
        if let Err(error) = batch.push(bound, |out| write(item, out)) {
            failures.push((position, error));
        }
    }
    if failures.is_empty() {
        return Ok(batch);
    }
    Err(BatchError(failures))
}

/// Bytes, and values, for which room is made at the first one; after that it grows as it must.
const AHEAD: usize = 1 << 16;

fn first_position(failures: &[(usize, TokenError)]) -> usize {
    failures.first().map_or(0, |(position, _)| *position)
}

fn first_text(failures: &[(usize, TokenError)]) -> String {
    use alloc::string::ToString;
    failures.first().map(|(_, error)| error.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
