//! Keys in tokens: made, found, used, and all that can go wrong with them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _};
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, Payload};
use common::{PIN, Tokens, access, alone, module, uri};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::UserType;
use fortress::Context;
use fortress::envelope::{self, EnvelopeError, Identity, Keep, Options, ReadLimits, Recipient, RewrapOptions};
use fortress::external::{ExternalKey as _, ExternalKeyError};
use fortress_hsm::pkcs11::{Access, Mechanism, Pin, Pkcs11Error, Pkcs11Key, Tries, generate, list_keys, list_tokens};

const FILE_KEY: [u8; 32] = [7; 32];
const ASSOCIATED: [u8; 32] = [9; 32];

fn made(token: &str, label: &str, mechanism: Mechanism) -> Pkcs11Key {
    let uri = uri(&format!("pkcs11:token={token};object={label}"));
    let new = generate(&uri, Some(mechanism), &access()).unwrap();
    assert_eq!(new.mechanism, mechanism);
    Pkcs11Key::open(&uri, &access()).unwrap()
}

#[test]
fn what_a_key_wraps_it_unwraps_and_nothing_else() {
    alone("what_a_key_wraps_it_unwraps_and_nothing_else", |tokens| {
        tokens.init("a");
        for (mechanism, way, len) in [
            (Mechanism::AesGcm, 1, 62),
            (Mechanism::AesKeyWrap, 2, 74),
            (Mechanism::AesKeyWrapPad, 3, 74),
            (Mechanism::RsaOaep, 5, 386),
        ] {
            let key = made("a", mechanism.name(), mechanism);
            let other = made("a", &format!("other-{mechanism}"), mechanism);
            let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
            assert_eq!((&wrapped[..2], wrapped.len()), (&[1, way][..], len), "{mechanism}");
            assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
            let again = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
            assert_eq!(again == wrapped, matches!(way, 2 | 3), "key wrapping alone is deterministic");

            let refused = |key: &Pkcs11Key, wrapped: &[u8], associated: &[u8; 32], what: &str| {
                let error = key.unwrap_key(wrapped, associated).unwrap_err();
                assert!(matches!(error, Pkcs11Error::NotAuthentic { .. }), "{mechanism} {what}: {error:?}");
            };
            refused(&key, &wrapped, &[8; 32], "other header");
            refused(&other, &wrapped, &ASSOCIATED, "other key");
            for place in (0..wrapped.len()).step_by(if len > 100 { 17 } else { 1 }) {
                let mut changed = wrapped.clone();
                changed[place] ^= 1;
                refused(&key, &changed, &ASSOCIATED, &format!("byte {place}"));
            }
            for len in (0..wrapped.len()).step_by(7).chain([1, 2, 14, wrapped.len() - 1]) {
                refused(&key, &wrapped[..len], &ASSOCIATED, &format!("cut to {len}"));
            }
            refused(&key, &[&wrapped[..], &[0]].concat(), &ASSOCIATED, "longer");
            assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY, "it goes on");
        }
    });
}

