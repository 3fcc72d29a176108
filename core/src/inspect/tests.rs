//! Inspection: all bytes are named, in order and without gaps, and nothing needs a key.

use alloc::{vec, vec::Vec};

use getrandom::SysRng;
use proptest::prelude::*;

use super::*;
use crate::{
    Argon2Params, Context, Keyring, Passphrase, Profile, Timestamp, envelope::Options, group::Layout as Stored,
};

fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut SysRng).unwrap()
}

/// The names of the fields, which lie one after the other and end where the ciphertext does.
fn names(inspection: &Inspection, len: usize) -> Vec<&'static str> {
    let mut end = 0;
    for field in &inspection.fields {
        assert_eq!(field.offset, end, "{}", field.name);
        assert!(field.len > 0, "{}", field.name);
        end += field.len;
    }
    assert_eq!(end, len as u64);
    inspection.fields.iter().map(|field| field.name).collect()
}

#[test]
fn tokens() {
    let keyring = keyring();
    for suite in Suite::ALL {
        for (len, expected) in [
            (0, vec!["version", "suite", "key id", "salt", "commitment", "tag"]),
            (5, vec!["version", "suite", "key id", "salt", "commitment", "last chunk", "tag"]),
            (16_384, vec!["version", "suite", "key id", "salt", "commitment", "full chunks", "tag"]),
            (40_000, vec!["version", "suite", "key id", "salt", "commitment", "full chunks", "last chunk", "tag"]),
        ] {
            let bytes = keyring.encrypt_with(suite, &vec![7; len], &Context::empty(), &mut SysRng).unwrap();
            let inspection = token(&bytes).unwrap();
            assert_eq!(names(&inspection, bytes.len()), expected);
            assert_eq!((inspection.kind.name(), inspection.plaintext_len), ("token", Some(len as u64)));
            assert_eq!((inspection.suite_id, inspection.key_id), (Some(suite.id()), Some(keyring.primary())));
            assert_eq!(inspection.fields[1].value, format!("{} {}", suite.id(), suite.name()));
            assert_eq!(inspection.fields[2].value, keyring.primary().to_string());
        }
    }
}

#[test]
fn groups() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&Context::empty(), &mut SysRng).unwrap();
    let mut members = [Stored::Whole, Stored::Hoisted].map(|layout| {
        let mut member = Vec::new();
        group.encrypt_into(b"value", &Context::empty(), layout, &mut member).unwrap();
        member
    });
    let header = token(group.header()).unwrap();
    assert_eq!(names(&header, 63), ["version", "suite", "key id", "salt", "commitment"]);
    assert_eq!((header.kind.name(), header.plaintext_len), ("group-header", None));
    let whole = token(&members[0]).unwrap();
    let expected = ["version", "suite", "key id", "salt", "commitment", "index", "ciphertext", "tag"];
    assert_eq!(names(&whole, members[0].len()), expected);
    assert_eq!((whole.kind.name(), whole.plaintext_len), ("whole-member", Some(5)));
    let hoisted = token(&members[1]).unwrap();
    assert_eq!(names(&hoisted, members[1].len()), ["version", "index", "ciphertext", "tag"]);
    assert_eq!(hoisted.kind.name(), "hoisted-member");
    assert_eq!((hoisted.suite_id, hoisted.key_id, hoisted.plaintext_len), (None, None, Some(5)));
    assert_eq!(hoisted.fields[1].value, "1");
    members[1].truncate(20);
    assert_eq!(token(&members[1]), Err(TokenError::Truncated { got: 20 }));
}

