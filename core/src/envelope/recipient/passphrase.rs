//! Recipients of type 2: passphrases (spec R-3).

use alloc::vec::Vec;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{super::header::RecipientKind, EnvelopeError, FILE_KEY_LEN, WRAPPING_SUITE, Wrapped};
use crate::{
    chunked::{Derived, MESSAGE_PREFIX_LEN, encrypt_message},
    kdf::Prk,
    passphrase::{ARGON2_SALT_LEN, Argon2Params, Passphrase, PassphraseError},
    secret::{Secret, fill_random},
};

pub(super) fn wrap<R: TryCryptoRng + ?Sized>(
    passphrase: &Passphrase,
    params: Argon2Params,
    file_key: &Secret,
    rng: &mut R,
) -> Result<Wrapped, EnvelopeError> {
    let mut salt = [0; ARGON2_SALT_LEN];
    fill_random(rng, &mut salt)?;
    let key = Prk::new(&passphrase.derive_key(&salt, params)?);
    let derived = Derived::generate(WRAPPING_SUITE, &key, NO_CONTEXT, rng)?;
    let mut body = Vec::with_capacity(BODY_LEN);
    body.extend_from_slice(&salt);
    for number in [params.passes, params.memory_kib, params.lanes] {
        body.extend_from_slice(&number.to_be_bytes());
    }
    body.extend_from_slice(derived.prefix());
    encrypt_message(&derived.into_message_key(), file_key.expose(), &mut body)?;
    Ok(Wrapped { kind: RecipientKind::Passphrase, body })
}

/// The body of a passphrase recipient (spec R-3).
pub(super) struct Body<'b> {
    salt: &'b [u8; ARGON2_SALT_LEN],
    pub(super) params: Argon2Params,
    prefix: &'b [u8; MESSAGE_PREFIX_LEN],
    chunk: &'b [u8],
}

impl<'b> Body<'b> {
    pub(super) fn parse(body: &'b [u8]) -> Option<Body<'b>> {
        let (salt, rest) = body.split_first_chunk()?;
        let (passes, rest) = rest.split_first_chunk()?;
        let (memory_kib, rest) = rest.split_first_chunk()?;
        let (lanes, rest) = rest.split_first_chunk()?;
        let (prefix, chunk) = rest.split_first_chunk()?;
        let number = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
        let params = Argon2Params { passes: number(passes), memory_kib: number(memory_kib), lanes: number(lanes) };
        Some(Body { salt, params, prefix, chunk })
    }

    /// `None` when the passphrase is another one.
    pub(super) fn unwrap(&self, passphrase: &Passphrase) -> Result<Option<Secret>, PassphraseError> {
        let key = Prk::new(&passphrase.derive_key(self.salt, self.params)?);
        let opened = Derived::open(WRAPPING_SUITE, &key, self.prefix, NO_CONTEXT)
            .ok()
            .and_then(|derived| derived.into_message_key().decrypt_message(self.chunk).ok());
        Ok(opened.map(Zeroizing::new).and_then(|file_key| Secret::from_slice(&file_key)))
    }
}

pub(super) const BODY_LEN: usize = ARGON2_SALT_LEN + 12 + MESSAGE_PREFIX_LEN + FILE_KEY_LEN + crate::aead::TAG_LEN;
const NO_CONTEXT: [&[u8]; 2] = [&[], &[]];
