//! Field tokens: their bytes, their text, and everything that does not open.

use alloc::{string::ToString, vec};

use getrandom::SysRng;
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{KeyringError, Profile, Timestamp};

const NOW: Timestamp = Timestamp(1_790_000_000);

fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, NOW, &mut SysRng).unwrap()
}

fn context(row: &str) -> Context {
    Context::new([("row", row)]).unwrap()
}

#[test]
fn the_layout_is_that_of_the_specification() {
    let keyring = keyring();
    for suite in Suite::ALL {
        let token = keyring.encrypt_with(suite, b"value", &context("1"), &mut SysRng).unwrap();
        assert_eq!(token.len(), 5 + OVERHEAD);
        assert_eq!(token[0], 1);
        assert_eq!(token[1..3], suite.id().to_be_bytes());
        assert_eq!(token[3..7], keyring.primary().0);
        assert_eq!(keyring.decrypt(&token, &context("1")).unwrap(), b"value");
        let again = keyring.encrypt_with(suite, b"value", &context("1"), &mut SysRng).unwrap();
        assert_ne!(token, again, "a fresh salt each time");
    }
}

#[test]
fn the_profile_chooses_what_is_written_and_never_what_is_read() {
    let mut keyring = keyring();
    for profile in Profile::ALL {
        keyring.set_profile(profile);
        let token = keyring.encrypt(b"value", &Context::empty(), &mut SysRng).unwrap();
        assert_eq!(token[1..3], profile.token_suite(Platform::current()).id().to_be_bytes());
        for reader in Profile::ALL {
            keyring.set_profile(reader);
            assert_eq!(keyring.decrypt(&token, &Context::empty()).unwrap(), b"value");
        }
    }
}

#[test]
fn values_of_every_size_up_to_the_limit() {
    let keyring = keyring();
    for len in [0, 1, 16_383, 16_384, 16_385, 32_768, 100_000] {
        for suite in Suite::ALL {
            let value = vec![7; len];
            let token = keyring.encrypt_with(suite, &value, &Context::empty(), &mut SysRng).unwrap();
            assert_eq!(token.len(), len + OVERHEAD + len / 16_384 * 16);
            assert!(keyring.decrypt(&token, &Context::empty()).unwrap() == value);
        }
    }
    let largest = vec![7; MAX_VALUE_LEN];
    let token = keyring.encrypt_with(Suite::Aes256Gcm, &largest, &Context::empty(), &mut SysRng).unwrap();
    assert!(keyring.decrypt(&token, &Context::empty()).unwrap() == largest);
    let larger = vec![7; MAX_VALUE_LEN + 1];
    let limit = TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: MAX_VALUE_LEN + 1 };
    assert_eq!(keyring.encrypt(&larger, &Context::empty(), &mut SysRng), Err(limit));
    let mut longer = token;
    longer.push(0);
    assert_eq!(keyring.decrypt(&longer, &Context::empty()), Err(limit));
}

#[test]
fn what_was_in_the_buffer_stays() {
    let keyring = keyring();
    let mut out = b"before".to_vec();
    keyring.encrypt_into(Suite::Aes256Gcm, b"value", &Context::empty(), &mut SysRng, &mut out).unwrap();
    assert_eq!(&out[..6], b"before");
    assert_eq!(keyring.decrypt(&out[6..], &Context::empty()).unwrap(), b"value");
    let before = out.clone();
    let failed =
        keyring.encrypt_into(Suite::Aes256Gcm, &vec![0; MAX_VALUE_LEN + 1], &context("1"), &mut SysRng, &mut out);
    assert!(failed.is_err() && out == before);
}

#[test]
fn what_does_not_fit_has_its_own_error() {
    let keyring = keyring();
    let token = keyring.encrypt(b"value", &context("1"), &mut SysRng).unwrap();
    let changed = |at: usize, to: &[u8]| {
        let mut token = token.clone();
        token[at..at + to.len()].copy_from_slice(to);
        keyring.decrypt(&token, &context("1"))
    };
    assert_eq!(changed(0, &[0]), Err(TokenError::UnknownVersion(0)));
    assert_eq!(changed(0, &[4]), Err(TokenError::UnknownVersion(4)));
    assert_eq!(changed(0, &[2]), Err(TokenError::WrongGroup));
    assert_eq!(changed(0, &[3]), Err(TokenError::WrongGroup));
    assert_eq!(changed(1, &[0, 1]), Err(TokenError::Suite(SuiteError::Unknown(1))));
    assert_eq!(changed(1, &[0x80, 0]), Err(TokenError::Suite(SuiteError::Private(32_768))));
    assert_eq!(changed(1, &[0x7F, 0xFF]), Err(TokenError::Suite(SuiteError::Unknown(32_767))));
    let unknown = KeyId(keyring.primary().0.map(|byte| !byte));
    assert_eq!(changed(3, &unknown.0), Err(TokenError::UnknownKey(unknown)));
    let other_suite = if token[2] == 2 { 29 } else { 2 };
    assert_eq!(changed(2, &[other_suite]), Err(TokenError::AuthenticationFailed), "the head is authenticated");
    for wrong in [
        Context::empty(),
        context("2"),
        Context::new([("Row", "1")]).unwrap(),
        Context::new([("row", "1"), ("a", "")]).unwrap(),
    ] {
        assert_eq!(keyring.decrypt(&token, &wrong), Err(TokenError::AuthenticationFailed));
    }
    for len in 0..OVERHEAD {
        assert_eq!(keyring.decrypt(&token[..len], &context("1")), Err(TokenError::Truncated { got: len }));
    }
    assert_eq!(keyring.decrypt(&token[..OVERHEAD], &context("1")), Err(TokenError::AuthenticationFailed));
}