#[test]
fn what_is_wrapped_is_what_the_specification_says() {
    alone("what_is_wrapped_is_what_the_specification_says", |tokens| {
        tokens.init("a");
        let secret = [0x5a; 32];
        import(&secret, "gcm", 1, true);
        import(&secret, "wrap", 2, false);

        //
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;object=gcm"), &access()).unwrap();
        assert_eq!((key.mechanism(), key.reference()), (Mechanism::AesGcm, "pkcs11:token=a;object=gcm;id=%01"));
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        let aad = [&[1, 1][..], &ASSOCIATED].concat();
        let payload = Payload { msg: &wrapped[14..], aad: &aad };
        let iv = Array::try_from(&wrapped[2..14]).unwrap();
        assert_eq!(Aes256Gcm::new(&Array::from(secret)).decrypt(&iv, payload).unwrap(), FILE_KEY);

        //
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;object=wrap"), &access()).unwrap();
        assert_eq!(key.mechanism(), Mechanism::AesKeyWrap);
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        assert_eq!(rfc3394_unwrap(&secret, &wrapped[2..]), [FILE_KEY, ASSOCIATED].concat());

        let key = made("a", "rsa", Mechanism::RsaOaep);
        fs::write(tokens.path("wrapped"), &key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap()[2..]).unwrap();
        let (from, to) = (tokens.path("wrapped"), tokens.path("plain"));
        let decrypt = ["--decrypt", "--label", "rsa", "--mechanism", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA-1"];
        let files = ["--input-file", from.to_str().unwrap(), "--output-file", to.to_str().unwrap()];
        tokens.tool_text("a", &[&decrypt[..], &files].concat());
        assert_eq!(fs::read(to).unwrap(), [FILE_KEY, ASSOCIATED].concat());
    });
}

#[test]
fn envelopes_open_with_the_key_that_stays_in_the_token() {
    alone("envelopes_open_with_the_key_that_stays_in_the_token", |tokens| {
        tokens.init("vault");
        let key = made("vault", "kek", Mechanism::AesGcm);
        let next = made("vault", "next", Mechanism::RsaOaep);
        let options = Options { context: Context::new([("row", "1")]).unwrap(), ..Options::default() };
        let create = |recipients: &[Recipient<'_>]| {
            let (mut envelope, stream) =
                envelope::create(recipients, &options, &mut getrandom::SysRng).unwrap().into_stream();
            stream.finish(b"for the token", &mut envelope).unwrap();
            envelope
        };
        let open = |envelope: &[u8], key: &Pkcs11Key| -> Result<Vec<u8>, EnvelopeError> {
            let limits = ReadLimits::default();
            let opened = envelope::open(envelope, &[Identity::External(key)], &options.context, &limits)?;
            let start = opened.prefix_len();
            let mut plain = Vec::new();
            let mut stream = opened.into_stream();
            stream.update(&envelope[start..], &mut plain)?;
            stream.finish(&mut plain)?;
            Ok(plain)
        };
        let envelope = create(&[Recipient::External(&key)]);
        assert_eq!(open(&envelope, &key).unwrap(), b"for the token");
        assert!(matches!(open(&envelope, &next), Err(EnvelopeError::WrongRecipient { .. })));

        let rewrapping =
            RewrapOptions { keep: Keep::Others, context: Some(&options.context), ..RewrapOptions::default() };
        let (by, to) = ([Identity::External(&key)], [Recipient::External(&next)]);
        let rewrapped = envelope::rewrap(&envelope, &by, &to, &rewrapping, &mut getrandom::SysRng).unwrap();
        let moved = [&rewrapped[..], &envelope[envelope::rewrapped_len(&envelope).unwrap()..]].concat();
        assert_eq!(open(&moved, &next).unwrap(), b"for the token");
        assert!(open(&moved, &key).is_err());

        // What was wrapped for one header is of no use in another one with the same reference.
        let second = create(&[Recipient::External(&key)]);
        let reference = key.reference();
        let body = |envelope: &[u8]| {
            let at = envelope.windows(reference.len()).position(|part| part == reference.as_bytes()).unwrap();
            at + reference.len()..at + reference.len() + 62
        };
        let mut mixed = envelope.clone();
        mixed[body(&envelope)].copy_from_slice(&second[body(&second)]);
        assert!(matches!(open(&mixed, &key), Err(EnvelopeError::AuthenticationFailed)));
    });
}

#[test]
fn a_key_cannot_leave_its_token() {
    alone("a_key_cannot_leave_its_token", |tokens| {
        tokens.init("a");
        made("a", "aes", Mechanism::AesGcm);
        made("a", "wrap", Mechanism::AesKeyWrap);
        made("a", "rsa", Mechanism::RsaOaep);
        let listed = tokens.tool_text("a", &["--list-objects"]);
        let access_lines: Vec<&str> = listed.lines().filter(|line| line.contains("Access:")).collect();
        let never = access_lines.iter().filter(|line| line.contains("always sensitive, never extractable, local"));
        assert_eq!(never.count(), 3, "{listed}");
        for (label, usage) in [("aes", "Usage:      encrypt, decrypt\n"), ("wrap", "Usage:      wrap, unwrap\n")] {
            let at = listed.find(&format!("label:      {label}")).unwrap();
            assert!(listed[at..].contains(usage), "{listed}");
        }
        let read = tokens.tool("a", &["--read-object", "--type", "secrkey", "--label", "aes"]);
        assert!(!read.status.success());

        // One that could leave is not used.
        tokens.tool_text(
            "a",
            &["--keygen", "--key-type", "AES:32", "--label", "loose", "--id", "0a", "--extractable", "--usage-decrypt"],
        );
        let error = Pkcs11Key::open(&uri("pkcs11:token=a;object=loose"), &access()).unwrap_err();
        assert_eq!(error.code(), "external_key_unsuitable");
        assert!(error.to_string().contains("CKA_EXTRACTABLE"), "{error}");
        for (kind, label, bits) in [("AES:16", "short", "256 bits"), ("RSA:1024", "short-rsa", "2048 bits")] {
            let pair = if kind.starts_with("RSA") { "--keypairgen" } else { "--keygen" };
            tokens.tool_text("a", &[pair, "--key-type", kind, "--label", label, "--sensitive", "--usage-decrypt"]);
            let error = Pkcs11Key::open(&uri(&format!("pkcs11:token=a;object={label}")), &access()).unwrap_err();
            assert!(error.code() == "external_key_unsuitable" && error.to_string().contains(bits), "{error}");
        }
        // Another program's key that cannot is.
        tokens.tool_text(
            "a",
            &["--keygen", "--key-type", "AES:32", "--label", "fast", "--id", "0b", "--sensitive", "--usage-decrypt"],
        );
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;id=%0b"), &access()).unwrap();
        assert_eq!(key.reference(), "pkcs11:token=a;object=fast;id=%0B");
    });
}

#[test]
fn rsa_wraps_with_its_own_public_part_and_no_other() {
    alone("rsa_wraps_with_its_own_public_part_and_no_other", |tokens| {
        tokens.init("a");
        let uri = uri("pkcs11:token=a;object=kek;id=%0a");
        generate(&uri, Some(Mechanism::RsaOaep), &access()).unwrap();
        let outside = Pkcs11::new(module()).unwrap();
        let _ = outside.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        let slot = outside.get_slots_with_initialized_token().unwrap()[0];
        // Without a PIN.
        let session = outside.open_rw_session(slot).unwrap();
        let of_kek = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Id(vec![10])];
        let own = session.find_objects(&of_kek).unwrap()[0];
        let Some(Attribute::Modulus(modulus)) = session.get_attributes(own, &[AttributeType::Modulus]).unwrap().pop()
        else {
            panic!("no modulus")
        };
        let mut other = modulus.clone();
        other[100] ^= 1;
        let plant = |modulus: &[u8], exponent: &[u8]| {
            let template = [
                Attribute::Class(ObjectClass::PUBLIC_KEY),
                Attribute::KeyType(KeyType::RSA),
                Attribute::Label(b"kek".to_vec()),
                Attribute::Id(vec![10]),
                Attribute::Token(true),
                Attribute::Private(false),
                Attribute::Encrypt(true),
                Attribute::Modulus(modulus.to_vec()),
                Attribute::PublicExponent(exponent.to_vec()),
            ];
            session.create_object(&template).unwrap();
        };
        // Someone else's key, and the same one with exponents that open to anybody or to nobody.
        for (modulus, exponent) in [(&other, &[1, 0, 1][..]), (&modulus, &[1]), (&modulus, &[3])] {
            for _ in 0..3 {
                plant(modulus, exponent);
            }
        }
        for _ in 0..3 {
            let key = Pkcs11Key::open(&uri, &access()).unwrap();
            let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
            assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
        }
        // With theirs alone there is none to wrap with.
        session.destroy_object(own).unwrap();
        let error = Pkcs11Key::open(&uri, &access()).unwrap_err();
        assert!(error.code() == "external_key_unsuitable" && error.to_string().contains("public part"), "{error}");
    });
}

