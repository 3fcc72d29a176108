//! Field tokens: small encrypted values (spec T-1 to T-5).

mod text;

use alloc::vec::Vec;

use rand_core::TryCryptoRng;

pub(crate) use text::{bytes_len, first_byte_of_text};
pub use text::{decode_text, decode_text_into, encode_text, encode_text_to, text_len};

use crate::{
    aead::AeadError,
    chunked::{ChunkedError, Derived, MESSAGE_PREFIX_LEN, encrypt_message, message_len, plaintext_len},
    context::{Context, ContextError},
    group::MAX_MEMBERS,
    kdf::Prk,
    keyring::{KeyId, KeyLookupError, Keyring, Purpose},
    profile::Platform,
    secret::RandomnessError,
    suite::{Suite, SuiteError},
};

/// Bytes that a token is longer than its value, for values under 16 KiB.
pub const OVERHEAD: usize = 79;
/// Bytes of a value, at most.
pub const MAX_VALUE_LEN: usize = 16 << 20;

/// The first byte of a single token.
pub(crate) const SINGLE: u8 = 1;
/// Version, suite and key id: the bytes that every token with a key starts with.
pub(crate) const HEAD_LEN: usize = 7;

impl Keyring {
    /// Encrypts a value of at most 16 MiB into a token, in the suite of the keyring's profile.
    pub fn encrypt<R: TryCryptoRng + ?Sized>(
        &self,
        value: &[u8],
        context: &Context,
        rng: &mut R,
    ) -> Result<Vec<u8>, TokenError> {
        self.encrypt_with(self.token_suite(), value, context, rng)
    }

    /// As [`encrypt`](Keyring::encrypt), in a suite of the caller's choice.
    pub fn encrypt_with<R: TryCryptoRng + ?Sized>(
        &self,
        suite: Suite,
        value: &[u8],
        context: &Context,
        rng: &mut R,
    ) -> Result<Vec<u8>, TokenError> {
        let mut token = Vec::new();
        self.encrypt_into(suite, value, context, rng, &mut token)?;
        Ok(token)
    }

    /// As [`encrypt_with`](Keyring::encrypt_with), appending the token to `out`.
    pub fn encrypt_into<R: TryCryptoRng + ?Sized>(
        &self,
        suite: Suite,
        value: &[u8],
        context: &Context,
        rng: &mut R,
        out: &mut Vec<u8>,
    ) -> Result<(), TokenError> {
        let (id, key) = self.encryption_key(Purpose::Field)?;
        seal(suite, id, key, value, context, rng, out)
    }

    /// Decrypts a token. `context` equals the one it was encrypted with.
    pub fn decrypt(&self, token: &[u8], context: &Context) -> Result<Vec<u8>, TokenError> {
        let head = Head::parse_single(token)?;
        open(self.decryption_key(head.key_id, Purpose::Field)?, head, token, context)
    }

    /// Encrypts a token's value again under the primary version, in the profile's suite.
    pub fn reencrypt<R: TryCryptoRng + ?Sized>(
        &self,
        token: &[u8],
        context: &Context,
        rng: &mut R,
    ) -> Result<Vec<u8>, TokenError> {
        let value = zeroize::Zeroizing::new(self.decrypt(token, context)?);
        self.encrypt(&value, context, rng)
    }

    /// Was this token, or group header, made by the primary version? If not, [`reencrypt`](Keyring::reencrypt) brings it up to date.
    pub fn is_current(&self, token: &[u8]) -> Result<bool, TokenError> {
        Ok(Head::parse(token)?.key_id == self.primary())
    }

    /// The suite of tokens that this keyring writes here.
    pub fn token_suite(&self) -> Suite {
        self.profile().token_suite(Platform::current())
    }
}

/// Bytes of the token of a value of so many.
pub const fn token_len(value_len: u64) -> u64 {
    message_len(value_len).saturating_add(HEAD_LEN as u64)
}

