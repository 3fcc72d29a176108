//! External keys: keys that never come here, in a hardware module, a cloud service or a plug-in (spec ).
//!
//! Fortress hands such a key 32 bytes to wrap or to unwrap, and how it does that is its own affair. It is given *associated data* with them, which stands
//! for the envelope's header: a key that can authenticate it, as AES-GCM and cloud services can, binds what it wraps to that header.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use zeroize::Zeroizing;

mod data_key;

pub use data_key::{DataKey, MAX_DATA_KEY_USES, data_key_reference, wrapped_data_key, wrapping_reference};

/// Bytes of a key reference, at most.
pub const MAX_REFERENCE_LEN: usize = 1_024;
/// Bytes of a wrapped file key, at most.
pub const MAX_WRAPPED_LEN: usize = 8_192;

/// A key that wraps and unwraps 32 bytes somewhere else.
///
/// A call may take as long as the key's time-out; an envelope costs a reader one for each different reference that it may open.
pub trait ExternalKey: fmt::Debug {
    /// What the key is known by: 1 to 1,024 bytes, such as an RFC 7512 URI. Anyone can read it in the header.
    fn reference(&self) -> &str;

    /// Wraps a file key, to at most 8,192 bytes.
    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError>;

    /// Unwraps what [`wrap`](ExternalKey::wrap) gave, with the same associated data.
    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError>;

    /// As [`unwrap`](ExternalKey::unwrap), told under which of its names this stands in the header: one of those that it
    /// [`opens`](ExternalKey::opens).
    fn unwrap_as(
        &self,
        reference: &str,
        wrapped: &[u8],
        associated: &[u8; 32],
    ) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let _ = reference;
        self.unwrap(wrapped, associated)
    }

    /// Does it open what is wrapped under this reference? A key that has several names says yes to each.
    fn opens(&self, reference: &str) -> bool {
        reference == self.reference()
    }
}

/// One that several hold.
impl<K: ExternalKey + ?Sized> ExternalKey for Arc<K> {
    fn reference(&self) -> &str {
        (**self).reference()
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        (**self).wrap(file_key, associated)
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        (**self).unwrap(wrapped, associated)
    }

    fn unwrap_as(
        &self,
        reference: &str,
        wrapped: &[u8],
        associated: &[u8; 32],
    ) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        (**self).unwrap_as(reference, wrapped, associated)
    }

    fn opens(&self, reference: &str) -> bool {
        (**self).opens(reference)
    }
}

/// An external key that was asked beforehand, and stands in a call with the one answer that it gave. To any other question it is unavailable.
pub struct AnsweredKey {
    reference: String,
    wrapped: Vec<u8>,
    associated: [u8; 32],
    /// What it unwrapped; `None` where it wrapped.
    file_key: Option<Result<Zeroizing<Vec<u8>>, ExternalKeyError>>,
}

impl AnsweredKey {
    /// The key with this reference, which wrapped a file key with this associated data.
    pub fn wrapped(reference: String, wrapped: Vec<u8>, associated: [u8; 32]) -> AnsweredKey {
        AnsweredKey { reference, wrapped, associated, file_key: None }
    }

    pub(crate) fn unwrapped(
        reference: String,
        wrapped: Vec<u8>,
        associated: [u8; 32],
        file_key: Result<Zeroizing<Vec<u8>>, ExternalKeyError>,
    ) -> AnsweredKey {
        AnsweredKey { reference, wrapped, associated, file_key: Some(file_key) }
    }

    /// Did it unwrap what it was asked for?
    pub fn has_unwrapped(&self) -> bool {
        matches!(self.file_key, Some(Ok(_)))
    }

    fn not_asked(&self) -> ExternalKeyError {
        ExternalKeyError::Unavailable { reference: self.reference.clone(), reason: NOT_ASKED.into() }
    }
}

impl fmt::Debug for AnsweredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnsweredKey").field("reference", &self.reference).finish_non_exhaustive()
    }
}

impl ExternalKey for AnsweredKey {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn wrap(&self, _: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        match self.file_key {
            None if self.associated == *associated => Ok(self.wrapped.clone()),
            _ => Err(self.not_asked()),
        }
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        match &self.file_key {
            Some(answer) if self.wrapped == wrapped && self.associated == *associated => answer.clone(),
            _ => Err(self.not_asked()),
        }
    }
}

/// Why an external key did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalKeyError {
    /// It cannot be reached: a token that is gone, a service that does not answer.
    #[error("the external key {reference:?} cannot be reached: {reason}")]
    Unavailable {
        /// The key.
        reference: String,
        /// What its holder reports.
        reason: String,
    },
    /// It was reached and does not do it: a wrong PIN, a permission that is missing.
    #[error("the external key {reference:?} refuses: {reason}")]
    Refused {
        /// The key.
        reference: String,
        /// What its holder reports.
        reason: String,
    },
    /// What it was given to unwrap is not what it wrapped.
    #[error("the external key {reference:?} finds what it wrapped changed, or of another header")]
    NotAuthentic {
        /// The key.
        reference: String,
    },
    /// A reference, or what a key gave back, that cannot stand in a header.
    #[error(
        "the external key {reference:?} cannot be used: a reference has 1 to 1024 bytes, and what it wraps 1 to 8192"
    )]
    Invalid {
        /// The key, its start.
        reference: String,
    },
}

impl ExternalKeyError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            ExternalKeyError::Unavailable { .. } => "key_unavailable",
            ExternalKeyError::Refused { .. } => "key_refused",
            ExternalKeyError::NotAuthentic { .. } => "authentication_failed",
            ExternalKeyError::Invalid { .. } => "invalid_external_key",
        }
    }
}

const NOT_ASKED: &str = "it was asked something else beforehand";