/// A chunk that is cut at its border is told from one that was changed; its commitment is checked first all the same.
#[test]
fn a_long_token_without_its_last_chunk_is_cut_off() {
    let keyring = keyring();
    let token = keyring.encrypt(&[7; 16_384], &context("1"), &mut SysRng).unwrap();
    for cut in [16, 15, 1] {
        let got = token.len() - cut;
        assert_eq!(keyring.decrypt(&token[..got], &context("1")), Err(TokenError::Truncated { got }));
        assert_eq!(keyring.decrypt(&token[..got], &context("2")), Err(TokenError::AuthenticationFailed));
    }
    assert_eq!(keyring.decrypt(&token[..token.len() - 17], &context("1")), Err(TokenError::AuthenticationFailed));
}

#[test]
fn reencryption_keeps_the_value_and_its_context() {
    let mut keyring = keyring();
    let token = keyring.encrypt_with(Suite::Aegis256X2, b"value", &context("1"), &mut SysRng).unwrap();
    keyring.rotate(NOW, &mut SysRng).unwrap();
    let moved = keyring.reencrypt(&token, &context("1"), &mut SysRng).unwrap();
    assert_eq!(moved[3..7], keyring.primary().0);
    assert_eq!(moved[1..3], keyring.token_suite().id().to_be_bytes());
    assert_eq!(keyring.decrypt(&moved, &context("1")).unwrap(), b"value");
    assert_eq!(keyring.decrypt(&moved, &context("2")), Err(TokenError::AuthenticationFailed));
    assert_eq!(keyring.reencrypt(&token, &context("2"), &mut SysRng), Err(TokenError::AuthenticationFailed));
    assert_eq!(keyring.is_current(&[3, 0]), Err(TokenError::WrongGroup));
    assert_eq!(keyring.is_current(&[]), Err(TokenError::Truncated { got: 0 }));
}

