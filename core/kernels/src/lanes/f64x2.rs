//! Two doubles in one register.

use zeroize::DefaultIsZeroes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use array as register;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd as register;

/// Two doubles.
#[derive(Clone, Copy)]
pub(crate) struct F64x2(register::Register);

impl F64x2 {
    #[inline(always)]
    pub(crate) const fn new(lanes: [f64; 2]) -> F64x2 {
        F64x2(register::new(lanes))
    }

    #[inline(always)]
    pub(crate) const fn splat(value: f64) -> F64x2 {
        F64x2::new([value, value])
    }

    pub(crate) fn to_array(self) -> [f64; 2] {
        register::lanes(self.0)
    }

    /// `self + a * b`, where both the product and the sum are exact: an instruction that rounds once gives the same as two that would each.
    #[inline(always)]
    pub(crate) fn plus_product(self, a: F64x2, b: F64x2) -> F64x2 {
        F64x2(register::plus_product(self.0, a.0, b.0))
    }

    /// `[self[A], other[B]]`.
    #[inline(always)]
    pub(crate) fn pick<const A: usize, const B: usize>(self, other: F64x2) -> F64x2 {
        F64x2(register::pick::<A, B>(self.0, other.0))
    }

    /// `[a + b, a - b]` of `[a, b]`.
    #[inline(always)]
    pub(crate) fn sum_and_difference(self) -> F64x2 {
        F64x2(register::sum_and_difference(self.0))
    }

    /// The two, exchanged where `mask` is all ones, and left where it is zero.
    #[inline(always)]
    pub(crate) fn exchange(self, other: F64x2, mask: u64) -> [F64x2; 2] {
        register::exchange(self.0, other.0, mask).map(F64x2)
    }
}

operator!(F64x2, Add, add, add);
operator!(F64x2, Sub, sub, sub);
operator!(F64x2, Mul, mul, mul);

impl Default for F64x2 {
    fn default() -> F64x2 {
        F64x2::splat(0.0)
    }
}

impl DefaultIsZeroes for F64x2 {}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        f64x2, f64x2_add, f64x2_extract_lane, f64x2_mul, f64x2_sub, i64x2_shuffle, u64x2_splat, v128, v128_and,
        v128_xor,
    };

    pub(super) type Register = v128;

    #[inline(always)]
    pub(super) const fn new([a, b]: [f64; 2]) -> Register {
        f64x2(a, b)
    }

    #[inline(always)]
    pub(super) fn lanes(a: Register) -> [f64; 2] {
        [f64x2_extract_lane::<0>(a), f64x2_extract_lane::<1>(a)]
    }

    #[inline(always)]
    pub(super) fn add(a: Register, b: Register) -> Register {
        f64x2_add(a, b)
    }

    #[inline(always)]
    pub(super) fn sub(a: Register, b: Register) -> Register {
        f64x2_sub(a, b)
    }

    #[inline(always)]
    pub(super) fn mul(a: Register, b: Register) -> Register {
        f64x2_mul(a, b)
    }

    #[inline(always)]
    pub(super) fn plus_product(sum: Register, a: Register, b: Register) -> Register {
        #[cfg(target_feature = "relaxed-simd")]
        return core::arch::wasm32::f64x2_relaxed_madd(a, b, sum);
        #[cfg(not(target_feature = "relaxed-simd"))]
        f64x2_add(sum, f64x2_mul(a, b))
    }

    /// What the instruction calls the second register's lanes begins at 2.
    #[inline(always)]
    pub(super) fn pick<const A: usize, const B: usize>(a: Register, b: Register) -> Register {
        match (A, B) {
            (0, 0) => i64x2_shuffle::<0, 2>(a, b),
            (0, _) => i64x2_shuffle::<0, 3>(a, b),
            (_, 0) => i64x2_shuffle::<1, 2>(a, b),
            _ => i64x2_shuffle::<1, 3>(a, b),
        }
    }

    #[inline(always)]
    pub(super) fn sum_and_difference(a: Register) -> Register {
        f64x2_add(i64x2_shuffle::<0, 0>(a, a), v128_xor(i64x2_shuffle::<1, 1>(a, a), f64x2(0.0, -0.0)))
    }

    #[inline(always)]
    pub(super) fn exchange(a: Register, b: Register, mask: u64) -> [Register; 2] {
        let difference = v128_and(v128_xor(a, b), u64x2_splat(mask));
        [v128_xor(a, difference), v128_xor(b, difference)]
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    pub(super) type Register = [f64; 2];

    #[inline(always)]
    pub(super) const fn new(lanes: [f64; 2]) -> Register {
        lanes
    }

    #[inline(always)]
    pub(super) fn lanes(a: Register) -> [f64; 2] {
        a
    }

    #[inline(always)]
    pub(super) fn add(a: Register, b: Register) -> Register {
        [a[0] + b[0], a[1] + b[1]]
    }

    #[inline(always)]
    pub(super) fn sub(a: Register, b: Register) -> Register {
        [a[0] - b[0], a[1] - b[1]]
    }

    #[inline(always)]
    pub(super) fn mul(a: Register, b: Register) -> Register {
        [a[0] * b[0], a[1] * b[1]]
    }

    #[inline(always)]
    pub(super) fn plus_product(sum: Register, a: Register, b: Register) -> Register {
        add(sum, mul(a, b))
    }

    #[inline(always)]
    pub(super) fn pick<const A: usize, const B: usize>(a: Register, b: Register) -> Register {
        [a[A], b[B]]
    }

    #[inline(always)]
    pub(super) fn sum_and_difference([a, b]: Register) -> Register {
        [a + b, a - b]
    }

    #[inline(always)]
    pub(super) fn exchange(a: Register, b: Register, mask: u64) -> [Register; 2] {
        let exchanged = |lane: usize| {
            let (a, b) = (a[lane].to_bits(), b[lane].to_bits());
            let difference = (a ^ b) & mask;
            [f64::from_bits(a ^ difference), f64::from_bits(b ^ difference)]
        };
        let [low, high] = [exchanged(0), exchanged(1)];
        [[low[0], high[0]], [low[1], high[1]]]
    }
}
