//! Randomness: a pool filled by the host's `crypto.getRandomValues`, so that most calls need not leave WebAssembly.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;

use rand_core::{TryCryptoRng, TryRng};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::frame::wipe;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["globalThis", "crypto"], js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// Bytes fetched at once: about as long to fetch as the call takes.
const BLOCK: usize = 4_096;
/// What `getRandomValues` fills at most.
const MAX_REQUEST: usize = 65_536;

struct Block {
    bytes: [u8; BLOCK],
    /// Those before are used, and zero.
    used: usize,
}

thread_local! {
    static POOL: RefCell<Block> = const { RefCell::new(Block { bytes: [0; BLOCK], used: BLOCK }) };
}

/// The pool, as the core takes it. Each byte is given out once and wiped.
pub(crate) struct Pool;

impl TryRng for Pool {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), NoRandomness> {
        if out.len() > BLOCK {
            return out.chunks_mut(MAX_REQUEST).try_for_each(fetch);
        }
        POOL.with_borrow_mut(|pool| {
            if out.len() > BLOCK - pool.used {
                // What is left of the block is too little: it is dropped with it. Used until the fetch has succeeded.
                pool.used = BLOCK;
                fetch(&mut pool.bytes)?;
                pool.used = 0;
            }
            let taken = &mut pool.bytes[pool.used..pool.used + out.len()];
            out.copy_from_slice(taken);
            wipe(taken);
            pool.used += out.len();
            Ok(())
        })
    }
}

impl TryCryptoRng for Pool {}

fn fetch(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    get_random_values(bytes).map_err(|_| NoRandomness)
}

/// The host has no `crypto.getRandomValues`, or it threw.
#[derive(Debug)]
pub(crate) struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("crypto.getRandomValues failed")
    }
}

impl std::error::Error for NoRandomness {}

impl From<Infallible> for NoRandomness {
    fn from(never: Infallible) -> NoRandomness {
        match never {}
    }
}
