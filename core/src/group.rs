//! Grouped tokens: many small values under one key derivation (spec G-1 to G-5).

mod reencrypt;

use alloc::{sync::Arc, vec::Vec};

use rand_core::TryCryptoRng;

pub use reencrypt::GroupReencryptor;

use crate::{
    aead::TAG_LEN,
    chunked::{Derived, GroupKey, MESSAGE_PREFIX_LEN},
    context::Context,
    keyring::{Keyring, Purpose},
    secret::redacted_debug,
    suite::Suite,
    token::{HEAD_LEN, Head, TokenError, bytes_len, first_byte_of_text},
};

/// Bytes of a group header.
pub const HEADER_LEN: usize = HEAD_LEN + MESSAGE_PREFIX_LEN;
/// Members of a group, at most.
pub const MAX_MEMBERS: u32 = 1 << 20;
/// Bytes of a value in a group, at most.
pub const MAX_MEMBER_VALUE_LEN: usize = 16_383;

/// The first byte of a group header, and so of a whole member.
pub(crate) const WHOLE: u8 = 2;
/// The first byte of a hoisted member.
pub(crate) const HOISTED: u8 = 3;
/// Bytes of a member's index.
pub(crate) const INDEX_LEN: usize = 4;

/// A group header: version, suite, key id, salt and commitment.
pub type Header = [u8; HEADER_LEN];

/// How a member is stored (spec G-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// With its header, readable by itself: 83 bytes longer than the value.
    Whole,
    /// Without, the header stored once beside its members: 21 bytes longer than the value.
    Hoisted,
}

impl Layout {
    /// Bytes that a member is longer than its value.
    pub const fn overhead(self) -> usize {
        match self {
            Layout::Whole => HEADER_LEN + INDEX_LEN + TAG_LEN,
            Layout::Hoisted => 1 + INDEX_LEN + TAG_LEN,
        }
    }
}

/// Encrypts the members of one group. Indexes are given out here, each once.
pub struct GroupEncryptor(GroupPart);

/// A run of a group's indexes, whose members another thread may encrypt.
pub struct GroupPart {
    header: Header,
    key: Arc<GroupKey>,
    next: u32,
    end: u32,
}

impl Keyring {
    /// Starts a group in the suite of the keyring's profile.
    pub fn encrypt_group<R: TryCryptoRng + ?Sized>(
        &self,
        context: &Context,
        rng: &mut R,
    ) -> Result<GroupEncryptor, TokenError> {
        self.encrypt_group_with(self.token_suite(), context, rng)
    }

    /// As [`encrypt_group`](Keyring::encrypt_group), in a suite of the caller's choice.
    pub fn encrypt_group_with<R: TryCryptoRng + ?Sized>(
        &self,
        suite: Suite,
        context: &Context,
        rng: &mut R,
    ) -> Result<GroupEncryptor, TokenError> {
        let (id, key) = self.encryption_key(Purpose::Field)?;
        let head = Head { version: WHOLE, suite, key_id: id }.to_bytes();
        let derived = Derived::generate(suite, key, [&head, context.canonical()], rng)?;
        let mut header = [0; HEADER_LEN];
        header[..HEAD_LEN].copy_from_slice(&head);
        header[HEAD_LEN..].copy_from_slice(derived.prefix());
        Ok(GroupEncryptor(GroupPart { header, key: Arc::new(derived.into_group_key()), next: 0, end: MAX_MEMBERS }))
    }

    /// Opens the group of a header, to read its members.
    pub fn decrypt_group(&self, header: &[u8], context: &Context) -> Result<GroupDecryptor, TokenError> {
        let head = Head::parse(header)?;
        if head.version != WHOLE {
            return Err(TokenError::WrongGroup);
        }
        let header: &Header = header.try_into().map_err(|_| match header.len() {
            ..HEADER_LEN => TokenError::Truncated { got: header.len() },
            _ => TokenError::WrongGroup,
        })?;
        let key = self.decryption_key(head.key_id, Purpose::Field)?;
        let (head, prefix) = header.split_at(HEAD_LEN);
        let prefix: &[u8; MESSAGE_PREFIX_LEN] =
            prefix.try_into().map_err(|_| TokenError::Truncated { got: HEADER_LEN })?;
        let suite = Suite::from_id(u16::from_be_bytes([head[1], head[2]]))?;
        let derived = Derived::open(suite, key, prefix, [head, context.canonical()])
            .map_err(|_| TokenError::AuthenticationFailed)?;
        Ok(GroupDecryptor { header: *header, key: derived.into_group_key() })
    }

    /// A reader of many members under one group context, whatever group they belong to; it derives the key of each header once.
    pub fn group_reader(&self, context: Context) -> GroupReader<'_> {
        GroupReader { keyring: self, context, cached: Vec::new(), oldest: 0 }
    }
}

