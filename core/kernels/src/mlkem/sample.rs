//! Polynomials from hashes (FIPS 203, 4.2.2), two at a time.

use zeroize::Zeroize as _;

use super::{
    codec,
    poly::{Poly, Q},
};
use crate::{
    keccak::{SHAKE, Sponges},
    lanes::I16x8,
};

/// SampleNTT (Algorithm 7) of a public seed and two pairs of indices: coefficients from 0 to q - 1, in the transformed domain.
pub(super) fn uniform(seed: &[u8; 32], indices: [[u8; 2]; 2]) -> [Poly; 2] {
    let mut sponges = Sponges::absorb(BLOCK, SHAKE, [&[seed, &indices[0]], &[seed, &indices[1]]]);
    let (mut blocks, mut taken) = ([[0; BLOCK / 8]; 2], [Taken::new(), Taken::new()]);
    loop {
        sponges.squeeze(blocks.each_mut().map(<[u64; BLOCK / 8]>::as_mut_slice));
        for (taken, block) in taken.iter_mut().zip(&blocks) {
            taken.take(block);
        }
        if taken.iter().all(Taken::is_enough) {
            return taken.each_ref().map(Taken::poly);
        }
        sponges.permute();
    }
}

/// SamplePolyCBD (Algorithm 8, eta = 2) of PRF's output for a secret seed and numbers from 0 on, of which each polynomial has one: coefficients from -2 to 2.
pub(super) fn binomial(seed: &[u8; 32], pairs: &mut [[Poly; 2]]) {
    let mut words = [[0; 16]; 2];
    for (pair, number) in pairs.iter_mut().zip((0..).step_by(2)) {
        let sponges = Sponges::absorb(136, SHAKE, [&[seed, &[number]], &[seed, &[number + 1]]]);
        sponges.squeeze(words.each_mut().map(<[u64; 16]>::as_mut_slice));
        for (poly, words) in pair.iter_mut().zip(&words) {
            let (registers, _) = poly.0.as_chunks_mut();
            for ([first, second], word) in registers.iter_mut().zip(words) {
                let fours = differences(*word);
                *first = numbers(fours);
                *second = numbers(fours >> 32);
            }
        }
    }
    words.zeroize();
}

/// Eight numbers of the lowest bits, four to each, that have 4 too much.
#[inline(always)]
fn numbers(fours: u64) -> I16x8 {
    I16x8::from_words([fours, fours >> 16].map(codec::spread::<4>)) - I16x8::splat(4)
}

/// Of each four bits two and two, how many are set: the first count less the second, plus 4.
fn differences(bits: u64) -> u64 {
    const ODD: u64 = 0x5555_5555_5555_5555;
    const PAIRS: u64 = 0x3333_3333_3333_3333;
    const FOURS: u64 = 0x4444_4444_4444_4444;
    let counts = (bits & ODD) + (bits >> 1 & ODD);
    (counts & PAIRS) + FOURS - (counts >> 2 & PAIRS)
}

/// Candidates of 12 bits of which those below the modulus were taken.
struct Taken {
    numbers: [i16; 512],
    count: usize,
}

impl Taken {
    fn new() -> Taken {
        Taken { numbers: [0; 512], count: 0 }
    }

    /// Every candidate is written, and another one over it if it is not to be taken. There is room for all: a block has 112, and no more are taken from 256 on.
    fn take(&mut self, block: &[u64; BLOCK / 8]) {
        if self.is_enough() {
            return;
        }
        // Three words are sixteen candidates, of which two lie across.
        let (triples, _) = block.as_chunks();
        for [a, b, c] in triples {
            let words = [*a, a >> 48 | b << 16, b >> 32 | c << 32, c >> 16];
            for word in words {
                for bits in [0, 12, 24, 36] {
                    let number = (word >> bits & 0xFFF) as i16;
                    self.numbers[self.count % 512] = number;
                    self.count += usize::from(number < Q);
                }
            }
        }
    }

    fn is_enough(&self) -> bool {
        self.count >= 256
    }

    fn poly(&self) -> Poly {
        let (registers, _) = self.numbers.as_chunks();
        Poly(core::array::from_fn(|n| I16x8::new(registers[n])))
    }
}

/// SHAKE128's rate: 21 words.
const BLOCK: usize = 168;
