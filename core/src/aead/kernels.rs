//! The AEADs of `fortress-sdk-kernels`, made for WebAssembly's SIMD.

use fortress_kernels::{self as kernels, Error};

use super::{Aead, AeadError, Nonce, Tag};
use crate::secret::Secret;

macro_rules! aead {
    ($cipher:ident, $nonce:expr) => {
        pub(crate) struct $cipher(kernels::$cipher);

        impl $cipher {
            pub(super) fn new(key: &Secret) -> $cipher {
                $cipher(kernels::$cipher::new(key.expose()))
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
                *tag = self.0.seal(&$nonce(nonce), aad, plaintext, ciphertext)?;
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
                Ok(self.0.open(&$nonce(nonce), aad, ciphertext, tag, plaintext)?)
            }
        }
    };
}

aead!(Aes256Gcm, Nonce::first_12);
aead!(ChaCha20Poly1305, Nonce::first_12);
aead!(Aegis256, Nonce::all_32);
aead!(Aegis256X2, Nonce::all_32);

impl From<Error> for AeadError {
    fn from(error: Error) -> AeadError {
        match error {
            Error::Unauthentic => AeadError::Unauthentic,
            Error::Length => AeadError::Refused,
        }
    }
}
