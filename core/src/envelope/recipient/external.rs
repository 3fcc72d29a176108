//! Recipients of type 5: external keys (spec R-7).

use alloc::{string::String, vec::Vec};

use super::{super::header::RecipientKind, EnvelopeError, Wrapped};
use crate::{
    external::{ExternalKey, ExternalKeyError, MAX_REFERENCE_LEN, MAX_WRAPPED_LEN},
    secret::Secret,
};

pub(super) fn wrap(key: &dyn ExternalKey, file_key: &Secret, associated: &[u8; 32]) -> Result<Wrapped, EnvelopeError> {
    let reference = key.reference();
    let invalid = || ExternalKeyError::Invalid { reference: reference.chars().take(SHOWN).collect() };
    if !(1..=MAX_REFERENCE_LEN).contains(&reference.len()) {
        return Err(invalid().into());
    }
    let wrapped = key.wrap(file_key.expose(), associated)?;
    if !(1..=MAX_WRAPPED_LEN).contains(&wrapped.len()) {
        return Err(invalid().into());
    }
    let mut body = Vec::with_capacity(2 + reference.len() + wrapped.len());
    body.extend_from_slice(&(reference.len() as u16).to_be_bytes());
    body.extend_from_slice(reference.as_bytes());
    body.extend_from_slice(&wrapped);
    Ok(Wrapped { kind: RecipientKind::External, body })
}

pub(super) fn unwrap(key: &dyn ExternalKey, body: &Body<'_>, associated: &[u8; 32]) -> Result<Secret, EnvelopeError> {
    let file_key = key.unwrap_as(body.reference, body.wrapped, associated)?;
    Secret::from_slice(&file_key).ok_or(EnvelopeError::AuthenticationFailed)
}

/// The body of an external key's recipient.
pub(super) struct Body<'b> {
    pub(super) reference: &'b str,
    pub(super) wrapped: &'b [u8],
}

impl<'b> Body<'b> {
    /// `None` when it is not of its layout.
    pub(super) fn parse(body: &'b [u8]) -> Option<Body<'b>> {
        let (len, rest) = body.split_first_chunk()?;
        let (reference, wrapped) = rest.split_at_checked(u16::from_be_bytes(*len).into())?;
        let of_layout =
            (1..=MAX_REFERENCE_LEN).contains(&reference.len()) && (1..=MAX_WRAPPED_LEN).contains(&wrapped.len());
        let reference = core::str::from_utf8(reference).ok()?;
        of_layout.then_some(Body { reference, wrapped })
    }

    pub(super) fn shown(&self) -> String {
        self.reference.chars().take(SHOWN).collect()
    }
}

impl From<ExternalKeyError> for EnvelopeError {
    fn from(error: ExternalKeyError) -> EnvelopeError {
        match error {
            ExternalKeyError::NotAuthentic { .. } => EnvelopeError::AuthenticationFailed,
            other => EnvelopeError::ExternalKey(other),
        }
    }
}

/// Characters of a stranger's reference that an error shows.
const SHOWN: usize = 200;
