//! X25519 (RFC 7748, 5), by Montgomery's ladder, and by a table for the base point.
//!
//! The multiplications of a step go in pairs, two to a register, as in Chou's "Sandy2x: New Curve25519 Speed Records" (SAC 2015).

mod base;
mod field;

use core::hint::black_box;

use field::Pair;
use zeroize::{Zeroize, Zeroizing};

/// The scalar times the point with this u-coordinate, whichever bytes they are: all zeros for a point of low order, which is for the caller to refuse where its
/// protocol does.
pub fn x25519(scalar: &[u8; 32], u: &[u8; 32]) -> [u8; 32] {
    let [product, _] = affine(&[ladder(&clamped(scalar), u), Pair::small(1)]);
    product
}

/// The same for the base point: the public key of a secret one.
pub fn x25519_public(scalar: &[u8; 32]) -> [u8; 32] {
    let [public, _] = affine(&[base::multiple(&clamped(scalar)), Pair::small(1)]);
    public
}

/// The public key of an ephemeral secret one, and its secret in common with `u`. Their points become numbers together: it takes as long as for one.
pub fn x25519_ephemeral(scalar: &[u8; 32], u: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
    let scalar = clamped(scalar);
    let [public, shared] = affine(&[base::multiple(&scalar), ladder(&scalar, u)]);
    (public, shared)
}

/// `decodeScalar25519`.
fn clamped(scalar: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut scalar = Zeroizing::new(*scalar);
    scalar[0] &= 248;
    scalar[31] = scalar[31] & 127 | 64;
    scalar
}

/// The clamped scalar's multiple of the point, as x : z. Its bits decide what is exchanged, by masks.
fn ladder(scalar: &[u8; 32], u: &[u8; 32]) -> Pair {
    let factors = Pair::from_bytes([&A24, u]);
    // (x2, z2) = (1, 0), (x3, z3) = (u, 1).
    let one = Pair::small(1);
    let mut near = one.pick::<0, 0>(&Pair::default());
    let mut far = factors.pick::<1, 0>(&one);
    let mut exchanged = 0;
    for t in (0..255).rev() {
        let bit = u64::from(scalar[t / 8] >> (t % 8) & 1);
        near.exchange(&mut far, opaque((bit ^ exchanged).wrapping_neg()));
        exchanged = bit;
        step(&mut near, &mut far, &factors);
    }
    near.exchange(&mut far, opaque(exchanged.wrapping_neg()));
    far.zeroize();
    near
}

/// One step (RFC 7748, 5), in its names. `factors` are a24 and x1.
#[inline(always)]
fn step(near: &mut Pair, far: &mut Pair, factors: &Pair) {
    let a_b = near.sum_and_difference();
    let c_d = far.sum_and_difference();
    let aa_bb = a_b.squared();
    let da_cb = a_b.times(&c_d.pick::<1, 0>(&c_d));
    let x3_z3 = da_cb.sum_and_difference().squared();
    let e_e = aa_bb.pick::<0, 0>(&aa_bb).minus(&aa_bb.pick::<1, 1>(&aa_bb));
    let scaled = e_e.pick::<0, 1>(&x3_z3).times(factors);
    let sum = aa_bb.plus(&scaled);
    *near = aa_bb.pick::<0, 0>(&e_e).times(&aa_bb.pick::<1, 0>(&sum));
    *far = x3_z3.pick::<0, 1>(&scaled);
}

/// The numbers x / z of two points x : z.
fn affine(points: &[Pair; 2]) -> [[u8; 32]; 2] {
    let [a, b] = points;
    let (x, z) = (a.pick::<0, 0>(b), a.pick::<1, 1>(b));
    let inverse = z.inverted();
    let mut pairs = [x, z, inverse, x.times(&inverse)];
    let numbers = pairs[3].to_bytes();
    pairs.zeroize();
    numbers
}

/// A mask of which the compiler does not know that it has two values. It made a branch of each where it did.
fn opaque(mask: u64) -> u64 {
    black_box(mask)
}

/// (486662 - 2) / 4, which is 121665.
const A24: [u8; 32] = {
    let mut bytes = [0; 32];
    [bytes[0], bytes[1], bytes[2], _] = 121_665_u32.to_le_bytes();
    bytes
};
