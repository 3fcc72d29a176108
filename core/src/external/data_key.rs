//! Data keys (spec ): an external key wraps one of them once, and it wraps the file keys of many envelopes.
//!
//! Each envelope still has a file key of its own, and stands alone: its header carries the wrapped data key.

use alloc::{format, string::String, vec, vec::Vec};

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{ExternalKey, ExternalKeyError};
use crate::{
    aead::{AeadError, Cipher, Nonce, TAG_LEN},
    kdf::Prk,
    secret::{self, Secret},
    suite::Suite,
};

/// File keys that one data key may wrap: its nonces are random (NIST SP 800-38D, 8.3).
pub const MAX_DATA_KEY_USES: u64 = 1 << 32;

/// A key that wraps file keys here, and that an external key wrapped. Wiped when dropped.
pub struct DataKey {
    secret: Secret,
    wrapped: Vec<u8>,
    /// Of the external key.
    reference: String,
}

impl DataKey {
    /// A new one, wrapped by this external key.
    pub fn generate<R: TryCryptoRng + ?Sized>(key: &dyn ExternalKey, rng: &mut R) -> Result<DataKey, ExternalKeyError> {
        let reference = key.reference();
        let secret = Secret::generate(rng).map_err(|_| unavailable(reference, NO_RANDOMNESS))?;
        let wrapped = key.wrap(secret.expose(), &associated_data(reference))?;
        if !(1..=MAX_WRAPPED_DATA_KEY_LEN).contains(&wrapped.len()) {
            return Err(ExternalKeyError::Invalid { reference: reference.into() });
        }
        Ok(DataKey { secret, wrapped, reference: reference.into() })
    }

    /// The one that an external key, known by this reference, wrapped to this.
    pub fn open(key: &dyn ExternalKey, reference: &str, wrapped: &[u8]) -> Result<DataKey, ExternalKeyError> {
        let secret = key.unwrap_as(reference, wrapped, &associated_data(reference))?;
        let secret = Secret::from_slice(&secret).ok_or_else(|| not_authentic(reference))?;
        Ok(DataKey { secret, wrapped: wrapped.into(), reference: reference.into() })
    }

    /// What the external key wrapped it to.
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// Is it the one that an external key, known by this reference, wrapped to this?
    pub fn is(&self, reference: &str, wrapped: &[u8]) -> bool {
        self.reference == reference && self.wrapped == wrapped
    }

    /// Wraps a file key.
    pub fn wrap<R: TryCryptoRng + ?Sized>(
        &self,
        file_key: &[u8; 32],
        associated: &[u8; 32],
        rng: &mut R,
    ) -> Result<Vec<u8>, ExternalKeyError> {
        let mut nonce = [0; NONCE_LEN];
        secret::fill_random(rng, &mut nonce).map_err(|_| unavailable(&self.reference, NO_RANDOMNESS))?;
        let (mut sealed, mut tag) = ([0; 32], [0; TAG_LEN]);
        self.cipher()
            .seal(&Nonce::base(&nonce), associated, file_key, &mut sealed, &mut tag)
            .map_err(|_| unavailable(&self.reference, NO_MEMORY))?;
        // At most MAX_WRAPPED_DATA_KEY_LEN, as it was generated here or found in a header.
        let len = (self.wrapped.len() as u16).to_be_bytes();
        Ok([&[VERSION], &len[..], &self.wrapped, &nonce, &sealed, &tag].concat())
    }

    /// Unwraps what [`wrap`](DataKey::wrap) gave, with the same associated data.
    pub fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let not_authentic = || not_authentic(&self.reference);
        let (data_key, nonce, sealed, tag) = split(wrapped).ok_or_else(not_authentic)?;
        if data_key != self.wrapped {
            return Err(not_authentic());
        }
        let mut file_key = Zeroizing::new(vec![0; sealed.len()]);
        match self.cipher().open(&Nonce::base(nonce), associated, sealed, tag, &mut file_key) {
            Ok(()) => Ok(file_key),
            Err(AeadError::Unauthentic) => Err(not_authentic()),
            Err(AeadError::Refused) => Err(unavailable(&self.reference, NO_MEMORY)),
        }
    }

    fn cipher(&self) -> Cipher {
        Cipher::new(Suite::Aes256Gcm, &self.secret)
    }
}

secret::redacted_debug!(DataKey);

/// The reference under which a data key of this external key stands in a header.
pub fn data_key_reference(reference: &str) -> String {
    format!("{PREFIX}{reference}")
}

/// The reference of the external key, in that of a data key; `None` for a reference that is none.
pub fn wrapping_reference(reference: &str) -> Option<&str> {
    reference.strip_prefix(PREFIX)
}

/// The wrapped data key, in what one wrapped; `None` for what is not of its layout.
pub fn wrapped_data_key(wrapped: &[u8]) -> Option<&[u8]> {
    split(wrapped).map(|(data_key, ..)| data_key)
}

type Parts<'w> = (&'w [u8], &'w [u8; NONCE_LEN], &'w [u8; 32], &'w [u8; TAG_LEN]);

/// Spec X-15.
fn split(wrapped: &[u8]) -> Option<Parts<'_>> {
    let (&[version, high, low], rest) = wrapped.split_first_chunk()?;
    let (data_key, rest) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
    let (nonce, rest) = rest.split_first_chunk()?;
    let (sealed, tag) = rest.split_first_chunk()?;
    let of_layout = version == VERSION && !data_key.is_empty();
    of_layout.then_some((data_key, nonce, sealed, tag.try_into().ok()?))
}

/// What stands for a data key where an external key wraps it, in place of a header (spec X-14).
fn associated_data(reference: &str) -> [u8; 32] {
    Prk::from_bytes(&[0; 32]).mac(&[LABEL, reference.as_bytes()].concat())
}

fn not_authentic(reference: &str) -> ExternalKeyError {
    ExternalKeyError::NotAuthentic { reference: reference.into() }
}

fn unavailable(reference: &str, reason: &str) -> ExternalKeyError {
    ExternalKeyError::Unavailable { reference: reference.into(), reason: reason.into() }
}

const PREFIX: &str = "datakey:";
const LABEL: &[u8] = b"fortress-sdk/data-key@v1\0";
const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;
/// With what stands around it, 63 bytes, it is at most what a header takes.
const MAX_WRAPPED_DATA_KEY_LEN: usize = super::MAX_WRAPPED_LEN - 3 - NONCE_LEN - 32 - TAG_LEN;
const NO_RANDOMNESS: &str = "the source of randomness failed";
const NO_MEMORY: &str = "there was not enough memory";
