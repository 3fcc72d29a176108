//! What the comments say of how large numbers get, and the arithmetic beside its definitions.

use std::vec::Vec;

use super::{
    codec::{decode, encode},
    compress::{compress, decompress},
    factor::{Factor, product},
    poly::{Constants, Poly, Q, modulus, reduced},
};
use crate::lanes::I16x8;

/// Every number of 16 bits times every constant of the transforms, up to a half of q: the right one, and no larger than Barrett's bound.
#[test]
fn products_are_right_and_bounded() {
    let q = i32::from(Q);
    for z in (0..=q / 2).step_by(13).chain([1, 2, 1_663, 1_664]).flat_map(|z| [z, -z]) {
        let constants = Constants::splat(z as i16);
        for lanes in all_numbers() {
            for (a, r) in numbers(lanes).into_iter().zip(numbers(constants.times(lanes, modulus()))) {
                assert_eq!((a * z - r) % q, 0, "{a} {z}");
                assert!(r.abs() << 16 <= q * ((1 << 15) + a.abs()), "{a} {z} {r}");
            }
        }
    }
}

#[test]
fn reductions_are_right_and_bounded() {
    let q = i32::from(Q);
    for lanes in all_numbers() {
        let mut poly = filled(lanes);
        poly.normalise();
        for ((a, r), normal) in
            numbers(lanes).into_iter().zip(numbers(reduced(lanes, modulus()))).zip(numbers(poly.0[31]))
        {
            assert_eq!((a - r) % q, 0, "{a}");
            assert!(100 * r.abs() < 66 * q, "{a} {r}");
            assert_eq!(normal, a.rem_euclid(q), "{a}");
        }
    }
}

/// FIPS 203, 4.2.1, (4.7) and (4.8).
#[test]
fn compression_is_to_the_nearest() {
    fn holds<const D: u32>() {
        let q = i32::from(Q);
        for lanes in all_numbers() {
            let mut poly = filled(lanes);
            compress::<D>(&mut poly);
            for (a, compressed) in numbers(lanes).into_iter().zip(numbers(poly.0[17])) {
                let nearest = ((a.rem_euclid(q) << (D + 1)) + q) / (2 * q) % (1 << D);
                assert_eq!(compressed, nearest, "{D} bits, {a}");
            }
        }
        for y in 0..1 << D {
            let mut poly = filled(I16x8::splat(y as i16));
            decompress::<D>(&mut poly);
            let nearest = (2 * q * y + (1 << D)) / (2 << D);
            assert_eq!(numbers(poly.0[9]), [nearest; 8], "{D} bits, {y}");
        }
    }
    holds::<1>();
    holds::<4>();
    holds::<10>();
}

#[test]
fn what_is_encoded_is_decoded() {
    fn holds<const D: usize>() {
        for round in 0..64_u64 {
            let poly = poly(&random(round).map(|number| number & ((1 << D) - 1)));
            let mut bytes = [0; 384];
            encode::<D>(&poly, &mut bytes[..32 * D]);
            assert_eq!(coefficients(&decode::<D>(&bytes[..32 * D])), coefficients(&poly));
            // Bit by bit (Algorithms 3 and 5).
            let bit = |n: usize| i32::from(bytes[n / 8] >> (n % 8) & 1);
            for (n, coefficient) in coefficients(&poly).into_iter().enumerate() {
                assert_eq!((0..D).map(|j| bit(n * D + j) << j).sum::<i32>(), coefficient);
            }
        }
    }
    holds::<1>();
    holds::<4>();
    holds::<10>();
    holds::<12>();
}

