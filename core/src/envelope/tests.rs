//! Envelopes: who opens them, what a rewrap changes, and every header that is refused.

mod data_keys;
mod drafts;
mod external;
mod headers;
#[cfg(feature = "sharing")]
mod identities;
mod properties;
mod rewrapping;
#[cfg(feature = "sharing")]
mod shares;

use alloc::{string::ToString, vec, vec::Vec};

use getrandom::SysRng;

use super::*;
use crate::{
    Argon2Params, KeyId, Keyring, Passphrase, PassphraseError, RandomnessError, SuiteError, Timestamp,
    chunked::{CHUNK_LEN, ChunkedError},
    external::ExternalKeyError,
    identity::IdentityError,
    keyring::tests::Broken,
    shares::{ShareError, ShareSetId},
};

/// The least that is written: tests have no secrets.
const CHEAP: Argon2Params = Argon2Params { passes: 1, memory_kib: 8_192, lanes: 1 };

fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut SysRng).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// A header that says nothing.
fn bare() -> Header {
    Header::new(Suite::Aes256Gcm, Metadata::default(), Content::Data)
}

fn context() -> Context {
    Context::new([("file", "report.pdf")]).unwrap()
}

fn options() -> Options {
    Options { context: context(), ..Default::default() }
}

fn seal(plaintext: &[u8], recipients: &[Recipient<'_>]) -> Vec<u8> {
    encrypt(plaintext, recipients, &options(), &mut SysRng).unwrap()
}

fn open_by(envelope: &[u8], identities: &[Identity<'_>]) -> Result<Vec<u8>, EnvelopeError> {
    decrypt(envelope, identities, &context(), &ReadLimits::default())
}

fn wrong_recipient(kinds: &str, bring: &str) -> EnvelopeError {
    EnvelopeError::WrongRecipient { kinds: kinds.into(), bring: bring.into() }
}

#[test]
fn any_one_recipient_opens() {
    let (a, b, stranger) = (keyring(), keyring(), keyring());
    let (p, q) = (passphrase("one"), passphrase("two"));
    let recipients = [
        (&a).into(),
        Recipient::Passphrase(&p, CHEAP),
        (&b).into(),
        Recipient::Passphrase(&q, Argon2Params { passes: 2, memory_kib: 8_200, lanes: 3 }),
    ];
    let envelope = seal(b"for four", &recipients);
    for identity in [Identity::from(&a), (&b).into(), (&p).into(), (&q).into()] {
        assert_eq!(open_by(&envelope, &[identity]).unwrap(), b"for four");
        assert_eq!(open_by(&envelope, &[(&stranger).into(), identity]).unwrap(), b"for four");
    }
    let expected = wrong_recipient("keyring, passphrase", "a keyring that holds its key, or the passphrase");
    assert_eq!(open_by(&envelope, &[(&stranger).into()]), Err(expected));
    assert_eq!(open_by(&envelope, &[(&passphrase("three")).into()]), Err(EnvelopeError::WrongPassphrase));
    let third = passphrase("three");
    let both = [(&stranger).into(), (&third).into()];
    assert_eq!(open_by(&envelope, &both), Err(EnvelopeError::WrongPassphrase), "the reason that tells more");
    assert!(matches!(open_by(&envelope, &[]), Err(EnvelopeError::WrongRecipient { .. })));
}

#[test]
fn kinds_that_nobody_brought_are_named() {
    let (keyring, phrase) = (keyring(), passphrase("one"));
    let by_phrase = seal(b"", &[Recipient::Passphrase(&phrase, CHEAP)]);
    let expected = wrong_recipient("passphrase", "the passphrase");
    assert_eq!(open_by(&by_phrase, &[(&keyring).into()]), Err(expected));
    let by_keyring = seal(b"", &[(&keyring).into()]);
    let expected = wrong_recipient("keyring", "a keyring that holds its key");
    assert_eq!(open_by(&by_keyring, &[(&phrase).into()]), Err(expected));
}

#[test]
fn the_scope_and_the_version_count() {
    let mut root = keyring();
    let scope = root.scope(["files"]).unwrap();
    let envelope = seal(b"scoped", &[(&scope).into()]);
    assert_eq!(open_by(&envelope, &[(&scope).into()]).unwrap(), b"scoped");
    assert_eq!(open_by(&envelope, &[(&root).into()]), Err(EnvelopeError::AuthenticationFailed));
    let elsewhere = root.scope(["other"]).unwrap();
    assert_eq!(open_by(&envelope, &[(&elsewhere).into()]), Err(EnvelopeError::AuthenticationFailed));

    let at_root = seal(b"old", &[(&root).into()]);
    let old = root.primary();
    root.rotate(Timestamp(1_790_000_001), &mut SysRng).unwrap();
    assert_eq!(open_by(&at_root, &[(&root).into()]).unwrap(), b"old");
    root.destroy_version(old).unwrap();
    assert_eq!(open_by(&at_root, &[(&root).into()]), Err(EnvelopeError::KeyDestroyed(old)));
}

#[test]
fn a_wrong_context_fails_before_the_first_chunk() {
    let keyring = keyring();
    let envelope = seal(b"bound", &[(&keyring).into()]);
    for wrong in [Context::empty(), Context::new([("file", "other.pdf")]).unwrap()] {
        let error = open(&envelope, &[(&keyring).into()], &wrong, &ReadLimits::default()).err();
        assert_eq!(error, Some(EnvelopeError::AuthenticationFailed));
    }
}

#[test]
fn every_suite_by_every_way() {
    let keyring = keyring();
    for suite in Suite::ALL {
        let options = Options { suite: Some(suite), ..options() };
        let plaintext = vec![9; CHUNK_LEN + 77];
        let new = create(&[(&keyring).into()], &options, &mut SysRng).unwrap();
        assert_eq!(new.suite(), suite);
        let (mut envelope, mut stream) = new.into_stream();
        assert_eq!(prefix_len(&envelope[..9]), Ok(Some(envelope.len())));
        stream.update(&plaintext[..9_000], &mut envelope).unwrap();
        stream.finish(&plaintext[9_000..], &mut envelope).unwrap();
        assert!(open_by(&envelope, &[(&keyring).into()]).unwrap() == plaintext);

        let opened = || open(&envelope, &[(&keyring).into()], &context(), &ReadLimits::default()).unwrap();
        assert_eq!((opened().suite(), opened().header().suite_id()), (suite, suite.id()));
        let mut streamed = Vec::new();
        let mut stream = opened().into_stream();
        stream.update(&envelope[opened().prefix_len()..], &mut streamed).unwrap();
        stream.finish(&mut streamed).unwrap();
        assert!(streamed == plaintext);

        let start = opened().message_start() as u64;
        let access = opened().into_random_access(envelope.len() as u64).unwrap();
        assert_eq!(access.plaintext_len(), plaintext.len() as u64);
        let range = CHUNK_LEN as u64 - 1..CHUNK_LEN as u64 + 3;
        let located = access.locate(&range).unwrap();
        let mut part = Vec::new();
        let chunks = &envelope[(start + located.start) as usize..(start + located.end) as usize];
        access.decrypt(&range, chunks, &mut part).unwrap();
        assert_eq!(part, [9; 4]);
        assert_eq!(opened().into_random_access(start - 1).err(), Some(EnvelopeError::Truncated));
    }
}

#[test]
fn the_suite_follows_the_first_keyring() {
    let phrase = passphrase("one");
    for profile in Profile::ALL {
        let keyring = Keyring::generate(profile, Timestamp(1), &mut SysRng).unwrap();
        let recipients = [Recipient::Passphrase(&phrase, CHEAP), (&keyring).into()];
        let new = create(&recipients, &options(), &mut SysRng).unwrap();
        assert_eq!(new.suite(), profile.envelope_suite(Platform::current()));
    }
    let new = create(&[Recipient::Passphrase(&phrase, CHEAP)], &options(), &mut SysRng).unwrap();
    assert_eq!(new.suite(), Profile::Balanced.envelope_suite(Platform::current()));
}

#[test]
fn rewrapping_changes_the_header_alone() {
    let (old, new) = (keyring(), keyring());
    let metadata = Metadata::new([("title", "Q3"), ("a", "b")]);
    let options = Options { metadata: metadata.clone(), ..options() };
    let envelope = encrypt(&[7; 40_000], &[(&old).into()], &options, &mut SysRng).unwrap();
    let limits = ReadLimits::default();
    let right = context();
    let checked = RewrapOptions { context: Some(&right), ..Default::default() };
    let header = rewrap(&envelope, &[(&old).into()], &[(&new).into()], &checked, &mut SysRng).unwrap();
    let message = &envelope[rewrapped_len(&envelope).unwrap()..];
    let rewrapped = [&header[..], message].concat();
    assert!(open_by(&rewrapped, &[(&new).into()]).unwrap() == [7; 40_000]);
    assert!(matches!(open_by(&rewrapped, &[(&old).into()]), Err(EnvelopeError::WrongRecipient { .. })));
    let opened = open(&rewrapped, &[(&new).into()], &context(), &limits).unwrap();
    assert_eq!(opened.header().metadata(), &metadata);
    assert_eq!(opened.suite(), old.profile().envelope_suite(Platform::current()));

    let prefix = &envelope[..prefix_len(&envelope).unwrap().unwrap()];
    assert!(rewrap(prefix, &[(&old).into()], &[(&new).into()], &checked, &mut SysRng).is_ok(), "the prefix is enough");
    let failed = |identity: &Keyring, recipients: &[Recipient<'_>]| {
        rewrap(prefix, &[identity.into()], recipients, &RewrapOptions::default(), &mut SysRng).unwrap_err()
    };
    assert_eq!(failed(&old, &[]), EnvelopeError::NoRecipient);
    assert!(matches!(failed(&new, &[(&new).into()]), EnvelopeError::WrongRecipient { .. }));
    let mut tampered = prefix.to_vec();
    let title = tampered.windows(2).position(|window| window == b"Q3").unwrap();
    tampered[title] = b'X';
    let error =
        rewrap(&tampered, &[(&old).into()], &[(&new).into()], &RewrapOptions::default(), &mut SysRng).unwrap_err();
    assert_eq!(error, EnvelopeError::AuthenticationFailed, "metadata is authenticated");
}

/// A server that puts another envelope in the place of the one that is to be shared gets nowhere.
#[test]
fn rewrapping_needs_the_content_and_can_ask_for_the_context() {
    let (old, new) = (keyring(), keyring());
    let plain = RewrapOptions::default();
    let sealed = old.seal(&[(&old).into()], Metadata::default(), &mut SysRng).unwrap();
    let error = rewrap(&sealed, &[(&old).into()], &[(&new).into()], &plain, &mut SysRng).unwrap_err();
    assert!(matches!(error, EnvelopeError::WrongContent { .. }), "{error}");
    let again = Keyring::rewrap(&sealed, &[(&old).into()], &[(&new).into()], &plain, &mut SysRng).unwrap();
    assert_eq!(Keyring::open(&again, &[(&new).into()], &plain.limits).unwrap().primary(), old.primary());

    let envelope = encrypt(b"data", &[(&old).into()], &options(), &mut SysRng).unwrap();
    let another = Context::new([("file", "another")]).unwrap();
    let by = |context| {
        let options = RewrapOptions { context, ..plain };
        rewrap(&envelope, &[(&old).into()], &[(&new).into()], &options, &mut SysRng)
    };
    assert_eq!(by(Some(&another)), Err(EnvelopeError::AuthenticationFailed));
    let right = context();
    assert!(by(Some(&right)).is_ok() && by(None).is_ok());
    let error = Keyring::rewrap(&envelope, &[(&old).into()], &[(&new).into()], &plain, &mut SysRng).unwrap_err();
    assert!(matches!(error, EnvelopeError::WrongContent { .. }), "{error}");
}

/// Prefixes of two envelopes do not mix with each other's messages: the file key binds them.
#[test]
fn messages_do_not_change_envelopes() {
    let keyring = keyring();
    let (a, b) = (seal(b"first", &[(&keyring).into()]), seal(b"other", &[(&keyring).into()]));
    let border = rewrapped_len(&a).unwrap();
    let mixed = [&a[..border], &b[border..]].concat();
    assert_eq!(open_by(&mixed, &[(&keyring).into()]), Err(EnvelopeError::AuthenticationFailed));
}

#[test]
fn limits_of_recipients() {
    let keyring = keyring();
    let phrase = passphrase("one");
    let keyrings = |n| vec![Recipient::from(&keyring); n];
    let refused = |recipients: &[Recipient<'_>]| encrypt(b"", recipients, &options(), &mut SysRng).unwrap_err();
    assert_eq!(refused(&[]), EnvelopeError::NoRecipient);
    let envelope = encrypt(b"", &keyrings(MAX_RECIPIENTS), &options(), &mut SysRng).unwrap();
    assert_eq!(open_by(&envelope, &[(&keyring).into()]).unwrap(), b"");
    let many = EnvelopeError::TooManyRecipients { recipients: 1025, passphrases: 0 };
    assert_eq!(refused(&keyrings(MAX_RECIPIENTS + 1)), many);
    let phrases = [Recipient::Passphrase(&phrase, CHEAP); MAX_PASSPHRASES + 1];
    assert_eq!(refused(&phrases), EnvelopeError::TooManyRecipients { recipients: 9, passphrases: 9 });
    let weak = Argon2Params { memory_kib: 8_191, ..CHEAP };
    let error = refused(&[Recipient::Passphrase(&phrase, weak)]);
    assert_eq!(error, EnvelopeError::Passphrase(PassphraseError::Parameters(weak)));
    let broken = encrypt(b"", &keyrings(1), &options(), &mut Broken);
    assert_eq!(broken, Err(EnvelopeError::Randomness(RandomnessError)));
    let metadata = Metadata::new([("k", "v".repeat(MAX_HEADER_LEN))]);
    let long = encrypt(b"", &keyrings(1), &Options { metadata, ..options() }, &mut SysRng).unwrap_err();
    assert!(matches!(long, EnvelopeError::NoRoomInHeader { got, recipients: 1, fit: 0, .. } if got > 1 << 20));
    assert_eq!(long.code(), "header_too_large");
}

#[test]
fn errors_say_what_to_do() {
    let params = Argon2Params { passes: 9, memory_kib: 4_194_304, lanes: 2 };
    let shown = [
        EnvelopeError::NotFortress,
        EnvelopeError::UnknownVersion(7),
        EnvelopeError::Suite(SuiteError::Unknown(77)),
        EnvelopeError::Truncated,
        EnvelopeError::HeaderTooLarge { got: 9_999_999 },
        EnvelopeError::NoRoomInHeader { got: 1_209_351, by_recipients: 1_209_340, recipients: 1_024, fit: 887 },
        EnvelopeError::NonCanonical,
        EnvelopeError::NoRecipient,
        EnvelopeError::TooManyRecipients { recipients: 12, passphrases: 9 },
        EnvelopeError::NoSuchRecipient { place: 3, recipients: 3 },
        wrong_recipient("keyring, passphrase", "a keyring that holds its key, or the passphrase"),
        EnvelopeError::NotEnoughShares { set: ShareSetId([1; 8]), needed: 3, got: 2 },
        EnvelopeError::WrongPassphrase,
        EnvelopeError::KeyDestroyed(KeyId([1, 2, 3, 4])),
        EnvelopeError::AuthenticationFailed,
        EnvelopeError::WrongContent { expected: "data".into(), got: "keyring".into() },
        EnvelopeError::Passphrase(PassphraseError::Empty),
        EnvelopeError::Passphrase(PassphraseError::Parameters(params)),
        EnvelopeError::Passphrase(PassphraseError::OutOfMemory { memory_kib: 65_536 }),
        EnvelopeError::ExternalKey(ExternalKeyError::Unavailable {
            reference: "pkcs11:token=a".into(),
            reason: "the token is gone".into(),
        }),
        EnvelopeError::ExternalKey(ExternalKeyError::Refused {
            reference: "pkcs11:token=a".into(),
            reason: "the PIN is wrong".into(),
        }),
        EnvelopeError::ExternalKey(ExternalKeyError::NotAuthentic { reference: "pkcs11:token=a".into() }),
        EnvelopeError::ExternalKey(ExternalKeyError::Invalid { reference: "".into() }),
        EnvelopeError::Identity(IdentityError::InvalidKey),
        EnvelopeError::Shares(ShareError::NoShares),
        EnvelopeError::Message(ChunkedError::TooLong),
        EnvelopeError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        (
            "not_fortress",
            "not a Fortress envelope: it does not start with \"FTRS\"; check that it is the file you meant",
        ),
        ("unknown_version", "the envelope has version 7, expected 1; a newer version of Fortress may read it"),
        ("unknown_suite", "suite 77 is not known to this version of Fortress; a newer version may read it"),
        ("truncated", "the envelope is cut off: its end is missing; get the whole of it again"),
        ("header_too_large", "the envelope's header has 9999999 bytes, more than the 1048576 allowed"),
        (
            "header_too_large",
            "the envelope's header would have 1209351 bytes, more than the 1048576 allowed, 1209340 of them for its 1024 recipients; give it fewer (about 887 like these fit), or less metadata",
        ),
        (
            "non_canonical",
            "the envelope is malformed: its header or keyring is not the deterministic CBOR of its layout; get it again from where it was written",
        ),
        ("no_recipient", "an envelope needs at least one recipient: a keyring, a passphrase or an identity"),
        (
            "too_many_recipients",
            "an envelope has at most 1024 recipients, of them at most 8 passphrases; this one has 12, of them 9 passphrases",
        ),
        ("no_such_recipient", "there is no recipient at place 3: the envelope has 3, counted from 0"),
        (
            "wrong_recipient",
            "nothing given opens this envelope: it is for keyring, passphrase; bring a keyring that holds its key, or the passphrase",
        ),
        ("not_enough_shares", "it takes 3 shares of set 0101010101010101 to open this envelope, and 2 were given"),
        ("wrong_passphrase", "the passphrase is wrong; try again, and mind the layout of the keyboard"),
        (
            "key_destroyed",
            "the envelope is encrypted for key 01020304, which was destroyed; it cannot be opened by this keyring",
        ),
        (
            "authentication_failed",
            "the data is not authentic: it was changed or cut, or the key, scope or context is not the one it was encrypted with",
        ),
        ("wrong_content", "the envelope holds keyring, expected data; open it as what it is"),
        ("empty_passphrase", "the passphrase is empty; choose one of several words"),
        (
            "argon2_limits",
            "Argon2id parameters out of bounds (t=9, m=4194304 KiB, p=2): expected 8 MiB to 256 MiB of memory, at most 1 GiB over all passes, and 1 to 16 lanes",
        ),
        ("out_of_memory", "Argon2id needs 65536 KiB of memory, which this machine does not give"),
        ("key_unavailable", "the external key \"pkcs11:token=a\" cannot be reached: the token is gone"),
        ("key_refused", "the external key \"pkcs11:token=a\" refuses: the PIN is wrong"),
        (
            "authentication_failed",
            "the external key \"pkcs11:token=a\" finds what it wrapped changed, or of another header",
        ),
        (
            "invalid_external_key",
            "the external key \"\" cannot be used: a reference has 1 to 1024 bytes, and what it wraps 1 to 8192",
        ),
        ("invalid_identity", "not a public identity: its bytes are no X-Wing public key"),
        ("not_enough_shares", "no shares were given"),
        ("limit_exceeded", "a message holds at most 4 PiB"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
}

/// Another message under an envelope's own header: what anyone who can open it can write (spec E-4).
#[cfg(feature = "grants")]
pub(crate) fn with_message(content: Content, envelope: &[u8], identity: Identity<'_>, payload: &[u8]) -> Vec<u8> {
    let unlocked = Unlocked::new(content, envelope, &[identity], &ReadLimits::default()).unwrap();
    let suite = unlocked.prefix.header.suite().unwrap();
    let context = [&suite.id().to_be_bytes()[..], Context::empty().canonical()].concat();
    let derived = Derived::generate(suite, &unlocked.keys.payload, [&context, &[]], &mut SysRng).unwrap();
    let mut rewritten = [unlocked.prefix.authenticated, unlocked.prefix.mac, derived.prefix()].concat();
    encrypt_message(&derived.into_message_key(), payload, &mut rewritten).unwrap();
    rewritten
}
