//! Envelopes in two steps, with external keys that are asked in between.

use zeroize::Zeroizing;

use super::*;
use crate::{
    external::{AnsweredKey, ExternalKey, ExternalKeyError},
    hazmat::{Draft, RewrapDraft},
};

const REFERENCE: &str = "device:1";

/// What stands for a key elsewhere: it wraps by XOR with its associated data, which is enough to see what it was given.
fn xor(bytes: &[u8], associated: &[u8; 32]) -> Vec<u8> {
    bytes.iter().zip(associated).map(|(byte, pad)| byte ^ pad ^ 0x5A).collect()
}

fn wrapped(file_key: &[u8; 32], associated: [u8; 32]) -> AnsweredKey {
    AnsweredKey::wrapped(REFERENCE.into(), xor(file_key, &associated), associated)
}

/// Asks for all that may be asked.
fn answers(envelope: &[u8], identities: &[Identity<'_>]) -> Vec<AnsweredKey> {
    let answer = |request: ExternalRequest| {
        let file_key = Zeroizing::new(xor(&request.wrapped, &request.associated));
        request.answered(Ok(file_key))
    };
    external_requests(envelope, identities).unwrap().into_iter().map(answer).collect()
}

fn external(key: &AnsweredKey) -> Identity<'_> {
    Identity::External(key)
}