#[test]
fn a_pin_that_was_changed_is_refused_once() {
    alone("a_pin_that_was_changed_is_refused_once", |tokens| {
        tokens.init("a");
        generate(&uri("pkcs11:token=a;object=k"), None, &access()).unwrap();
        let by_value = uri(&format!("pkcs11:token=a;object=k?pin-value={PIN}"));
        let key = Pkcs11Key::open(&by_value, &Access::new().module(module())).unwrap();
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        let outside = Pkcs11::new(module()).unwrap();
        let session = outside.open_rw_session(outside.get_slots_with_initialized_token().unwrap()[0]).unwrap();
        session.set_pin(&PIN.to_owned().into(), &"changed-1234".to_owned().into()).unwrap();
        let lose = || session.logout().unwrap();
        lose();
        let refused = Pkcs11Error::WrongPin { token: "a".into(), tries: Tries::Few };
        assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err(), refused);
        // The token forgets the wrong one with the right one, and would tell of another wrong one.
        session.login(UserType::User, Some(&"changed-1234".to_owned().into())).unwrap();
        lose();
        for _ in 0..3 {
            assert_eq!(key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err(), refused);
            assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err(), refused);
        }
        assert_eq!(list_tokens(&module()).unwrap()[0].tries, Some(Tries::Unknown), "it was not tried again");
        let changed = Access::new().module(module()).ask(|_| Ok(Pin::new("changed-1234")));
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;object=k"), &changed).unwrap();
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    });
}