redacted_debug!(GroupEncryptor);
redacted_debug!(GroupPart);
redacted_debug!(GroupDecryptor);
redacted_debug!(GroupReader<'_>);

impl GroupEncryptor {
    /// The header, stored once when members are hoisted.
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// Members that still fit.
    pub fn remaining(&self) -> u32 {
        self.0.remaining()
    }

    /// Encrypts a value of at most 16,383 bytes as the group's next member and appends it to `out`.
    pub fn encrypt_into(
        &mut self,
        value: &[u8],
        context: &Context,
        layout: Layout,
        out: &mut Vec<u8>,
    ) -> Result<(), TokenError> {
        let start = out.len();
        if value.len() <= MAX_MEMBER_VALUE_LEN {
            out.resize(start + value.len() + layout.overhead(), 0);
        }
        let written = self.0.encrypt_to(value, context, layout, &mut out[start..]);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    /// The group's next `members` indexes, to be used elsewhere, while the ones after them are given out here.
    pub fn part(&mut self, members: u32) -> Result<GroupPart, TokenError> {
        if members > self.remaining() {
            return Err(TokenError::GroupFull);
        }
        let first = self.0.next;
        self.0.next += members;
        Ok(GroupPart { header: self.0.header, key: self.0.key.clone(), next: first, end: self.0.next })
    }
}

impl GroupPart {
    /// Members that still fit.
    pub fn remaining(&self) -> u32 {
        self.end - self.next
    }

    /// Encrypts a value of at most 16,383 bytes as the next member into `out`, which is longer by just the layout's
    /// [`overhead`](Layout::overhead).
    pub fn encrypt_to(
        &mut self,
        value: &[u8],
        context: &Context,
        layout: Layout,
        out: &mut [u8],
    ) -> Result<(), TokenError> {
        if value.len() > MAX_MEMBER_VALUE_LEN {
            return Err(TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got: value.len() });
        }
        if self.next >= self.end {
            return Err(TokenError::GroupFull);
        }
        require_len(value.len() + layout.overhead(), out)?;
        let (head, sealed) = out.split_at_mut(layout.overhead() - TAG_LEN);
        let (head, index) = head.split_at_mut(head.len() - INDEX_LEN);
        match layout {
            Layout::Whole => head.copy_from_slice(&self.header),
            Layout::Hoisted => head.fill(HOISTED),
        }
        index.copy_from_slice(&self.next.to_be_bytes());
        self.key.seal_member(self.next, context.canonical(), value, sealed)?;
        self.next += 1;
        Ok(())
    }
}

/// Decrypts the members of one group.
pub struct GroupDecryptor {
    header: Header,
    key: GroupKey,
}

impl GroupDecryptor {
    /// Decrypts a member, whole or hoisted, and appends its value to `out`. A whole one must be of this group.
    pub fn decrypt_into(&self, member: &[u8], context: &Context, out: &mut Vec<u8>) -> Result<(), TokenError> {
        let member = self.own(member)?;
        appended(member, out, |out| self.open(member, context, out))
    }

    /// As [`decrypt_into`](GroupDecryptor::decrypt_into), into `out`, which has just [`value_len`] bytes. On failure `out` holds nothing of the
    /// value.
    pub fn decrypt_to(&self, member: &[u8], context: &Context, out: &mut [u8]) -> Result<(), TokenError> {
        self.open(self.own(member)?, context, out)
    }

    /// What is inside a member of this group.
    fn own<'m>(&self, member: &'m [u8]) -> Result<Member<'m>, TokenError> {
        match split_member(member)? {
            (Some(header), _) if !is_same(&self.header, header) => Err(TokenError::WrongGroup),
            (_, member) => Ok(member),
        }
    }

    /// Decrypts what is inside a member of this group.
    fn open(&self, (index, sealed): Member<'_>, context: &Context, out: &mut [u8]) -> Result<(), TokenError> {
        require_len(sealed.len() - TAG_LEN, out)?;
        Ok(self.key.open_member(index, context.canonical(), sealed, out)?)
    }
}

/// Decrypts members of any group under one group context, and keeps the keys of the groups it met last.
pub struct GroupReader<'k> {
    keyring: &'k Keyring,
    context: Context,
    cached: Vec<GroupDecryptor>,
    oldest: usize,
}

impl GroupReader<'_> {
    /// Decrypts a member and appends its value to `out`. A hoisted one needs its `header`; a whole one brings its own.
    pub fn decrypt_into(
        &mut self,
        header: Option<&[u8]>,
        member: &[u8],
        context: &Context,
        out: &mut Vec<u8>,
    ) -> Result<(), TokenError> {
        let (group, member) = self.group_of(header, member)?;
        appended(member, out, |out| group.open(member, context, out))
    }

    /// As [`decrypt_into`](GroupReader::decrypt_into), into `out`, which has just [`value_len`] bytes. On failure `out` holds nothing of the
    /// value.
    pub fn decrypt_to(
        &mut self,
        header: Option<&[u8]>,
        member: &[u8],
        context: &Context,
        out: &mut [u8],
    ) -> Result<(), TokenError> {
        let (group, member) = self.group_of(header, member)?;
        group.open(member, context, out)
    }

    /// A member's group, and what is inside it: a whole member is of the group of its own header, and a hoisted one knows none.
    fn group_of<'m>(
        &mut self,
        header: Option<&[u8]>,
        member: &'m [u8],
    ) -> Result<(&GroupDecryptor, Member<'m>), TokenError> {
        let (own, member) = split_member(member)?;
        let header = own.map(|header| &header[..]).or(header).ok_or(TokenError::WrongGroup)?;
        Ok((self.group(header)?, member))
    }

    fn group(&mut self, header: &[u8]) -> Result<&GroupDecryptor, TokenError> {
        let position = match self.cached.iter().position(|group| is_same(&group.header, header)) {
            Some(position) => position,
            None => self.keep(self.keyring.decrypt_group(header, &self.context)?),
        };
        Ok(&self.cached[position])
    }

    fn keep(&mut self, group: GroupDecryptor) -> usize {
        if self.cached.len() < CACHED_GROUPS {
            self.cached.push(group);
            return self.cached.len() - 1;
        }
        let position = self.oldest;
        self.cached[position] = group;
        self.oldest = (position + 1) % CACHED_GROUPS;
        position
    }
}

