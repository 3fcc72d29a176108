//! GHASH (NIST SP 800-38D, 6.4), without an instruction for carry-less multiplication.
//!
//! A block is a polynomial over GF(2), the first bit of the first byte its constant term, modulo x¹²⁸ + x⁷ + x² + x + 1.

mod element;
mod wide;

use element::Element;
use zeroize::ZeroizeOnDrop;

/// H.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Key(Element);

impl Key {
    pub(crate) fn new(h: &[u8; 16]) -> Key {
        Key(Element::from_bytes(h))
    }

    /// GHASH of both, each padded to whole blocks, and of their lengths (7.1).
    pub(crate) fn hash(&self, aad: &[u8], ciphertext: &[u8]) -> [u8; 16] {
        let lengths = u128::from(8 * aad.len() as u64) << 64 | u128::from(8 * ciphertext.len() as u64);
        let sum = self.absorb(self.absorb(Element::default(), aad), ciphertext);
        ((sum + Element(lengths)) * self.0).to_bytes()
    }

    fn absorb(&self, mut sum: Element, bytes: &[u8]) -> Element {
        let mut rest = bytes;
        if bytes.len() >= WIDE_FROM {
            let (batches, last) = bytes.as_chunks();
            sum = wide::absorb(self.0, sum, batches);
            rest = last;
        }
        for block in rest.chunks(16) {
            let mut padded = [0; 16];
            padded[..block.len()].copy_from_slice(block);
            sum = (sum + Element::from_bytes(&padded)) * self.0;
        }
        sum
    }
}

/// From this length on the tables of [`wide`] pay.
const WIDE_FROM: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// SP 800-38D's algorithm 1 as it stands, bit by bit.
    fn multiply(x: u128, y: u128) -> u128 {
        let (mut z, mut v) = (0, y);
        for bit in (0..128).rev() {
            z ^= if x >> bit & 1 == 1 { v } else { 0 };
            v = v >> 1 ^ if v & 1 == 1 { 0xE1 << 120 } else { 0 };
        }
        z
    }

    fn some_bytes<const LEN: usize>(seed: u8) -> [u8; LEN] {
        let mut state = u32::from(seed);
        core::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
    }

    #[test]
    fn products() {
        for seed in 0..=255 {
            let [a, b] = [some_bytes(seed), some_bytes(seed.wrapping_add(91))];
            let product = Element::from_bytes(&a) * Element::from_bytes(&b);
            assert_eq!(product.0, multiply(u128::from_be_bytes(a), u128::from_be_bytes(b)));
        }
        for edge in [0, 1, 1 << 127, u128::MAX, 0xFF << 64] {
            for other in [0, 1, 1 << 127, u128::MAX, 0xFF << 64] {
                assert_eq!((Element(edge) * Element(other)).0, multiply(edge, other));
            }
        }
    }

    #[test]
    fn long_and_short_agree_at_every_length() {
        let bytes: [u8; 1600] = some_bytes(7);
        for seed in 0..8 {
            let key = Key::new(&some_bytes(seed));
            for len in (0..=1600).step_by(1 + 12 * usize::from(seed)) {
                let expected = bytes[..len].chunks(16).fold(0, |sum, block| {
                    let mut padded = [0; 16];
                    padded[..block.len()].copy_from_slice(block);
                    multiply(sum ^ u128::from_be_bytes(padded), key.0.0)
                });
                assert_eq!(key.absorb(Element::default(), &bytes[..len]).0, expected, "{len} bytes");
            }
        }
    }
}
