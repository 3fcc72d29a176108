//! Recipients of type 1: keyrings (spec R-2).

use alloc::vec::Vec;

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{super::header::RecipientKind, EnvelopeError, FILE_KEY_LEN, WRAPPING_SUITE, Wrapped};
use crate::{
    context::Context,
    keyring::{KeyId, KeyLookupError, Keyring, Purpose},
    secret::Secret,
    token::{self, Head, TokenError},
};

pub(super) fn wrap<R: TryCryptoRng + ?Sized>(
    keyring: &Keyring,
    file_key: &Secret,
    rng: &mut R,
) -> Result<Wrapped, EnvelopeError> {
    let (id, key) = keyring.encryption_key(Purpose::Wrap)?;
    let mut body = Vec::with_capacity(BODY_LEN);
    token::seal(WRAPPING_SUITE, id, key, file_key.expose(), &Context::empty(), rng, &mut body)?;
    Ok(Wrapped { kind: RecipientKind::Keyring, body })
}

/// `None` when the keyring does not hold the key.
pub(super) fn unwrap(keyring: &Keyring, body: &[u8]) -> Result<Option<Secret>, EnvelopeError> {
    // The key id is looked up before the suite: another keyring's recipient may use one that is not known here.
    let id = key_id(body).ok_or(EnvelopeError::NonCanonical)?;
    let key = match keyring.decryption_key(id, Purpose::Wrap) {
        Ok(key) => key,
        Err(KeyLookupError::Unknown(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let head = Head::parse_single(body)?;
    let file_key = Zeroizing::new(token::open(key, head, body, &Context::empty())?);
    Secret::from_slice(&file_key).map(Some).ok_or(EnvelopeError::NonCanonical)
}

/// The key id in the body of a keyring recipient, whatever its suite.
pub(super) fn key_id(body: &[u8]) -> Option<KeyId> {
    let &[_, _, _, k0, k1, k2, k3] = body.first_chunk::<{ token::HEAD_LEN }>()?;
    Some(KeyId([k0, k1, k2, k3]))
}

pub(super) fn is_of_layout(body: &[u8]) -> bool {
    body.len() == BODY_LEN && body[0] == token::SINGLE
}

impl From<KeyLookupError> for EnvelopeError {
    fn from(error: KeyLookupError) -> EnvelopeError {
        TokenError::from(error).into()
    }
}

const BODY_LEN: usize = token::OVERHEAD + FILE_KEY_LEN;
