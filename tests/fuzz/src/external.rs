//! An external key in software: AES-256-GCM, always with the same key and nonce, so that an input that opens goes on opening.

use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit},
};
use fortress::external::{ExternalKey, ExternalKeyError};
use zeroize::Zeroizing;

/// The key.
#[derive(Debug)]
pub struct Token;

impl ExternalKey for Token {
    fn reference(&self) -> &str {
        "pkcs11:token=fuzz"
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        let mut wrapped = file_key.to_vec();
        let tag = aead().encrypt_inout_detached(&NONCE.into(), associated, wrapped.as_mut_slice().into());
        wrapped.extend(tag.expect("it is short"));
        Ok(wrapped)
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let not_authentic = || ExternalKeyError::NotAuthentic { reference: self.reference().into() };
        let (sealed, tag) = wrapped.split_last_chunk::<16>().ok_or_else(not_authentic)?;
        let mut file_key = Zeroizing::new(sealed.to_vec());
        aead()
            .decrypt_inout_detached(&NONCE.into(), associated, file_key.as_mut_slice().into(), tag.into())
            .map_err(|_| not_authentic())?;
        Ok(file_key)
    }
}

fn aead() -> Aes256Gcm {
    Aes256Gcm::new(&[0x17; 32].into())
}

const NONCE: [u8; 12] = [0; 12];
