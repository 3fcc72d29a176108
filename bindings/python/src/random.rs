//! The system's randomness, fetched a block at a time: a salt from the system costs more than the token that it is for.
//!
//! A block belongs to one thread. Each byte is given out once and wiped. A forked child would repeat its parent's bytes, so
//! it throws its copies away; where that cannot be arranged nothing is kept. What this cannot see is a virtual machine
//! that is copied while it runs: a block is small so that little would be repeated.
//!
//! A generator of our own, seeded from the system, would save another twentieth of a token. It would also give the same bytes
//! in both copies of such a machine until its next seed, thousands of salts instead of forty, where the system's notices the
//! copy; and two tokens with one salt are the one thing that must not be.

use std::cell::RefCell;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroize;

/// Bytes fetched at once: as many salts as make the system's share of a token small.
const BLOCK: usize = 1024;

struct Block {
    bytes: [u8; BLOCK],
    /// Those before are used, and zero.
    used: usize,
    /// [`FORKS`] when it was fetched.
    forks: u64,
}

thread_local! {
    static POOL: RefCell<Block> = const { RefCell::new(Block { bytes: [0; BLOCK], used: BLOCK, forks: 0 }) };
}

/// How often this process or its ancestors were forked since the first block.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// The pool, as the core takes it.
pub(crate) struct Pool;

impl TryRng for Pool {
    type Error = getrandom::Error;

    fn try_next_u32(&mut self) -> Result<u32, getrandom::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, getrandom::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), getrandom::Error> {
        if out.len() > BLOCK / 4 || !forks_are_seen() {
            return SysRng.try_fill_bytes(out);
        }
        POOL.with_borrow_mut(|pool| {
            let forks = FORKS.load(Ordering::Relaxed);
            if pool.forks != forks || out.len() > BLOCK - pool.used {
                // What is left is too little, or another process's. Used until the fetch has succeeded.
                pool.used = BLOCK;
                SysRng.try_fill_bytes(&mut pool.bytes)?;
                pool.forks = forks;
                pool.used = 0;
            }
            let taken = &mut pool.bytes[pool.used..pool.used + out.len()];
            out.copy_from_slice(taken);
            taken.zeroize();
            pool.used += out.len();
            Ok(())
        })
    }
}

impl TryCryptoRng for Pool {}

/// Will [`FORKS`] count every fork from here on?
#[cfg(unix)]
fn forks_are_seen() -> bool {
    static SEEN: OnceLock<bool> = OnceLock::new();

    /// Runs in the child, where only what is safe in a signal handler may be done.
    extern "C" fn in_the_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    *SEEN.get_or_init(|| {
        // SAFETY: the handler is a function of this module, which Python never unloads.
        unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) == 0 }
    })
}

#[cfg(not(unix))]
fn forks_are_seen() -> bool {
    true
}
