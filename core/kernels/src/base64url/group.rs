//! Twelve bytes and their sixteen characters.
//!
//! The alphabet is five runs, in each of which a character and its value differ by a constant. Which run is decided by arithmetic or, in
//! a register, by a table of sixteen bytes: no memory is addressed and no branch taken by what is read.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use array::{Bad, decode_group, encode_group};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd::{Bad, decode_group, encode_group};

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        i8x16, i8x16_add, i8x16_eq, i8x16_shuffle, i8x16_swizzle, i16x8, i32x4_dot_i16x8, u8x16_lt, u8x16_splat,
        u8x16_sub_sat, u16x8_shl, u16x8_shr, u16x8_splat, u32x4_shl, u32x4_shr, u32x4_splat, u64x2, u64x2_extract_lane,
        v128, v128_and, v128_any_true, v128_or, v128_xor,
    };

    /// Nonzero where a character is none of the alphabet.
    pub(in super::super) struct Bad(v128);

    impl Bad {
        pub(in super::super) fn any(&self) -> bool {
            v128_any_true(self.0)
        }
    }

    impl Default for Bad {
        fn default() -> Bad {
            Bad(u64x2(0, 0))
        }
    }

    #[inline(always)]
    pub(in super::super) fn encode_group(bytes: &[u8; 12]) -> [u8; 16] {
        let [b0, b1, b2, b3, b4, b5, b6, b7, last @ ..] = *bytes;
        let bytes = u64x2(u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]), u32::from_le_bytes(last).into());
        // Three bytes in each word, of 24 bits; then six of them in each of its bytes.
        let words = i8x16_shuffle::<2, 1, 0, 12, 5, 4, 3, 12, 8, 7, 6, 12, 11, 10, 9, 12>(bytes, bytes);
        let first = v128_and(u32x4_shr(words, 18), u32x4_splat(0x3F));
        let second = v128_and(u32x4_shr(words, 4), u32x4_splat(0x3F00));
        let third = v128_and(u32x4_shl(words, 10), u32x4_splat(0x3F_0000));
        let fourth = v128_and(u32x4_shl(words, 24), u32x4_splat(0x3F00_0000));
        let values = v128_or(v128_or(first, second), v128_or(third, fourth));
        // 0 for a to z, 1 to 10 for digits, 11 for -, 12 for _; 13 for A to Z.
        let run = u8x16_sub_sat(values, u8x16_splat(51));
        let run = v128_or(run, v128_and(u8x16_lt(values, u8x16_splat(26)), u8x16_splat(13)));
        let text =
            i8x16_add(values, i8x16_swizzle(i8x16(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -17, 32, 65, 0, 0), run));
        to_bytes(text)
    }

    #[inline(always)]
    pub(in super::super) fn decode_group(text: &[u8; 16], bad: &mut Bad) -> [u8; 12] {
        let all = u128::from_le_bytes(*text);
        let text = u64x2(all as u64, (all >> 64) as u64);
        let low = v128_and(text, u8x16_splat(0x0F));
        let high = v128_and(u16x8_shr(text, 4), u8x16_splat(0x0F));
        // A bit for each set of upper halves that has the same lower ones: those with the bit in both are none of the alphabet.
        let refused_high = i8x16(16, 16, 1, 2, 4, 8, 4, 32, 16, 16, 16, 16, 16, 16, 16, 16);
        let refused_low = i8x16(21, 17, 17, 17, 17, 17, 17, 17, 17, 17, 19, 59, 59, 58, 59, 51);
        bad.0 = v128_or(bad.0, v128_and(i8x16_swizzle(refused_high, high), i8x16_swizzle(refused_low, low)));
        // By upper half, but for _, which is in a run of capitals and gets a place of its own.
        let underscore = v128_and(i8x16_eq(text, u8x16_splat(b'_')), u8x16_splat(5 ^ 8));
        let difference = i8x16(0, 0, 17, 4, -65, -65, -71, -71, -32, 0, 0, 0, 0, 0, 0, 0);
        let values = i8x16_add(text, i8x16_swizzle(difference, v128_xor(high, underscore)));
        // Two values to 12 bits, two of those to 24.
        let pairs = v128_or(v128_and(u16x8_shl(values, 6), u16x8_splat(0x0FC0)), u16x8_shr(values, 8));
        let words = i32x4_dot_i16x8(pairs, i16x8(4096, 1, 4096, 1, 4096, 1, 4096, 1));
        let bytes = to_bytes(i8x16_shuffle::<2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 3, 3, 3>(words, words));
        let [bytes @ .., _, _, _, _] = bytes;
        bytes
    }

    #[inline(always)]
    fn to_bytes(register: v128) -> [u8; 16] {
        let [low, high] = [u64x2_extract_lane::<0>(register), u64x2_extract_lane::<1>(register)];
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    /// Nonzero if a character is none of the alphabet.
    #[derive(Default)]
    pub(in super::super) struct Bad(u8);

    impl Bad {
        pub(in super::super) fn any(&self) -> bool {
            self.0 != 0
        }
    }

    pub(in super::super) fn encode_group(bytes: &[u8; 12]) -> [u8; 16] {
        core::array::from_fn(|n| {
            let [first, second, third] = [0, 1, 2].map(|byte| u32::from(bytes[n / 4 * 3 + byte]));
            let value = (first << 16 | second << 8 | third) >> (18 - n % 4 * 6) & 0x3F;
            RUNS.iter().fold(0, |text, &(start, end, value_of_start)| {
                let from = value.wrapping_sub(value_of_start);
                let in_run = from.wrapping_sub(end - start + 1) >> 31 & !from >> 31;
                text | start.wrapping_add(from) as u8 & (in_run as u8).wrapping_neg()
            })
        })
    }

    pub(in super::super) fn decode_group(text: &[u8; 16], bad: &mut Bad) -> [u8; 12] {
        let values = text.map(|character| {
            let character = u32::from(character);
            let (mut value, mut known) = (0, 0);
            for (start, end, value_of_start) in RUNS {
                let in_run = (end.wrapping_sub(character) | character.wrapping_sub(start)) >> 31 ^ 1;
                value |= character.wrapping_sub(start).wrapping_add(value_of_start) & in_run.wrapping_neg();
                known |= in_run as u8;
            }
            bad.0 |= known ^ 1;
            value
        });
        core::array::from_fn(|n| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|value| values[n / 3 * 4 + value]);
            ((a << 18 | b << 12 | c << 6 | d) >> (16 - n % 3 * 8)) as u8
        })
    }

    /// The alphabet: each run's first and last character, and the value of the first.
    const RUNS: [(u32, u32, u32); 5] = [(65, 90, 0), (97, 122, 26), (48, 57, 52), (45, 45, 62), (95, 95, 63)];
}