#[test]
fn pins() {
    alone("pins", |tokens| {
        tokens.init("a");
        generate(&uri("pkcs11:token=a;object=k"), None, &access()).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let wrong = Access::new().module(module()).ask(move |request| {
            counted.fetch_add(1, Ordering::Relaxed);
            assert_eq!(request.token, "a");
            Ok(Pin::new("wrong-1234"))
        });
        let error = Pkcs11Key::open(&uri("pkcs11:token=a;object=k"), &wrong).unwrap_err();
        assert_eq!(error, Pkcs11Error::WrongPin { token: "a".into(), tries: Tries::Few });
        assert!(error.to_string().contains("few tries are left"), "{error}");
        assert_eq!(asked.load(Ordering::Relaxed), 1, "a wrong PIN is not tried twice");
        assert!(list_tokens(&module()).unwrap()[0].tries == Some(Tries::Few));

        // By a file, in both ways of naming it.
        let file = tokens.path("pin file");
        fs::write(&file, format!("{PIN}\n")).unwrap();
        let escaped = file.to_str().unwrap().replace(' ', "%20");
        let bare = Access::new().module(module());
        for source in [escaped.clone(), format!("file:{escaped}"), format!("file://{escaped}")] {
            let key = Pkcs11Key::open(&uri(&format!("pkcs11:token=a;object=k?pin-source={source}")), &bare).unwrap();
            assert!(!key.reference().contains("pin"));
        }
        let code = |text: &str| Pkcs11Key::open(&uri(text), &bare).unwrap_err().code();
        assert_eq!(code("pkcs11:token=a;object=k?pin-source=/nowhere"), "unreadable_pin");
        assert_eq!(code("pkcs11:token=a;object=k?pin-source=|/bin/date"), "unreadable_pin");
        assert_eq!(code("pkcs11:token=a;object=k?pin-source=relative"), "unreadable_pin");
        let mistaken = uri(&format!("pkcs11:token=a;object=k?pin-source={PIN}"));
        let error = Pkcs11Key::open(&mistaken, &bare).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(PIN), "{error}");
        assert_eq!(code("pkcs11:token=a;object=k"), "no_pin");
        let by_value = format!("pkcs11:token=a;object=k?module-path={}&pin-value={PIN}", module().display());
        let key = Pkcs11Key::open(&uri(&by_value), &Access::new()).unwrap();
        assert!(!format!("{key:?}").contains(PIN));
    });
}

