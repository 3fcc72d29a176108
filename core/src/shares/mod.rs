//! Share sets: any *k* of *n* shares open what is encrypted for the set, and fewer open nothing (spec Q-1 to Q-4).
//!
//! A set is for the day when every other way in is lost: its shares lie with different people, as texts or sealed for their identities.
//!
//! ```
//! # #[cfg(feature = "sharing")] {
//! use fortress::{Keyring, Profile, Timestamp, shares::{Share, Shares, ShareSet}};
//! # let mut rng = getrandom::SysRng;
//! let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
//! let set = ShareSet::generate(2, 3, &mut rng)?;
//! let sealed = keyring.seal(&[(&set).into()], Default::default(), &mut rng)?;
//! let texts: Vec<_> = set.shares().iter().map(Share::expose_text).collect();
//!
//! let brought = [Share::from_text(&texts[2])?, Share::from_text(&texts[0])?];
//! let recovered = Keyring::open(&sealed, &[(&Shares::new(brought)?).into()], &Default::default())?;
//! assert_eq!(recovered.primary(), keyring.primary());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "sharing")]
mod shamir;
#[cfg(feature = "sharing")]
mod share;

use core::fmt;

#[cfg(feature = "sharing")]
pub(crate) use share::MAX_TRIES;
#[cfg(feature = "sharing")]
pub use share::{Share, ShareSet, Shares};

use crate::{identity::IdentityId, secret::RandomnessError};

/// The id of a share set: 8 random bytes, in each of its shares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShareSetId(pub [u8; 8]);

/// 16 hexadecimal digits.
impl fmt::Display for ShareSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ShareSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShareSetId({self})")
    }
}

/// Why shares could not be made, read or put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// A text that is no share. It is not shown: it may be most of one.
    #[error("not a share: expected \"FORTRESS-SHARE-1\" and 74 more uppercase characters; was all of it copied?")]
    InvalidText,
    /// A set that cannot be.
    #[error(
        "a share set needs 2 to 255 shares, and at least 2 and at most all of them to open; this one has {count}, {threshold} to open"
    )]
    InvalidSet {
        /// Shares that open.
        threshold: u8,
        /// Shares in all.
        count: u8,
    },
    /// More people than shares.
    #[error("there are {holders} identities to hold a share each, and only {count} shares")]
    TooManyHolders {
        /// Identities.
        holders: usize,
        /// Shares.
        count: u8,
    },
    /// Somebody who would open with fewer others than the set says.
    #[error("identity {holder} would hold two shares of one set, and count twice; give each share to someone else")]
    HoldsTwo {
        /// Who.
        holder: IdentityId,
    },
    /// No shares at all.
    #[error("no shares were given")]
    NoShares,
    /// Shares that do not belong together.
    #[error("the shares are of different sets, {first} and {other}; bring shares of one set")]
    DifferentSets {
        /// The set of the first share.
        first: ShareSetId,
        /// The set of another one.
        other: ShareSetId,
    },
    /// Two shares that cannot both be right.
    #[error("share number {number} contradicts another one of its set; one of them is wrong")]
    Conflicting {
        /// The number of one.
        number: u8,
    },
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl ShareError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            ShareError::InvalidText | ShareError::Conflicting { .. } => "invalid_share",
            ShareError::InvalidSet { .. } | ShareError::TooManyHolders { .. } | ShareError::HoldsTwo { .. } => {
                "invalid_share_set"
            }
            ShareError::NoShares => "not_enough_shares",
            ShareError::DifferentSets { .. } => "different_share_sets",
            ShareError::Randomness(_) => "randomness",
        }
    }
}

/// Bytes of a share: set, threshold, number and value (spec Q-3).
pub(crate) const SHARE_LEN: usize = 8 + 1 + 1 + 32;

#[cfg(feature = "sharing")]
#[cfg(test)]
mod tests;
