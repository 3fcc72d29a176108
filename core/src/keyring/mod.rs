//! Keyrings: versioned root keys, and the scopes below them (spec K-1 to K-7).

pub(crate) mod sealed;
#[cfg(feature = "statements")]
mod shared;
mod version;

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

pub use sealed::MAX_SEALED_PAYLOAD_LEN;
pub use version::{KeyId, Timestamp, VersionInfo, VersionState};

pub(crate) use version::{Purpose, Version};

use crate::{
    kdf::Prk,
    profile::Profile,
    secret::{RandomnessError, Secret},
};

/// Versions of a keyring, at most.
pub const MAX_VERSIONS: usize = 4_096;
/// Segments of a scope, at most.
pub const MAX_SCOPE_SEGMENTS: usize = 16;
/// Bytes of a scope segment, at most.
pub const MAX_SEGMENT_LEN: usize = 255;

/// Versioned keys: one version is primary and encrypts, the others decrypt until they are destroyed.
///
/// A keyring narrowed by [`scope`](Keyring::scope) holds keys from which those beside and above it cannot be computed. Secrets are wiped on
/// drop, and `Debug` shows none.
///
/// ```
/// use fortress::{Context, Keyring, Profile, Timestamp};
/// # let mut rng = getrandom::SysRng;
/// let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
/// let email = keyring.scope(["acme", "users", "email"])?;
/// let row = Context::new([("row", "42")])?;
/// let token = email.encrypt(b"ada@example.org", &row, &mut rng)?;
/// assert_eq!(email.decrypt(&token, &row)?, b"ada@example.org");
/// assert!(keyring.scope(["acme", "users", "ssn"])?.decrypt(&token, &row).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Keyring {
    profile: Profile,
    path: Vec<String>,
    /// Oldest first, ids unique, exactly one of them primary.
    versions: Vec<Version>,
    primary: usize,
    /// What the grant allows that it comes from; `None` for one that comes from none (spec A-8).
    granted: Option<Granted>,
}

/// What may be done with a keyring that comes from a grant.
#[cfg_attr(not(feature = "statements"), expect(dead_code, reason = "no keyring comes from a grant then"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    /// Decrypt.
    Decrypt,
    /// Encrypt and decrypt.
    Both,
}

impl Keyring {
    /// A keyring with one fresh version, created `now`.
    pub fn generate<R: TryCryptoRng + ?Sized>(
        profile: Profile,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<Keyring, KeyringError> {
        check_time(now)?;
        let version = Version::generate(now, rng)?;
        Ok(Keyring { profile, path: Vec::new(), versions: alloc::vec![version], primary: 0, granted: None })
    }

    /// The profile: suites that are written, and the rotation interval.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Writes by another profile from here on. What was written before stays readable.
    pub fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }

    /// The scope that this keyring is narrowed to; empty for one that is not.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// The id of the version that encrypts.
    pub fn primary(&self) -> KeyId {
        self.versions[self.primary].id()
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = VersionInfo> {
        self.versions.iter().map(Version::info)
    }

    /// This keyring narrowed to a scope: it can derive everything below and nothing beside or above.
    ///
    /// At least one segment, each of 1 to 255 bytes; a path has at most 16 in all.
    pub fn scope<S: AsRef<str>>(&self, segments: impl IntoIterator<Item = S>) -> Result<Keyring, KeyringError> {
        let segments: Vec<S> = segments.into_iter().collect();
        let mut path = self.path.clone();
        path.extend(segments.iter().map(|segment| String::from(segment.as_ref())));
        check_path(&path)?;
        if segments.is_empty() {
            return Err(KeyringError::EmptyScope);
        }
        let narrow = |version: &Version| {
            segments.iter().fold(version.duplicate(), |version, segment| version.narrow(segment.as_ref()))
        };
        Ok(Keyring {
            profile: self.profile,
            path,
            versions: self.versions.iter().map(narrow).collect(),
            primary: self.primary,
            granted: self.granted,
        })
    }

    /// Is the primary version as old as the profile's rotation interval? A clock that runs behind its creation says no.
    pub fn rotation_due(&self, now: Timestamp) -> bool {
        let age = now.0.saturating_sub(self.versions[self.primary].info().created.0);
        age >= self.profile.rotation_interval()
    }

    /// Adds a fresh version as primary; the former one goes on decrypting. Seal the keyring again to keep it.
    pub fn rotate<R: TryCryptoRng + ?Sized>(&mut self, now: Timestamp, rng: &mut R) -> Result<KeyId, KeyringError> {
        self.require_root()?;
        check_time(now)?;
        if self.versions.len() >= MAX_VERSIONS {
            return Err(KeyringError::TooManyVersions);
        }
        let version = self.generate_distinct(now, rng)?;
        self.versions[self.primary].retire();
        self.primary = self.versions.len();
        self.versions.push(version);
        Ok(self.primary())
    }

    /// Wipes a version's secret for good: what it encrypted cannot be read by this keyring again. Its id stays, so that readers can say so.
    pub fn destroy_version(&mut self, id: KeyId) -> Result<(), KeyringError> {
        self.require_root()?;
        let position = self.position(id).ok_or(KeyringError::UnknownKey(id))?;
        if position == self.primary {
            return Err(KeyringError::PrimaryInUse(id));
        }
        self.versions[position].destroy();
        Ok(())
    }

    /// A version's 32-byte secret, in the clear, for escrow; `None` when the id is unknown, the version destroyed, or the keyring from a grant.
    /// Whoever has it reads everything that the version encrypted.
    pub fn expose_secret(&self, id: KeyId) -> Option<&[u8; 32]> {
        if self.granted.is_some() {
            return None;
        }
        let version = self.versions.get(self.position(id)?)?;
        version.secret().map(Secret::expose)
    }

    /// The primary version's key for a purpose, and its id.
    pub(crate) fn encryption_key(&self, purpose: Purpose) -> Result<(KeyId, &Prk), KeyLookupError> {
        self.require_encrypting()?;
        let version = &self.versions[self.primary];
        let key = version.key(purpose).ok_or(KeyLookupError::Destroyed(version.id()))?;
        Ok((version.id(), key))
    }

    /// The key for a purpose of the version with this id.
    pub(crate) fn decryption_key(&self, id: KeyId, purpose: Purpose) -> Result<&Prk, KeyLookupError> {
        let position = self.position(id).ok_or(KeyLookupError::Unknown(id))?;
        self.versions[position].key(purpose).ok_or(KeyLookupError::Destroyed(id))
    }

    /// The secret identity of a version (spec K-7, I-5).
    #[cfg(feature = "sharing")]
    pub(crate) fn secret_identity(&self, id: KeyId) -> Result<&crate::identity::SecretIdentity, KeyLookupError> {
        let position = self.position(id).ok_or(KeyLookupError::Unknown(id))?;
        self.versions[position].identity().ok_or(KeyLookupError::Destroyed(id))
    }

    /// Refuses what encrypts, where a grant does not allow it.
    pub(crate) fn require_encrypting(&self) -> Result<(), KeyLookupError> {
        if self.granted == Some(Granted::Decrypt) { Err(KeyLookupError::NotGranted) } else { Ok(()) }
    }

    /// Refuses what hands keys on: a grant is for whom it was made.
    pub(crate) fn require_own(&self) -> Result<(), KeyLookupError> {
        if self.granted.is_none() { Ok(()) } else { Err(KeyLookupError::NotGranted) }
    }

    /// A fresh version whose id is none of this keyring's. A generator that gives the same id again and again is broken.
    fn generate_distinct<R: TryCryptoRng + ?Sized>(
        &self,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<Version, RandomnessError> {
        for _ in 0..ID_ATTEMPTS {
            let version = Version::generate(now, rng)?;
            if self.position(version.id()).is_none() {
                return Ok(version);
            }
        }
        Err(RandomnessError)
    }

    fn position(&self, id: KeyId) -> Option<usize> {
        // The newest versions are asked for most.
        self.versions.iter().rposition(|version| version.id() == id)
    }

    fn require_root(&self) -> Result<(), KeyringError> {
        if self.path.is_empty() { Ok(()) } else { Err(KeyringError::NotRoot) }
    }
}

/// A time that could not be sealed would lose the keyring.
fn check_time(now: Timestamp) -> Result<(), KeyringError> {
    if now.0 <= Timestamp::MAX { Ok(()) } else { Err(KeyringError::InvalidTime(now)) }
}

/// Checks a path against K-5.
pub(crate) fn check_path(path: &[String]) -> Result<(), KeyringError> {
    if path.len() > MAX_SCOPE_SEGMENTS {
        return Err(KeyringError::TooManySegments { got: path.len() });
    }
    match path.iter().find(|segment| segment.is_empty() || segment.len() > MAX_SEGMENT_LEN) {
        Some(segment) => Err(KeyringError::InvalidSegment { got: segment.len() }),
        None => Ok(()),
    }
}

/// The keyring does not hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyLookupError {
    Unknown(KeyId),
    Destroyed(KeyId),
    /// It comes from a grant that does not allow this.
    NotGranted,
}

/// Why an operation on a keyring's versions or scopes failed. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// A scope without segments.
    #[error("a scope needs at least one segment")]
    EmptyScope,
    /// A segment that is empty or too long.
    #[error("a scope segment has 1 to 255 bytes, this one has {got}")]
    InvalidSegment {
        /// Its bytes.
        got: usize,
    },
    /// A path that is too long.
    #[error("a scope has at most 16 segments, this one would have {got}")]
    TooManySegments {
        /// Its segments.
        got: usize,
    },
    /// A narrowed keyring cannot do this.
    #[error(
        "a keyring narrowed to a scope cannot be rotated or have versions destroyed; do that on the keyring it was narrowed from"
    )]
    NotRoot,
    /// No version has this id.
    #[error("no version of this keyring has the key id {0}; use the keyring that has it")]
    UnknownKey(KeyId),
    /// The primary version is needed for encryption.
    #[error("version {0} is the primary one and cannot be destroyed; rotate first")]
    PrimaryInUse(KeyId),
    /// No room for another version.
    #[error("a keyring has at most 4096 versions; start another one and re-encrypt to it")]
    TooManyVersions,
    /// Later than [`Timestamp::MAX`].
    #[error("{} is no time in whole seconds since 1970; is it in smaller units?", .0.0)]
    InvalidTime(Timestamp),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl KeyringError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            KeyringError::EmptyScope | KeyringError::InvalidSegment { .. } | KeyringError::TooManySegments { .. } => {
                "invalid_segment"
            }
            KeyringError::NotRoot => "not_root",
            KeyringError::UnknownKey(_) => "unknown_key",
            KeyringError::PrimaryInUse(_) => "primary_in_use",
            KeyringError::TooManyVersions => "limit_exceeded",
            KeyringError::InvalidTime(_) => "invalid_time",
            KeyringError::Randomness(_) => "randomness",
        }
    }
}

/// A collision is a chance of one in a million in the largest keyring; this many in a row are none.
const ID_ATTEMPTS: usize = 8;

#[cfg(test)]
pub(crate) mod tests;