/// Encrypts under a key that is named by `id`; appends the token to `out`.
pub(crate) fn seal<R: TryCryptoRng + ?Sized>(
    suite: Suite,
    id: KeyId,
    key: &Prk,
    value: &[u8],
    context: &Context,
    rng: &mut R,
    out: &mut Vec<u8>,
) -> Result<(), TokenError> {
    if value.len() > MAX_VALUE_LEN {
        return Err(TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: value.len() });
    }
    let head = Head { version: SINGLE, suite, key_id: id }.to_bytes();
    let derived = Derived::generate(suite, key, [&head, context.canonical()], rng)?;
    let start = out.len();
    out.reserve(token_len(value.len() as u64) as usize);
    out.extend_from_slice(&head);
    out.extend_from_slice(derived.prefix());
    let encrypted = encrypt_message(&derived.into_message_key(), value, out);
    if encrypted.is_err() {
        out.truncate(start);
    }
    Ok(encrypted?)
}

/// Decrypts a token, whose head is parsed, with the key that it names.
pub(crate) fn open(key: &Prk, head: Head, token: &[u8], context: &Context) -> Result<Vec<u8>, TokenError> {
    let message = &token[HEAD_LEN..];
    let (prefix, chunks) =
        message.split_first_chunk::<MESSAGE_PREFIX_LEN>().ok_or(TokenError::Truncated { got: token.len() })?;
    match plaintext_len(message.len() as u64) {
        Ok(len) if len > MAX_VALUE_LEN as u64 => {
            return Err(TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: len as usize });
        }
        _ => {}
    }
    let derived = Derived::open(head.suite, key, prefix, [&token[..HEAD_LEN], context.canonical()])
        .map_err(|_| TokenError::AuthenticationFailed)?;
    derived.into_message_key().decrypt_message(chunks).map_err(|error| match error {
        ChunkedError::Truncated => TokenError::Truncated { got: token.len() },
        other => other.into(),
    })
}

/// The bytes by which a token, or a group header, names its key: version, suite and key id (spec T-1, G-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) version: u8,
    pub(crate) suite: Suite,
    pub(crate) key_id: KeyId,
}

impl Head {
    /// Parses the head of a single token or a group header.
    pub(crate) fn parse(token: &[u8]) -> Result<Head, TokenError> {
        match token.first() {
            None => return Err(TokenError::Truncated { got: 0 }),
            Some(1 | 2) => {}
            Some(3) => return Err(TokenError::WrongGroup),
            Some(&version) => return Err(TokenError::UnknownVersion(version)),
        }
        let &[version, s0, s1, k0, k1, k2, k3] =
            token.first_chunk::<HEAD_LEN>().ok_or(TokenError::Truncated { got: token.len() })?;
        Ok(Head { version, suite: Suite::from_id(u16::from_be_bytes([s0, s1]))?, key_id: KeyId([k0, k1, k2, k3]) })
    }

    pub(crate) fn parse_single(token: &[u8]) -> Result<Head, TokenError> {
        let head = Head::parse(token)?;
        if head.version != SINGLE {
            return Err(TokenError::WrongGroup);
        }
        if token.len() < OVERHEAD {
            return Err(TokenError::Truncated { got: token.len() });
        }
        Ok(head)
    }

    pub(crate) fn to_bytes(self) -> [u8; HEAD_LEN] {
        let [s0, s1] = self.suite.id().to_be_bytes();
        let [k0, k1, k2, k3] = self.key_id.0;
        [self.version, s0, s1, k0, k1, k2, k3]
    }
}

