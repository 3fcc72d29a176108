//! Recipients of type 6: the identity of a keyring's scope (spec R-8).

#[cfg(feature = "sharing")]
pub(super) use sealed::{unwrap, wrap};

use super::FILE_KEY_LEN;
use crate::{identity::SEALED_OVERHEAD, keyring::KeyId};

/// The version that a body names.
pub(super) fn key_id(body: &[u8]) -> Option<KeyId> {
    body.first_chunk::<KEY_ID_LEN>().copied().map(KeyId)
}

const KEY_ID_LEN: usize = 4;
pub(super) const BODY_LEN: usize = KEY_ID_LEN + SEALED_OVERHEAD + FILE_KEY_LEN;

#[cfg(feature = "sharing")]
mod sealed {
    use alloc::vec::Vec;

    use rand_core::TryCryptoRng;

    use super::{
        super::{super::header::RecipientKind, EnvelopeError, Wrapped},
        BODY_LEN, KEY_ID_LEN, key_id,
    };
    use crate::{
        identity::{ScopeIdentity, Sealing},
        keyring::{KeyLookupError, Keyring},
        secret::Secret,
    };

    pub(in super::super) fn wrap<R: TryCryptoRng + ?Sized>(
        public: &ScopeIdentity,
        file_key: &Secret,
        rng: &mut R,
    ) -> Result<Wrapped, EnvelopeError> {
        let mut body = Vec::with_capacity(BODY_LEN);
        body.extend_from_slice(&public.key_id().0);
        public.public().seal(Sealing::FileKey, file_key.expose(), rng, &mut body)?;
        Ok(Wrapped { kind: RecipientKind::Scope, body })
    }

    /// `None` when the keyring does not hold the key.
    pub(in super::super) fn unwrap(keyring: &Keyring, body: &[u8]) -> Result<Option<Secret>, EnvelopeError> {
        let id = key_id(body).ok_or(EnvelopeError::NonCanonical)?;
        let secret = match keyring.secret_identity(id) {
            Ok(secret) => secret,
            Err(KeyLookupError::Unknown(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let file_key = secret.open(Sealing::FileKey, &body[KEY_ID_LEN..]).ok_or(EnvelopeError::AuthenticationFailed)?;
        Secret::from_slice(&file_key).map(Some).ok_or(EnvelopeError::NonCanonical)
    }
}
