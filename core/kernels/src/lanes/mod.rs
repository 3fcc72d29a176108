//! Registers of 128 bits: WebAssembly's, or arrays of the same size where a kernel is compiled for another target.

mod f64x2;
mod u32x4;
mod u8x16;

pub(crate) use f64x2::F64x2;
pub(crate) use u8x16::U8x16;
pub(crate) use u32x4::U32x4;
