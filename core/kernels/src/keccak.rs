//! Keccak-f[1600] for two states at once, and the sponges of SHA-3 and SHAKE (FIPS 202).
//!
//! A state's 25 words are lanes of 25 registers, and the other lanes are another state's. Two states take less time in registers than one takes in words, of which WebAssembly has no AND-NOT: so
//! a message that is hashed alone takes both lanes.

use zeroize::Zeroize;

use crate::lanes::U64x2;

/// SHA3-256 (FIPS 202, 6.1) of parts, which are of whole words but for the last.
pub fn sha3_256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = [0; 32];
    hashed(136, SHA3, parts, &mut hash);
    hash
}

/// SHAKE256 (6.2) of such parts: so many bytes, up to 136, and whole words.
pub fn shake256(parts: &[&[u8]], out: &mut [u8]) {
    hashed(136, SHAKE, parts, out);
}

/// One sponge's first bytes.
#[inline(never)]
pub(crate) fn hashed(rate: usize, suffix: u8, parts: &[&[u8]], out: &mut [u8]) {
    debug_assert!(out.len().is_multiple_of(8) && out.len() <= rate);
    let sponges = Sponges::absorb(rate, suffix, [parts; 2]);
    let (words, _) = out.as_chunks_mut();
    for (word, lanes) in words.iter_mut().zip(sponges.0.as_flattened()) {
        let [first, _] = lanes.to_array();
        *word = first.to_le_bytes();
    }
}

/// Two sponges that have taken their messages.
pub(crate) struct Sponges(State);

/// Lane [x, y] is `state[y][x]`.
type State = [[U64x2; 5]; 5];

impl Sponges {
    /// Of two messages of one length, in parts of whole words but for the last; padded by `suffix` (FIPS 202, 6 and B.2). `rate` is in bytes.
    #[inline(never)]
    pub(crate) fn absorb(rate: usize, suffix: u8, [parts, others]: [&[&[u8]]; 2]) -> Sponges {
        let mut sponges = Sponges([[U64x2::default(); 5]; 5]);
        let (lanes, mut at, mut bytes) = (rate / 8, 0, 0);
        let whole = |parts: &[&[u8]]| parts.iter().rev().skip(1).all(|part| part.len().is_multiple_of(8));
        debug_assert!(whole(parts) && parts.iter().map(|part| part.len()).eq(others.iter().map(|part| part.len())));
        for (part, other) in parts.iter().zip(others) {
            let ((words, last), (others, other_last)) = (part.as_chunks(), other.as_chunks());
            for (word, other) in words.iter().zip(others) {
                sponges.add(at, [word, other].map(|word| u64::from_le_bytes(*word)));
                at += 1;
                if at == lanes {
                    sponges.permute();
                    at = 0;
                }
            }
            sponges.add(at, [last, other_last].map(word));
            bytes = last.len();
        }
        sponges.add(at, [u64::from(suffix) << (8 * bytes); 2]);
        sponges.add(lanes - 1, [0x80 << 56; 2]);
        sponges.permute();
        sponges
    }

    /// The next words of each, little endian, and no more than the rate; [`permute`](Self::permute) comes between two of these.
    pub(crate) fn squeeze(&self, [first, second]: [&mut [u64]; 2]) {
        for ((lanes, word), other) in self.0.as_flattened().iter().zip(first).zip(second) {
            [*word, *other] = lanes.to_array();
        }
    }

    /// Both states, permuted (FIPS 202, 3.3).
    #[inline(never)]
    pub(crate) fn permute(&mut self) {
        let mut state = self.0;
        for constant in ROUND_CONSTANTS {
            state = round(&state, constant);
        }
        self.0 = state;
    }

    fn add(&mut self, lane: usize, words: [u64; 2]) {
        let lane = &mut self.0.as_flattened_mut()[lane];
        *lane = *lane ^ U64x2::new(words);
    }
}

impl Drop for Sponges {
    #[inline(never)]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Less than eight bytes, the first one lowest.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// The five steps of a round (FIPS 202, 3.2), row by row, so that no more of a state is at hand than has to be.
#[inline(always)]
fn round(a: &State, constant: u64) -> State {
    let column = |x: usize| a[0][x] ^ a[1][x] ^ a[2][x] ^ a[3][x] ^ a[4][x];
    let c = [column(0), column(1), column(2), column(3), column(4)];
    let sum = |x: usize| c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left::<1>();
    let d = [sum(0), sum(1), sum(2), sum(3), sum(4)];
    // Lane [x, y] is the one that was [x + 3y, x].
    macro_rules! rotated {
        ($y:literal: $($x:literal)*) => {
            [$((a[$x][($x + 3 * $y) % 5] ^ d[($x + 3 * $y) % 5]).rotate_left::<{ ROTATIONS[$x][($x + 3 * $y) % 5] }>()),*]
        };
    }
    macro_rules! row {
        ($y:literal) => {{
            let b: [U64x2; 5] = rotated!($y: 0 1 2 3 4);
            let mixed = |x: usize| b[x] ^ b[(x + 2) % 5].and_not(b[(x + 1) % 5]);
            [mixed(0), mixed(1), mixed(2), mixed(3), mixed(4)]
        }};
    }
    let mut rows = [row!(0), row!(1), row!(2), row!(3), row!(4)];
    rows[0][0] = rows[0][0] ^ U64x2::splat(constant);
    rows
}

/// What ends a message of SHA-3 (FIPS 202, 6.1), with the first bit of its padding.
pub(crate) const SHA3: u8 = 0x06;
/// And one of SHAKE (6.2).
pub(crate) const SHAKE: u8 = 0x1F;
/// By how much a lane is rotated (FIPS 202, 3.2.2).
const ROTATIONS: [[u32; 5]; 5] = {
    let mut rotations = [[0; 5]; 5];
    let (mut x, mut y, mut t) = (1, 0, 0);
    while t < 24 {
        rotations[y][x] = (t + 1) * (t + 2) / 2 % 64;
        (x, y) = (y, (2 * x + 3 * y) % 5);
        t += 1;
    }
    rotations
};
/// What iota adds in each round (FIPS 202, 3.2.5).
const ROUND_CONSTANTS: [u64; 24] = {
    let mut constants = [0; 24];
    // The register of Algorithm 5, of which each step gives a bit.
    let mut register = 1_u64;
    let mut round = 0;
    while round < 24 {
        let mut j = 0;
        while j <= 6 {
            constants[round] |= (register & 1) << ((1 << j) - 1);
            register <<= 1;
            if register & 0x100 != 0 {
                register ^= 0x171;
            }
            j += 1;
        }
        round += 1;
    }
    constants
};