/// Bytes of the value in a member of either layout, by its first byte and its length. The rest is not looked at: whoever reads a column asks for the
/// lengths of all members before the first one is decrypted.
pub fn value_len(member: &[u8]) -> Result<usize, TokenError> {
    value_len_of(member.first().copied(), member.len())
}

/// As [`value_len`], of a member's text form.
pub fn text_value_len(text: &[u8]) -> Result<usize, TokenError> {
    let got = bytes_len(text.len()).ok_or(TokenError::InvalidText)?;
    value_len_of(Some(first_byte_of_text(text)?), got)
}

fn value_len_of(first: Option<u8>, got: usize) -> Result<usize, TokenError> {
    let layout = match first {
        Some(WHOLE) => Layout::Whole,
        Some(HOISTED) => Layout::Hoisted,
        // What has no such length is refused for its own reason.
        other => return Err(not_a_member(other)),
    };
    match got.checked_sub(layout.overhead()).ok_or(TokenError::Truncated { got })? {
        got if got > MAX_MEMBER_VALUE_LEN => Err(TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got }),
        len => Ok(len),
    }
}

/// Appends what `decrypt` writes to a member's value, or nothing.
fn appended(
    (_, sealed): Member<'_>,
    out: &mut Vec<u8>,
    decrypt: impl FnOnce(&mut [u8]) -> Result<(), TokenError>,
) -> Result<(), TokenError> {
    let start = out.len();
    out.resize(start + sealed.len() - TAG_LEN, 0);
    let opened = decrypt(&mut out[start..]);
    if opened.is_err() {
        out.truncate(start);
    }
    opened
}

/// Is it this header? By words: to WebAssembly a comparison of slices is a loop over their bytes, and takes half as long as a block of ChaCha20.
fn is_same(ours: &Header, other: &[u8]) -> bool {
    <&Header>::try_from(other).is_ok_and(|other| words(ours).eq(words(other)))
}

/// All of a header, the last word with bytes of the one before it.
fn words(header: &Header) -> impl Iterator<Item = u64> {
    header.as_chunks().0.iter().chain(header.last_chunk()).map(|word| u64::from_ne_bytes(*word))
}

fn require_len(expected: usize, out: &[u8]) -> Result<(), TokenError> {
    if out.len() == expected { Ok(()) } else { Err(TokenError::WrongLength { expected, got: out.len() }) }
}

/// A member's index, and its ciphertext with tag.
type Member<'m> = (u32, &'m [u8]);

/// Splits a member into its header, where it is whole, and the rest (spec G-3, G-4).
pub(crate) fn split_member(member: &[u8]) -> Result<(Option<&Header>, Member<'_>), TokenError> {
    let truncated = TokenError::Truncated { got: member.len() };
    let (header, rest) = match member.first() {
        Some(&WHOLE) => {
            let (header, rest) = member.split_first_chunk::<HEADER_LEN>().ok_or(truncated)?;
            (Some(header), rest)
        }
        Some(&HOISTED) => (None, &member[1..]),
        other => return Err(not_a_member(other.copied())),
    };
    let (index, sealed) = rest.split_first_chunk::<INDEX_LEN>().ok_or(truncated)?;
    let index = u32::from_be_bytes(*index);
    if sealed.len() < TAG_LEN {
        return Err(truncated);
    }
    if index >= MAX_MEMBERS {
        return Err(TokenError::IndexTooLarge(index));
    }
    if sealed.len() > MAX_MEMBER_VALUE_LEN + TAG_LEN {
        return Err(TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got: sealed.len() - TAG_LEN });
    }
    Ok((header, (index, sealed)))
}

/// Why what starts so is no member.
#[cold]
fn not_a_member(first: Option<u8>) -> TokenError {
    match first {
        Some(crate::token::SINGLE) => TokenError::WrongGroup,
        Some(version) => TokenError::UnknownVersion(version),
        None => TokenError::Truncated { got: 0 },
    }
}

/// Enough for the rows of a page of results to share, few enough to search in a line.
const CACHED_GROUPS: usize = 16;

#[cfg(test)]
mod tests;
