//! Sealed keyrings: what they keep, and every payload that is refused (spec S-1 to S-3).

use super::{
    super::sealed::{decode, encode},
    *,
};
use crate::{
    cbor,
    envelope::{EnvelopeError, Identity, Metadata, ReadLimits, Recipient},
    passphrase::{Argon2Params, Passphrase},
};

/// The least that is written: tests have no secrets.
const CHEAP: Argon2Params = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };

fn seal(keyring: &Keyring, passphrase: &Passphrase) -> Vec<u8> {
    let recipients = [Recipient::Passphrase(passphrase, CHEAP)];
    keyring.seal(&recipients, Metadata::default(), &mut SysRng).unwrap()
}

fn open(sealed: &[u8], identity: Identity<'_>) -> Result<Keyring, EnvelopeError> {
    Keyring::open(sealed, &[identity], &ReadLimits::default())
}

fn parse(payload: &[u8]) -> Option<Keyring> {
    cbor::read_canonical(payload, decode, encode).ok()
}

#[test]
fn everything_is_kept() {
    let mut keyring = Keyring::generate(Profile::Archive, NOW, &mut SysRng).unwrap();
    let first = keyring.primary();
    let second = keyring.rotate(Timestamp(NOW.0 + 1), &mut SysRng).unwrap();
    let token = encrypt(&keyring, b"value");
    keyring.rotate(Timestamp(NOW.0 + 2), &mut SysRng).unwrap();
    keyring.destroy_version(first).unwrap();
    let passphrase = Passphrase::new("correct horse battery staple").unwrap();
    let sealed = seal(&keyring, &passphrase);
    let again = open(&sealed, (&passphrase).into()).unwrap();
    assert_eq!(again.profile(), Profile::Archive);
    assert_eq!(again.primary(), keyring.primary());
    let (versions, same): (Vec<_>, Vec<_>) = (again.versions().collect(), keyring.versions().collect());
    assert_eq!(versions, same);
    assert_eq!(again.expose_secret(second), keyring.expose_secret(second));
    assert_eq!(decrypt(&again, &token).unwrap(), b"value");
}

#[test]
fn a_narrowed_keyring_is_sealed_and_opened_on_its_own() {
    let root = keyring();
    let email = root.scope(["acme", "email"]).unwrap();
    let token = encrypt(&email, b"ada");
    let passphrase = Passphrase::new("support desk").unwrap();
    let sealed = seal(&email, &passphrase);
    let mut again = open(&sealed, (&passphrase).into()).unwrap();
    assert_eq!(again.path(), ["acme", "email"]);
    assert_eq!(decrypt(&again, &token).unwrap(), b"ada");
    assert_eq!(decrypt(&again, &encrypt(&root, b"no")), Err(TokenError::AuthenticationFailed));
    assert_eq!(again.rotate(NOW, &mut SysRng), Err(KeyringError::NotRoot));
    let secret = root.expose_secret(root.primary()).unwrap();
    assert!(!encode(&again).windows(32).any(|window| window == secret), "the root's secret is not inside");
}

#[test]
fn a_keyring_seals_another() {
    let (master, keyring) = (keyring(), keyring());
    let sealed = keyring.seal(&[(&master).into()], Metadata::default(), &mut SysRng).unwrap();
    assert_eq!(open(&sealed, (&master).into()).unwrap().primary(), keyring.primary());
    assert!(matches!(open(&sealed, (&keyring).into()), Err(EnvelopeError::WrongRecipient { .. })));
}

#[test]
fn data_is_not_a_keyring_and_a_keyring_is_not_data() {
    let keyring = keyring();
    let sealed = keyring.seal(&[(&keyring).into()], Metadata::default(), &mut SysRng).unwrap();
    let read = crate::envelope::decrypt(&sealed, &[(&keyring).into()], &Context::empty(), &ReadLimits::default());
    assert_eq!(read, Err(EnvelopeError::WrongContent { expected: "data".into(), got: "keyring".into() }));
    let options = Default::default();
    let data = crate::envelope::encrypt(&encode(&keyring), &[(&keyring).into()], &options, &mut SysRng).unwrap();
    let error = open(&data, (&keyring).into()).err();
    assert_eq!(error, Some(EnvelopeError::WrongContent { expected: "keyring".into(), got: "data".into() }));
}

/// One version, as S-2 writes it.
#[derive(Clone)]
struct RawVersion {
    id: Vec<u8>,
    created: u64,
    state: u64,
    secret: Option<Vec<u8>>,
}

fn version(id: u8, state: u64) -> RawVersion {
    RawVersion { id: [id; 4].to_vec(), created: 5, state, secret: (state != 3).then(|| [id; 32].to_vec()) }
}