#[test]
fn envelopes() {
    let keyring = keyring();
    let phrase = Passphrase::new("one").unwrap();
    let params = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };
    let metadata = crate::envelope::Metadata::new([("title", "Q3\n\"2026\"")]);
    let options = Options { suite: Some(Suite::Aes256Gcm), metadata, ..Default::default() };
    let recipients = [crate::envelope::Recipient::Passphrase(&phrase, params), (&keyring).into()];
    let bytes = crate::envelope::encrypt(&[7; 20_000], &recipients, &options, &mut SysRng).unwrap();
    let inspection = envelope(&bytes, Some(bytes.len() as u64)).unwrap();
    let expected = [
        "magic",
        "version",
        "header length",
        "header",
        "header MAC",
        "salt",
        "commitment",
        "full chunks",
        "last chunk",
        "tag",
    ];
    assert_eq!(names(&inspection, bytes.len()), expected);
    assert_eq!((inspection.kind.name(), inspection.plaintext_len), ("envelope", Some(20_000)));
    assert_eq!((inspection.suite_id, inspection.key_id), (Some(2), Some(keyring.primary())));
    assert_eq!(
        inspection.fields[3].value,
        format!(
            "suite 2 AEAD_AES_256_GCM, content data; recipient passphrase, Argon2id t=1, m=8192 KiB, p=1; recipient keyring, key id {}; \"title\": \"Q3\\n\\\"2026\\\"\"",
            keyring.primary()
        )
    );
    let prefix_len = prefix_len(&bytes).unwrap().unwrap();
    let of_prefix = envelope(&bytes[..prefix_len], None).unwrap();
    assert_eq!(names(&of_prefix, prefix_len), expected[..7]);
    assert_eq!(of_prefix.plaintext_len, None);
    assert_eq!(envelope(&bytes[..prefix_len], Some(bytes.len() as u64)).unwrap(), inspection);
    for cut in 0..prefix_len {
        assert_eq!(envelope(&bytes[..cut], None), Err(EnvelopeError::Truncated), "{cut}");
    }
    for len in [0, 9, prefix_len as u64 - 1] {
        assert_eq!(envelope(&bytes, Some(len)), Err(EnvelopeError::Truncated), "{len}");
    }
    assert_eq!(envelope(b"%PDF", None), Err(EnvelopeError::NotFortress));

    let sealed = keyring.seal(&[(&keyring).into()], Default::default(), &mut SysRng).unwrap();
    assert_eq!(envelope(&sealed, None).unwrap().header.unwrap().content(), "keyring");
}

/// No message has such a length, and what is left of it is still told.
#[test]
fn envelopes_without_their_end() {
    let keyring = keyring();
    let bytes = crate::envelope::encrypt(&[7; 40_000], &[(&keyring).into()], &Options::default(), &mut SysRng).unwrap();
    let prefix_len = prefix_len(&bytes).unwrap().unwrap();
    let chunk = chunked::ENCRYPTED_CHUNK_LEN;
    for (left, full, rest) in [(0, 0, 0), (15, 0, 15), (chunk, 1, 0), (2 * chunk, 2, 0), (2 * chunk + 15, 2, 15)] {
        let cut = envelope(&bytes, Some((prefix_len + left) as u64)).unwrap();
        assert!(cut.cut_off);
        assert_eq!(cut.plaintext_len, None);
        assert_eq!(cut.header, envelope(&bytes, None).unwrap().header);
        let last = cut.fields.last().unwrap();
        assert_eq!((last.name, last.offset, last.len), ("last chunk", (prefix_len + full * chunk) as u64, rest));
        assert!(last.value.contains("the end of the message is missing"));
        assert_eq!(cut.fields.iter().any(|field| field.name == "full chunks"), full > 0);
        assert_eq!(cut.fields.iter().map(|field| field.len).sum::<u64>(), (prefix_len + left) as u64);
    }
    // What is cut elsewhere, or not at all, is not told apart.
    for len in [bytes.len(), bytes.len() - 1, prefix_len + chunk + 16] {
        assert!(!envelope(&bytes, Some(len as u64)).unwrap().cut_off);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(start in prop::sample::select(STARTS), rest in prop::collection::vec(any::<u8>(), 0..300), len in prop::option::of(any::<u64>())) {
        let bytes = [start, &rest].concat();
        if let Ok(inspection) = token(&bytes) {
            names(&inspection, bytes.len());
        }
        let _ = envelope(&bytes, len);
    }
}

const STARTS: &[&[u8]] = &[&[], b"FTRS\x01\x00\x00\x00\x04", &[1, 0, 2], &[1, 0, 29], &[2, 0, 33], &[3, 0, 0, 0, 9]];

/// A token of a suite from the future still tells which key and suite it needs.
#[test]
fn tokens_of_unknown_suites_are_inspected_as_far_as_they_go() {
    let mut token = [0x5A; 100];
    token[..7].copy_from_slice(&[1, 0x9C, 0x40, 1, 2, 3, 4]);
    let inspection = super::token(&token).unwrap();
    assert_eq!((inspection.suite_id, inspection.plaintext_len), (Some(40_000), None));
    assert_eq!(inspection.key_id, Some(KeyId([1, 2, 3, 4])));
    assert_eq!(inspection.fields.iter().map(|field| field.len).sum::<u64>(), 100);
}
