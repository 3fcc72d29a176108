//! Identities: a key pair by which others encrypt for someone (spec I-1 to I-4).
//!
//! An identity is an X-Wing key pair, X25519 and ML-KEM-768 together: whoever wants to read what was encrypted for it has to break both,
//! so what is sealed today stays sealed when quantum computers break the one.
//!
//! ```
//! # #[cfg(feature = "sharing")] {
//! use fortress::{Context, envelope, identity::{PublicIdentity, SecretIdentity}};
//! # let mut rng = getrandom::SysRng;
//! let ada = SecretIdentity::generate(&mut rng)?;
//! let text = ada.public().to_string();
//! assert!(text.starts_with("fortress1"));
//!
//! let recipient: PublicIdentity = text.parse()?;
//! let options = envelope::Options::default();
//! let sealed = envelope::encrypt(b"for Ada", &[(&recipient).into()], &options, &mut rng)?;
//! assert_eq!(envelope::decrypt(&sealed, &[(&ada).into()], &Context::empty(), &Default::default())?, b"for Ada");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "sharing")]
mod hash;
#[cfg(feature = "sharing")]
mod hybrid;
#[cfg(feature = "sharing")]
mod mlkem;
#[cfg(feature = "sharing")]
mod public;
#[cfg(feature = "sharing")]
mod scope;
#[cfg(feature = "sharing")]
pub(crate) mod text;
#[cfg(feature = "sharing")]
mod x25519;
#[cfg(feature = "sharing")]
mod xwing;

use core::fmt;

#[cfg(feature = "sharing")]
pub use hybrid::{PUBLIC_KEY_LEN, PublicIdentity, SecretIdentity};
#[cfg(feature = "sharing")]
pub use public::PublicRecipient;
#[cfg(feature = "sharing")]
pub use scope::ScopeIdentity;

#[cfg(feature = "sharing")]
pub(crate) use hybrid::Sealing;

use crate::{aead::TAG_LEN, secret::RandomnessError};

/// What stands for an identity where its public key is too long: 8 bytes of the public key's hash (spec I-3).
///
/// It tells identities apart for people and readers. It proves nothing: compare public keys where it matters who someone is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdentityId(pub [u8; 8]);

/// 16 hexadecimal digits.
impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityId({self})")
    }
}

/// Why an identity could not be made, read or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A text that is no public identity.
    #[error("not a public identity: expected \"fortress1\" and 1952 more lowercase characters; was all of it copied?")]
    InvalidPublic,
    /// A text that is no secret identity. It is not shown: it may be most of one.
    #[error(
        "not a secret identity: expected \"FORTRESS-SECRET-KEY-1\" and 58 more uppercase characters; was all of it copied?"
    )]
    InvalidSecret,
    /// The secret text where the public one belongs.
    #[error(
        "this is a secret identity where a public one is expected; give out the one that starts with \"fortress1\""
    )]
    SecretForPublic,
    /// The public text where the secret one belongs.
    #[error(
        "this is a public identity where the secret one is expected; use the one that starts with \"FORTRESS-SECRET-KEY-1\""
    )]
    PublicForSecret,
    /// A text that is no scope's identity.
    #[error(
        "not a scope's identity: expected \"fortress-scope-1\" and 1958 more lowercase characters; was all of it copied?"
    )]
    InvalidScope,
    /// Bytes that are no public key of X-Wing.
    #[error("not a public identity: its bytes are no X-Wing public key")]
    InvalidKey,
    /// The keyring comes from a grant that does not allow to encrypt.
    #[error("this keyring was granted for less: its grant does not allow to encrypt, nor to give out what encrypts")]
    NotGranted,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl IdentityError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            IdentityError::InvalidPublic
            | IdentityError::InvalidSecret
            | IdentityError::SecretForPublic
            | IdentityError::PublicForSecret
            | IdentityError::InvalidScope
            | IdentityError::InvalidKey => "invalid_identity",
            IdentityError::NotGranted => "action_not_granted",
            IdentityError::Randomness(_) => "randomness",
        }
    }
}

/// Bytes of X-Wing's ciphertext: 1,088 of ML-KEM-768, 32 of X25519.
const ENCAPSULATED_LEN: usize = 1_120;
/// Bytes that something sealed for an identity is longer than what it holds.
pub(crate) const SEALED_OVERHEAD: usize = ENCAPSULATED_LEN + TAG_LEN;

#[cfg(feature = "sharing")]
#[cfg(test)]
mod tests;
