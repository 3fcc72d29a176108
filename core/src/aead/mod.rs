//! One interface over the AEADs, and the choice of who computes them.
//!
//! Every implementation reads from one buffer and writes to another of the same length, because that is what a stream
//! needs: a copy beforehand would cost the fast suites a tenth of their speed.

// Assembly, where it is switched on; kernels made for WebAssembly's SIMD, where that is; pure Rust anywhere else.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod aegis;
#[cfg(all(feature = "assembly", not(target_arch = "wasm32")))]
mod aws_lc;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod kernels;
#[cfg(not(any(
    all(feature = "assembly", not(target_arch = "wasm32")),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
mod rust_crypto;

#[cfg(all(feature = "assembly", not(target_arch = "wasm32")))]
use aws_lc as gcm_and_chacha;
#[cfg(not(any(
    all(feature = "assembly", not(target_arch = "wasm32")),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
use rust_crypto as gcm_and_chacha;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use {kernels as aegis, kernels as gcm_and_chacha};

use crate::{secret::Secret, suite::Suite};

/// Bytes of a tag, for every suite.
pub(crate) const TAG_LEN: usize = 16;

/// A tag.
pub(crate) type Tag = [u8; TAG_LEN];

/// Why an AEAD did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AeadError {
    /// Authentication failed; there is nothing more to say (spec L-4).
    Unauthentic,
    /// The library behind it gave up, for want of memory: its other reasons are lengths, and those are right here.
    Refused,
}

/// What every suite does.
trait Aead {
    /// Encrypts `plaintext` into `ciphertext`, which is as long, and writes the tag.
    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
        tag: &mut Tag,
    ) -> Result<(), AeadError>;

    /// Decrypts `ciphertext` into `plaintext`, which is as long. On failure `plaintext` holds nothing of the message.
    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), AeadError>;
}

/// An AEAD with its key.
#[allow(clippy::large_enum_variant, reason = "short-lived; a box would cost every token an allocation")]
pub(crate) enum Cipher {
    Aes256Gcm(gcm_and_chacha::Aes256Gcm),
    ChaCha20Poly1305(gcm_and_chacha::ChaCha20Poly1305),
    Aegis256(aegis::Aegis256),
    Aegis256X2(aegis::Aegis256X2),
}

impl Cipher {
    pub(crate) fn new(suite: Suite, key: &Secret) -> Cipher {
        match suite {
            Suite::Aes256Gcm => Cipher::Aes256Gcm(gcm_and_chacha::Aes256Gcm::new(key)),
            Suite::ChaCha20Poly1305 => Cipher::ChaCha20Poly1305(gcm_and_chacha::ChaCha20Poly1305::new(key)),
            Suite::Aegis256 => Cipher::Aegis256(aegis::Aegis256::new(key)),
            Suite::Aegis256X2 => Cipher::Aegis256X2(aegis::Aegis256X2::new(key)),
        }
    }

    /// See [`Aead::seal`]; the two buffers are equally long.
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
        tag: &mut Tag,
    ) -> Result<(), AeadError> {
        debug_assert_eq!(plaintext.len(), ciphertext.len());
        self.aead().seal(nonce, aad, plaintext, ciphertext, tag)
    }

    /// See [`Aead::open`]; the two buffers are equally long.
    pub(crate) fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), AeadError> {
        debug_assert_eq!(plaintext.len(), ciphertext.len());
        self.aead().open(nonce, aad, ciphertext, tag, plaintext)
    }

    fn aead(&self) -> &dyn Aead {
        match self {
            Cipher::Aes256Gcm(aead) => aead,
            Cipher::ChaCha20Poly1305(aead) => aead,
            Cipher::Aegis256(aead) => aead,
            Cipher::Aegis256X2(aead) => aead,
        }
    }
}

/// A nonce: the base nonce of a message, XORed with a counter (spec N-9). The first 12 bytes serve the suites that take 12.
#[derive(Clone, Copy)]
pub(crate) struct Nonce {
    bytes: [u8; 32],
    len: usize,
}

impl Nonce {
    /// `base` is 12 or 32 bytes.
    pub(crate) fn base(base: &[u8]) -> Nonce {
        let mut bytes = [0; 32];
        bytes[..base.len()].copy_from_slice(base);
        Nonce { bytes, len: base.len() }
    }

    /// `self XOR counter`, the counter as a big-endian integer as long as the nonce.
    pub(crate) fn xor(&self, counter: u64) -> Nonce {
        let mut nonce = *self;
        // As one word: a byte at a time, the AEAD that loads the nonce next would wait for the last of them.
        if let Some(tail) = nonce.bytes[..self.len].last_chunk_mut() {
            *tail = (u64::from_be_bytes(*tail) ^ counter).to_be_bytes();
        }
        nonce
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn first_12(&self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&self.bytes[..12]);
        nonce
    }

    fn all_32(&self) -> [u8; 32] {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
