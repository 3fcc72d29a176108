//! AES (FIPS 197) by swizzles: the S-box from tables of sixteen bytes that are looked up within a register, so that no memory
//! address depends on data.
//!
//! Blocks are held in another basis of the field between rounds ([`tables`]); [`Aes::enter`] and [`Aes::leave`] go there and
//! back. The basis is linear, so XOR is what it was; AND is not.

mod key;
mod tables;

use core::array::from_fn;
use core::hint::black_box;

pub(crate) use key::Key;

use crate::lanes::U8x16;

/// The S-box's constant in every byte, as blocks are held.
pub(crate) const SBOX_CONSTANT: [u8; 16] = [tables::SBOX_CONSTANT; 16];

/// The tables in registers.
#[derive(Clone, Copy)]
pub(crate) struct Aes {
    low_half: U8x16,
    enter_low: U8x16,
    enter_high: U8x16,
    leave_k: U8x16,
    leave_i: U8x16,
    inverse: U8x16,
    a_over: U8x16,
    sbox_io: U8x16,
    sbox_jo: U8x16,
    double_io: U8x16,
    double_jo: U8x16,
    plain_io: U8x16,
    plain_jo: U8x16,
    shift_rows: U8x16,
    shift_rows_next: U8x16,
    shift_rows_previous: U8x16,
    next_before: U8x16,
}

impl Aes {
    #[inline(always)]
    pub(crate) fn new() -> Aes {
        // The engines build a constant anew wherever it is used, at up to six instructions: these are loaded instead, because
        // the compiler is not told what they are.
        let all = black_box(&TABLES);
        let load = |n: usize| U8x16::load(&all[n]);
        Aes {
            low_half: load(0),
            enter_low: load(1),
            enter_high: load(2),
            leave_k: load(3),
            leave_i: load(4),
            inverse: load(5),
            a_over: load(6),
            sbox_io: load(7),
            sbox_jo: load(8),
            double_io: load(9),
            double_jo: load(10),
            plain_io: load(11),
            plain_jo: load(12),
            shift_rows: load(13),
            shift_rows_next: load(14),
            shift_rows_previous: load(15),
            next_before: load(16),
        }
    }

    /// From a block of AES to how it is held.
    #[inline(always)]
    pub(crate) fn enter(&self, block: U8x16) -> U8x16 {
        let (low, high) = self.halves::<false>(block);
        self.enter_low.swizzle(low) ^ self.enter_high.swizzle(high)
    }

    /// Back again. What is `OFFSET` is held with the S-box's constant added.
    #[inline(always)]
    pub(crate) fn leave<const OFFSET: bool>(&self, held: U8x16) -> U8x16 {
        let (k, i) = self.halves::<OFFSET>(held);
        self.leave_k.swizzle(k) ^ self.leave_i.swizzle(i)
    }

    /// MixColumns(ShiftRows(SubBytes(held))), but for the S-box's constant: it passes through the other two unchanged, and
    /// the caller adds it with the round key, or holds the result as `OFFSET`. Blocks take each step together, so that a table that
    /// does not fit into the registers is read once for all of them.
    #[inline(always)]
    pub(crate) fn round<const OFFSET: bool, const N: usize>(&self, held: [U8x16; N]) -> [U8x16; N] {
        let inverted = self.inversion(held.map(|held| self.halves::<OFFSET>(held)));
        let once = self.output(&self.sbox_io, &self.sbox_jo, &inverted);
        let twice = self.output(&self.double_io, &self.double_jo, &inverted);
        // MixColumns is 2 + 3r + r² + r³ with r the next row: (1 + r)(2 + r) + r³.
        let sum: [U8x16; N] = from_fn(|n| twice[n] ^ once[n].swizzle(self.next_before));
        let shifted = sum.map(|sum| sum.swizzle(self.shift_rows));
        let mixed: [U8x16; N] = from_fn(|n| shifted[n] ^ sum[n].swizzle(self.shift_rows_next));
        from_fn(|n| mixed[n] ^ once[n].swizzle(self.shift_rows_previous))
    }

    /// ShiftRows(SubBytes(held)) as AES has it, but for the S-box's constant 0x63.
    #[inline(always)]
    pub(crate) fn last_round(&self, held: U8x16) -> U8x16 {
        self.sub_bytes(held).swizzle(self.shift_rows)
    }

    /// SubBytes(held) as AES has it, but for the S-box's constant 0x63.
    #[inline(always)]
    pub(crate) fn sub_bytes(&self, held: U8x16) -> U8x16 {
        let inverted = self.inversion([self.halves::<false>(held)]);
        let [substituted] = self.output(&self.plain_io, &self.plain_jo, &inverted);
        substituted
    }

