//! Coefficients as bytes, of 12, 10, 4 or 1 bits each (FIPS 203, 4.2.1): four at a time in a word.

use super::poly::{Poly, Q};
use crate::lanes::I16x8;

/// ByteEncode (Algorithm 5) of coefficients from 0 to 2^D - 1, eight of them in D bytes.
#[inline(never)]
pub(super) fn encode<const D: usize>(poly: &Poly, bytes: &mut [u8]) {
    let (places, _) = bytes.as_chunks_mut::<D>();
    for (lanes, place) in poly.0.iter().zip(places) {
        let [low, high] = lanes.to_words().map(gathered::<D>);
        let all = u128::from(low) | u128::from(high) << (4 * D);
        place.copy_from_slice(&all.to_le_bytes()[..D]);
    }
}

/// ByteDecode (Algorithm 6); what is not below the modulus stays so.
#[inline(never)]
pub(super) fn decode<const D: usize>(bytes: &[u8]) -> Poly {
    let mut poly = Poly::default();
    let (places, _) = bytes.as_chunks::<D>();
    for (lanes, place) in poly.0.iter_mut().zip(places) {
        let mut all = [0; 16];
        all[..D].copy_from_slice(place);
        let all = u128::from_le_bytes(all);
        *lanes = I16x8::from_words([all as u64, (all >> (4 * D)) as u64].map(spread::<D>));
    }
    poly
}

/// Is every coefficient of these, of 12 bits each, below the modulus? They are public.
pub(super) fn is_reduced(bytes: &[u8]) -> bool {
    let (triples, _) = bytes.as_chunks::<3>();
    let q = Q as u16;
    triples.iter().all(|&[a, b, c]| {
        let [a, b, c] = [a, b, c].map(u16::from);
        (a | (b & 0xF) << 8) < q && (b >> 4 | c << 4) < q
    })
}

/// Four numbers of D bits, of 16 bits each.
#[inline(always)]
fn gathered<const D: usize>(word: u64) -> u64 {
    let pairs = word & mask::<D>() | word >> (16 - D) & mask::<D>() << D;
    let low = (1 << (2 * D)) - 1;
    pairs & low | pairs >> (32 - 2 * D) & low << (2 * D)
}

/// The way back, of the lowest 4 D bits.
#[inline(always)]
pub(super) fn spread<const D: usize>(word: u64) -> u64 {
    let low = (1 << (2 * D)) - 1;
    let pairs = word & low | (word >> (2 * D) & low) << 32;
    pairs & mask::<D>() | (pairs >> D & mask::<D>()) << 16
}

/// The lowest D bits of each half of a word.
const fn mask<const D: usize>() -> u64 {
    ((1 << D) - 1) * 0x1_0000_0001
}
