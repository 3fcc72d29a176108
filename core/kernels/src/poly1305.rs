//! Poly1305 (RFC 8439, 2.5), for messages of whole blocks: those of the AEAD are padded to such (2.8).
//!
//! In words of 32 bits, whose products of 64 every engine has. A clamped r leaves room for the sum of a column's products in 64 bits, and
//! in its upper words it is a multiple of four: a product that begins at 2^128 is then one of r/4 at 2^130, which is 5r/4 at 1.

use zeroize::{Zeroize as _, zeroize_bytes};

use crate::Tag;

/// One message's key, and what it has absorbed.
pub(crate) struct Poly1305 {
    pub(crate) point: Point,
    pub(crate) sum: Sum,
    s: u128,
}

impl Poly1305 {
    /// With the one-time key r || s.
    pub(crate) fn new(r: [u8; 16], s: [u8; 16]) -> Poly1305 {
        let r = u128::from_le_bytes(r) & CLAMP;
        let r = [0, 32, 64, 96].map(|bit| (r >> bit) as u64 & WORD);
        let point = Point { r, wrapped: r.map(|word| (word >> 2) * 5) };
        Poly1305 { point, sum: Sum { value: [0; 5], columns: [0; 4] }, s: u128::from_le_bytes(s) }
    }

    /// Absorbs these one after the other, each with the zeros that fill its last block.
    pub(crate) fn absorb_padded(&mut self, parts: &[&[u8]]) {
        // Copied, so that it stays in registers.
        let (point, mut sum) = (self.point, self.sum);
        for part in parts {
            let (blocks, rest) = part.as_chunks::<16>();
            for block in blocks {
                sum.absorb(&point, block);
            }
            if !rest.is_empty() {
                let mut block = [0; 16];
                block[..rest.len()].copy_from_slice(rest);
                sum.absorb(&point, &block);
                zeroize_bytes(&mut block);
            }
        }
        self.sum = sum;
    }

    pub(crate) fn finish(self) -> Tag {
        let [h0, h1, h2, h3, h4] = self.sum.value;
        // The sum is below 6 * 2^128, and so below twice the prime, which is taken off once at most: where 5 more reach 2^130.
        let carry = [h1, h2, h3].iter().fold((h0 + 5) >> 32, |carry, word| (word + carry) >> 32);
        let reaches = (h4 + carry) >> 2;
        let low = u128::from(h0 | h1 << 32) | u128::from(h2 | h3 << 32) << 64;
        low.wrapping_add(u128::from(reaches * 5)).wrapping_add(self.s).to_le_bytes()
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        self.point.r.zeroize();
        self.point.wrapped.zeroize();
        self.sum.value.zeroize();
        self.sum.columns.zeroize();
        self.s.zeroize();
    }
}

/// r, at which the message's polynomial is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    /// Its words, below 2^28.
    r: [u64; 4],
    /// Five times a quarter of each, rounded down before, below 2^28.33: what it is worth 130 bits further up.
    wrapped: [u64; 4],
}

/// The polynomial's value so far, and what becomes of it while a block is absorbed: `(value + block + 2^128) * r`, not reduced to the last, in
/// two steps, between which something else may be done.
#[derive(Clone, Copy)]
pub(crate) struct Sum {
    /// Four words of 32 bits, and what is above 2^128, at most 5.
    value: [u64; 5],
    /// The product's columns, between the steps.
    columns: [u64; 4],
}

impl Sum {
    pub(crate) const STEPS: usize = 2;

    #[inline(always)]
    fn absorb(&mut self, point: &Point, block: &[u8; 16]) {
        for step in 0..Sum::STEPS {
            self.step(step, point, block);
        }
    }

