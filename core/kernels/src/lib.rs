//! Primitives made for WebAssembly's 128-bit SIMD, where the crates that serve every other target leave most of the speed.
//!
//! Each is what its published specification says and nothing more: what a user calls stands in the crate `fortress-sdk`. They are constant
//! time by construction: no table is indexed by a secret, and no branch depends on one. They compile for every target, so that
//! they are tested natively too, and are used on `wasm32` alone.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod aegis256;
mod aes;
mod aes256gcm;
pub mod base64url;
mod chacha20;
mod chacha20poly1305;
mod ghash;
mod keccak;
mod lanes;
pub mod mlkem;
mod poly1305;
mod tag;
pub mod words;
mod x25519;

use core::fmt;

pub use aegis256::{Aegis256, Aegis256X, Aegis256X2};
pub use aes256gcm::Aes256Gcm;
pub use chacha20poly1305::ChaCha20Poly1305;
pub use keccak::{sha3_256, shake256};
pub use x25519::{x25519, x25519_ephemeral, x25519_public};

/// Bytes of a tag, for every AEAD here.
pub const TAG_LEN: usize = 16;

/// A tag.
pub type Tag = [u8; TAG_LEN];

/// Why an AEAD did not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The tag is not that of the message. There is nothing more to say, and nothing of the plaintext is left.
    Unauthentic,
    /// The two buffers are not equally long, or the message is longer than its specification allows.
    Length,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Unauthentic => "the message does not authenticate",
            Error::Length => "the buffers differ in length, or the message is too long",
        })
    }
}

impl core::error::Error for Error {}
