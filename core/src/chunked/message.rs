//! The keys of one message, and its chunks one at a time.

use alloc::vec::Vec;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{CHUNK_LEN, COMMITMENT_LEN, ChunkedError, ENCRYPTED_CHUNK_LEN, MAX_CHUNKS, MESSAGE_PREFIX_LEN, SALT_LEN};
use crate::{
    aead::{AeadError, Cipher, Nonce, TAG_LEN, Tag},
    kdf::Prk,
    secret::{self, Secret, Wiped, fill_random},
    suite::Suite,
};

/// Everything that a message's derivation gives (spec N-8), before it is decided who uses the key.
pub(crate) struct Derived {
    suite: Suite,
    key: Secret,
    base_nonce: Nonce,
    prefix: [u8; MESSAGE_PREFIX_LEN],
}

impl Derived {
    /// `Expand(input key, "c2sp.org/chunked-encryption@v1+" || aead || 0x00 || salt || context, ..)`; `context` in two parts.
    pub(crate) fn new(suite: Suite, input_key: &Prk, salt: &[u8; SALT_LEN], context: [&[u8]; 2]) -> Derived {
        let mut okm = Wiped([0; 32 + 32 + COMMITMENT_LEN]);
        let okm = &mut okm.0[..32 + suite.nonce_len() + COMMITMENT_LEN];
        let info = [label(suite), salt, context[0], context[1]];
        input_key.expand(&info, okm);
        let (key, rest) = okm.split_at(32);
        let (base_nonce, commitment) = rest.split_at(suite.nonce_len());
        let mut prefix = [0; MESSAGE_PREFIX_LEN];
        prefix[..SALT_LEN].copy_from_slice(salt);
        prefix[SALT_LEN..].copy_from_slice(commitment);
        Derived { suite, key: Secret::copied(key), base_nonce: Nonce::base(base_nonce), prefix }
    }

    /// The derivation for a new message, with a random salt.
    pub(crate) fn generate<R: TryCryptoRng + ?Sized>(
        suite: Suite,
        input_key: &Prk,
        context: [&[u8]; 2],
        rng: &mut R,
    ) -> Result<Derived, ChunkedError> {
        let mut salt = [0; SALT_LEN];
        fill_random(rng, &mut salt)?;
        Ok(Derived::new(suite, input_key, &salt, context))
    }

    /// The derivation for a message that starts with `prefix`, its commitment checked in constant time.
    pub(crate) fn open(
        suite: Suite,
        input_key: &Prk,
        prefix: &[u8; MESSAGE_PREFIX_LEN],
        context: [&[u8]; 2],
    ) -> Result<Derived, AeadError> {
        let mut salt = [0; SALT_LEN];
        salt.copy_from_slice(&prefix[..SALT_LEN]);
        let derived = Derived::new(suite, input_key, &salt, context);
        if secret::equal(&commitment(&derived.prefix), &commitment(prefix)) {
            Ok(derived)
        } else {
            Err(AeadError::Unauthentic)
        }
    }

    /// Salt and commitment, with which the message starts.
    pub(crate) fn prefix(&self) -> &[u8; MESSAGE_PREFIX_LEN] {
        &self.prefix
    }

    pub(crate) fn suite(&self) -> Suite {
        self.suite
    }

    /// The raw key, for a host that brings its own AEAD, and the base nonce.
    pub(crate) fn into_raw(self) -> (Secret, Nonce) {
        (self.key, self.base_nonce)
    }

    /// A copy, for a host that computes a part of the message.
    pub(crate) fn copy(&self) -> Derived {
        let Derived { suite, base_nonce, prefix, .. } = *self;
        Derived { suite, key: Secret::copied(self.key.expose()), base_nonce, prefix }
    }

    pub(crate) fn into_message_key(self) -> MessageKey {
        MessageKey { cipher: Cipher::new(self.suite, &self.key), base_nonce: self.base_nonce }
    }

    pub(crate) fn into_group_key(self) -> GroupKey {
        GroupKey(self.into_message_key())
    }
}

/// The AEAD and nonces of one message. The associated data of its chunks is empty.
pub(crate) struct MessageKey {
    cipher: Cipher,
    base_nonce: Nonce,
}

impl MessageKey {
    /// Encrypts chunk `index` into `out`, which is [`TAG_LEN`] longer than `plaintext`.
    pub(crate) fn seal_chunk(&self, index: u64, plaintext: &[u8], out: &mut [u8]) -> Result<(), ChunkedError> {
        if index >= MAX_CHUNKS {
            return Err(ChunkedError::TooLong);
        }
        Ok(self.seal(index, &[], plaintext, out)?)
    }

