//! Four words of 32 bits in one register.

use zeroize::DefaultIsZeroes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use array as register;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd as register;

/// Four words.
#[derive(Clone, Copy)]
pub(crate) struct U32x4(register::Register);

impl U32x4 {
    pub(crate) fn new(words: [u32; 4]) -> U32x4 {
        U32x4(register::new(words))
    }

    /// The words of 16 bytes, each little endian.
    #[inline(always)]
    pub(crate) fn load(bytes: &[u8; 16]) -> U32x4 {
        let (words, _) = bytes.as_chunks::<4>();
        U32x4(register::new([words[0], words[1], words[2], words[3]].map(u32::from_le_bytes)))
    }

    /// The way back.
    #[inline(always)]
    pub(crate) fn store(self, bytes: &mut [u8; 16]) {
        *bytes = register::bytes(self.0);
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        register::bytes(self.0)
    }

    #[inline(always)]
    pub(crate) fn wrapping_add(self, other: U32x4) -> U32x4 {
        U32x4(register::wrapping_add(self.0, other.0))
    }

    /// Each word rotated by `BITS`.
    #[inline(always)]
    pub(crate) fn rotate_left<const BITS: u32>(self) -> U32x4 {
        U32x4(register::rotate_left::<BITS>(self.0))
    }

    /// `[b, c, d, a]` of `[a, b, c, d]`.
    #[inline(always)]
    pub(crate) fn turned_once(self) -> U32x4 {
        U32x4(register::shuffle::<1, 2, 3, 0>(self.0))
    }

    /// `[c, d, a, b]`.
    #[inline(always)]
    pub(crate) fn turned_twice(self) -> U32x4 {
        U32x4(register::shuffle::<2, 3, 0, 1>(self.0))
    }

    /// `[d, a, b, c]`.
    #[inline(always)]
    pub(crate) fn turned_back(self) -> U32x4 {
        U32x4(register::shuffle::<3, 0, 1, 2>(self.0))
    }
}

operator!(U32x4, BitXor, bitxor, xor);

impl Default for U32x4 {
    fn default() -> U32x4 {
        U32x4::new([0; 4])
    }
}

impl DefaultIsZeroes for U32x4 {}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        i8x16_shuffle, i16x8_shuffle, i32x4_shuffle, u32x4, u32x4_add, u32x4_shl, u32x4_shr, u64x2_extract_lane, v128,
        v128_or, v128_xor,
    };

    pub(super) type Register = v128;

    #[inline(always)]
    pub(super) fn new([a, b, c, d]: [u32; 4]) -> Register {
        u32x4(a, b, c, d)
    }

    #[inline(always)]
    pub(super) fn bytes(register: Register) -> [u8; 16] {
        let [low, high] = [u64x2_extract_lane::<0>(register), u64x2_extract_lane::<1>(register)];
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }

    #[inline(always)]
    pub(super) fn xor(a: Register, b: Register) -> Register {
        v128_xor(a, b)
    }

    #[inline(always)]
    pub(super) fn wrapping_add(a: Register, b: Register) -> Register {
        u32x4_add(a, b)
    }

    /// There is no such instruction: by whole bytes a shuffle does it, which is one or two to the engines, and otherwise two shifts.
    #[inline(always)]
    pub(super) fn rotate_left<const BITS: u32>(a: Register) -> Register {
        match BITS {
            8 => i8x16_shuffle::<3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14>(a, a),
            16 => i16x8_shuffle::<1, 0, 3, 2, 5, 4, 7, 6>(a, a),
            _ => v128_or(u32x4_shl(a, BITS), u32x4_shr(a, 32 - BITS)),
        }
    }

    #[inline(always)]
    pub(super) fn shuffle<const A: usize, const B: usize, const C: usize, const D: usize>(a: Register) -> Register {
        i32x4_shuffle::<A, B, C, D>(a, a)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    use core::array;

    pub(super) type Register = [u32; 4];

    pub(super) fn new(words: [u32; 4]) -> Register {
        words
    }

    pub(super) fn bytes(register: Register) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(register) {
            *to = word.to_le_bytes();
        }
        bytes
    }

    pub(super) fn xor(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n] ^ b[n])
    }

    pub(super) fn wrapping_add(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n].wrapping_add(b[n]))
    }

    pub(super) fn rotate_left<const BITS: u32>(a: Register) -> Register {
        a.map(|word| word.rotate_left(BITS))
    }

    pub(super) fn shuffle<const A: usize, const B: usize, const C: usize, const D: usize>(a: Register) -> Register {
        [a[A], a[B], a[C], a[D]]
    }
}
