//! Scopes: how they are derived, and that nothing outside one is reached from within.

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha512;

use super::*;

/// `Expand(key, label || 0x00 || name, 32)` (spec K-6, K-7), written out.
fn expand(key: &[u8; 32], label: &str, name: &str) -> [u8; 32] {
    let mac = Hmac::<Sha512>::new_from_slice(key).unwrap();
    let full = mac.chain_update(label).chain_update([0]).chain_update(name).chain_update([1]).finalize().into_bytes();
    full[..32].try_into().unwrap()
}

fn secret(keyring: &Keyring) -> [u8; 32] {
    *keyring.expose_secret(keyring.primary()).unwrap()
}

#[test]
fn a_scope_is_derived_one_segment_a_step() {
    let keyring = keyring();
    let acme = expand(&secret(&keyring), "fortress-sdk/scope@v1", "acme");
    let users = expand(&acme, "fortress-sdk/scope@v1", "users");
    let scope = keyring.scope(["acme", "users"]).unwrap();
    assert_eq!(secret(&scope), users);
    assert_eq!(scope.path(), ["acme", "users"]);
    let (info, same): (Vec<_>, Vec<_>) = (scope.versions().collect(), keyring.versions().collect());
    assert_eq!(info, same, "ids, times and states stay");
}

#[derive(serde::Deserialize)]
struct Vectors {
    cases: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    #[serde(with = "hex")]
    secret: [u8; 32],
    path: Vec<String>,
    scope_secret: Option<String>,
    code: Option<String>,
}

/// The shared vectors of scopes, whose root secrets no public call takes.
#[test]
fn the_shared_vectors() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../../tests/vectors/scopes.json")).unwrap();
    for vector in vectors.cases {
        let mut root = keyring();
        root.versions[0] = Version::new(root.versions[0].info(), Some(Secret::copied(&vector.secret)));
        match root.scope(&vector.path) {
            Ok(scope) => assert_eq!(Some(hex::encode(secret(&scope))), vector.scope_secret, "{}", vector.name),
            Err(error) => assert_eq!(Some(error.code()), vector.code.as_deref(), "{}", vector.name),
        }
    }
}

#[test]
fn each_purpose_has_its_key() {
    let keyring = keyring();
    for (purpose, name) in [(Purpose::Field, "field"), (Purpose::Wrap, "wrap")] {
        let key = Secret::copied(&expand(&secret(&keyring), "fortress-sdk/key@v1", name));
        let (id, ours) = keyring.encryption_key(purpose).unwrap();
        assert_eq!(ours.mac(b"the same key"), Prk::new(&key).mac(b"the same key"), "{name}");
        assert_eq!(keyring.decryption_key(id, purpose).unwrap().mac(b""), Prk::new(&key).mac(b""));
    }
}

#[test]
fn steps_can_be_taken_together_or_one_by_one() {
    let keyring = keyring();
    let together = keyring.scope(["a", "b", "c"]).unwrap();
    let apart = keyring.scope(["a"]).unwrap().scope(["b", "c"]).unwrap();
    assert_eq!(secret(&together), secret(&apart));
    assert_eq!(together.path(), apart.path());
    let token = encrypt(&together, b"value");
    assert_eq!(decrypt(&apart, &token).unwrap(), b"value");
}

#[test]
fn borders_between_segments_count() {
    let keyring = keyring();
    let paths: [&[&str]; 8] = [
        &["ab", "c"],
        &["a", "bc"],
        &["abc"],
        &["a", "b", "c"],
        &["ab/c"],
        &["ab\0c"],
        &["c", "ab"],
        &["ab", "c", "c"],
    ];
    let secrets: Vec<_> = paths.iter().map(|path| secret(&keyring.scope(path.iter()).unwrap())).collect();
    for (i, a) in secrets.iter().enumerate() {
        assert!(secrets[..i].iter().all(|b| a != b), "{:?}", paths[i]);
        assert_ne!(*a, secret(&keyring));
    }
}

#[test]
fn segments_are_taken_as_they_are() {
    let keyring = keyring();
    let composed = keyring.scope(["caf\u{e9}"]).unwrap();
    let decomposed = keyring.scope(["cafe\u{301}"]).unwrap();
    assert_ne!(secret(&composed), secret(&decomposed));
    assert_ne!(secret(&keyring.scope(["a"]).unwrap()), secret(&keyring.scope(["A"]).unwrap()));
}

#[test]
fn a_narrowed_keyring_does_nothing_outside_its_scope() {
    let mut root = keyring();
    let email = root.scope(["acme", "users", "email"]).unwrap();
    let outside: [&[&str]; 6] = [
        &["acme"],
        &["acme", "users"],
        &["acme", "users", "ssn"],
        &["other", "users", "email"],
        &["acme", "users", "email", "email"],
        &["email"],
    ];
    for path in outside {
        let token = encrypt(&root.scope(path.iter()).unwrap(), b"secret");
        assert_eq!(decrypt(&email, &token), Err(TokenError::AuthenticationFailed), "{path:?}");
    }
    let at_root = encrypt(&root, b"secret");
    assert_eq!(decrypt(&email, &at_root), Err(TokenError::AuthenticationFailed));
    let below = encrypt(&root.scope(["acme", "users", "email", "work"]).unwrap(), b"ada");
    assert_eq!(decrypt(&email.scope(["work"]).unwrap(), &below).unwrap(), b"ada");

    let mut email = email;
    let id = email.primary();
    assert_eq!(email.rotate(NOW, &mut SysRng), Err(KeyringError::NotRoot));
    assert_eq!(email.destroy_version(id), Err(KeyringError::NotRoot));
    let newer = root.rotate(NOW, &mut SysRng).unwrap();
    let token = encrypt(&root.scope(["acme", "users", "email"]).unwrap(), b"after rotation");
    assert_eq!(decrypt(&email, &token), Err(TokenError::UnknownKey(newer)));
}

#[test]
fn limits_of_segments_and_paths() {
    let keyring = keyring();
    assert_eq!(keyring.scope(Vec::<&str>::new()).err(), Some(KeyringError::EmptyScope));
    assert_eq!(keyring.scope(["a", ""]).err(), Some(KeyringError::InvalidSegment { got: 0 }));
    let longest = "x".repeat(MAX_SEGMENT_LEN);
    assert!(keyring.scope([&longest]).is_ok());
    let longer = longest.clone() + "x";
    assert_eq!(keyring.scope([&longer]).err(), Some(KeyringError::InvalidSegment { got: 256 }));
    assert_eq!(keyring.scope(["é".repeat(128)]).err(), Some(KeyringError::InvalidSegment { got: 256 }));
    let deepest = keyring.scope(["s"; MAX_SCOPE_SEGMENTS]).unwrap();
    assert_eq!(deepest.scope(["s"]).err(), Some(KeyringError::TooManySegments { got: 17 }));
    assert_eq!(keyring.scope(["s"; 40]).err(), Some(KeyringError::TooManySegments { got: 40 }));
}

fn paths() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab\u{e9}]{1,2}", 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Small alphabets, so that paths often share starts and are often equal.
    #[test]
    fn scopes_read_each_other_only_when_they_are_the_same(written in paths(), read in paths()) {
        let keyring = keyring();
        let token = encrypt(&keyring.scope(&written).unwrap(), b"value");
        let opened = decrypt(&keyring.scope(&read).unwrap(), &token);
        if written == read {
            prop_assert_eq!(opened.unwrap(), b"value");
        } else {
            prop_assert_eq!(opened, Err(TokenError::AuthenticationFailed));
        }
    }
}
