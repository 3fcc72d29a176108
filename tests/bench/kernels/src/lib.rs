//! The kernels beside the crates that do the same, in one WebAssembly module: `cargo xtask bench` has it measured by `tests/bench`.
//!
//! Messages lie in the module's memory from the start, so that nothing is measured but the AEADs.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

use aegis::aegis256;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use fortress_kernels::{Aegis256, Aes256Gcm, ChaCha20Poly1305, Tag};

/// Encrypts a message of `len` bytes with the AEAD of this number, in the order of [`AEADS`]: from [`input`] to [`output`], or within the
/// output, as its crate does it without a copy. Returns the tag's first four bytes, by which those that do the same are seen to give the
/// same; 0 for what does not exist.
#[unsafe(no_mangle)]
pub extern "C" fn seal(aead: usize, len: usize) -> u32 {
    BUFFERS.with_borrow_mut(|[input, output]| match (AEADS.get(aead), input.get(..len), output.get_mut(..len)) {
        (Some(aead), Some(input), Some(output)) => {
            let [a, b, c, d, ..] = aead(input, output);
            u32::from_le_bytes([a, b, c, d])
        }
        _ => 0,
    })
}

/// Where a message is read from: zeros, unless the caller writes one there.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *const u8 {
    BUFFERS.with_borrow(|[input, _]| input.as_ptr())
}

/// Where what it was encrypted to is left.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    BUFFERS.with_borrow(|[_, output]| output.as_ptr())
}

/// Makes the messages what they were before the first of them.
#[unsafe(no_mangle)]
pub extern "C" fn reset() {
    BUFFERS.with_borrow_mut(|buffers| buffers.iter_mut().for_each(|buffer| buffer.fill(0)));
}

/// From one buffer to another, or within the second. The key is new for each message.
type Seal = fn(&[u8], &mut [u8]) -> Tag;

const AEADS: [Seal; 5] = [
    |input, output| ChaCha20Poly1305::new(&KEY).seal(&[1; 12], &[], input, output).unwrap_or_default(),
    |input, output| Aes256Gcm::new(&KEY).seal(&[1; 12], &[], input, output).unwrap_or_default(),
    |input, output| Aegis256::new(&KEY).seal(&[1; 32], &[], input, output).unwrap_or_default(),
    |_, output| {
        let aead = chacha20poly1305::ChaCha20Poly1305::new((&KEY).into());
        aead.encrypt_inout_detached((&[1; 12]).into(), &[], output.into()).map(Into::into).unwrap_or_default()
    },
    |_, output| aegis256::Aegis256::<16>::new(&KEY, &[1; 32]).encrypt_in_place(output, &[]),
];

const KEY: [u8; 32] = [7; 32];
const LONGEST: usize = 1 << 20;

thread_local! {
    static BUFFERS: RefCell<[Vec<u8>; 2]> = RefCell::new([vec![0; LONGEST], vec![0; LONGEST]]);
}
