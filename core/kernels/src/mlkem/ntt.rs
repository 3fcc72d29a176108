//! The number-theoretic transform (FIPS 203, 4.3), and the way back.

use super::poly::{Constants, Poly, centred, modulus, reduced};
use crate::lanes::I16x8;

impl Poly {
    /// NTT (Algorithm 9) of coefficients up to q. Each of the seven layers adds at most q (1/2 + |a| / 2^16), so they stay below 5.6 q: there is nothing to reduce.
    #[inline(never)]
    pub(super) fn transform(&mut self) {
        let q = modulus();
        for apart in [16, 8, 4, 2, 1] {
            self.forth(apart, q);
        }
        // Within a register: a + z b and a - z b, where the second z has its sign.
        for (lanes, [fours, twos]) in self.0.iter_mut().zip(&ZETAS_WITHIN) {
            let mut a = *lanes;
            a = a.pairs::<0, 1, 0, 1>() + fours.times(a.pairs::<2, 3, 2, 3>(), q);
            *lanes = a.pairs::<0, 0, 2, 2>() + twos.times(a.pairs::<1, 1, 3, 3>(), q);
        }
    }

    /// The way back (Algorithm 10) of coefficients up to 4 q; they are below q then.
    #[inline(never)]
    pub(super) fn transform_back(&mut self) {
        let q = modulus();
        // Within a register: a + b and z (b - a), by the constants of the register that is as far from the end. Sums are multiplied by one, which reduces them too: what comes out
        // is below q, and after the second layer below 0.6 q.
        for (lanes, [fours, twos]) in self.0.iter_mut().zip(ZETAS_WITHIN.iter().rev()) {
            let mut a = *lanes;
            a = twos.pairs::<0, 2, 0, 0>().outside(TWOS).times(a + a.pairs::<1, 0, 3, 2>() * TWOS_SIGNS, q);
            *lanes = fours.pairs::<0, 0, 0, 1>().outside(FOURS).times(a + a.pairs::<2, 3, 0, 1>() * FOURS_SIGNS, q);
        }
        // Sums double: below 4.8 q after three layers, and 2.7 q after two.
        for apart in [1, 2, 4] {
            self.back(apart, q);
        }
        self.update(|lanes| reduced(lanes, q));
        for apart in [8, 16] {
            self.back(apart, q);
        }
        self.update(|lanes| SCALE.times(lanes, q));
    }

    /// A layer whose pairs are so many registers apart.
    #[inline(never)]
    fn forth(&mut self, apart: usize, q: I16x8) {
        for (block, zeta) in self.0.chunks_exact_mut(2 * apart).zip(&ZETAS[16 / apart..]) {
            let (near, far) = block.split_at_mut(apart);
            for (a, b) in near.iter_mut().zip(far) {
                let product = zeta.times(*b, q);
                (*a, *b) = (*a + product, *a - product);
            }
        }
    }

    /// The same, backwards.
    #[inline(never)]
    fn back(&mut self, apart: usize, q: I16x8) {
        for (block, zeta) in self.0.chunks_exact_mut(2 * apart).zip(ZETAS[..32 / apart].iter().rev()) {
            let (near, far) = block.split_at_mut(apart);
            for (a, b) in near.iter_mut().zip(far) {
                (*a, *b) = (*a + *b, zeta.times(*b - *a, q));
            }
        }
    }
}

/// ζ^BitRev₇(n) (Appendix A).
const fn zeta(n: usize) -> i16 {
    let mut power = 1;
    let mut times = (n as u8).reverse_bits() >> 1;
    while times > 0 {
        power = power * 17 % 3_329;
        times -= 1;
    }
    centred(power)
}

/// For the layers whose pairs are in registers of their own.
static ZETAS: [Constants; 32] = {
    let mut zetas = [Constants::splat(0); 32];
    let mut n = 1;
    while n < 32 {
        zetas[n] = Constants::splat(zeta(n));
        n += 1;
    }
    zetas
};
/// For the two layers whose pairs are in one register, four apart and two apart.
pub(super) static ZETAS_WITHIN: [[Constants; 2]; 32] = {
    let mut constants = [[Constants::splat(0); 2]; 32];
    let mut n = 0;
    while n < 32 {
        let (z, x, y) = (zeta(32 + n), zeta(64 + 2 * n), zeta(65 + 2 * n));
        constants[n] = [Constants::new([z, z, z, z, -z, -z, -z, -z]), Constants::new([x, x, -x, -x, y, y, -y, -y])];
        n += 1;
    }
    constants
};
/// Which of a register's coefficients are sums in these layers, and which signs come with that.
const FOURS: I16x8 = I16x8::new([1, 1, 1, 1, 0, 0, 0, 0]);
const FOURS_SIGNS: I16x8 = I16x8::new([1, 1, 1, 1, -1, -1, -1, -1]);
const TWOS: I16x8 = I16x8::new([1, 1, 0, 0, 1, 1, 0, 0]);
const TWOS_SIGNS: I16x8 = I16x8::new([1, 1, -1, -1, 1, 1, -1, -1]);
/// The inverse of 128.
const SCALE: Constants = Constants::splat(centred(3_303));