/// Why a token could not be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Shorter than its layout.
    #[error(
        "the token is cut off: it has {got} bytes, fewer than its layout needs; is there room for it where it is stored?"
    )]
    Truncated {
        /// Its bytes.
        got: usize,
    },
    /// A first byte that is not 1, 2 or 3.
    #[error("not a token of this version of Fortress: its first byte is {0}, expected 1, 2 or 3")]
    UnknownVersion(u8),
    /// A suite that cannot be used here.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The keyring has no version with this id.
    #[error(
        "the token was made with key {0}, which this keyring does not hold; it is another keyring's, or newer than this copy"
    )]
    UnknownKey(KeyId),
    /// The version is destroyed.
    #[error("the token was made with key {0}, which was destroyed; its value cannot be recovered")]
    KeyDestroyed(KeyId),
    /// The keyring comes from a grant that does not allow this.
    #[error("this keyring was granted for less: its grant does not allow that")]
    NotGranted,
    /// Key, scope, context or bytes are not those of the token.
    #[error(
        "the token is not authentic: it was changed, or the key, scope or context is not the one it was encrypted with"
    )]
    AuthenticationFailed,
    /// A value that does not fit.
    #[error(
        "a value here has at most {limit} bytes, this one has {got}; encrypt a longer one {how}",
        how = how_longer(*limit)
    )]
    ValueTooLarge {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// A buffer of another length than the operation needs.
    #[error("expected a buffer of {expected} bytes, got one of {got}")]
    WrongLength {
        /// Bytes needed.
        expected: usize,
        /// Bytes given.
        got: usize,
    },
    /// Text that is not a token's.
    #[error("not a token's text: expected base64url without padding; was all of it copied?")]
    InvalidText,
    /// A grouped token where a single one belongs, or the reverse, or a member without its header.
    #[error(
        "the token's kind does not fit here: what belongs to a row or a column is decrypted as that, with the header if it is stored once; a single token is decrypted by itself"
    )]
    WrongGroup,
    /// The group has no index left.
    #[error("a group has at most {most} members; start another one", most = MAX_MEMBERS)]
    GroupFull,
    /// A member's index beyond the limit.
    #[error("the token's index in its group is {0}, above the limit of {last}", last = MAX_MEMBERS - 1)]
    IndexTooLarge(u32),
    /// A context that cannot be used.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The AEAD's library got no memory.
    #[error("this machine gives the encryption no memory; free some and try again")]
    OutOfMemory,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl TokenError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            TokenError::Truncated { .. } => "truncated",
            TokenError::UnknownVersion(_) => "unknown_version",
            TokenError::Suite(error) => error.code(),
            TokenError::UnknownKey(_) => "unknown_key",
            TokenError::KeyDestroyed(_) => "key_destroyed",
            TokenError::NotGranted => "action_not_granted",
            TokenError::AuthenticationFailed => "authentication_failed",
            TokenError::ValueTooLarge { .. } => "value_too_large",
            TokenError::WrongLength { .. } => "wrong_length",
            TokenError::InvalidText => "invalid_text",
            TokenError::WrongGroup => "wrong_group",
            TokenError::GroupFull | TokenError::IndexTooLarge(_) => "limit_exceeded",
            TokenError::Context(error) => error.code(),
            TokenError::OutOfMemory => "out_of_memory",
            TokenError::Randomness(_) => "randomness",
        }
    }
}

/// How to encrypt what is longer than a member of a row or a column may be, or even than a token.
fn how_longer(limit: usize) -> &'static str {
    if limit < MAX_VALUE_LEN { "by itself, or as an envelope" } else { "as an envelope: a file, or bytes" }
}

impl From<KeyLookupError> for TokenError {
    fn from(error: KeyLookupError) -> TokenError {
        match error {
            KeyLookupError::Unknown(id) => TokenError::UnknownKey(id),
            KeyLookupError::Destroyed(id) => TokenError::KeyDestroyed(id),
            KeyLookupError::NotGranted => TokenError::NotGranted,
        }
    }
}

impl From<AeadError> for TokenError {
    fn from(error: AeadError) -> TokenError {
        ChunkedError::from(error).into()
    }
}

/// A token's length is checked before its chunks are read, so of these only authentication, memory and randomness occur.
impl From<ChunkedError> for TokenError {
    fn from(error: ChunkedError) -> TokenError {
        match error {
            ChunkedError::OutOfMemory => TokenError::OutOfMemory,
            ChunkedError::Randomness(error) => TokenError::Randomness(error),
            ChunkedError::TooLong => TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: usize::MAX },
            ChunkedError::AuthenticationFailed
            | ChunkedError::Truncated
            | ChunkedError::TrailingData
            | ChunkedError::OutOfRange { .. }
            | ChunkedError::WrongLength { .. }
            | ChunkedError::Failed => TokenError::AuthenticationFailed,
        }
    }
}

#[cfg(test)]
mod tests;
