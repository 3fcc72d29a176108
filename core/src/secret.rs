//! Secrets of 32 bytes: wiped on drop, silent in Debug, compared in constant time.

use alloc::vec::Vec;
use core::fmt;

use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq;

/// A 32-byte key. Its bytes leave only through [`Secret::expose`].
pub(crate) struct Secret(Wiped<32>);

impl Secret {
    /// A uniformly random secret.
    pub(crate) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Secret, RandomnessError> {
        Secret::init_with(|bytes| fill_random(rng, bytes))
    }

    /// A secret that `fill` writes in place: as few copies as the language allows.
    pub(crate) fn init_with<E>(fill: impl FnOnce(&mut [u8; 32]) -> Result<(), E>) -> Result<Secret, E> {
        let mut secret = Secret(Wiped([0; 32]));
        fill(&mut secret.0.0)?;
        Ok(secret)
    }

    /// A copy of `bytes`; `None` unless there are 32.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Secret> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Secret(Wiped(*bytes)))
    }

    /// A copy of 32 `bytes`, whose number the caller guarantees by construction.
    pub(crate) fn copied(bytes: &[u8]) -> Secret {
        let mut secret = Secret(Wiped([0; 32]));
        secret.0.0.copy_from_slice(bytes);
        secret
    }

    /// A second holder of the same secret, wiped on its own.
    pub(crate) fn duplicate(&self) -> Secret {
        Secret(Wiped(self.0.0))
    }

    /// The bytes themselves.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        equal(&self.0.0, &other.0.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Are they equal? Takes as long whatever they are. Eight bytes at a time: one by one it would cost a token 50 ns.
pub(crate) fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    let word = |bytes: &[u8; 32], i: usize| u64::from_ne_bytes(core::array::from_fn(|byte| bytes[8 * i + byte]));
    let difference = (0..4).fold(0, |difference, i| difference | (word(a, i) ^ word(b, i)));
    difference.ct_eq(&0).into()
}

/// Wipes a list and what lies behind its end, and empties it. As `Vec::zeroize`, but all at once: byte by byte it would cost a
/// column as much as its encryption.
pub(crate) fn wipe(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.capacity(), 0);
    zeroize::zeroize_bytes(bytes);
    bytes.clear();
}

/// Bytes that are wiped on drop. As `Zeroizing`, but the whole array at once: byte by byte it would cost a token 50 ns.
pub(crate) struct Wiped<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        zeroize::zeroize_bytes(&mut self.0);
    }
}

/// `Debug` for types that hold secrets: their name and nothing else.
macro_rules! redacted_debug {
    ($name:ident $(< $lifetime:lifetime >)?) => {
        impl core::fmt::Debug for $name $(< $lifetime >)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use redacted_debug;

/// The randomness that the caller passed in failed. Nothing was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed; nothing was encrypted")]
pub struct RandomnessError;

/// Fills `bytes` from the caller's generator.
pub(crate) fn fill_random<R: TryCryptoRng + ?Sized>(rng: &mut R, bytes: &mut [u8]) -> Result<(), RandomnessError> {
    rng.try_fill_bytes(bytes).map_err(|_| RandomnessError)
}

/// The caller's randomness, for a library that expects it never to fail. What was made after a failure is thrown away.
#[cfg(feature = "sharing")]
pub(crate) struct Latched<'r> {
    fill: &'r mut dyn FnMut(&mut [u8]) -> Result<(), RandomnessError>,
    failed: bool,
}

#[cfg(feature = "sharing")]
impl<'r> Latched<'r> {
    /// Of what fills bytes, as [`fill_random`] does.
    pub(crate) fn new(fill: &'r mut dyn FnMut(&mut [u8]) -> Result<(), RandomnessError>) -> Latched<'r> {
        Latched { fill, failed: false }
    }

    /// Was anything asked of it that it could not give?
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }
}

#[cfg(feature = "sharing")]
impl rand_core::TryRng for Latched<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, core::convert::Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, core::convert::Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), core::convert::Infallible> {
        self.failed |= (self.fill)(bytes).is_err();
        Ok(())
    }
}

#[cfg(feature = "sharing")]
impl TryCryptoRng for Latched<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::from_slice(&[0xAB; 32]).unwrap();
        assert_eq!(alloc::format!("{secret:?}"), "Secret(redacted)");
    }

    #[test]
    fn every_byte_is_compared() {
        let bytes = core::array::from_fn(|i| i as u8);
        assert!(equal(&bytes, &bytes.clone()));
        for bit in 0..256 {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!equal(&bytes, &other), "bit {bit}");
        }
    }

    #[test]
    fn wiping_reaches_what_was_cut_off() {
        let mut bytes = alloc::vec![0xA5; 100];
        bytes.truncate(10);
        wipe(&mut bytes);
        assert!(bytes.is_empty());
        let capacity = bytes.capacity();
        assert!(capacity >= 100);
        bytes.resize(capacity, 0);
        assert_eq!(bytes, alloc::vec![0; capacity]);
    }

    #[test]
    fn only_32_bytes_make_a_secret() {
        assert!(Secret::from_slice(&[0; 31]).is_none());
        assert!(Secret::from_slice(&[0; 33]).is_none());
    }
}
