//! Coefficients of fewer bits (FIPS 203, 4.2.1). Nothing is divided: processors take their time for that by what they divide.

use super::poly::{Poly, Q, modulus, quotient, reduced};
use crate::lanes::I16x8;

/// Compress: the nearest number to 2^D a / q, modulo 2^D, whatever the coefficients are.
///
/// They are reduced, below 2,200. The quotient of the first guess errs by a half at most, so the guess by 2^3 2,200 / 2^16 and a half: less than one. So what remains, 2^D a less
/// q times it, is below q and fits in 16 bits, although its parts may not; and where it is beyond q / 2, the next number is the nearest.
#[inline(never)]
pub(super) fn compress<const D: u32>(poly: &mut Poly) {
    let q = modulus();
    poly.update(|a| {
        let a = reduced(a, q);
        let guess = a.shifted_left::<3>().times_high(I16x8::splat(const { quotient(1, D + 12) }));
        let rest = a.shifted_left::<D>() - guess * q;
        let above = rest.greater(I16x8::splat(Q / 2));
        let below = I16x8::splat(-(Q / 2)).greater(rest);
        (guess - above + below) & I16x8::splat((1 << D) - 1)
    });
}

/// Decompress: the nearest to q a / 2^D, of numbers of D bits.
pub(super) fn decompress<const D: u32>(poly: &mut Poly) {
    let q = modulus();
    poly.update(|a| (a * I16x8::splat(1 << (15 - D))).times_high(q));
}