/// There and back, of coefficients up to q; those at both ends, too.
#[test]
fn transforms_are_inverse_and_bounded() {
    for round in 0..512 {
        let original = poly(&up_to_q(round));
        let mut changed = original;
        changed.transform();
        assert!(largest(&changed) * 10 <= 56 * i32::from(Q));
        changed.normalise();
        changed.transform_back();
        assert!(largest(&changed) <= i32::from(Q));
        assert_eq!(residues(&changed), residues(&original), "round {round}");
        // The way back, of what is as large as it may be.
        let mut sum = poly(&up_to_q(round + 1).map(|number| 4 * number));
        let mut plain = sum;
        sum.transform_back();
        plain.normalise();
        plain.transform_back();
        assert!(largest(&sum) <= i32::from(Q));
        assert_eq!(residues(&sum), residues(&plain), "round {round}");
    }
}

/// Products in the ring, as its definition has them.
#[test]
fn products_are_those_of_polynomials() {
    for round in 0..24 {
        let mut pairs = [0, 1, 2].map(|n| [poly(&up_to_q(6 * round + n)), poly(&up_to_q(6 * round + n + 3))]);
        let mut expected = [0_i64; 256];
        for [a, b] in &pairs {
            let (a, b) = (coefficients(a), coefficients(b));
            for i in 0..256 {
                for j in 0..256 {
                    let sign = if i + j < 256 { 1 } else { -1 };
                    expected[(i + j) % 256] += sign * i64::from(a[i]) * i64::from(b[j]);
                }
            }
        }
        let factors = pairs.each_mut().map(|[_, b]| {
            b.transform();
            factor(b)
        });
        pairs.iter_mut().for_each(|[a, _]| a.transform());
        let mut sum = product(pairs.each_ref().map(|[a, _]| a), factors.each_ref());
        assert!(largest(&sum) * 10 <= 23 * i32::from(Q));
        sum.transform_back();
        assert_eq!(residues(&sum), expected.map(|sum| sum.rem_euclid(i64::from(Q)) as i32).to_vec(), "round {round}");
    }
}

/// Three products of coefficients that are all as large as they may be, with signs that add up.
#[test]
fn sums_of_products_are_bounded() {
    for (number, bound) in [(18_642, 23), (3_328, 9)] {
        for sign in [1, -1] {
            for other in all_numbers().step_by(97) {
                let factor = factor(&filled(other));
                let a = filled(I16x8::splat(number * sign));
                assert!(largest(&product([&a; 3], [&factor; 3])) * 10 <= bound * i32::from(Q));
            }
        }
    }
}

fn factor(poly: &Poly) -> Factor {
    let mut factor = Factor::default();
    factor.set(poly);
    factor
}

/// Every number of 16 bits, in registers.
fn all_numbers() -> impl Iterator<Item = I16x8> {
    (i16::MIN..=i16::MAX).step_by(8).map(|first| I16x8::new(core::array::from_fn(|n| first + n as i16)))
}

fn filled(lanes: I16x8) -> Poly {
    Poly([lanes; 32])
}

fn poly(numbers: &[i16; 256]) -> Poly {
    let (registers, _) = numbers.as_chunks();
    Poly(core::array::from_fn(|n| I16x8::new(registers[n])))
}

fn numbers(lanes: I16x8) -> [i32; 8] {
    let words = lanes.to_words();
    core::array::from_fn(|n| i32::from((words[n / 4] >> (16 * (n % 4))) as i16))
}

fn coefficients(poly: &Poly) -> Vec<i32> {
    poly.0.iter().flat_map(|lanes| numbers(*lanes)).collect()
}

fn residues(poly: &Poly) -> Vec<i32> {
    coefficients(poly).into_iter().map(|number| number.rem_euclid(i32::from(Q))).collect()
}

fn largest(poly: &Poly) -> i32 {
    coefficients(poly).into_iter().map(i32::abs).max().unwrap_or(0)
}

/// Numbers from -q to q; every fourth round only these two.
fn up_to_q(round: u64) -> [i16; 256] {
    random(round).map(|number| match round % 4 {
        0 => [Q, -Q][usize::from(number < 0)],
        _ => (i32::from(number) * i32::from(Q) / (1 << 15)) as i16,
    })
}

/// Numbers of 16 bits, the same in every run (xorshift).
fn random(round: u64) -> [i16; 256] {
    let mut state = (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    core::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as i16
    })
}
