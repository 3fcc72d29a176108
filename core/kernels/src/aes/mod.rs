//! AES (FIPS 197) by swizzles: the S-box from tables of sixteen bytes that are looked up within a register, so that no memory
//! address depends on data.
//!
//! Blocks are held in another basis of the field between rounds ([`tables`]); [`Aes::enter`] and [`Aes::leave`] go there and
//! back. The basis is linear, so XOR is what it was; AND is not.

mod key;
mod tables;

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
    /// the caller adds it with the round key, or holds the result as `OFFSET`.
    #[inline(always)]
    pub(crate) fn round<const OFFSET: bool>(&self, held: U8x16) -> U8x16 {
        let (io, jo) = self.inversion(self.halves::<OFFSET>(held));
        let once = self.sbox_io.swizzle(io) ^ self.sbox_jo.swizzle(jo);
        let twice = self.double_io.swizzle(io) ^ self.double_jo.swizzle(jo);
        // MixColumns is 2 + 3r + r² + r³ with r the next row: (1 + r)(2 + r) + r³.
        let sum = twice ^ once.swizzle(self.next_before);
        sum.swizzle(self.shift_rows) ^ sum.swizzle(self.shift_rows_next) ^ once.swizzle(self.shift_rows_previous)
    }

    /// ShiftRows(SubBytes(held)) as AES has it, but for the S-box's constant 0x63.
    #[inline(always)]
    pub(crate) fn last_round(&self, held: U8x16) -> U8x16 {
        self.sub_bytes(held).swizzle(self.shift_rows)
    }

    /// SubBytes(held) as AES has it, but for the S-box's constant 0x63.
    #[inline(always)]
    pub(crate) fn sub_bytes(&self, held: U8x16) -> U8x16 {
        let (io, jo) = self.inversion(self.halves::<false>(held));
        self.plain_io.swizzle(io) ^ self.plain_jo.swizzle(jo)
    }

    /// The low and the high half of each byte. The constant fills the low one, so it comes off for nothing.
    #[inline(always)]
    fn halves<const OFFSET: bool>(&self, bytes: U8x16) -> (U8x16, U8x16) {
        let low = if OFFSET { self.low_half.and_not(bytes) } else { bytes & self.low_half };
        (low, bytes.and_not(self.low_half).high_nibbles())
    }

    /// (io, jo) of [`tables`], from (k, i).
    #[inline(always)]
    fn inversion(&self, (k, i): (U8x16, U8x16)) -> (U8x16, U8x16) {
        let j = i ^ k;
        let a_over_k = self.a_over.swizzle(k);
        let io = self.inverse.swizzle(self.inverse.swizzle(i) ^ a_over_k) ^ j;
        let jo = self.inverse.swizzle(self.inverse.swizzle(j) ^ a_over_k) ^ i;
        (io, jo)
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
        core::array::from_fn(|n| start.wrapping_add((n as u8).wrapping_mul(37)))
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
            let shifted: [u8; 16] = core::array::from_fn(|n| sbox(state[(n + 4 * (n % 4)) % 16]));
            let mixed: [u8; 16] = core::array::from_fn(|n| {
                let row = |further: usize| shifted[n / 4 * 4 + (n + further) % 4];
                multiply(row(0), 2) ^ multiply(row(1), 3) ^ row(2) ^ row(3)
            });
            let held = aes.enter(U8x16::load(&state));
            assert_eq!(aes.leave::<false>(held).to_bytes(), state);
            assert_eq!(aes.leave::<true>(held ^ constant).to_bytes(), state);
            assert_eq!(aes.leave::<true>(aes.round::<false>(held)).to_bytes(), mixed);
            assert_eq!(aes.leave::<true>(aes.round::<true>(held ^ constant)).to_bytes(), mixed);
            assert_eq!(aes.last_round(held).to_bytes().map(|byte| byte ^ 0x63), shifted);
        }
    }
}