fn payload(profile: &str, path: &[&str], versions: &[RawVersion]) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_map(&mut out, 3);
    cbor::put_unsigned(&mut out, 1);
    cbor::put_text(&mut out, profile);
    cbor::put_unsigned(&mut out, 2);
    cbor::put_array(&mut out, path.len());
    path.iter().for_each(|segment| cbor::put_text(&mut out, segment));
    cbor::put_unsigned(&mut out, 3);
    cbor::put_array(&mut out, versions.len());
    for version in versions {
        cbor::put_array(&mut out, 4);
        cbor::put_bytes(&mut out, &version.id);
        cbor::put_unsigned(&mut out, version.created);
        cbor::put_unsigned(&mut out, version.state);
        match &version.secret {
            Some(secret) => cbor::put_bytes(&mut out, secret),
            None => cbor::put_null(&mut out),
        }
    }
    out
}

#[test]
fn encoding_gives_back_what_was_decoded() {
    for bytes in [
        payload("balanced", &[], &[version(1, 1)]),
        payload("lightning", &["a", "é"], &[version(1, 3), version(2, 2), version(3, 1)]),
        payload("archive", &[], &[version(9, 1), version(2, 2)]),
        payload("fortress", &[&"x".repeat(255)], &[RawVersion { created: Timestamp::MAX, ..version(0, 1) }]),
    ] {
        assert_eq!(encode(&parse(&bytes).unwrap()), bytes);
    }
}

#[test]
fn what_s_3_forbids_is_refused() {
    let good = || version(1, 1);
    let one = |version| payload("balanced", &[], &[version]);
    let refused = [
        ("no versions", payload("balanced", &[], &[])),
        ("no primary", payload("balanced", &[], &[version(1, 2), version(2, 3)])),
        ("two primaries", payload("balanced", &[], &[version(1, 1), version(2, 1)])),
        ("a repeated id", payload("balanced", &[], &[version(1, 2), version(1, 1)])),
        ("an unknown state", one(RawVersion { state: 4, ..good() })),
        ("state zero", one(RawVersion { state: 0, ..good() })),
        ("a primary without secret", one(RawVersion { secret: None, ..good() })),
        ("a destroyed version with one", payload("balanced", &[], &[good(), RawVersion { state: 3, ..version(2, 2) }])),
        ("a short secret", one(RawVersion { secret: Some([1; 31].to_vec()), ..good() })),
        ("a long secret", one(RawVersion { secret: Some([1; 33].to_vec()), ..good() })),
        ("a short id", one(RawVersion { id: [1; 3].to_vec(), ..good() })),
        ("a long id", one(RawVersion { id: [1; 5].to_vec(), ..good() })),
        ("a time beyond the year 9999", one(RawVersion { created: Timestamp::MAX + 1, ..good() })),
        ("an unknown profile", payload("turbo", &[], &[good()])),
        ("an empty segment", payload("balanced", &[""], &[good()])),
        ("a long segment", payload("balanced", &[&"x".repeat(256)], &[good()])),
        ("a long path", payload("balanced", &["s"; 17], &[good()])),
    ];
    for (what, bytes) in refused {
        assert!(parse(&bytes).is_none(), "{what}");
    }
    let many: Vec<_> = (0..=MAX_VERSIONS as u32)
        .map(|i| RawVersion { id: i.to_be_bytes().to_vec(), ..version(0, if i == 0 { 1 } else { 2 }) })
        .collect();
    assert!(parse(&payload("balanced", &[], &many)).is_none(), "too many versions");
    assert!(parse(&payload("balanced", &[], &many[..MAX_VERSIONS])).is_some());
}

#[test]
fn only_the_deterministic_encoding_is_read() {
    let good = payload("balanced", &[], &[version(1, 1)]);
    let hex = hex::encode(&good);
    let variants = [
        ("something after it", good.iter().copied().chain([0]).collect()),
        ("nothing", Vec::new()),
        ("an indefinite map", [&b"\xbf"[..], &good[1..], b"\xff"].concat()),
        ("a long integer", hex::decode(hex.replacen("a301", "a31801", 1)).unwrap()),
        ("a long text length", hex::decode(hex.replacen("68", "7808", 1)).unwrap()),
        ("a missing entry", [&b"\xa2"[..], &good[1..11], &good[13..]].concat()),
        ("an unknown entry", [&b"\xa4"[..], &good[1..], b"\x04\x00"].concat()),
        ("a tag before it", [&b"\xc1"[..], &good].concat()),
        (
            "undefined for a secret",
            payload("balanced", &[], &[version(1, 1), version(2, 3)])
                .into_iter()
                .map(|b| if b == 0xF6 { 0xF7 } else { b })
                .collect(),
        ),
    ];
    assert!(parse(&good).is_some());
    assert_eq!(&good[11..13], b"\x02\x80", "the middle entry is where the case above cuts");
    for (what, bytes) in variants {
        assert!(parse(&bytes).is_none(), "{what}");
    }
    for cut in 0..good.len() {
        assert!(parse(&good[..cut]).is_none());
    }
}
