//! Two words of 64 bits in one register.

use zeroize::DefaultIsZeroes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use array as register;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd as register;

/// Two words.
#[derive(Clone, Copy)]
pub(crate) struct U64x2(register::Register);

impl U64x2 {
    #[inline(always)]
    pub(crate) fn new(words: [u64; 2]) -> U64x2 {
        U64x2(register::new(words))
    }

    #[inline(always)]
    pub(crate) fn splat(word: u64) -> U64x2 {
        U64x2::new([word, word])
    }

    #[inline(always)]
    pub(crate) fn to_array(self) -> [u64; 2] {
        register::words(self.0)
    }

    /// `self & !other`.
    #[inline(always)]
    pub(crate) fn and_not(self, other: U64x2) -> U64x2 {
        U64x2(register::and_not(self.0, other.0))
    }

    /// Each word rotated by `BITS`.
    #[inline(always)]
    pub(crate) fn rotate_left<const BITS: u32>(self) -> U64x2 {
        U64x2(register::rotate_left::<BITS>(self.0))
    }
}

operator!(U64x2, BitXor, bitxor, xor);

impl Default for U64x2 {
    fn default() -> U64x2 {
        U64x2::splat(0)
    }
}

impl DefaultIsZeroes for U64x2 {}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{u64x2, u64x2_extract_lane, u64x2_shl, u64x2_shr, v128, v128_andnot, v128_or, v128_xor};

    pub(super) type Register = v128;

    #[inline(always)]
    pub(super) fn new([a, b]: [u64; 2]) -> Register {
        u64x2(a, b)
    }

    #[inline(always)]
    pub(super) fn words(a: Register) -> [u64; 2] {
        [u64x2_extract_lane::<0>(a), u64x2_extract_lane::<1>(a)]
    }

    #[inline(always)]
    pub(super) fn xor(a: Register, b: Register) -> Register {
        v128_xor(a, b)
    }

    #[inline(always)]
    pub(super) fn and_not(a: Register, b: Register) -> Register {
        v128_andnot(a, b)
    }

    /// There is no such instruction.
    #[inline(always)]
    pub(super) fn rotate_left<const BITS: u32>(a: Register) -> Register {
        match BITS {
            0 => a,
            _ => v128_or(u64x2_shl(a, BITS), u64x2_shr(a, 64 - BITS)),
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    pub(super) type Register = [u64; 2];

    #[inline(always)]
    pub(super) fn new(words: [u64; 2]) -> Register {
        words
    }

    #[inline(always)]
    pub(super) fn words(a: Register) -> [u64; 2] {
        a
    }

    #[inline(always)]
    pub(super) fn xor(a: Register, b: Register) -> Register {
        [a[0] ^ b[0], a[1] ^ b[1]]
    }

    #[inline(always)]
    pub(super) fn and_not(a: Register, b: Register) -> Register {
        [a[0] & !b[0], a[1] & !b[1]]
    }

    #[inline(always)]
    pub(super) fn rotate_left<const BITS: u32>(a: Register) -> Register {
        a.map(|word| word.rotate_left(BITS))
    }
}