#[test]
fn a_lost_session_is_opened_again() {
    alone("a_lost_session_is_opened_again", |tokens| {
        tokens.init("a");
        generate(&uri("pkcs11:token=a;object=k"), None, &access()).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let once = Access::new().module(module()).ask(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Pin::new(PIN))
        });
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;object=k"), &once).unwrap();
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();

        // Another part of the program logs out.
        let outside = Pkcs11::new(module()).unwrap();
        let slot = outside.get_slots_with_initialized_token().unwrap()[0];
        let session = outside.open_ro_session(slot).unwrap();
        session.logout().unwrap();
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
        // Or ends the module's work altogether.
        drop(session);
        outside.finalize().unwrap();
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "the PIN is kept");
        // Whoever was logged in already is not asked.
        let outside = Pkcs11::new(module()).unwrap();
        let session = outside.open_ro_session(outside.get_slots_with_initialized_token().unwrap()[0]).unwrap();
        assert!(session.login(UserType::User, Some(&PIN.to_owned().into())).is_err(), "it is");
        Pkcs11Key::open(&uri("pkcs11:token=a;object=k"), &Access::new().module(module())).unwrap();
    });
}

#[test]
fn a_pin_outlives_a_fault_that_is_not_its_own() {
    alone("a_pin_outlives_a_fault_that_is_not_its_own", |tokens| {
        tokens.init("a");
        generate(&uri("pkcs11:token=a;object=k"), None, &access()).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let faulty = Access::new().module(module()).ask(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            // Another part of the program ends the module's work just before the login.
            Pkcs11::new(module()).unwrap().finalize().unwrap();
            Ok(Pin::new(PIN))
        });
        let outside = Pkcs11::new(module()).unwrap();
        outside.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap_or_default();
        let session = outside.open_ro_session(outside.get_slots_with_initialized_token().unwrap()[0]).unwrap();
        session.login(UserType::User, Some(&PIN.to_owned().into())).unwrap();
        // Whoever is logged in already is not asked, until the session is lost.
        let key = Pkcs11Key::open(&uri("pkcs11:token=a;object=k"), &faulty).unwrap();
        session.logout().unwrap();
        assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "token_failed");
        key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 1, "the PIN is kept");
    });
}

#[test]
fn a_token_that_is_taken_out_is_missed_until_it_is_back() {
    alone("a_token_that_is_taken_out_is_missed_until_it_is_back", |tokens: &Tokens| {
        tokens.init("a");
        let key = made("a", "k", Mechanism::AesGcm);
        let wrapped = key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap();
        let folder = tokens.folders().pop().unwrap();
        fs::rename(&folder, tokens.path("drawer")).unwrap();
        // The module sees its tokens anew.
        Pkcs11::new(module()).unwrap().finalize().unwrap();
        let error = key.unwrap_key(&wrapped, &ASSOCIATED).unwrap_err();
        assert_eq!(error, Pkcs11Error::TokenGone { token: "a".into() });
        let error = key.unwrap(&wrapped, &ASSOCIATED).unwrap_err();
        assert!(
            matches!(&error, ExternalKeyError::Unavailable { reason, .. } if reason.contains("put it back")),
            "{error}"
        );
        assert_eq!(key.wrap_key(&FILE_KEY, &ASSOCIATED).unwrap_err().code(), "token_gone");

        fs::rename(tokens.path("drawer"), &folder).unwrap();
        Pkcs11::new(module()).unwrap().finalize().unwrap();
        assert_eq!(*key.unwrap_key(&wrapped, &ASSOCIATED).unwrap(), FILE_KEY);
    });
}

