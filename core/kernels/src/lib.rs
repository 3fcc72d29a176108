//! Primitives made for WebAssembly's 128-bit SIMD, where the crates that serve every other target leave most of the speed.
//!
//! Each is what its published specification says and nothing more: what a user calls stands in the crate `fortress-sdk`. They are constant
//! time by construction: no table is indexed by a secret, and no branch depends on one. They compile for every target, so that
//! they are tested natively too, and are used on `wasm32` alone.
#![no_std]
#![forbid(unsafe_code)]
