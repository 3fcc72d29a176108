//! Sixteen bytes in one register.

use core::ops::BitXorAssign;

use zeroize::DefaultIsZeroes;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use array as register;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd as register;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct U8x16(register::Register);

impl U8x16 {
    pub(crate) fn splat(byte: u8) -> U8x16 {
        U8x16::load(&[byte; 16])
    }

    #[inline(always)]
    pub(crate) fn load(bytes: &[u8; 16]) -> U8x16 {
        U8x16(register::load(bytes))
    }

    #[inline(always)]
    pub(crate) fn store(self, bytes: &mut [u8; 16]) {
        *bytes = register::bytes(self.0);
    }

    #[inline(always)]
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        register::bytes(self.0)
    }

    /// `self & !other`.
    #[inline(always)]
    pub(crate) fn and_not(self, other: U8x16) -> U8x16 {
        U8x16(register::and_not(self.0, other.0))
    }

    /// Each byte shifted right by four. The low four bits of every byte must be zero: the register shifts wider lanes.
    #[inline(always)]
    pub(crate) fn high_nibbles(self) -> U8x16 {
        U8x16(register::high_nibbles(self.0))
    }

    /// `self[index[n]]` for each n, and 0 where the top bit of `index[n]` is set; other indices above 15 are not to occur.
    #[inline(always)]
    pub(crate) fn swizzle(self, index: U8x16) -> U8x16 {
        U8x16(register::swizzle(self.0, index.0))
    }

    /// Bytes of both in turn: first those of the lower halves, then those of the upper.
    #[inline(always)]
    pub(crate) fn interleave(self, other: U8x16) -> [U8x16; 2] {
        register::interleave(self.0, other.0).map(U8x16)
    }
}

operator!(U8x16, BitXor, bitxor, xor);

impl BitXorAssign for U8x16 {
    #[inline(always)]
    fn bitxor_assign(&mut self, other: U8x16) {
        *self = *self ^ other;
    }
}

operator!(U8x16, BitAnd, bitand, and);

impl Default for U8x16 {
    fn default() -> U8x16 {
        U8x16::load(&[0; 16])
    }
}

impl DefaultIsZeroes for U8x16 {}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    #[cfg(target_feature = "relaxed-simd")]
    use core::arch::wasm32::i8x16_relaxed_swizzle as i8x16_any_swizzle;
    #[cfg(not(target_feature = "relaxed-simd"))]
    use core::arch::wasm32::i8x16_swizzle as i8x16_any_swizzle;
    use core::arch::wasm32::{
        i8x16_shuffle, u32x4_shr, u64x2, u64x2_extract_lane, v128, v128_and, v128_andnot, v128_xor,
    };

    pub(super) type Register = v128;

    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Register {
        let all = u128::from_le_bytes(*bytes);
        u64x2(all as u64, (all >> 64) as u64)
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
    pub(super) fn and(a: Register, b: Register) -> Register {
        v128_and(a, b)
    }

    #[inline(always)]
    pub(super) fn and_not(a: Register, b: Register) -> Register {
        v128_andnot(a, b)
    }

    /// By lanes of 32 bits: x86 has no shift of bytes, so the engines would build one of four instructions.
    #[inline(always)]
    pub(super) fn high_nibbles(a: Register) -> Register {
        u32x4_shr(a, 4)
    }

    #[inline(always)]
    pub(super) fn interleave(a: Register, b: Register) -> [Register; 2] {
        [
            i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b),
            i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b),
        ]
    }

    /// The relaxed instruction may differ from the strict one for indices from 16 to 127 alone, which do not occur.
    #[inline(always)]
    pub(super) fn swizzle(a: Register, index: Register) -> Register {
        i8x16_any_swizzle(a, index)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    use core::array;

    pub(super) type Register = [u8; 16];

    pub(super) fn load(bytes: &[u8; 16]) -> Register {
        *bytes
    }

    pub(super) fn bytes(register: Register) -> [u8; 16] {
        register
    }

    pub(super) fn xor(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n] ^ b[n])
    }

    pub(super) fn and(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n] & b[n])
    }

    pub(super) fn and_not(a: Register, b: Register) -> Register {
        array::from_fn(|n| a[n] & !b[n])
    }

    pub(super) fn high_nibbles(a: Register) -> Register {
        array::from_fn(|n| a[n] >> 4)
    }

    pub(super) fn interleave(a: Register, b: Register) -> [Register; 2] {
        [0, 8].map(|from| array::from_fn(|n| if n % 2 == 0 { a[from + n / 2] } else { b[from + n / 2] }))
    }

    /// Reads every entry for every index: the index is a secret.
    pub(super) fn swizzle(a: Register, index: Register) -> Register {
        let mut chosen = [0; 16];
        for (entry, value) in (0..).zip(a) {
            for n in 0..16 {
                // 0xFF where the index is this entry's: only then is the difference 0, and takes the borrow.
                let same = (u16::from(index[n] ^ entry).wrapping_sub(1) >> 8) as u8;
                chosen[n] |= value & same;
            }
        }
        chosen
    }
}
