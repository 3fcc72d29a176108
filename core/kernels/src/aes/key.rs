//! AES-256: the key schedule, and whole blocks.

use zeroize::{ZeroizeOnDrop, Zeroizing, zeroize_bytes};

use super::{Aes, SBOX_CONSTANT};
use crate::lanes::U8x16;

/// The round keys (FIPS 197, 5.2): all but the last held as blocks are, all but the first with the S-box's constant added.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Key {
    first: U8x16,
    middle: [U8x16; 13],
    last: U8x16,
}

impl Key {
    pub(crate) fn new(aes: &Aes, key: &[u8; 32]) -> Key {
        let mut words = Zeroizing::new([0; 60]);
        for (word, bytes) in words.iter_mut().zip(key.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut round_constant = 1;
        for n in 8..60 {
            let mut word = words[n - 1];
            if n % 8 == 0 {
                // RotWord, of bytes that lie in the word from its low end.
                word = substituted(aes, word.rotate_right(8)) ^ round_constant;
                round_constant <<= 1;
            } else if n % 8 == 4 {
                word = substituted(aes, word);
            }
            words[n] = words[n - 8] ^ word;
        }
        let round_key = |round: usize| {
            let mut bytes = [0; 16];
            for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(&words[4 * round..]) {
                *bytes = word.to_le_bytes();
            }
            let key = U8x16::load(&bytes);
            zeroize_bytes(&mut bytes);
            key
        };
        let constant = U8x16::load(&SBOX_CONSTANT);
        Key {
            first: aes.enter(round_key(0)),
            middle: core::array::from_fn(|n| aes.enter(round_key(n + 1)) ^ constant),
            last: round_key(14) ^ U8x16::load(&[0x63; 16]),
        }
    }

    /// Encrypts each block (FIPS 197, 5.1).
    #[inline(never)]
    pub(crate) fn encrypt(&self, aes: &Aes, blocks: &mut [U8x16]) {
        let aes = *aes;
        for block in &mut *blocks {
            *block = aes.enter(*block) ^ self.first;
        }
        // A round of all blocks, then the next: the blocks do not wait for each other, and one round's tables stay in registers.
        for key in self.middle {
            let (pairs, rest) = blocks.as_chunks_mut::<2>();
            for pair in pairs {
                *pair = aes.round::<false, 2>(*pair).map(|block| block ^ key);
            }
            for block in rest {
                *block = aes.round::<false, 1>([*block]).map(|block| block ^ key)[0];
            }
        }
        for block in blocks {
            *block = aes.last_round(*block) ^ self.last;
        }
    }
}

/// SubWord.
fn substituted(aes: &Aes, word: u32) -> u32 {
    let mut block = [0; 16];
    block[..4].copy_from_slice(&word.to_le_bytes());
    let mut bytes = aes.sub_bytes(aes.enter(U8x16::load(&block))).to_bytes();
    let [a, b, c, d, ..] = bytes;
    zeroize_bytes(&mut block);
    zeroize_bytes(&mut bytes);
    u32::from_le_bytes([a, b, c, d]) ^ 0x6363_6363
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197, C.3.
    #[test]
    fn the_standards_example() {
        let aes = Aes::new();
        let key = Key::new(&aes, &core::array::from_fn(|n| n as u8));
        let plaintext = U8x16::load(&core::array::from_fn(|n| 0x11 * n as u8));
        let mut blocks = [plaintext; 3];
        key.encrypt(&aes, &mut blocks);
        let expected = [0x8E, 0xA2, 0xB7, 0xCA, 0x51, 0x67, 0x45, 0xBF, 0xEA, 0xFC, 0x49, 0x90, 0x4B, 0x49, 0x60, 0x89];
        assert_eq!(blocks.map(U8x16::to_bytes), [expected; 3]);
    }

    /// The last round key of FIPS 197, A.3: it depends on all words before it.
    #[test]
    fn the_standards_key_expansion() {
        let key = [
            0x60, 0x3D, 0xEB, 0x10, 0x15, 0xCA, 0x71, 0xBE, 0x2B, 0x73, 0xAE, 0xF0, 0x85, 0x7D, 0x77, 0x81, 0x1F, 0x35,
            0x2C, 0x07, 0x3B, 0x61, 0x08, 0xD7, 0x2D, 0x98, 0x10, 0xA3, 0x09, 0x14, 0xDF, 0xF4,
        ];
        let last = [0xFE, 0x48, 0x90, 0xD1, 0xE6, 0x18, 0x8D, 0x0B, 0x04, 0x6D, 0xF3, 0x44, 0x70, 0x6C, 0x63, 0x1E];
        assert_eq!(Key::new(&Aes::new(), &key).last.to_bytes().map(|byte| byte ^ 0x63), last);
    }
}
