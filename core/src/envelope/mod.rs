//! Envelopes: encrypted messages of any size, for one or more recipients (spec E-1 to E-6).
//!
//! An envelope is a *prefix* (magic, header, MAC, and the message's salt and commitment) and then chunks. The prefix is read and written
//! whole; chunks are streamed, read at random, or left to a host's own AEAD.
//!
//! ```
//! use fortress::{Context, Keyring, Profile, Timestamp, envelope};
//! # let mut rng = getrandom::SysRng;
//! let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
//! let options = envelope::Options { context: Context::new([("file", "report")])?, ..Default::default() };
//! let sealed = envelope::encrypt(b"confidential", &[(&keyring).into()], &options, &mut rng)?;
//! let opened = envelope::decrypt(&sealed, &[(&keyring).into()], &options.context, &Default::default())?;
//! assert_eq!(opened, b"confidential");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod draft;
mod error;
mod header;
mod recipient;
mod rewrap;

use alloc::vec::Vec;

use rand_core::TryCryptoRng;

pub use draft::{ExternalRequest, external_requests};
pub use error::EnvelopeError;
pub use header::{Header, MAX_HEADER_LEN, MAX_RECIPIENTS, Metadata, PREAMBLE_LEN};
pub use recipient::{Identity, MAX_EXTERNAL_TRIES, MAX_PASSPHRASES, Recipient, RecipientInfo};

pub use rewrap::{Keep, RewrapOptions, rewrap, rewrapped_len};

pub(crate) use header::{Content, MAC_LEN};

use draft::Draft;

use crate::{
    chunked::{
        Decryptor, Derived, Encryptor, MESSAGE_PREFIX_LEN, ParallelDecryptor, ParallelEncryptor, RandomAccess,
        encrypt_message, message_len, sequence::Direction,
    },
    context::Context,
    hazmat::ChunkSequence,
    kdf::Prk,
    passphrase::Argon2Limits,
    profile::{Platform, Profile},
    secret::{self, Secret, redacted_debug},
    suite::Suite,
};

/// What a new envelope is made with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The suite; by default that of the profile of the first keyring among the recipients.
    pub suite: Option<Suite>,
    /// What the message is bound to.
    pub context: Context,
    /// What anyone may read.
    pub metadata: Metadata,
}

/// What a reader is willing to do for an envelope that it does not trust yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadLimits {
    /// For passphrase recipients.
    pub argon2: Argon2Limits,
}