#[test]
fn text_is_base64url_and_only_one_text_is_a_tokens() {
    assert_eq!(encode_text(&[0xFB, 0xFF, 0xFE]), "-__-");
    assert_eq!(encode_text(&[1, 2]), "AQI");
    for text in ["-__-", "AQI", "AQ", ""] {
        assert_eq!(encode_text(&decode_text(text).unwrap()), text);
    }
    for wrong in ["AQI=", "AQ==", "AQJ", "AR", "A", "AQI ", " AQI", "AQ\nI", "+//+", "AQI\0", "ÄQI", "AQIA="] {
        assert_eq!(decode_text(wrong), Err(TokenError::InvalidText), "{wrong}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let id = KeyId([1, 2, 3, 4]);
    let shown = [
        TokenError::Truncated { got: 12 },
        TokenError::UnknownVersion(9),
        TokenError::Suite(SuiteError::Unknown(77)),
        TokenError::Suite(SuiteError::Private(40_000)),
        TokenError::UnknownKey(id),
        TokenError::KeyDestroyed(id),
        TokenError::AuthenticationFailed,
        TokenError::ValueTooLarge { limit: 16_383, got: 20_000 },
        TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: 20_000_000 },
        TokenError::WrongLength { expected: 2, got: 1 },
        TokenError::InvalidText,
        TokenError::WrongGroup,
        TokenError::GroupFull,
        TokenError::IndexTooLarge(1 << 20),
        TokenError::Context(ContextError::TooManyEntries { got: 300 }),
        TokenError::Context(ContextError::TooLong { got: 20_000 }),
        TokenError::Context(ContextError::RepeatedKey),
        TokenError::OutOfMemory,
        TokenError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        (
            "truncated",
            "the token is cut off: it has 12 bytes, fewer than its layout needs; is there room for it where it is stored?",
        ),
        ("unknown_version", "not a token of this version of Fortress: its first byte is 9, expected 1, 2 or 3"),
        ("unknown_suite", "suite 77 is not known to this version of Fortress; a newer version may read it"),
        ("private_suite", "suite 40000 is private; it can be read only where its plugin is installed"),
        (
            "unknown_key",
            "the token was made with key 01020304, which this keyring does not hold; it is another keyring's, or newer than this copy",
        ),
        ("key_destroyed", "the token was made with key 01020304, which was destroyed; its value cannot be recovered"),
        (
            "authentication_failed",
            "the token is not authentic: it was changed, or the key, scope or context is not the one it was encrypted with",
        ),
        (
            "value_too_large",
            "a value here has at most 16383 bytes, this one has 20000; encrypt a longer one by itself, or as an envelope",
        ),
        (
            "value_too_large",
            "a value here has at most 16777216 bytes, this one has 20000000; encrypt a longer one as an envelope: a file, or bytes",
        ),
        ("wrong_length", "expected a buffer of 2 bytes, got one of 1"),
        ("invalid_text", "not a token's text: expected base64url without padding; was all of it copied?"),
        (
            "wrong_group",
            "the token's kind does not fit here: what belongs to a row or a column is decrypted as that, with the header if it is stored once; a single token is decrypted by itself",
        ),
        ("limit_exceeded", "a group has at most 1048576 members; start another one"),
        ("limit_exceeded", "the token's index in its group is 1048576, above the limit of 1048575"),
        ("invalid_context", "a context has at most 256 entries, this one has 300"),
        (
            "invalid_context",
            "a context takes at most 16384 bytes, this one takes 20000 or more; put long values into the data",
        ),
        ("invalid_context", "a context has each key once, this one repeats a key"),
        ("out_of_memory", "this machine gives the encryption no memory; free some and try again"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
    assert_eq!(KeyringError::EmptyScope.code(), "invalid_segment");
}

/// Starts of tokens of all kinds, and of none.
fn starts() -> impl Strategy<Value = &'static [u8]> {
    const STARTS: &[&[u8]] = &[&[], &[1], &[1, 0, 2], &[2, 0, 29], &[3]];
    prop::sample::select(STARTS)
}

fn suites() -> impl Strategy<Value = Suite> {
    prop::sample::select(&Suite::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_encrypted_is_decrypted(
        suite in suites(), value in prop::collection::vec(any::<u8>(), 0..300), entries in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..5),
    ) {
        let keyring = keyring();
        let context = Context::new(&entries).unwrap();
        let token = keyring.encrypt_with(suite, &value, &context, &mut SysRng).unwrap();
        prop_assert_eq!(token.len(), value.len() + OVERHEAD);
        prop_assert_eq!(keyring.decrypt(&token, &context).unwrap(), value);
        prop_assert_eq!(decode_text(&encode_text(&token)).unwrap(), token);
    }

    #[test]
    fn any_changed_bit_fails(suite in suites(), at in any::<Index>(), len in 0..40_usize) {
        let keyring = keyring();
        let mut token = keyring.encrypt_with(suite, &vec![5; len], &context("1"), &mut SysRng).unwrap();
        let bit = at.index(token.len() * 8);
        token[bit / 8] ^= 1 << (bit % 8);
        let error = keyring.decrypt(&token, &context("1")).unwrap_err();
        prop_assert!(bit / 8 < HEAD_LEN || error == TokenError::AuthenticationFailed);
    }

    #[test]
    fn any_other_length_fails(suite in suites(), len in 0..40_usize, at in any::<Index>(), more in prop::collection::vec(any::<u8>(), 1..30)) {
        let keyring = keyring();
        let token = keyring.encrypt_with(suite, &vec![5; len], &context("1"), &mut SysRng).unwrap();
        prop_assert!(keyring.decrypt(&token[..at.index(token.len())], &context("1")).is_err());
        prop_assert!(keyring.decrypt(&[token, more].concat(), &context("1")).is_err());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(start in starts(), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let keyring = keyring();
        let mut bytes = [start, &rest].concat();
        prop_assert!(keyring.decrypt(&bytes, &Context::empty()).is_err());
        let _ = keyring.is_current(&bytes);
        if let Some(id) = bytes.get_mut(3..7) {
            id.copy_from_slice(&keyring.primary().0);
            prop_assert!(keyring.decrypt(&bytes, &Context::empty()).is_err());
        }
    }

    #[test]
    fn text_that_decodes_is_the_text_of_what_it_decodes_to(text in "[A-Za-z0-9_=+/ -]{0,12}") {
        if let Ok(bytes) = decode_text(&text) {
            prop_assert_eq!(encode_text(&bytes), text);
        }
    }
}