fn written(recipients: &[Recipient<'_>]) -> Vec<u8> {
    let draft = Draft::new(recipients, &options(), &mut SysRng).unwrap();
    let key = wrapped(draft.expose_file_key(), draft.associated_data());
    let all = [recipients, &[Recipient::External(&key)]].concat();
    draft.create(&all, &mut SysRng).unwrap().encrypt_all(b"two steps").unwrap()
}

#[test]
fn written_and_read_in_two_steps() {
    let keyring = keyring();
    let envelope = written(&[(&keyring).into()]);
    let keys = answers(&envelope, &[]);
    assert_eq!(keys.len(), 1);
    assert_eq!(open_by(&envelope, &[external(&keys[0])]).unwrap(), b"two steps");
    assert_eq!(open_by(&envelope, &[(&keyring).into()]).unwrap(), b"two steps");
    assert_eq!(alloc::format!("{:?}", keys[0]), r#"AnsweredKey { reference: "device:1", .. }"#);
    let lightning = Keyring::generate(Profile::Lightning, Timestamp(0), &mut SysRng).unwrap();
    let draft = Draft::new(&[(&lightning).into()], &options(), &mut SysRng).unwrap();
    let created = draft.create(&[(&lightning).into()], &mut SysRng).unwrap();
    assert_eq!(created.suite(), Profile::Lightning.envelope_suite(Platform::current()));
}

#[test]
fn nothing_is_asked_where_something_at_hand_opens() {
    let (keyring, stranger, phrase) = (keyring(), keyring(), passphrase("one"));
    let envelope = written(&[(&keyring).into(), Recipient::Passphrase(&phrase, CHEAP)]);
    assert_eq!(external_requests(&envelope, &[(&keyring).into()]), Ok(vec![]));
    for identities in [&[][..], &[(&stranger).into()], &[(&phrase).into()]] {
        assert_eq!(external_requests(&envelope, identities).unwrap().len(), 1);
    }
    assert_eq!(external_requests(b"FTR", &[]), Err(EnvelopeError::Truncated));
    assert_eq!(external_requests(b"JPEG image", &[]), Err(EnvelopeError::NotFortress));
    let without = seal(b"", &[(&keyring).into()]);
    assert_eq!(external_requests(&without, &[]), Ok(vec![]));
}

#[test]
fn each_reference_is_asked_once() {
    let key = |reference: &str, byte| AnsweredKey::wrapped(reference.into(), vec![byte; 40], [0; 32]);
    let associated = bare().associated_data();
    let keys = [("a", 1), ("b", 2), ("a", 3)]
        .map(|(reference, byte)| AnsweredKey::wrapped(reference.into(), vec![byte; 40], associated));
    let recipients = keys.iter().map(|key| Recipient::External(key)).collect::<Vec<_>>();
    let envelope =
        encrypt(b"", &recipients, &Options { suite: Some(Suite::Aes256Gcm), ..Options::default() }, &mut SysRng);
    let asked = external_requests(&envelope.unwrap(), &[]).unwrap();
    let asked: Vec<_> = asked.iter().map(|request| (request.reference.as_str(), request.wrapped[0])).collect();
    assert_eq!(asked, [("a", 1), ("b", 2)]);
    let unasked = key("a", 1).wrap(&[0; 32], &associated).unwrap_err();
    assert_eq!(unasked.code(), "key_unavailable");
}

#[test]
fn an_answer_to_another_question_is_none() {
    let (one, other) = (written(&[]), written(&[]));
    let answer = answers(&one, &[]).remove(0);
    let error = open_by(&other, &[external(&answer)]).unwrap_err();
    assert_eq!(error.code(), "key_unavailable");
    // What wrapped does not unwrap, what unwrapped does not wrap.
    assert_eq!(answer.wrap(&[0; 32], &[0; 32]).unwrap_err().code(), "key_unavailable");
    assert_eq!(wrapped(&[0; 32], [0; 32]).unwrap(&[0; 32], &[0; 32]).unwrap_err().code(), "key_unavailable");
    // Wrapped for a draft with other metadata.
    let drafted = Draft::new(&[], &options(), &mut SysRng).unwrap();
    let key = wrapped(drafted.expose_file_key(), drafted.associated_data());
    let titled = Options { metadata: Metadata::new([("title", "Q3")]), ..options() };
    let draft = Draft::new(&[], &titled, &mut SysRng).unwrap();
    assert_eq!(draft.create(&[Recipient::External(&key)], &mut SysRng).unwrap_err().code(), "key_unavailable");
}

#[test]
fn answers_that_are_failures() {
    let (envelope, phrase) = (written(&[]), passphrase("one"));
    let by_phrase = written(&[Recipient::Passphrase(&phrase, CHEAP)]);
    let refused = ExternalKeyError::Refused { reference: REFERENCE.into(), reason: "cancelled".into() };
    for (answer, code) in [
        (Err(refused), "key_refused"),
        (Err(ExternalKeyError::NotAuthentic { reference: REFERENCE.into() }), "authentication_failed"),
        (Ok(Zeroizing::new(vec![0; 31])), "authentication_failed"),
        (Ok(Zeroizing::new(vec![0; 33])), "authentication_failed"),
        (Ok(Zeroizing::new(vec![])), "authentication_failed"),
        (Ok(Zeroizing::new(vec![0; 32])), "authentication_failed"),
    ] {
        let ask = |envelope: &[u8]| external_requests(envelope, &[]).unwrap().remove(0).answered(answer.clone());
        assert_eq!(open_by(&envelope, &[external(&ask(&envelope))]).unwrap_err().code(), code);
        if answer.as_ref().is_ok_and(|key| key.len() == 32) {
            continue;
        }
        let opened = open_by(&by_phrase, &[external(&ask(&by_phrase)), (&phrase).into()]);
        assert_eq!(opened.unwrap(), b"two steps", "the next way in is tried");
    }
}

#[test]
fn a_header_is_rewritten_in_two_steps() {
    let keyring = keyring();
    let envelope = seal(b"data", &[(&keyring).into()]);
    let context = context();
    let others = RewrapOptions { keep: Keep::Others, context: Some(&context), ..Default::default() };
    let draft = RewrapDraft::new(&envelope, &[(&keyring).into()], &others).unwrap();
    let key = wrapped(draft.expose_file_key(), draft.associated_data());
    let start = draft.finish(&[Recipient::External(&key)], &mut SysRng).unwrap();
    let rewrapped = [&start, &envelope[rewrapped_len(&envelope).unwrap()..]].concat();
    let keys = answers(&rewrapped, &[(&keyring).into()]);
    assert_eq!(open_by(&rewrapped, &[external(&keys[0])]).unwrap(), b"data");
    assert_eq!(open_by(&rewrapped, &[(&keyring).into()]).unwrap_err().code(), "wrong_recipient");
    let nobody = RewrapDraft::new(&rewrapped, &[external(&keys[0])], &RewrapOptions::default()).unwrap();
    assert_eq!(nobody.finish(&[], &mut SysRng), Err(EnvelopeError::NoRecipient));
    let (empty, by) = (Context::empty(), [external(&keys[0])]);
    let wrong = RewrapDraft::new(&rewrapped, &by, &RewrapOptions { context: Some(&empty), ..Default::default() });
    assert_eq!(wrong.unwrap_err(), EnvelopeError::AuthenticationFailed);
}

#[test]
fn sealed_keyrings_in_two_steps() {
    let (keyring, limits) = (keyring(), ReadLimits::default());
    let draft = Keyring::draft(Metadata::new([("owner", "ada")]), &mut SysRng).unwrap();
    let key = wrapped(draft.expose_file_key(), draft.associated_data());
    let sealed = keyring.seal_draft(draft, &[Recipient::External(&key)], &mut SysRng).unwrap();
    let keys = answers(&sealed, &[]);
    assert_eq!(Keyring::open(&sealed, &[external(&keys[0])], &limits).unwrap().primary(), keyring.primary());
    let everybody = RewrapOptions { keep: Keep::Everybody, ..Default::default() };
    let draft = Keyring::rewrap_draft(&sealed, &[external(&keys[0])], &everybody).unwrap();
    let mut rewrapped = draft.finish(&[(&keyring).into()], &mut SysRng).unwrap();
    rewrapped.extend_from_slice(&sealed[rewrapped_len(&sealed).unwrap()..]);
    assert!(Keyring::open(&rewrapped, &[(&keyring).into()], &limits).is_ok());
    assert!(Keyring::open(&rewrapped, &[external(&answers(&rewrapped, &[])[0])], &limits).is_ok());
    // One is not taken for the other.
    let data = Draft::new(&[], &options(), &mut SysRng).unwrap();
    let error = keyring.seal_draft(data, &[(&keyring).into()], &mut SysRng).unwrap_err();
    assert_eq!(error, EnvelopeError::WrongContent { expected: "keyring".into(), got: "data".into() });
    let sealing = Keyring::draft(Metadata::default(), &mut SysRng).unwrap();
    let error = sealing.create(&[(&keyring).into()], &mut SysRng).unwrap_err();
    assert_eq!(error, EnvelopeError::WrongContent { expected: "data".into(), got: "keyring".into() });
    assert!(RewrapDraft::new(&sealed, &[external(&keys[0])], &RewrapOptions::default()).is_err());
}
