//! AES-256-GCM and ChaCha20-Poly1305 by AWS-LC's assembly.

use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce as LcNonce, UnboundKey};

use super::{Aead, AeadError, Nonce, Tag};
use crate::secret::Secret;

/// `None` where AWS-LC got no memory for the key: then every use of it is refused.
pub(crate) struct Aes256Gcm(Option<LessSafeKey>);
pub(crate) struct ChaCha20Poly1305(Option<LessSafeKey>);

macro_rules! aead {
    ($cipher:ident, $algorithm:ident) => {
        impl $cipher {
            pub(super) fn new(key: &Secret) -> $cipher {
                $cipher(UnboundKey::new(&$algorithm, key.expose()).ok().map(LessSafeKey::new))
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
                let key = self.0.as_ref().ok_or(AeadError::Refused)?;
                let nonce = LcNonce::assume_unique_for_key(nonce.first_12());
                key.seal_out_of_place_scatter(nonce, Aad::from(aad), plaintext, ciphertext, &[], tag)
                    .map_err(|_| AeadError::Refused)
            }

            fn open(
                &self,
                nonce: &Nonce,
                aad: &[u8],
                ciphertext: &[u8],
                tag: &Tag,
                plaintext: &mut [u8],
            ) -> Result<(), AeadError> {
                let key = self.0.as_ref().ok_or(AeadError::Refused)?;
                let nonce = LcNonce::assume_unique_for_key(nonce.first_12());
                let opened = key.open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext);
                if opened.is_err() {
                    plaintext.fill(0);
                }
                opened.map_err(|_| AeadError::Unauthentic)
            }
        }
    };
}

aead!(Aes256Gcm, AES_256_GCM);
aead!(ChaCha20Poly1305, CHACHA20_POLY1305);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_memory_for_its_key_it_refuses() {
        let (nonce, mut out) = (Nonce::base(&[0; 12]), [0; 3]);
        assert_eq!(Aes256Gcm(None).seal(&nonce, &[], b"abc", &mut out, &mut [0; 16]), Err(AeadError::Refused));
        assert_eq!(ChaCha20Poly1305(None).open(&nonce, &[], b"abc", &[0; 16], &mut out), Err(AeadError::Refused));
        assert_eq!(out, [0; 3]);
    }
}
