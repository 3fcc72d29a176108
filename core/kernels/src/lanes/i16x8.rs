//! Eight numbers of 16 bits, with a sign, in one register; and four of 32, which sums of their products are.

use zeroize::DefaultIsZeroes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use array as register;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd as register;

/// Eight numbers of 16 bits. Sums, differences and products wrap around.
#[derive(Clone, Copy)]
pub(crate) struct I16x8(register::Register);

/// Four numbers of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct I32x4(register::Wide);

impl I16x8 {
    #[inline(always)]
    pub(crate) const fn new(lanes: [i16; 8]) -> I16x8 {
        I16x8(register::new(lanes))
    }

    #[inline(always)]
    pub(crate) const fn splat(number: i16) -> I16x8 {
        I16x8::new([number; 8])
    }

    /// Four numbers a word, the first one lowest.
    #[inline(always)]
    pub(crate) fn from_words(words: [u64; 2]) -> I16x8 {
        I16x8(register::from_words(words))
    }

    #[inline(always)]
    pub(crate) fn to_words(self) -> [u64; 2] {
        register::to_words(self.0)
    }

    /// The products divided by 2^15, to the nearest. Not both factors may be -2^15.
    #[inline(always)]
    pub(crate) fn times_high(self, other: I16x8) -> I16x8 {
        I16x8(register::times_high(self.0, other.0))
    }

    /// Each number times 2^BITS.
    #[inline(always)]
    pub(crate) fn shifted_left<const BITS: u32>(self) -> I16x8 {
        I16x8(register::shifted_left::<BITS>(self.0))
    }

    /// -1 where a number is negative, and 0 elsewhere.
    #[inline(always)]
    pub(crate) fn signs(self) -> I16x8 {
        I16x8(register::signs(self.0))
    }

    /// -1 where a number is greater than the other, and 0 elsewhere.
    #[inline(always)]
    pub(crate) fn greater(self, other: I16x8) -> I16x8 {
        I16x8(register::greater(self.0, other.0))
    }

    /// The register's parts of 32 bits, in the order of the four indices.
    #[inline(always)]
    pub(crate) fn pairs<const A: usize, const B: usize, const C: usize, const D: usize>(self) -> I16x8 {
        I16x8(register::pairs::<A, B, C, D>(self.0))
    }

    /// `[b, a]` of each two numbers `[a, b]`.
    #[inline(always)]
    pub(crate) fn turned_pairs(self) -> I16x8 {
        I16x8(register::turned_pairs(self.0))
    }

    /// `a * c + b * d` of each two numbers `[a, b]` and `[c, d]`.
    #[inline(always)]
    pub(crate) fn dot(self, other: I16x8) -> I32x4 {
        I32x4(register::dot(self.0, other.0))
    }
}

operator!(I16x8, Add, add, add);
operator!(I16x8, Sub, sub, sub);
operator!(I16x8, Mul, mul, mul);
operator!(I16x8, BitAnd, bitand, and);

impl Default for I16x8 {
    fn default() -> I16x8 {
        I16x8::splat(0)
    }
}

impl DefaultIsZeroes for I16x8 {}

impl I32x4 {
    /// The same bits: low halves, and high halves after each of them.
    #[inline(always)]
    pub(crate) fn halves(self) -> I16x8 {
        I16x8(register::halves(self.0))
    }

    /// The high halves of both in turn. The other's low halves have to be zero.
    #[inline(always)]
    pub(crate) fn high_halves(self, other: I32x4) -> I16x8 {
        I16x8(register::high_halves(self.0, other.0))
    }
}

