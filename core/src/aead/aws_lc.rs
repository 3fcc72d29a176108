//! AES-256-GCM and ChaCha20-Poly1305 by AWS-LC's assembly.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce as LcNonce, UnboundKey};

use super::{Aead, Nonce, TAG_LEN, Tag, Unauthentic};
use crate::secret::Secret;

pub(crate) struct Aes256Gcm(LessSafeKey);
pub(crate) struct ChaCha20Poly1305(LessSafeKey);

impl Aes256Gcm {
    pub(super) fn new(key: &Secret) -> Aes256Gcm {
        Aes256Gcm(keyed(&AES_256_GCM, key))
    }
}

impl ChaCha20Poly1305 {
    pub(super) fn new(key: &Secret) -> ChaCha20Poly1305 {
        ChaCha20Poly1305(keyed(&CHACHA20_POLY1305, key))
    }
}

impl Aead for Aes256Gcm {
    fn seal(&self, nonce: &Nonce, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Tag {
        seal(&self.0, nonce, aad, plaintext, ciphertext)
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), Unauthentic> {
        open(&self.0, nonce, aad, ciphertext, tag, plaintext)
    }
}

impl Aead for ChaCha20Poly1305 {
    fn seal(&self, nonce: &Nonce, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Tag {
        seal(&self.0, nonce, aad, plaintext, ciphertext)
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), Unauthentic> {
        open(&self.0, nonce, aad, ciphertext, tag, plaintext)
    }
}

fn keyed(algorithm: &'static Algorithm, key: &Secret) -> LessSafeKey {
    match UnboundKey::new(algorithm, key.expose()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unsealable(),
    }
}

fn seal(key: &LessSafeKey, nonce: &Nonce, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Tag {
    let mut tag = [0; TAG_LEN];
    let nonce = LcNonce::assume_unique_for_key(nonce.first_12());
    match key.seal_out_of_place_scatter(nonce, Aad::from(aad), plaintext, ciphertext, &[], &mut tag) {
        Ok(()) => tag,
        Err(_) => unsealable(),
    }
}

fn open(
    key: &LessSafeKey,
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &[u8],
    tag: &Tag,
    plaintext: &mut [u8],
) -> Result<(), Unauthentic> {
    let nonce = LcNonce::assume_unique_for_key(nonce.first_12());
    let opened = key.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext);
    if opened.is_err() {
        plaintext.fill(0);
    }
    opened.map_err(|_| Unauthentic)
}

#[cold]
#[allow(clippy::panic, reason = "keys are 32 bytes and buffers at most 16 KiB, so no input reaches this")]
fn unsealable() -> ! {
    panic!("an AEAD refused a key or buffer of valid length")
}