#[test]
fn tokens_and_keys_that_are_not_there_or_not_the_only_ones() {
    alone("tokens_and_keys_that_are_not_there_or_not_the_only_ones", |tokens| {
        tokens.init("a");
        tokens.init("twin");
        tokens.init("twin");
        let code = |text: &str| Pkcs11Key::open(&uri(text), &access()).unwrap_err().code();
        assert_eq!(code("pkcs11:token=b"), "token_not_found");
        assert_eq!(code("pkcs11:token=twin"), "token_ambiguous");
        assert_eq!(code("pkcs11:"), "token_ambiguous");
        assert_eq!(code("pkcs11:token=a;object=k"), "external_key_not_found");
        let uri_a = uri("pkcs11:token=a;object=k;id=%00%01");
        let new = generate(&uri_a, None, &access()).unwrap();
        assert_eq!(
            (new.uri.to_string().as_str(), new.mechanism),
            ("pkcs11:token=a;object=k;id=%00%01", Mechanism::AesGcm)
        );
        assert_eq!(generate(&uri_a, None, &access()).unwrap_err().code(), "external_key_exists");
        let same_id = uri("pkcs11:token=a;object=other;id=%00%01");
        assert_eq!(generate(&same_id, None, &access()).unwrap_err().code(), "external_key_exists");
        assert_eq!(generate(&uri("pkcs11:token=a"), None, &access()).unwrap_err().code(), "invalid_external_key");
        generate(&uri("pkcs11:token=a;object=l"), Some(Mechanism::RsaOaep), &access()).unwrap();
        assert_eq!(code("pkcs11:token=a"), "external_key_ambiguous");
        assert_eq!(code("pkcs11:token=a;object=l;type=public"), "external_key_unsuitable");
        assert_eq!(code("pkcs11:token=a;object=l;type=secret-key"), "external_key_not_found");
        assert_eq!(code("pkcs11:token=a;object=k;x-vendor=1"), "external_key_not_found");
        assert_eq!(code("pkcs11:token=a?module-name=softhsm2"), "no_module");
        assert_eq!(code("pkcs11:token=a?module-path=/nowhere.so"), "module_unusable");
        assert_eq!(Pkcs11Key::open(&uri_a, &Access::new()).unwrap_err().code(), "no_module");

        let key = Pkcs11Key::open(&uri("pkcs11:token=a;type=private"), &access()).unwrap();
        assert!(key.opens(key.reference()) && key.opens("pkcs11:token=a;object=l"));
        for other in [
            "pkcs11:token=a;object=k",
            "pkcs11:token=b;object=l",
            "pkcs11:token=a;object=l?module-path=/x.so",
            "awskms:l",
        ] {
            assert!(!key.opens(other), "{other}");
        }

        let listed = list_tokens(&module()).unwrap();
        let mut labels: Vec<&str> = listed.iter().map(|token| token.label.as_str()).collect();
        labels.sort_unstable();
        assert_eq!(labels, ["a", "twin", "twin"]);
        for token in listed {
            assert_eq!(token.mechanisms, Mechanism::ALL);
            let keys = list_keys(&token.uri, &access()).unwrap();
            let mut kinds: Vec<&str> = keys.iter().map(|key| key.kind.as_str()).collect();
            kinds.sort_unstable();
            assert_eq!(kinds, if token.label == "a" { vec!["AES-256", "RSA-3072"] } else { vec![] });
        }
    });
}

/// Puts a key that is known here into the token, to encrypt or to wrap.
fn import(secret: &[u8; 32], label: &str, id: u8, encrypts: bool) {
    let outside = Pkcs11::new(module()).unwrap();
    let _ = outside.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slot = outside.get_slots_with_initialized_token().unwrap()[0];
    let session = outside.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&PIN.to_owned().into())).unwrap();
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(vec![id]),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(encrypts),
        Attribute::Decrypt(encrypts),
        Attribute::Wrap(!encrypts),
        Attribute::Unwrap(!encrypts),
        Attribute::Value(secret.to_vec()),
    ];
    session.create_object(&template).unwrap();
}

/// RFC 3394, 2.2.2, as it is written there.
fn rfc3394_unwrap(key: &[u8; 32], wrapped: &[u8]) -> Vec<u8> {
    let aes = Aes256::new(&Array::from(*key));
    let blocks: Vec<[u8; 8]> = wrapped.chunks(8).map(|block| block.try_into().unwrap()).collect();
    let (mut a, mut r) = (blocks[0], blocks[1..].to_vec());
    let n = r.len();
    for t in (1..=6 * n).rev() {
        let i = (t - 1) % n;
        let mixed = (u64::from_be_bytes(a) ^ t as u64).to_be_bytes();
        let mut block = Array::try_from(&[mixed, r[i]].concat()[..]).unwrap();
        aes.decrypt_block(&mut block);
        a = block[..8].try_into().unwrap();
        r[i] = block[8..].try_into().unwrap();
    }
    assert_eq!(a, [0xa6; 8]);
    r.concat()
}
