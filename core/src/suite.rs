//! Suites: the AEADs, by their numbers in the IANA "AEAD Algorithms" registry (spec N-6).

use core::fmt;

/// An AEAD with a 32-byte key and a 16-byte tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Suite {
    /// `AEAD_AES_256_GCM` (RFC 5116). Messages of this suite are Cobblestone-256 messages.
    Aes256Gcm = 2,
    /// `AEAD_CHACHA20_POLY1305` (RFC 8439).
    ChaCha20Poly1305 = 29,
    /// `AEAD_AEGIS256` (draft-irtf-cfrg-aegis-aead).
    Aegis256 = 33,
    /// `AEAD_AEGIS256X2` (draft-irtf-cfrg-aegis-aead).
    Aegis256X2 = 36,
}

impl Suite {
    /// All suites, in the order of their numbers.
    pub const ALL: [Suite; 4] = [Suite::Aes256Gcm, Suite::ChaCha20Poly1305, Suite::Aegis256, Suite::Aegis256X2];

    /// The suite with this registry number.
    ///
    /// ```
    /// use fortress::{Suite, SuiteError};
    /// assert_eq!(Suite::from_id(29), Ok(Suite::ChaCha20Poly1305));
    /// assert_eq!(Suite::from_id(40_000), Err(SuiteError::Private(40_000)));
    /// ```
    pub const fn from_id(id: u16) -> Result<Suite, SuiteError> {
        match id {
            2 => Ok(Suite::Aes256Gcm),
            29 => Ok(Suite::ChaCha20Poly1305),
            33 => Ok(Suite::Aegis256),
            36 => Ok(Suite::Aegis256X2),
            32_768.. => Err(SuiteError::Private(id)),
            _ => Err(SuiteError::Unknown(id)),
        }
    }

    /// The suite with this short name, as [`Suite::title`] gives it.
    pub fn from_title(title: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.title() == title)
    }

    /// The registry number.
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The registry name, which enters the key derivation (spec N-8).
    pub const fn name(self) -> &'static str {
        match self {
            Suite::Aes256Gcm => "AEAD_AES_256_GCM",
            Suite::ChaCha20Poly1305 => "AEAD_CHACHA20_POLY1305",
            Suite::Aegis256 => "AEAD_AEGIS256",
            Suite::Aegis256X2 => "AEAD_AEGIS256X2",
        }
    }

    /// The name that people know the AEAD by.
    pub const fn title(self) -> &'static str {
        match self {
            Suite::Aes256Gcm => "AES-256-GCM",
            Suite::ChaCha20Poly1305 => "ChaCha20-Poly1305",
            Suite::Aegis256 => "AEGIS-256",
            Suite::Aegis256X2 => "AEGIS-256X2",
        }
    }

    /// Bytes of a nonce: 12 or 32.
    pub const fn nonce_len(self) -> usize {
        match self {
            Suite::Aes256Gcm | Suite::ChaCha20Poly1305 => 12,
            Suite::Aegis256 | Suite::Aegis256X2 => 32,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A suite number that this version cannot use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    /// A number that the registry may know and this version does not.
    #[error("suite {0} is not known to this version of Fortress; a newer version may read it")]
    Unknown(u16),
    /// A number from the private range, 32768 to 65535.
    #[error("suite {0} is private; it can be read only where its plugin is installed")]
    Private(u16),
}

impl SuiteError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            SuiteError::Unknown(_) => "unknown_suite",
            SuiteError::Private(_) => "private_suite",
        }
    }
}
