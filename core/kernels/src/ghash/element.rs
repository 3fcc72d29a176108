//! The field of GHASH, a product at a time.

use core::ops::{Add, Mul};

use zeroize::DefaultIsZeroes;

/// The first bit of the first byte is the topmost.
#[derive(Clone, Copy, Default)]
pub(super) struct Element(pub(super) u128);

impl Element {
    pub(super) fn from_bytes(bytes: &[u8; 16]) -> Element {
        Element(u128::from_be_bytes(*bytes))
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl DefaultIsZeroes for Element {}

#[allow(clippy::suspicious_arithmetic_impl, reason = "in a field of characteristic 2, XOR is addition")]
impl Add for Element {
    type Output = Element;

    fn add(self, other: Element) -> Element {
        Element(self.0 ^ other.0)
    }
}

impl Mul for Element {
    type Output = Element;

    fn mul(self, other: Element) -> Element {
        let [low, high] = carryless(self.0, other.0);
        // The topmost of 255 bits is the constant term.
        let (terms, overflow) = (high << 1 | low >> 127, low << 1);
        // x¹²⁸ = 1 + x + x² + x⁷; what this moves past the end is moved once more.
        let overflow = overflow ^ overflow << 127 ^ overflow << 126 ^ overflow << 121;
        Element(terms ^ overflow ^ overflow >> 1 ^ overflow >> 2 ^ overflow >> 7)
    }
}

/// The product of 255 bits, by Karatsuba.
fn carryless(a: u128, b: u128) -> [u128; 2] {
    let ([a0, a1], [b0, b1]) = ([a as u64, (a >> 64) as u64], [b as u64, (b >> 64) as u64]);
    let (low, high) = (carryless_64(a0, b0), carryless_64(a1, b1));
    let middle = carryless_64(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    [low ^ middle << 64, high ^ middle >> 64]
}

fn carryless_64(a: u64, b: u64) -> u128 {
    let low = carryless_low(a, b);
    // The reverse of a product is the product of the reverses, one bit further.
    let high = carryless_low(a.reverse_bits(), b.reverse_bits()).reverse_bits() >> 1;
    u128::from(high) << 64 | u128::from(low)
}

/// The low half of a product, by ordinary multiplication: of every four bits one is kept, so sums of up to fifteen ones stay
/// in the three bits between, and sixteen are reached only where the carry leaves the word.
fn carryless_low(a: u64, b: u64) -> u64 {
    let [a, b] = [a, b].map(|factor| [0, 1, 2, 3].map(|n| factor & HOLES << n));
    let mut product = 0;
    for n in 0..4 {
        let sum = (0..4).fold(0, |sum, m| sum ^ a[m].wrapping_mul(b[(n + 4 - m) % 4]));
        product |= sum & HOLES << n;
    }
    product
}

const HOLES: u64 = 0x1111_1111_1111_1111;