/// Encrypts a whole message.
pub fn encrypt<R: TryCryptoRng + ?Sized>(
    plaintext: &[u8],
    recipients: &[Recipient<'_>],
    options: &Options,
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    create(recipients, options, rng)?.encrypt_all(plaintext)
}

/// Decrypts a whole message. On failure nothing of it is returned.
pub fn decrypt(
    envelope: &[u8],
    identities: &[Identity<'_>],
    context: &Context,
    limits: &ReadLimits,
) -> Result<Vec<u8>, EnvelopeError> {
    open_as(Content::Data, envelope, identities, context, limits)?.decrypt_all(envelope)
}

/// Starts an envelope: its [prefix](NewEnvelope::prefix) is ready, its message is yet to be encrypted.
pub fn create<R: TryCryptoRng + ?Sized>(
    recipients: &[Recipient<'_>],
    options: &Options,
    rng: &mut R,
) -> Result<NewEnvelope, EnvelopeError> {
    create_as(Content::Data, recipients, options, rng)
}

pub(crate) fn create_as<R: TryCryptoRng + ?Sized>(
    content: Content,
    recipients: &[Recipient<'_>],
    options: &Options,
    rng: &mut R,
) -> Result<NewEnvelope, EnvelopeError> {
    Draft::of(content, recipients, options, rng)?.start(recipients, rng)
}

/// An envelope whose message is yet to be encrypted.
pub struct NewEnvelope {
    prefix: Vec<u8>,
    derived: Derived,
}

redacted_debug!(NewEnvelope);
redacted_debug!(OpenEnvelope);

impl NewEnvelope {
    /// Everything before the first chunk.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The suite of its message.
    pub fn suite(&self) -> Suite {
        self.derived.suite()
    }

    /// The prefix, and a stream for the chunks that follow it.
    pub fn into_stream(self) -> (Vec<u8>, Encryptor) {
        (self.prefix, Encryptor::new(self.derived))
    }

    /// The prefix, and the chunks that follow it in parts that several threads can encrypt.
    pub fn into_parallel(self) -> (Vec<u8>, ParallelEncryptor) {
        (self.prefix, ParallelEncryptor::new(self.derived))
    }

    /// The prefix, and the chunks' parameters for a host's own AEAD.
    pub fn into_sequence(self) -> (Vec<u8>, ChunkSequence) {
        (self.prefix, ChunkSequence::new(self.derived, Direction::Encrypt))
    }

    pub(crate) fn encrypt_all(self, plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let mut envelope = self.prefix;
        envelope.reserve_exact(message_len(plaintext.len() as u64) as usize - MESSAGE_PREFIX_LEN);
        encrypt_message(&self.derived.into_message_key(), plaintext, &mut envelope)?;
        Ok(envelope)
    }
}

/// The length of an envelope's prefix, from its first [`PREAMBLE_LEN`] bytes; `None` when there are fewer and they are not wrong yet.
///
/// A reader collects this many bytes and calls [`open`].
pub fn prefix_len(start: &[u8]) -> Result<Option<usize>, EnvelopeError> {
    let header_len = header::announced_len(start)?;
    Ok(header_len.map(|len| PREAMBLE_LEN + len + MAC_LEN + MESSAGE_PREFIX_LEN))
}

/// The shares that an envelope or sealed keyring, of which the prefix is enough, holds for an identity: what its holder brings when
/// others need it.
///
/// Only who opens the envelope can tell whether its header is authentic, and the shares with it: anyone can seal a made-up share. It would open
/// nothing.
#[cfg(feature = "sharing")]
pub fn held_shares(
    prefix: &[u8],
    identity: &crate::identity::SecretIdentity,
) -> Result<Vec<crate::shares::Share>, EnvelopeError> {
    recipient::held_shares(Prefix::parse(prefix)?.header.recipients(), identity)
}

/// Opens an envelope of data from its prefix, by any one of `identities`; bytes after the prefix are not looked at.
///
/// The header is authentic, and the context the right one, when this succeeds.
pub fn open(
    prefix: &[u8],
    identities: &[Identity<'_>],
    context: &Context,
    limits: &ReadLimits,
) -> Result<OpenEnvelope, EnvelopeError> {
    open_as(Content::Data, prefix, identities, context, limits)
}

pub(crate) fn open_as(
    content: Content,
    prefix: &[u8],
    identities: &[Identity<'_>],
    context: &Context,
    limits: &ReadLimits,
) -> Result<OpenEnvelope, EnvelopeError> {
    let unlocked = Unlocked::new(content, prefix, identities, limits)?;
    let derived = unlocked.derive(context)?;
    let Prefix { authenticated, header, .. } = unlocked.prefix;
    Ok(OpenEnvelope { prefix_len: authenticated.len() + MAC_LEN + MESSAGE_PREFIX_LEN, header, derived })
}

/// An envelope whose header is authentic and whose message is yet to be decrypted.
pub struct OpenEnvelope {
    header: Header,
    derived: Derived,
    prefix_len: usize,
}

impl OpenEnvelope {
    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The suite of its message.
    pub fn suite(&self) -> Suite {
        self.derived.suite()
    }

    /// Bytes before the first chunk.
    pub fn prefix_len(&self) -> usize {
        self.prefix_len
    }

    /// Where the message starts in the envelope: [`RandomAccess`] counts from here.
    pub fn message_start(&self) -> usize {
        self.prefix_len - MESSAGE_PREFIX_LEN
    }

    /// A stream for the chunks.
    pub fn into_stream(self) -> Decryptor {
        Decryptor::new(self.derived)
    }

    /// The chunks in parts that several threads can decrypt.
    pub fn into_parallel(self) -> ParallelDecryptor {
        ParallelDecryptor::new(self.derived)
    }

    /// Ranges of the plaintext, in an envelope that has `envelope_len` bytes in all.
    pub fn into_random_access(self, envelope_len: u64) -> Result<RandomAccess, EnvelopeError> {
        let message_len = envelope_len.checked_sub(self.message_start() as u64).ok_or(EnvelopeError::Truncated)?;
        Ok(RandomAccess::new(self.derived, message_len)?)
    }

    /// The chunks' parameters for a host's own AEAD.
    pub fn into_sequence(self) -> ChunkSequence {
        ChunkSequence::new(self.derived, Direction::Decrypt)
    }

    pub(crate) fn decrypt_all(self, envelope: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let chunks = &envelope[self.prefix_len..];
        Ok(self.derived.into_message_key().decrypt_message(chunks)?)
    }
}

/// An envelope's prefix, taken apart and not authentic yet.
pub(crate) struct Prefix<'p> {
    /// What the MAC covers.
    pub(crate) authenticated: &'p [u8],
    pub(crate) header: Header,
    mac: &'p [u8; MAC_LEN],
    /// Salt and commitment; `None` where the input ends before.
    message: Option<&'p [u8; MESSAGE_PREFIX_LEN]>,
}

impl<'p> Prefix<'p> {
    pub(crate) fn parse(bytes: &'p [u8]) -> Result<Prefix<'p>, EnvelopeError> {
        let header_len = header::announced_len(bytes)?.ok_or(EnvelopeError::Truncated)?;
        let (authenticated, rest) =
            bytes.split_at_checked(PREAMBLE_LEN + header_len).ok_or(EnvelopeError::Truncated)?;
        let header = Header::parse(&authenticated[PREAMBLE_LEN..])?;
        let (mac, rest) = rest.split_first_chunk().ok_or(EnvelopeError::Truncated)?;
        Ok(Prefix { authenticated, header, mac, message: rest.first_chunk() })
    }
}

/// An envelope's prefix whose header is authentic, and the key that proved it.
struct Unlocked<'p> {
    prefix: Prefix<'p>,
    file_key: Secret,
    keys: EnvelopeKeys,
}

impl<'p> Unlocked<'p> {
    fn new(
        content: Content,
        prefix: &'p [u8],
        identities: &[Identity<'_>],
        limits: &ReadLimits,
    ) -> Result<Unlocked<'p>, EnvelopeError> {
        let prefix = Prefix::parse(prefix)?;
        let file_key = recipient::unwrap(&prefix.header, prefix.header.recipients(), identities, limits)?;
        let keys = EnvelopeKeys::new(&file_key);
        keys.verify(&prefix)?;
        prefix.header.require(content)?;
        Ok(Unlocked { prefix, file_key, keys })
    }

    /// The message's keys, if it was made with this context.
    fn derive(&self, context: &Context) -> Result<Derived, EnvelopeError> {
        let suite = self.prefix.header.suite()?;
        let message = self.prefix.message.ok_or(EnvelopeError::Truncated)?;
        Derived::open(suite, &self.keys.payload, message, [&suite.id().to_be_bytes(), context.canonical()])
            .map_err(|_| EnvelopeError::AuthenticationFailed)
    }
}

/// The keys that come from a file key (spec E-3).
struct EnvelopeKeys {
    header: Prk,
    payload: Prk,
}

impl EnvelopeKeys {
    fn new(file_key: &Secret) -> EnvelopeKeys {
        let file_key = Prk::new(file_key);
        EnvelopeKeys {
            header: Prk::new(&file_key.derive_secret(LABEL, "header")),
            payload: Prk::new(&file_key.derive_secret(LABEL, "payload")),
        }
    }

    /// The envelope up to its message: magic, header and MAC (spec E-1, E-4).
    fn authenticated(&self, header: &Header) -> Result<Vec<u8>, EnvelopeError> {
        let mut bytes = header.to_bytes()?;
        let mac = self.header.mac(&bytes);
        bytes.extend_from_slice(&mac);
        Ok(bytes)
    }

    fn verify(&self, prefix: &Prefix<'_>) -> Result<(), EnvelopeError> {
        let mac = self.header.mac(prefix.authenticated);
        if secret::equal(&mac, prefix.mac) { Ok(()) } else { Err(EnvelopeError::AuthenticationFailed) }
    }
}

fn default_suite(recipients: &[Recipient<'_>]) -> Suite {
    let profile = recipients.iter().find_map(|recipient| match recipient {
        Recipient::Keyring(keyring) => Some(keyring.profile()),
        _ => None,
    });
    profile.unwrap_or(Profile::default()).envelope_suite(Platform::current())
}

const LABEL: &str = "fortress-sdk/envelope@v1";

#[cfg(test)]
pub(crate) mod tests;