    /// Decrypts chunk `index` into `out`, which is [`TAG_LEN`] shorter than `chunk`.
    pub(crate) fn open_chunk(&self, index: u64, chunk: &[u8], out: &mut [u8]) -> Result<(), ChunkedError> {
        if index >= MAX_CHUNKS {
            return Err(ChunkedError::TooLong);
        }
        Ok(self.open(index, &[], chunk, out)?)
    }

    fn seal(&self, counter: u64, aad: &[u8], plaintext: &[u8], out: &mut [u8]) -> Result<(), AeadError> {
        let (body, tag): (&mut [u8], &mut Tag) = out.split_last_chunk_mut().ok_or(AeadError::Refused)?;
        self.cipher.seal(&self.base_nonce.xor(counter), aad, plaintext, body, tag)
    }

    fn open(&self, counter: u64, aad: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), AeadError> {
        let (body, tag): (&[u8], &Tag) = sealed.split_last_chunk().ok_or(AeadError::Unauthentic)?;
        self.cipher.open(&self.base_nonce.xor(counter), aad, body, tag, out)
    }
}

/// The AEAD and nonces of a group of tokens (spec G-2): as a message's, with an index and associated data for each member.
pub(crate) struct GroupKey(MessageKey);

impl GroupKey {
    /// Encrypts a member into `out`, which is [`TAG_LEN`] longer than `value`.
    pub(crate) fn seal_member(&self, index: u32, aad: &[u8], value: &[u8], out: &mut [u8]) -> Result<(), AeadError> {
        self.0.seal(index.into(), aad, value, out)
    }

    /// Decrypts a member into `out`, which is [`TAG_LEN`] shorter than `sealed`.
    pub(crate) fn open_member(&self, index: u32, aad: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<(), AeadError> {
        self.0.open(index.into(), aad, sealed, out)
    }
}

/// Appends the chunks of a whole message to `out`.
pub(crate) fn encrypt_message(key: &MessageKey, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkedError> {
    let chunks = plaintext.chunks_exact(CHUNK_LEN);
    let last = chunks.remainder();
    let mut index = 0;
    for chunk in chunks {
        key.append_sealed(index, chunk, out)?;
        index += 1;
    }
    key.append_sealed(index, last, out)
}

impl MessageKey {
    /// Decrypts all chunks of a message, the part after its prefix. On failure nothing of it is returned.
    pub(crate) fn decrypt_message(&self, chunks: &[u8]) -> Result<Vec<u8>, ChunkedError> {
        let len = super::plaintext_len((MESSAGE_PREFIX_LEN + chunks.len()) as u64)?;
        let len = usize::try_from(len).map_err(|_| ChunkedError::TooLong)?;
        // Wiped on failure, and reserved whole, so that growing leaves no plaintext behind.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(len));
        for (index, chunk) in (0..).zip(chunks.chunks(ENCRYPTED_CHUNK_LEN)) {
            self.append_opened(index, chunk, &mut plaintext)?;
        }
        Ok(core::mem::take(&mut *plaintext))
    }

    /// Encrypts chunk `index` and appends it to `out`. One chunk at a time, for the zeros that it is written over are still in the
    /// first cache then: zeroing a whole buffer beforehand costs a fast AEAD a quarter of its speed.
    pub(crate) fn append_sealed(&self, index: u64, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = out.len();
        out.resize(start + plaintext.len() + TAG_LEN, 0);
        self.seal_chunk(index, plaintext, &mut out[start..])
    }

    /// Decrypts chunk `index` and appends its plaintext to `out`, or nothing.
    pub(crate) fn append_opened(&self, index: u64, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = out.len();
        out.resize(start + chunk.len().saturating_sub(TAG_LEN), 0);
        let opened = self.open_chunk(index, chunk, &mut out[start..]);
        if opened.is_err() {
            out.truncate(start);
        }
        opened
    }
}

fn commitment(prefix: &[u8; MESSAGE_PREFIX_LEN]) -> [u8; COMMITMENT_LEN] {
    let mut commitment = [0; COMMITMENT_LEN];
    commitment.copy_from_slice(&prefix[SALT_LEN..]);
    commitment
}

/// `"c2sp.org/chunked-encryption@v1+" || aead || 0x00`, in one piece.
const fn label(suite: Suite) -> &'static [u8] {
    match suite {
        Suite::Aes256Gcm => b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0",
        Suite::ChaCha20Poly1305 => b"c2sp.org/chunked-encryption@v1+AEAD_CHACHA20_POLY1305\0",
        Suite::Aegis256 => b"c2sp.org/chunked-encryption@v1+AEAD_AEGIS256\0",
        Suite::Aegis256X2 => b"c2sp.org/chunked-encryption@v1+AEAD_AEGIS256X2\0",
    }
}
