//! Errors of grants and of the keys that sign them.

use alloc::{string::String, vec::Vec};

use super::{Actions, GranterId};
use crate::{
    envelope::EnvelopeError,
    identity::IdentityError,
    keyring::{KeyringError, Timestamp},
    secret::RandomnessError,
};

/// Why a grant could not be made, opened or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The envelope could not be written or read, such as when none of the recipients is at hand.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Signed by someone whom the caller did not name.
    #[error(
        "the grant is signed by {granter}, who is not among the granters that are trusted here; compare the verifying key with its holder before you add it"
    )]
    UntrustedGranter {
        /// Whose key it names.
        granter: GranterId,
    },
    /// The signature is not the granter's.
    #[error(
        "the grant is forged or was changed: its signature is not that of the granter {granter} whom it names, for the recipients that it has"
    )]
    Forged {
        /// Whom it names.
        granter: GranterId,
    },
    /// Its time is yet to come.
    #[error(
        "the grant is not valid yet: it begins at {from} and now it is {now}; wait, ask for one that begins sooner, or set the clock right"
    )]
    NotYetValid {
        /// When it begins.
        from: Timestamp,
        /// What the caller said.
        now: Timestamp,
    },
    /// Its time is over.
    #[error("the grant has expired: it ended at {until} and now it is {now}; ask for a new one")]
    Expired {
        /// When it ended.
        until: Timestamp,
        /// What the caller said.
        now: Timestamp,
    },
    /// Something that it was not made for.
    #[error("the grant allows to {granted}, and not to {wanted}{}", advice(*.granted))]
    ActionNotGranted {
        /// What was asked for.
        wanted: Actions,
        /// What it allows.
        granted: Actions,
    },
    /// A scope that is not its own or below.
    #[error(
        "the scope {wanted:?} is outside the grant, which is for {granted:?}; name that one, or one below it where the grant allows to decrypt, or ask for another grant"
    )]
    OutsideScope {
        /// What was asked for.
        wanted: Vec<String>,
        /// What it is for.
        granted: Vec<String>,
    },
    /// Keys of a whole keyring.
    #[error("a grant is for a scope: narrow the keyring first, or seal it for those who shall have all of it")]
    NotScoped,
    /// A grant without time.
    #[error(
        "a grant ends after it begins, and no later than the year 9999; this one would be valid from {from} until {until}"
    )]
    InvalidTimes {
        /// When it would begin.
        from: Timestamp,
        /// When it would end.
        until: Timestamp,
    },
    /// Texts that do not fit.
    #[error("the {what} of a grant has at most {limit} bytes, this one has {got}")]
    TextTooLong {
        /// Which text.
        what: &'static str,
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// A scope that cannot be.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl GrantError {
    /// That the scope asked for is not the grant's, nor one below.
    pub fn outside_scope<S: AsRef<str>>(wanted: &[S], granted: &[String]) -> GrantError {
        let wanted = wanted.iter().map(|segment| segment.as_ref().into()).collect();
        GrantError::OutsideScope { wanted, granted: granted.to_vec() }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            GrantError::Envelope(error) => error.code(),
            GrantError::UntrustedGranter { .. } => "untrusted_granter",
            GrantError::Forged { .. } => "forged_grant",
            GrantError::NotYetValid { .. } => "grant_not_yet_valid",
            GrantError::Expired { .. } => "grant_expired",
            GrantError::ActionNotGranted { .. } => "action_not_granted",
            GrantError::OutsideScope { .. } => "outside_scope",
            GrantError::NotScoped | GrantError::InvalidTimes { .. } | GrantError::TextTooLong { .. } => "invalid_grant",
            GrantError::Keyring(error) => error.code(),
        }
    }
}

/// What a grant is good for that was asked for something else.
fn advice(granted: Actions) -> &'static str {
    match granted {
        Actions::Encrypt => "; it makes files for the scope's identity, not tokens, and reads nothing back",
        Actions::Decrypt | Actions::Both => "; ask for one that does",
    }
}

impl From<IdentityError> for GrantError {
    fn from(error: IdentityError) -> GrantError {
        EnvelopeError::from(error).into()
    }
}

impl From<RandomnessError> for GrantError {
    fn from(error: RandomnessError) -> GrantError {
        EnvelopeError::from(error).into()
    }
}

/// Why a key that signs or verifies could not be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// A text that is no verifying key.
    #[error(
        "not a verifying key: expected \"fortress-verifying-key-1\" and 59 or 3182 more lowercase characters; was all of it copied?"
    )]
    InvalidVerifying,
    /// A text that is no signing key. It is not shown: it may be most of one.
    #[error(
        "not a signing key: expected \"FORTRESS-SIGNING-KEY-1\" and 59 more uppercase characters; was all of it copied?"
    )]
    InvalidSigning,
    /// The secret text where the public one belongs.
    #[error(
        "this is a signing key where a verifying one is expected; give out the one that starts with \"fortress-verifying-key-1\""
    )]
    SigningForVerifying,
    /// The public text where the secret one belongs.
    #[error(
        "this is a verifying key where the signing one is expected; use the one that starts with \"FORTRESS-SIGNING-KEY-1\""
    )]
    VerifyingForSigning,
    /// Bytes that are no key.
    #[error("not a verifying key: its bytes are none of Ed25519, or of Ed25519 and ML-DSA-65")]
    InvalidKey,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl SigningKeyError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            SigningKeyError::InvalidVerifying
            | SigningKeyError::InvalidSigning
            | SigningKeyError::SigningForVerifying
            | SigningKeyError::VerifyingForSigning
            | SigningKeyError::InvalidKey => "invalid_signing_key",
            SigningKeyError::Randomness(_) => "randomness",
        }
    }
}
