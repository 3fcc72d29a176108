//! One version of a keyring: its secret, and the keys for each purpose.

use alloc::boxed::Box;
use core::fmt;

use once_cell::race::OnceBox;
use rand_core::TryCryptoRng;

#[cfg(feature = "sharing")]
use crate::identity::SecretIdentity;
use crate::{
    kdf::Prk,
    secret::{RandomnessError, Secret, fill_random},
};

/// The id of a keyring's version: 4 random bytes, carried by everything that the version encrypts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The id that 8 hexadecimal digits stand for.
    pub fn from_hex(hex: &str) -> Option<KeyId> {
        let plain = hex.len() == 8 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = plain.then(|| u32::from_str_radix(hex, 16).ok()).flatten()?;
        Some(KeyId(number.to_be_bytes()))
    }
}

/// 8 hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The latest time that a keyring keeps: the end of the year 9999, which every language can show (spec K-1).
    pub const MAX: u64 = 253_402_300_799;
}

/// As RFC 3339 writes it, in UTC: `2026-09-21T14:13:20Z`. What lies beyond [`MAX`](Timestamp::MAX) is shown as its seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > Timestamp::MAX {
            return write!(f, "{} seconds after 1970", self.0);
        }
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        // Days since 0000-03-01, when leap days come last in their year, in eras of 400 years.
        let shifted = days + 719_468;
        let (era, day) = (shifted / 146_097, shifted % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = era * 400 + year + carry;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// What a version is for (spec K-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// Encrypts and decrypts.
    Primary,
    /// Decrypts what it encrypted while it was primary.
    DecryptOnly,
    /// Its secret is gone.
    Destroyed,
}

impl VersionState {
    /// `primary`, `decrypt-only` or `destroyed`.
    pub const fn name(self) -> &'static str {
        match self {
            VersionState::Primary => "primary",
            VersionState::DecryptOnly => "decrypt-only",
            VersionState::Destroyed => "destroyed",
        }
    }
}

/// What can be told of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    /// The id.
    pub id: KeyId,
    /// When it was made.
    pub created: Timestamp,
    /// What it is for.
    pub state: VersionState,
}

/// What a key that is derived once and kept is used for. Each purpose has a key of its own (spec K-7).
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Field,
    Wrap,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Purpose::Field => "field",
            Purpose::Wrap => "wrap",
        }
    }
}

pub(crate) struct Version {
    info: VersionInfo,
    /// `None` just when the state is destroyed. Boxed, so that a list of versions that grows leaves no secrets behind.
    secret: Option<Box<Secret>>,
    field: OnceBox<Prk>,
    wrap: OnceBox<Prk>,
    #[cfg(feature = "sharing")]
    identity: OnceBox<SecretIdentity>,
}

impl Version {
    /// A fresh primary version.
    pub(crate) fn generate<R: TryCryptoRng + ?Sized>(now: Timestamp, rng: &mut R) -> Result<Version, RandomnessError> {
        let mut id = KeyId([0; 4]);
        fill_random(rng, &mut id.0)?;
        let secret = Secret::generate(rng)?;
        Ok(Version::new(VersionInfo { id, created: now, state: VersionState::Primary }, Some(secret)))
    }

    pub(crate) fn new(info: VersionInfo, secret: Option<Secret>) -> Version {
        Version {
            info,
            secret: secret.map(Box::new),
            field: OnceBox::new(),
            wrap: OnceBox::new(),
            #[cfg(feature = "sharing")]
            identity: OnceBox::new(),
        }
    }

    pub(crate) fn info(&self) -> VersionInfo {
        self.info
    }

    pub(crate) fn id(&self) -> KeyId {
        self.info.id
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_deref()
    }

    pub(crate) fn duplicate(&self) -> Version {
        Version::new(self.info, self.secret().map(Secret::duplicate))
    }

    /// The version one segment down (spec K-6).
    pub(crate) fn narrow(self, segment: &str) -> Version {
        let child = self.secret().map(|parent| Prk::new(parent).derive_secret(SCOPE_LABEL, segment));
        Version::new(self.info, child)
    }

    /// The key for a purpose, derived on first use; `None` for a destroyed version.
    pub(crate) fn key(&self, purpose: Purpose) -> Option<&Prk> {
        let secret = self.secret()?;
        let cell = match purpose {
            Purpose::Field => &self.field,
            Purpose::Wrap => &self.wrap,
        };
        Some(cell.get_or_init(|| {
            let key = Prk::new(secret).derive_secret(KEY_LABEL, purpose.label());
            Box::new(Prk::new(&key))
        }))
    }

    /// The scope's identity, expanded on first use (spec K-7, I-5); `None` for a destroyed version.
    #[cfg(feature = "sharing")]
    pub(crate) fn identity(&self) -> Option<&SecretIdentity> {
        let secret = self.secret()?;
        Some(self.identity.get_or_init(|| {
            let seed = Prk::new(secret).derive_secret(KEY_LABEL, "identity");
            Box::new(SecretIdentity::expand(seed.expose()))
        }))
    }

    pub(crate) fn retire(&mut self) {
        self.info.state = VersionState::DecryptOnly;
    }

    pub(crate) fn destroy(&mut self) {
        *self = Version::new(VersionInfo { state: VersionState::Destroyed, ..self.info }, None);
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

const SCOPE_LABEL: &str = "fortress-sdk/scope@v1";
const KEY_LABEL: &str = "fortress-sdk/key@v1";
