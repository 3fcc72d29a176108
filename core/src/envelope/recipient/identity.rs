//! Recipients of type 3: the holder of an identity (spec R-5).

#[cfg(feature = "sharing")]
pub(super) use sealed::{unwrap, wrap};

use super::FILE_KEY_LEN;
use crate::identity::{IdentityId, SEALED_OVERHEAD};

/// The identity that a body names.
pub(super) fn id(body: &[u8]) -> Option<IdentityId> {
    body.first_chunk::<ID_LEN>().copied().map(IdentityId)
}

const ID_LEN: usize = 8;
pub(super) const BODY_LEN: usize = ID_LEN + SEALED_OVERHEAD + FILE_KEY_LEN;

#[cfg(feature = "sharing")]
mod sealed {
    use alloc::vec::Vec;

    use rand_core::TryCryptoRng;

    use super::{
        super::{super::header::RecipientKind, EnvelopeError, Wrapped},
        BODY_LEN, ID_LEN, id,
    };
    use crate::{
        identity::{PublicIdentity, Sealing, SecretIdentity},
        secret::Secret,
    };

    pub(in super::super) fn wrap<R: TryCryptoRng + ?Sized>(
        public: &PublicIdentity,
        file_key: &Secret,
        rng: &mut R,
    ) -> Result<Wrapped, EnvelopeError> {
        let mut body = Vec::with_capacity(BODY_LEN);
        body.extend_from_slice(&public.id().0);
        public.seal(Sealing::FileKey, file_key.expose(), rng, &mut body)?;
        Ok(Wrapped { kind: RecipientKind::Identity, body })
    }

    /// `None` when it names another identity.
    pub(in super::super) fn unwrap(secret: &SecretIdentity, body: &[u8]) -> Result<Option<Secret>, EnvelopeError> {
        if id(body) != Some(secret.public().id()) {
            return Ok(None);
        }
        let file_key = secret.open(Sealing::FileKey, &body[ID_LEN..]).ok_or(EnvelopeError::AuthenticationFailed)?;
        Secret::from_slice(&file_key).map(Some).ok_or(EnvelopeError::NonCanonical)
    }
}
