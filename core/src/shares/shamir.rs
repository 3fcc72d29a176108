//! Shamir's secret sharing over GF(2^8), in constant time (spec Q-2).

use alloc::vec::Vec;

use rand_core::TryCryptoRng;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use crate::secret::{Latched, RandomnessError, Secret, fill_random};

/// A share as the library has it: its number, then its value.
type Point = Zeroizing<Vec<u8>>;

/// `count` points, numbered from 1, of which any `threshold` give the secret. Both are what Q-1 allows.
pub(super) fn split<R: TryCryptoRng + ?Sized>(
    secret: &Secret,
    threshold: u8,
    count: u8,
    rng: &mut R,
) -> Result<Vec<Point>, RandomnessError> {
    let mut fill = |bytes: &mut [u8]| fill_random(rng, bytes);
    let mut rng = Latched::new(&mut fill);
    let points = Gf256::split_bytes(threshold.into(), count.into(), secret.expose(), &mut rng);
    // Of its errors only those of the parameters could occur, and they were checked.
    let points = points.map_err(|_| RandomnessError)?.into_iter().map(Zeroizing::new).collect();
    if rng.failed() { Err(RandomnessError) } else { Ok(points) }
}

/// The secret at which these points' polynomials meet zero: another one when a point is wrong. `None` when two have one number.
pub(super) fn combine(points: impl Iterator<Item = (u8, Secret)>) -> Option<Secret> {
    let points = points.map(|(number, value)| {
        let mut point = Vec::with_capacity(1 + value.expose().len());
        point.push(number);
        point.extend_from_slice(value.expose());
        point
    });
    let points: Zeroizing<Vec<Vec<u8>>> = Zeroizing::new(points.collect());
    let secret = Zeroizing::new(Gf256::combine_bytes(&*points).ok()?);
    Secret::from_slice(&secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Multiplication by shifts, as FIPS 197, 4.2 has it: slow, and not in constant time.
    fn product(mut a: u8, b: u8) -> u8 {
        (0..8).fold(0, |sum, bit| {
            let sum = if b >> bit & 1 == 1 { sum ^ a } else { sum };
            a = a << 1 ^ if a & 0x80 == 0 { 0 } else { 0x1B };
            sum
        })
    }

    /// Two known polynomials: `s + 5 x + 9 x^2`, at 3, 1 and 255.
    #[test]
    fn points_are_those_of_the_polynomial() {
        let secret: [u8; 32] = core::array::from_fn(|i| (i * 7) as u8);
        let point = |x: u8| {
            let value = secret.map(|byte| byte ^ product(5, x) ^ product(9, product(x, x)));
            (x, Secret::copied(&value))
        };
        for numbers in [[3, 1, 255], [1, 2, 3], [200, 100, 50]] {
            assert!(combine(numbers.into_iter().map(point)) == Some(Secret::copied(&secret)));
        }
        assert!(combine([1, 2].into_iter().map(point)) != Some(Secret::copied(&secret)));
        assert!(combine([1, 2, 1].into_iter().map(point)).is_none());
        assert!(combine([0, 2, 1].into_iter().map(point)).is_none());
    }
}
