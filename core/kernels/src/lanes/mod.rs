//! Registers of 128 bits: WebAssembly's, or arrays of the same size where a kernel is compiled for another target.

/// An operator of a register's type, lane by lane, by the instruction that `register` has for it.
macro_rules! operator {
    ($type:ident, $trait:ident, $method:ident, $instruction:ident) => {
        impl core::ops::$trait for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, other: $type) -> $type {
                $type(register::$instruction(self.0, other.0))
            }
        }
    };
}

mod f64x2;
mod i16x8;
mod u32x4;
mod u64x2;
mod u8x16;

pub(crate) use f64x2::F64x2;
pub(crate) use i16x8::{I16x8, I32x4};
pub(crate) use u8x16::U8x16;
pub(crate) use u32x4::U32x4;
pub(crate) use u64x2::U64x2;
