//! AES-256-GCM and ChaCha20-Poly1305 by the RustCrypto crates: pure Rust, constant time, on every target.

use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};

use super::{Aead, AeadError, Nonce, Tag};
use crate::secret::Secret;

pub(crate) struct Aes256Gcm(aes_gcm::Aes256Gcm);
pub(crate) struct ChaCha20Poly1305(chacha20poly1305::ChaCha20Poly1305);

impl Aes256Gcm {
    pub(super) fn new(key: &Secret) -> Aes256Gcm {
        Aes256Gcm(aes_gcm::Aes256Gcm::new(key.expose().into()))
    }
}

impl ChaCha20Poly1305 {
    pub(super) fn new(key: &Secret) -> ChaCha20Poly1305 {
        ChaCha20Poly1305(chacha20poly1305::ChaCha20Poly1305::new(key.expose().into()))
    }
}

macro_rules! aead {
    ($cipher:ty) => {
        impl Aead for $cipher {
            fn seal(
                &self,
                nonce: &Nonce,
                aad: &[u8],
                plaintext: &[u8],
                ciphertext: &mut [u8],
                tag: &mut Tag,
            ) -> Result<(), AeadError> {
                let nonce = nonce.first_12();
                // Both fail only on lengths: unequal buffers, or messages of more than 64 GiB. Neither gets here.
                let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| AeadError::Refused)?;
                let sealed = self.0.encrypt_inout_detached((&nonce).into(), aad, buffer);
                *tag = sealed.map_err(|_| AeadError::Refused)?.into();
                Ok(())
            }

            fn open(
                &self,
                nonce: &Nonce,
                aad: &[u8],
                ciphertext: &[u8],
                tag: &Tag,
                plaintext: &mut [u8],
            ) -> Result<(), AeadError> {
                let nonce = nonce.first_12();
                let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| AeadError::Unauthentic)?;
                let opened = self.0.decrypt_inout_detached((&nonce).into(), aad, buffer, tag.into());
                if opened.is_err() {
                    plaintext.fill(0);
                }
                opened.map_err(|_| AeadError::Unauthentic)
            }
        }
    };
}

aead!(Aes256Gcm);
aead!(ChaCha20Poly1305);
