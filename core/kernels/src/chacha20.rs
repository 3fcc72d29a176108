//! The ChaCha20 block function (RFC 8439, 2.3), for several blocks side by side.

use zeroize::Zeroize as _;

use crate::lanes::U32x4;

/// Bytes of a block.
pub(crate) const BLOCK_LEN: usize = 64;

/// 64 bytes of key stream: the rows of the state, four words each.
pub(crate) type Block = [U32x4; 4];

/// Half of the rounds (2.3): columns, then diagonals.
pub(crate) const DOUBLE_ROUNDS: usize = 10;

/// Halves of a round, after each of which something is done beside.
pub(crate) const HALVES: usize = 2;

/// A key and a nonce: the state with a counter of 0.
pub(crate) struct ChaCha20(Block);

impl ChaCha20 {
    pub(crate) fn new(key: &[u8; 32], nonce: &[u8; 12]) -> ChaCha20 {
        let (key, _) = key.as_chunks::<16>();
        let mut counter_and_nonce = [0; 16];
        counter_and_nonce[4..].copy_from_slice(nonce);
        ChaCha20([U32x4::new(CONSTANTS), U32x4::load(&key[0]), U32x4::load(&key[1]), U32x4::load(&counter_and_nonce)])
    }

    /// The blocks of `N` counters from `counter` on. After each half of each of the twenty rounds it calls `beside`
    /// with the numbers of the round and the half: vector instructions leave the other units of a processor idle, so that other work costs less there
    /// than before or after.
    #[inline(always)]
    pub(crate) fn blocks<const N: usize>(&self, counter: u32, mut beside: impl FnMut(usize, usize)) -> [Block; N] {
        let initial: [Block; N] = core::array::from_fn(|n| {
            let [constants, key, more_key, nonce] = self.0;
            // The limit on a message's length keeps the counter from wrapping around.
            let counter = U32x4::new([counter.wrapping_add(n as u32), 0, 0, 0]);
            [constants, key, more_key, nonce.wrapping_add(counter)]
        });
        let mut blocks = initial;
        for n in 0..DOUBLE_ROUNDS {
            round(&mut blocks, |half| beside(2 * n, half));
            // The second round takes diagonals: rows are turned so that these are columns, and turned back.
            for [_, b, c, d] in &mut blocks {
                [*b, *c, *d] = [b.turned_once(), c.turned_twice(), d.turned_back()];
            }
            round(&mut blocks, |half| beside(2 * n + 1, half));
            for [_, b, c, d] in &mut blocks {
                [*b, *c, *d] = [b.turned_back(), c.turned_twice(), d.turned_once()];
            }
        }
        for (row, initial) in blocks.as_flattened_mut().iter_mut().zip(initial.as_flattened()) {
            *row = row.wrapping_add(*initial);
        }
        blocks
    }
}

impl Drop for ChaCha20 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A quarter round (2.1) on each column. All blocks take a step before any takes the next, which depends on it.
#[inline(always)]
fn round<const N: usize>(blocks: &mut [Block; N], mut beside: impl FnMut(usize)) {
    for [a, b, _, d] in &mut *blocks {
        *a = a.wrapping_add(*b);
        *d = (*d ^ *a).rotate_left::<16>();
    }
    for [_, b, c, d] in &mut *blocks {
        *c = c.wrapping_add(*d);
        *b = (*b ^ *c).rotate_left::<12>();
    }
    beside(0);
    for [a, b, _, d] in &mut *blocks {
        *a = a.wrapping_add(*b);
        *d = (*d ^ *a).rotate_left::<8>();
    }
    for [_, b, c, d] in &mut *blocks {
        *c = c.wrapping_add(*d);
        *b = (*b ^ *c).rotate_left::<7>();
    }
    beside(1);
}

/// "expand 32-byte k" (2.3).
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