operator!(I32x4, Add, add, add_wide);
operator!(I32x4, Sub, sub, sub_wide);

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    #[cfg(not(target_feature = "relaxed-simd"))]
    use core::arch::wasm32::i16x8_q15mulr_sat as i16x8_any_q15mulr;
    #[cfg(target_feature = "relaxed-simd")]
    use core::arch::wasm32::i16x8_relaxed_q15mulr as i16x8_any_q15mulr;
    use core::arch::wasm32::{
        i16x8, i16x8_add, i16x8_gt, i16x8_mul, i16x8_shl, i16x8_shr, i16x8_shuffle, i16x8_sub, i32x4_add,
        i32x4_dot_i16x8, i32x4_shuffle, i32x4_sub, u32x4_shr, u64x2, u64x2_extract_lane, v128, v128_and, v128_or,
    };

    pub(super) type Register = v128;
    pub(super) type Wide = v128;

    #[inline(always)]
    pub(super) const fn new([a, b, c, d, e, f, g, h]: [i16; 8]) -> Register {
        i16x8(a, b, c, d, e, f, g, h)
    }

    #[inline(always)]
    pub(super) fn from_words([a, b]: [u64; 2]) -> Register {
        u64x2(a, b)
    }

    #[inline(always)]
    pub(super) fn to_words(a: Register) -> [u64; 2] {
        [u64x2_extract_lane::<0>(a), u64x2_extract_lane::<1>(a)]
    }

    #[inline(always)]
    pub(super) fn add(a: Register, b: Register) -> Register {
        i16x8_add(a, b)
    }

    #[inline(always)]
    pub(super) fn sub(a: Register, b: Register) -> Register {
        i16x8_sub(a, b)
    }

    #[inline(always)]
    pub(super) fn mul(a: Register, b: Register) -> Register {
        i16x8_mul(a, b)
    }

    #[inline(always)]
    pub(super) fn and(a: Register, b: Register) -> Register {
        v128_and(a, b)
    }

    /// The relaxed instruction may differ from the strict one for the product of two -2^15 alone, which does not occur.
    #[inline(always)]
    pub(super) fn times_high(a: Register, b: Register) -> Register {
        i16x8_any_q15mulr(a, b)
    }

    #[inline(always)]
    pub(super) fn shifted_left<const BITS: u32>(a: Register) -> Register {
        i16x8_shl(a, BITS)
    }

    #[inline(always)]
    pub(super) fn signs(a: Register) -> Register {
        i16x8_shr(a, 15)
    }

    #[inline(always)]
    pub(super) fn greater(a: Register, b: Register) -> Register {
        i16x8_gt(a, b)
    }

    #[inline(always)]
    pub(super) fn pairs<const A: usize, const B: usize, const C: usize, const D: usize>(a: Register) -> Register {
        i32x4_shuffle::<A, B, C, D>(a, a)
    }

    #[inline(always)]
    pub(super) fn turned_pairs(a: Register) -> Register {
        i16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(a, a)
    }

    #[inline(always)]
    pub(super) fn dot(a: Register, b: Register) -> Wide {
        i32x4_dot_i16x8(a, b)
    }

    #[inline(always)]
    pub(super) fn add_wide(a: Wide, b: Wide) -> Wide {
        i32x4_add(a, b)
    }

    #[inline(always)]
    pub(super) fn sub_wide(a: Wide, b: Wide) -> Wide {
        i32x4_sub(a, b)
    }

    #[inline(always)]
    pub(super) fn halves(a: Wide) -> Register {
        a
    }

    #[inline(always)]
    pub(super) fn high_halves(a: Wide, b: Wide) -> Register {
        v128_or(u32x4_shr(a, 16), b)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    use core::array;

    pub(super) type Register = [i16; 8];
    pub(super) type Wide = [i32; 4];

    #[inline(always)]
    pub(super) const fn new(lanes: [i16; 8]) -> Register {
        lanes
    }

    #[inline(always)]
    pub(super) fn from_words(words: [u64; 2]) -> Register {
        array::from_fn(|n| (words[n / 4] >> (n % 4 * 16)) as i16)
    }

    #[inline(always)]
    pub(super) fn to_words(a: Register) -> [u64; 2] {
        [0, 4].map(|from| (0..4).fold(0, |word, n| word | u64::from(a[from + n] as u16) << (16 * n)))
    }

    #[inline(always)]
    pub(super) fn add(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n].wrapping_add(b[n]))
    }

    #[inline(always)]
    pub(super) fn sub(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n].wrapping_sub(b[n]))
    }

    #[inline(always)]
    pub(super) fn mul(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n].wrapping_mul(b[n]))
    }

    #[inline(always)]
    pub(super) fn and(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n] & b[n])
    }

    #[inline(always)]
    pub(super) fn times_high(a: Register, b: Register) -> Register {
        array::from_fn(|n| ((i32::from(a[n]) * i32::from(b[n]) + (1 << 14)) >> 15) as i16)
    }

    #[inline(always)]
    pub(super) fn shifted_left<const BITS: u32>(a: Register) -> Register {
        a.map(|number| number << BITS)
    }

    #[inline(always)]
    pub(super) fn signs(a: Register) -> Register {
        a.map(|number| number >> 15)
    }

    /// By the sign of the difference, which is no choice to the compiler.
    #[inline(always)]
    pub(super) fn greater(a: Register, b: Register) -> Register {
        array::from_fn(|n| ((i32::from(b[n]) - i32::from(a[n])) >> 31) as i16)
    }

    #[inline(always)]
    pub(super) fn pairs<const A: usize, const B: usize, const C: usize, const D: usize>(a: Register) -> Register {
        let from = [A, B, C, D];
        array::from_fn(|n| a[2 * from[n / 2] + n % 2])
    }

    #[inline(always)]
    pub(super) fn turned_pairs(a: Register) -> Register {
        array::from_fn(|n| a[n ^ 1])
    }

    #[inline(always)]
    pub(super) fn dot(a: Register, b: Register) -> Wide {
        let product = |n: usize| i32::from(a[n]) * i32::from(b[n]);
        array::from_fn(|n| product(2 * n).wrapping_add(product(2 * n + 1)))
    }

    #[inline(always)]
    pub(super) fn add_wide(a: Wide, b: Wide) -> Wide {
        array::from_fn(|n| a[n].wrapping_add(b[n]))
    }

    #[inline(always)]
    pub(super) fn sub_wide(a: Wide, b: Wide) -> Wide {
        array::from_fn(|n| a[n].wrapping_sub(b[n]))
    }

    #[inline(always)]
    pub(super) fn halves(a: Wide) -> Register {
        array::from_fn(|n| (a[n / 2] >> (n % 2 * 16)) as i16)
    }

    #[inline(always)]
    pub(super) fn high_halves(a: Wide, b: Wide) -> Register {
        array::from_fn(|n| ((if n % 2 == 0 { a } else { b })[n / 2] >> 16) as i16)
    }
}
