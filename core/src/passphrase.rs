//! Passphrases, and the Argon2id parameters that slow down guessing them (spec R-3, L-2; RFC 9106).

use core::fmt;

use alloc::{string::String, vec::Vec};

#[cfg(feature = "unicode")]
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Bytes of a salt.
pub(crate) const ARGON2_SALT_LEN: usize = 16;

/// A passphrase: not empty, in Unicode Normalization Form C, wiped on drop.
///
/// The same characters typed on different systems give the same passphrase:
///
/// ```
/// use fortress::Passphrase;
/// assert_eq!(Passphrase::new("caf\u{e9}")?, Passphrase::new("cafe\u{301}")?);
/// # Ok::<(), fortress::PassphraseError>(())
/// ```
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The passphrase of this text.
    #[cfg(feature = "unicode")]
    pub fn new(text: &str) -> Result<Passphrase, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        // Reserved whole, so that growing leaves no copy behind: NFC is at most three times as long.
        let mut normalized = Zeroizing::new(String::with_capacity(text.len() * 3));
        match is_nfc_quick(text.chars()) {
            IsNormalized::Yes => normalized.push_str(text),
            IsNormalized::No | IsNormalized::Maybe => normalized.extend(text.nfc()),
        }
        Ok(Passphrase(normalized))
    }

    /// The passphrase of a text that its caller has brought into Normalization Form C, for platforms that can: in another form it would
    /// be another passphrase.
    pub fn from_nfc(text: &str) -> Result<Passphrase, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        Ok(Passphrase(Zeroizing::new(String::from(text))))
    }

    /// The key that this passphrase and salt give. Takes as long and as much memory as `params` say.
    pub(crate) fn derive_key(
        &self,
        salt: &[u8; ARGON2_SALT_LEN],
        params: Argon2Params,
    ) -> Result<Secret, PassphraseError> {
        let Argon2Params { passes, memory_kib, lanes } = params;
        let invalid = |_| PassphraseError::Parameters(params);
        let params = argon2::Params::new(memory_kib, passes, lanes, Some(32)).map_err(invalid)?;
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        // The memory is ours, to be wiped: the last block of each lane is as good as the key.
        let blocks = argon2.params().block_count();
        let mut memory = Zeroizing::new(Vec::new());
        memory.try_reserve_exact(blocks).map_err(|_| PassphraseError::OutOfMemory { memory_kib })?;
        memory.resize(blocks, argon2::Block::new());
        Secret::init_with(|key| argon2.hash_password_into_with_memory(self.0.as_bytes(), salt, key, &mut **memory))
            .map_err(|_| PassphraseError::Parameters(Argon2Params { passes, memory_kib, lanes }))
    }
}

impl PartialEq for Passphrase {
    fn eq(&self, other: &Passphrase) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.as_bytes(), other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

/// Costs of Argon2id (RFC 9106, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    /// Passes over the memory, *t*.
    pub passes: u32,
    /// Memory in KiB, *m*.
    pub memory_kib: u32,
    /// Lanes, *p*.
    pub lanes: u32,
}

impl Argon2Params {
    /// The second recommended parameters of RFC 9106, section 4: 3 passes over 64 MiB in 4 lanes.
    pub const RECOMMENDED: Argon2Params = Argon2Params { passes: 3, memory_kib: 65_536, lanes: 4 };

    /// Memory times passes.
    fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

impl Default for Argon2Params {
    fn default() -> Argon2Params {
        Argon2Params::RECOMMENDED
    }
}

impl fmt::Display for Argon2Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={}, m={} KiB, p={}", self.passes, self.memory_kib, self.lanes)
    }
}

/// The most that a reader spends on a passphrase, whatever a header asks for (spec L-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Limits {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Memory in KiB times passes.
    pub work_kib: u64,
    /// Lanes.
    pub lanes: u32,
    /// Memory in KiB times passes, over all passphrase recipients of a header together.
    pub total_work_kib: u64,
}

impl Argon2Limits {
    /// Refuses recipients that cost too much one by one or together.
    pub(crate) fn check_all(&self, all: impl Iterator<Item = Argon2Params>) -> Result<(), PassphraseError> {
        let mut total = 0_u64;
        for params in all {
            self.check(params)?;
            total += params.work_kib();
            if total > self.total_work_kib {
                return Err(PassphraseError::Parameters(params));
            }
        }
        Ok(())
    }

    /// Refuses what a reader with default limits would refuse, and less memory than [`MIN_WRITTEN_MEMORY_KIB`].
    pub(crate) fn check_for_writing(all: impl Iterator<Item = Argon2Params> + Clone) -> Result<(), PassphraseError> {
        if let Some(weak) = all.clone().find(|params| params.memory_kib < MIN_WRITTEN_MEMORY_KIB) {
            return Err(PassphraseError::Parameters(weak));
        }
        Argon2Limits::default().check_all(all)
    }

    /// Refuses parameters above these limits, or that RFC 9106 does not allow.
    pub(crate) fn check(&self, params: Argon2Params) -> Result<(), PassphraseError> {
        let Argon2Params { passes, memory_kib, lanes } = params;
        let valid = passes >= 1 && lanes >= 1 && u64::from(memory_kib) >= 8 * u64::from(lanes);
        let affordable = memory_kib <= self.memory_kib && lanes <= self.lanes && params.work_kib() <= self.work_kib;
        if valid && affordable { Ok(()) } else { Err(PassphraseError::Parameters(params)) }
    }
}

