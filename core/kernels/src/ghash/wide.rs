//! Sixteen blocks at a time, each multiplied by H¹⁶ as a sum of table entries.
//!
//! A register holds one byte of each of sixteen blocks, and a table sixteen products of a byte of H¹⁶: so one swizzle
//! multiplies half a byte of sixteen blocks at once, and what indexes the tables never becomes an address.

use zeroize::{Zeroize as _, zeroize_bytes};

use super::element::Element;
use crate::lanes::U8x16;

/// Bytes of sixteen blocks.
const BATCH_LEN: usize = 256;

/// Bytes of the product of H¹⁶ and a byte.
const PRODUCT_LEN: usize = 17;

/// GHASH's sum after these blocks: they are sixteen sums with every sixteenth block each, added up at the end.
pub(super) fn absorb(h: Element, sum: Element, batches: &[[u8; BATCH_LEN]]) -> Element {
    let mut tables = Tables::new(h);
    let mut sums = [U8x16::default(); 16];
    sums[0] = U8x16::load(&sum.to_bytes());
    transpose(&mut sums);
    for (n, batch) in batches.iter().enumerate() {
        if n > 0 {
            tables.multiply(&mut sums);
        }
        let mut blocks = [U8x16::default(); 16];
        for (block, bytes) in blocks.iter_mut().zip(batch.as_chunks::<16>().0) {
            *block = U8x16::load(bytes);
        }
        transpose(&mut blocks);
        for (sum, block) in sums.iter_mut().zip(blocks) {
            *sum ^= block;
        }
    }
    transpose(&mut sums);
    let total = sums.iter().fold(Element::default(), |total, sum| (total + Element::from_bytes(&sum.to_bytes())) * h);
    sums.zeroize();
    tables.0.as_flattened_mut().zeroize();
    total
}

/// For each byte of the product: what the high and what the low half of the other factor's byte adds to it.
struct Tables([[U8x16; 2]; PRODUCT_LEN]);

impl Tables {
    fn new(h: Element) -> Tables {
        let h2 = h * h;
        let h4 = h2 * h2;
        let h8 = h4 * h4;
        let h16 = (h8 * h8).0;
        // H¹⁶ times each power of x in a byte.
        let mut multiples: [[u8; PRODUCT_LEN]; 8] = core::array::from_fn(|power| {
            let mut bytes = [0; PRODUCT_LEN];
            bytes[..16].copy_from_slice(&(h16 >> power).to_be_bytes());
            bytes[16] = ((h16 << 8) >> power) as u8;
            bytes
        });
        // Byte n is all ones where the half n has this power of x: its topmost bit is the lowest power.
        let has = [8, 4, 2, 1].map(|bit| U8x16::load(&core::array::from_fn(|n| if n & bit == 0 { 0 } else { 0xFF })));
        let tables = Tables(core::array::from_fn(|byte| {
            [&multiples[..4], &multiples[4..]].map(|multiples| {
                let terms = multiples.iter().zip(has);
                terms.fold(U8x16::default(), |sum, (multiple, has)| sum ^ U8x16::splat(multiple[byte]) & has)
            })
        }));
        zeroize_bytes(multiples.as_flattened_mut());
        tables
    }

    /// Multiplies sixteen blocks, of which each register holds one byte, by H¹⁶.
    #[inline(never)]
    fn multiply(&self, blocks: &mut [U8x16; 16]) {
        let low_half = U8x16::splat(0x0F);
        let mut product = [U8x16::default(); 16 + PRODUCT_LEN];
        let halves = blocks.map(|byte| [byte.and_not(low_half).high_nibbles(), byte & low_half]);
        for (place, [high_table, low_table]) in self.0.iter().enumerate() {
            for (product, [high, low]) in product[place..].iter_mut().zip(&halves) {
                *product = *product ^ high_table.swizzle(*high) ^ low_table.swizzle(*low);
            }
        }
        reduce(&mut product, low_half);
        blocks.copy_from_slice(&product[..16]);
    }
}

/// Brings the bytes from the sixteenth on back by x¹²⁸ = 1 + x + x² + x⁷.
fn reduce(product: &mut [U8x16; 16 + PRODUCT_LEN], low_half: U8x16) {
    let [high, low, high_next, low_next] = REDUCTION.map(|table| U8x16::load(&table));
    for place in (0..PRODUCT_LEN).rev() {
        let byte = product[16 + place];
        let halves = (byte.and_not(low_half).high_nibbles(), byte & low_half);
        product[place] = product[place] ^ high.swizzle(halves.0) ^ low.swizzle(halves.1);
        product[place + 1] = product[place + 1] ^ high_next.swizzle(halves.0) ^ low_next.swizzle(halves.1);
    }
}

/// Makes register n of byte n of each register.
fn transpose(registers: &mut [U8x16; 16]) {
    // Four times: what is the upper half of the numbers becomes every other one.
    for _ in 0..4 {
        let before = *registers;
        for n in 0..8 {
            [registers[2 * n], registers[2 * n + 1]] = before[n].interleave(before[n + 8]);
        }
    }
}

/// The two bytes of a byte times 1 + x + x² + x⁷, by its high half and by its low half.
const REDUCTION: [[u8; 16]; 4] = [reduction(4, 8), reduction(0, 8), reduction(4, 0), reduction(0, 0)];

const fn reduction(half: u32, byte: u32) -> [u8; 16] {
    let (mut table, mut n) = ([0; 16], 0);
    while n < 16 {
        let shifted = (n as u16) << half << 8;
        table[n] = ((shifted ^ shifted >> 1 ^ shifted >> 2 ^ shifted >> 7) >> byte) as u8;
        n += 1;
    }
    table
}