    /// The first step, or the one that comes after the last call.
    #[inline(always)]
    pub(crate) fn step(&mut self, step: usize, point: &Point, block: &[u8; 16]) {
        let Point { r: [r0, r1, r2, r3], wrapped: [w0, w1, w2, w3] } = *point;
        let [h0, h1, h2, h3, h4] = self.value;
        let [x0, x1, x2, x3] = &mut self.columns;
        if step == 0 {
            let block = u128::from_le_bytes(*block);
            let (low, high) = (block as u64, (block >> 64) as u64);
            // Each below 2^33, the last at most 6.
            let (h0, h1) = (h0 + (low & WORD), h1 + (low >> 32));
            let (h2, h3) = (h2 + (high & WORD), h3 + (high >> 32));
            let h4 = h4 + 1;
            // The first is the largest: 2^33 * (2^28 + 3 * 2^28.33) and a little, which is below 1.2 * 2^63.
            *x0 = h0 * r0 + h1 * w3 + h2 * w2 + h3 * w1 + h4 * w0;
            *x1 = h0 * r1 + h1 * r0 + h2 * w3 + h3 * w2 + h4 * w1;
            *x2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * w3 + h4 * w2;
            *x3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * w3;
            self.value = [h0, h1, h2, h3, h4];
        } else {
            // r0 alone is no multiple of four: its two lowest bits stay where they are, above 2^128.
            let top = (*x3 >> 32) + h4 * (r0 & 3);
            let y0 = (*x0 & WORD) + (top >> 2) * 5;
            let y1 = (*x1 & WORD) + (*x0 >> 32) + (y0 >> 32);
            let y2 = (*x2 & WORD) + (*x1 >> 32) + (y1 >> 32);
            let y3 = (*x3 & WORD) + (*x2 >> 32) + (y2 >> 32);
            self.value = [y0 & WORD, y1 & WORD, y2 & WORD, y3 & WORD, (top & 3) + (y3 >> 32)];
        }
    }
}

const WORD: u64 = 0xFFFF_FFFF;

/// The bits of r that may be set (2.5).
const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, message: &str) -> Tag {
        let bytes = |text: &str| u128::from_str_radix(text, 16).unwrap().to_be_bytes();
        let (r, s) = key.split_at(32);
        let mut poly = Poly1305::new(bytes(r), bytes(s));
        for block in message.as_bytes().chunks(32) {
            poly.absorb_padded(&[&bytes(str::from_utf8(block).unwrap())]);
        }
        poly.finish()
    }

    const ZEROS: &str = "00000000000000000000000000000000";
    const ONES: &str = "ffffffffffffffffffffffffffffffff";
    const TWO: &str = "02000000000000000000000000000000";
    const ONE: &str = "01000000000000000000000000000000";

    fn expect(r: &str, s: &str, message: &[&str], expected: &str) {
        let expected = u128::from_str_radix(expected, 16).unwrap().to_be_bytes();
        assert_eq!(tag(&[r, s].concat(), &message.concat()), expected);
    }

    /// The vectors of appendix A.3 that are whole blocks: 1, and 7 to 11, which meet every border of the reduction.
    #[test]
    fn rfc_8439_a3() {
        expect(ZEROS, ZEROS, &[ZEROS; 4], ZEROS);
        expect(TWO, ZEROS, &[ONES], "03000000000000000000000000000000");
        expect(TWO, ONES, &[TWO], "03000000000000000000000000000000");
        expect(
            ONE,
            ZEROS,
            &[ONES, "f0ffffffffffffffffffffffffffffff", "11000000000000000000000000000000"],
            "05000000000000000000000000000000",
        );
        expect(ONE, ZEROS, &[ONES, "fbfefefefefefefefefefefefefefefe", "01010101010101010101010101010101"], ZEROS);
        expect(TWO, ZEROS, &["fdffffffffffffffffffffffffffffff"], "faffffffffffffffffffffffffffffff");
        let r = "01000000000000000400000000000000";
        let message = [
            "e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000",
            "000000000000000001000000000000000000000000000000",
        ]
        .concat();
        expect(r, ZEROS, &[&message], "14000000000000005500000000000000");
        expect(r, ZEROS, &[&message[..96]], "13000000000000000000000000000000");
    }
}