impl Default for Argon2Limits {
    fn default() -> Argon2Limits {
        Argon2Limits { memory_kib: 262_144, work_kib: 1_048_576, lanes: 16, total_work_kib: 2_097_152 }
    }
}

/// Why a passphrase could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// No characters.
    #[error("the passphrase is empty; choose one of several words")]
    Empty,
    /// Parameters that are too weak to write, or beyond what a reader spends.
    #[error(
        "Argon2id parameters out of bounds ({0}): expected 8 MiB to 256 MiB of memory, at most 1 GiB over all passes, and 1 to 16 lanes"
    )]
    Parameters(Argon2Params),
    /// The machine does not have the memory.
    #[error("Argon2id needs {memory_kib} KiB of memory, which this machine does not give")]
    OutOfMemory {
        /// KiB asked for.
        memory_kib: u32,
    },
}

impl PassphraseError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            PassphraseError::Empty => "empty_passphrase",
            PassphraseError::Parameters(_) => "argon2_limits",
            PassphraseError::OutOfMemory { .. } => "out_of_memory",
        }
    }
}

/// Less memory than this is not written: it would be guessed too fast.
pub const MIN_WRITTEN_MEMORY_KIB: u32 = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with the reference implementation (`argon2` of phc-winner-argon2, by argon2-cffi), which also gives the RFC's own
    /// vectors; those have a secret and associated data, which the formats do not use.
    #[test]
    fn is_argon2id() {
        let derive = |text: &str, salt: &[u8; 16], passes, memory_kib, lanes| {
            let params = Argon2Params { passes, memory_kib, lanes };
            hex::encode(Passphrase::new(text).unwrap().derive_key(salt, params).unwrap().expose())
        };
        assert_eq!(
            derive("password", b"somesaltsomesalt", 2, 64, 1),
            "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1"
        );
        assert_eq!(
            derive("password", b"somesaltsomesalt", 3, 4096, 4),
            "caf28acc48c75a149b51051279ab7a77215fa3272ed53e4eff36a186662e18bc"
        );
        let salt = core::array::from_fn(|i| i as u8);
        let expected = "0dc0d3a07500f88efb885875bc60496d932c3c0408d6df386ee31496eaa4c2cc";
        assert_eq!(derive("caf\u{e9} \u{1f512}", &salt, 1, 256, 2), expected);
        assert_eq!(derive("cafe\u{301} \u{1f512}", &salt, 1, 256, 2), expected, "composed before it is hashed");
    }

    #[test]
    fn limits() {
        let check = |passes, memory_kib, lanes| {
            Argon2Limits::check_for_writing([Argon2Params { passes, memory_kib, lanes }].into_iter()).is_ok()
        };
        assert!(check(3, 65_536, 4) && check(1, 8_192, 1) && check(4, 262_144, 16));
        for (t, m, p) in [
            (0, 65_536, 4),
            (3, 8_191, 4),
            (3, 65_536, 0),
            (3, 65_536, 17),
            (5, 262_144, 4),
            (1, 262_145, 4),
            (u32::MAX, u32::MAX, 1),
        ] {
            assert!(!check(t, m, p), "t={t} m={m} p={p}");
        }
    }

    #[test]
    fn limits_of_a_reader_are_its_callers() {
        let params = Argon2Params { passes: 10, memory_kib: 524_288, lanes: 32 };
        assert_eq!(Argon2Limits::default().check(params), Err(PassphraseError::Parameters(params)));
        let generous = Argon2Limits { memory_kib: 524_288, work_kib: 5_242_880, lanes: 32, total_work_kib: u64::MAX };
        assert_eq!(generous.check(params), Ok(()));
        let unlimited =
            Argon2Limits { memory_kib: u32::MAX, work_kib: u64::MAX, lanes: u32::MAX, total_work_kib: u64::MAX };
        for (passes, memory_kib, lanes) in [(0, 64, 1), (1, 64, 0), (1, 7, 1), (1, 31, 4), (1, u32::MAX, u32::MAX)] {
            assert!(unlimited.check(Argon2Params { passes, memory_kib, lanes }).is_err(), "not what RFC 9106 allows");
        }
    }

    #[test]
    fn a_passphrase_is_equal_however_it_is_typed() {
        let composed = Passphrase::new("\u{1e69}\u{ac00}").unwrap();
        assert_eq!(composed, Passphrase::new("s\u{307}\u{323}\u{1100}\u{1161}").unwrap());
        assert_ne!(composed, Passphrase::new("s\u{ac00}").unwrap());
        assert_ne!(Passphrase::new("\u{fb01}").unwrap(), Passphrase::new("fi").unwrap(), "NFC, not NFKC");
    }

    #[test]
    fn nothing_is_shown() {
        assert_eq!(alloc::format!("{:?}", Passphrase::new("hunter2").unwrap()), "Passphrase(redacted)");
        assert_eq!(Passphrase::new(""), Err(PassphraseError::Empty));
    }
}