    /// The low and the high half of each byte. The constant fills the low one, so it comes off for nothing.
    #[inline(always)]
    fn halves<const OFFSET: bool>(&self, bytes: U8x16) -> (U8x16, U8x16) {
        let low = if OFFSET { self.low_half.and_not(bytes) } else { bytes & self.low_half };
        (low, bytes.and_not(self.low_half).high_nibbles())
    }

    /// (io, jo) of [`tables`], from (k, i).
    #[inline(always)]
    fn inversion<const N: usize>(&self, halves: [(U8x16, U8x16); N]) -> [(U8x16, U8x16); N] {
        let a_over_k = halves.map(|(k, _)| self.a_over.swizzle(k));
        let over_i: [U8x16; N] = from_fn(|n| self.inverse.swizzle(halves[n].1) ^ a_over_k[n]);
        let j = halves.map(|(k, i)| k ^ i);
        let over_j: [U8x16; N] = from_fn(|n| self.inverse.swizzle(j[n]) ^ a_over_k[n]);
        let io: [U8x16; N] = from_fn(|n| self.inverse.swizzle(over_i[n]) ^ j[n]);
        from_fn(|n| (io[n], self.inverse.swizzle(over_j[n]) ^ halves[n].1))
    }

    /// What a linear function makes of the inverse, by its tables of io and of jo.
    #[inline(always)]
    fn output<const N: usize>(&self, of_io: &U8x16, of_jo: &U8x16, inverted: &[(U8x16, U8x16); N]) -> [U8x16; N] {
        let by_io = inverted.map(|(io, _)| of_io.swizzle(io));
        from_fn(|n| by_io[n] ^ of_jo.swizzle(inverted[n].1))
    }
}

static TABLES: [[u8; 16]; 17] = [
    [0x0F; 16],
    tables::ENTER_LOW,
    tables::ENTER_HIGH,
    tables::LEAVE_K,
    tables::LEAVE_I,
    tables::INVERSE,
    tables::A_OVER,
    tables::SBOX_IO,
    tables::SBOX_JO,
    tables::DOUBLE_IO,
    tables::DOUBLE_JO,
    tables::PLAIN_IO,
    tables::PLAIN_JO,
    tables::SHIFT_ROWS,
    tables::SHIFT_ROWS_NEXT,
    tables::SHIFT_ROWS_PREVIOUS,
    tables::NEXT_BEFORE,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 by its own words, as slow as it comes.
    fn multiply(a: u8, b: u8) -> u8 {
        (0..8).filter(|bit| b >> bit & 1 == 1).fold(0, |sum, bit| {
            sum ^ (0..bit).fold(a, |shifted, _| shifted << 1 ^ if shifted & 0x80 == 0 { 0 } else { 0x1B })
        })
    }

    fn sbox(byte: u8) -> u8 {
        let inverse = (0..=255).find(|&other| multiply(byte, other) == 1).unwrap_or(0);
        (0..5).fold(0x63, |sum, n| sum ^ inverse.rotate_left(n))
    }

    fn block(start: u8) -> [u8; 16] {
        from_fn(|n| start.wrapping_add((n as u8).wrapping_mul(37)))
    }

    #[test]
    fn the_sbox_on_every_byte() {
        assert_eq!([sbox(0), sbox(1), sbox(0x53), sbox(0xFF)], [0x63, 0x7C, 0xED, 0x16], "FIPS 197, 5.1.1");
        let aes = Aes::new();
        for byte in 0..=255 {
            let substituted = aes.sub_bytes(aes.enter(U8x16::load(&[byte; 16]))).to_bytes();
            assert_eq!(substituted.map(|byte| byte ^ 0x63), [sbox(byte); 16]);
        }
    }

    #[test]
    fn rounds_on_every_byte_at_every_place() {
        let aes = Aes::new();
        let constant = U8x16::load(&SBOX_CONSTANT);
        for start in 0..=255 {
            let state = block(start);
            let shifted: [u8; 16] = from_fn(|n| sbox(state[(n + 4 * (n % 4)) % 16]));
            let mixed: [u8; 16] = from_fn(|n| {
                let row = |further: usize| shifted[n / 4 * 4 + (n + further) % 4];
                multiply(row(0), 2) ^ multiply(row(1), 3) ^ row(2) ^ row(3)
            });
            let held = aes.enter(U8x16::load(&state));
            assert_eq!(aes.leave::<false>(held).to_bytes(), state);
            assert_eq!(aes.leave::<true>(held ^ constant).to_bytes(), state);
            assert_eq!(aes.round::<false, 2>([held; 2]).map(|held| aes.leave::<true>(held).to_bytes()), [mixed; 2]);
            assert_eq!(aes.round::<true, 1>([held ^ constant]).map(|held| aes.leave::<true>(held).to_bytes()), [mixed]);
            assert_eq!(aes.last_round(held).to_bytes().map(|byte| byte ^ 0x63), shifted);
        }
    }
}
