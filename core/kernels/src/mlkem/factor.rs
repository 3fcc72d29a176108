//! Products of transformed polynomials (FIPS 203, 4.3.1): 128 of two coefficients each, modulo x² - γ.

use zeroize::Zeroize;

use super::{
    ntt::ZETAS_WITHIN,
    poly::{Constants, Poly, Q, centred, modulus},
};
use crate::lanes::{I16x8, I32x4};

/// What polynomials are multiplied by: b₀ and γ b₁ of each two coefficients, and b₁ and b₀; all of them times 2^16, by which products are divided.
#[derive(Clone, Copy, Default)]
pub(super) struct Factor {
    constant: Poly,
    linear: Poly,
}

impl Factor {
    /// To a transformed polynomial, whose coefficients may be any; the factor's are at most q.
    #[inline(never)]
    pub(super) fn set(&mut self, poly: &Poly) {
        let q = modulus();
        let scale = Constants::splat(centred(1 << 16));
        let places = self.constant.0.iter_mut().zip(&mut self.linear.0);
        for ((lanes, [_, zetas]), (constant, linear)) in poly.0.iter().zip(&ZETAS_WITHIN).zip(places) {
            // γ is ζ and -ζ in turn (Appendix A), as the constants of the last layer are.
            let gammas = zetas.outside(FIRSTS);
            let scaled = scale.times(*lanes, q);
            *constant = gammas.times(scaled, q);
            *linear = scaled.turned_pairs();
        }
    }
}

/// The sum of three products (Algorithm 11), of coefficients up to 5.6 q. Six products of such by a factor's are below 2^29, and the result, divided by 2^16, is below
/// 2.3 q; or 0.9 q where coefficients are below q.
#[inline(never)]
pub(super) fn product(polys: [&Poly; 3], factors: [&Factor; 3]) -> Poly {
    let mut sum = Poly::default();
    for (n, lanes) in sum.0.iter_mut().enumerate() {
        let dot = |k: usize| [&factors[k].constant, &factors[k].linear].map(|factor| polys[k].0[n].dot(factor.0[n]));
        let [[a, b], [c, d], [e, f]] = [dot(0), dot(1), dot(2)];
        *lanes = divisible(a + c + e).high_halves(divisible(b + d + f));
    }
    sum
}

impl Zeroize for Factor {
    fn zeroize(&mut self) {
        self.constant.zeroize();
        self.linear.zeroize();
    }
}

/// The same modulo q, and multiples of 2^16: less q times what is at most 2^15 (Montgomery's reduction).
#[inline(always)]
fn divisible(sums: I32x4) -> I32x4 {
    const INVERSES: I16x8 = I16x8::new([INVERSE, 0, INVERSE, 0, INVERSE, 0, INVERSE, 0]);
    const MODULI: I16x8 = I16x8::new([Q, 0, Q, 0, Q, 0, Q, 0]);
    sums - (sums.halves() * INVERSES).dot(MODULI)
}

/// The inverse of q modulo 2^16. Each step doubles the bits that are right, three at first, as q is odd.
const INVERSE: i16 = {
    let mut inverse = Q;
    let mut bits = 3;
    while bits < 16 {
        inverse = inverse.wrapping_mul(2_i16.wrapping_sub(Q.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse
};
/// The first of each two coefficients.
const FIRSTS: I16x8 = I16x8::new([1, 0, 1, 0, 1, 0, 1, 0]);
