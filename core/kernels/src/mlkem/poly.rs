//! Polynomials modulo 3329 and x^256 + 1: registers of eight coefficients each, in their order, with signs.
//!
//! A coefficient is any number that is the right one modulo q, and each function says how large it may be. Products by constants are reduced by Barrett's method as in "Neon NTT"
//! (Becker, Hwang, Kannwischer, Yang, Yang; CHES 2022): with z′ the nearest number to 2^15 z / q, a z - q ⌊a z′ / 2^15⌉ is at most q (1/2 + |a| / 2^16), since z′ errs by a half
//! at most, and what is rounded by another. That is q or less for every a of 16 bits, so the two products need no more than their low halves.

use core::hint::black_box;

use zeroize::Zeroize;

use crate::lanes::I16x8;

/// The modulus.
pub(super) const Q: i16 = 3_329;

/// 256 coefficients.
#[derive(Clone, Copy, Default)]
pub(super) struct Poly(pub(super) [I16x8; 32]);

/// Constants to multiply by, and their quotients.
#[derive(Clone, Copy)]
pub(super) struct Constants {
    numbers: I16x8,
    quotients: I16x8,
}

impl Poly {
    /// Each register's coefficients, changed.
    #[inline(always)]
    pub(super) fn update(&mut self, change: impl Fn(I16x8) -> I16x8) {
        self.0.iter_mut().for_each(|lanes| *lanes = change(*lanes));
    }

    /// From 0 to q - 1, whatever they were.
    pub(super) fn normalise(&mut self) {
        let q = modulus();
        self.update(|lanes| {
            let lanes = reduced(lanes, q);
            lanes + (lanes.signs() & q)
        });
    }

    #[inline(never)]
    pub(super) fn add(&mut self, other: &Poly) {
        self.0.iter_mut().zip(&other.0).for_each(|(lanes, other)| *lanes = *lanes + *other);
    }

    /// Becomes the other less what it was.
    pub(super) fn subtract_from(&mut self, other: &Poly) {
        self.0.iter_mut().zip(&other.0).for_each(|(lanes, other)| *lanes = *other - *lanes);
    }
}

impl Zeroize for Poly {
    #[inline(never)]
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Constants {
    pub(super) const fn new(numbers: [i16; 8]) -> Constants {
        let mut quotients = [0; 8];
        let mut n = 0;
        while n < 8 {
            quotients[n] = quotient(numbers[n], 15);
            n += 1;
        }
        Constants { numbers: I16x8::new(numbers), quotients: I16x8::new(quotients) }
    }

    pub(super) const fn splat(number: i16) -> Constants {
        Constants::new([number; 8])
    }

    /// One where `ones` is one, and these where it is zero.
    #[inline(always)]
    pub(super) fn outside(&self, ones: I16x8) -> Constants {
        let mask = ones - I16x8::splat(1);
        Constants {
            numbers: (self.numbers & mask) + ones,
            quotients: (self.quotients & mask) + ones * I16x8::splat(quotient(1, 15)),
        }
    }

    /// Both registers' parts of 32 bits, in this order.
    #[inline(always)]
    pub(super) fn pairs<const A: usize, const B: usize, const C: usize, const D: usize>(&self) -> Constants {
        Constants { numbers: self.numbers.pairs::<A, B, C, D>(), quotients: self.quotients.pairs::<A, B, C, D>() }
    }

    /// The products, below q (1/2 + |a| / 2^16).
    #[inline(always)]
    pub(super) fn times(&self, lanes: I16x8, q: I16x8) -> I16x8 {
        lanes * self.numbers - lanes.times_high(self.quotients) * q
    }
}

/// Below 0.66 q, whatever it was: for the constant 1, z′ errs by less than 0.16.
#[inline(always)]
pub(super) fn reduced(lanes: I16x8, q: I16x8) -> I16x8 {
    lanes - lanes.times_high(I16x8::splat(quotient(1, 15))) * q
}

/// The modulus in a register. It is read from memory: an engine would build it anew wherever it is used.
#[inline(always)]
pub(super) fn modulus() -> I16x8 {
    black_box(I16x8::splat(Q))
}

/// The nearest number to 2^bits number / q.
pub(super) const fn quotient(number: i16, bits: u32) -> i16 {
    let (scaled, q) = ((number as i32) << bits, Q as i32);
    (2 * scaled + q).div_euclid(2 * q) as i16
}

/// What is the same modulo q, and at most q / 2.
pub(super) const fn centred(number: i32) -> i16 {
    let q = Q as i32;
    ((number + q / 2).rem_euclid(q) - q / 2) as i16
}
