//! AEGIS-256 and AEGIS-256X2 by the `aegis` crate: pure Rust, or libaegis where the feature `portable` is off.

use aegis::{aegis256, aegis256x2};

use super::{Aead, AeadError, Nonce, TAG_LEN, Tag};
use crate::secret::Secret;

/// From this length on the incremental interface, which needs no copy, beats the one-shot one.
const COPY_BELOW: usize = 1024;

pub(crate) struct Aegis256(Secret);
pub(crate) struct Aegis256X2(Secret);

macro_rules! aead {
    ($cipher:ident, $implementation:ty) => {
        impl $cipher {
            pub(super) fn new(key: &Secret) -> $cipher {
                $cipher(key.duplicate())
            }
        }

        impl Aead for $cipher {
            fn seal(
                &self,
                nonce: &Nonce,
                aad: &[u8],
                plaintext: &[u8],
                ciphertext: &mut [u8],
                tag: &mut Tag,
            ) -> Result<(), AeadError> {
                let aead = <$implementation>::new(self.0.expose(), &nonce.all_32());
                if plaintext.len() < COPY_BELOW {
                    ciphertext.copy_from_slice(plaintext);
                    *tag = aead.encrypt_in_place(ciphertext, aad);
                    return Ok(());
                }
                let mut encryptor = aead.encryptor(aad);
                encryptor.update(plaintext, ciphertext);
                *tag = encryptor.finalize();
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
                let aead = <$implementation>::new(self.0.expose(), &nonce.all_32());
                let opened = if ciphertext.len() < COPY_BELOW {
                    plaintext.copy_from_slice(ciphertext);
                    aead.decrypt_in_place(plaintext, tag, aad)
                } else {
                    let mut decryptor = aead.decryptor(aad, plaintext);
                    decryptor.update(ciphertext).and_then(|()| decryptor.finalize(tag).map(|_| ()))
                };
                if opened.is_err() {
                    plaintext.fill(0);
                }
                opened.map_err(|_| AeadError::Unauthentic)
            }
        }
    };
}

aead!(Aegis256, aegis256::Aegis256<TAG_LEN>);
aead!(Aegis256X2, aegis256x2::Aegis256X2<TAG_LEN>);
