//! Envelopes for identities: among other recipients, and where a header says what is not so.

use super::*;
use crate::identity::{IdentityId, SecretIdentity};

fn identity() -> SecretIdentity {
    SecretIdentity::generate(&mut SysRng).unwrap()
}

/// The header of a stranger: this many recipients of this type and body, with nothing right behind them.
fn header_of(recipients: usize, kind: u64, body: &[u8]) -> Vec<u8> {
    let mut header = vec![0xA2, 1, 2, 2];
    crate::cbor::put_array(&mut header, recipients);
    for _ in 0..recipients {
        crate::cbor::put_array(&mut header, 2);
        crate::cbor::put_unsigned(&mut header, kind);
        crate::cbor::put_bytes(&mut header, body);
    }
    [b"FTRS\x01", &(header.len() as u32).to_be_bytes()[..], &header, &[0; 32 + 56 + 16]].concat()
}

#[test]
fn an_identity_opens_among_others() {
    let (ada, grace, stranger) = (identity(), identity(), identity());
    let (keyring, phrase) = (keyring(), passphrase("one"));
    let recipients =
        [Recipient::Passphrase(&phrase, CHEAP), ada.public().into(), (&keyring).into(), grace.public().into()];
    let envelope = seal(b"for four", &recipients);
    for identity in [Identity::from(&ada), (&grace).into(), (&keyring).into(), (&phrase).into()] {
        assert_eq!(open_by(&envelope, &[identity]).unwrap(), b"for four");
        assert_eq!(open_by(&envelope, &[(&stranger).into(), identity]).unwrap(), b"for four");
    }
    let kinds = alloc::format!("passphrase, identity {}, keyring, identity {}", ada.public().id(), grace.public().id());
    let expected = wrong_recipient(&kinds, "the passphrase, or the secret identity, or a keyring that holds its key");
    assert_eq!(open_by(&envelope, &[(&stranger).into()]), Err(expected));
    let wrong = passphrase("two");
    assert_eq!(open_by(&envelope, &[(&stranger).into(), (&wrong).into()]), Err(EnvelopeError::WrongPassphrase));
    let opened = open(&envelope, &[(&ada).into()], &context(), &ReadLimits::default()).unwrap();
    let ids: Vec<IdentityId> = opened
        .header()
        .recipient_infos()
        .filter_map(|info| if let RecipientInfo::Identity { id } = info { Some(id) } else { None })
        .collect();
    assert_eq!(ids, [ada.public().id(), grace.public().id()]);
}

#[test]
fn a_keyring_is_sealed_for_an_identity_and_rewrapped_for_another() {
    let (ada, grace, limits) = (identity(), identity(), ReadLimits::default());
    let keyring = keyring();
    let sealed = keyring.seal(&[ada.public().into()], Metadata::default(), &mut SysRng).unwrap();
    assert_eq!(Keyring::open(&sealed, &[(&ada).into()], &limits).unwrap().primary(), keyring.primary());
    let for_grace =
        Keyring::rewrap(&sealed, &[(&ada).into()], &[grace.public().into()], &Default::default(), &mut SysRng).unwrap();
    assert_eq!(Keyring::open(&for_grace, &[(&grace).into()], &limits).unwrap().primary(), keyring.primary());
    assert!(matches!(Keyring::open(&for_grace, &[(&ada).into()], &limits), Err(EnvelopeError::WrongRecipient { .. })));
}

/// A body under an id that is not its own fails as forged, and the next recipient is tried all the same.
#[test]
fn a_body_under_another_id_is_not_authentic() {
    let (ada, grace) = (identity(), identity());
    let file_key = Secret::copied(&[0x42; 32]);
    let wrapped = |public: &SecretIdentity| {
        recipient::wrap_all(&bare(), &[public.public().into()], &file_key, &mut SysRng).unwrap().remove(0)
    };
    let mut renamed = wrapped(&grace);
    renamed.body[..8].copy_from_slice(&ada.public().id().0);
    let limits = ReadLimits::default();
    let by = |recipients: &[header::Wrapped], phrase: Option<&Passphrase>| {
        let mut identities = vec![Identity::from(&ada)];
        identities.extend(phrase.map(Identity::from));
        recipient::unwrap(&bare(), recipients, &identities, &limits)
    };
    assert_eq!(by(core::slice::from_ref(&renamed), None), Err(EnvelopeError::AuthenticationFailed));
    assert!(by(&[renamed.clone(), wrapped(&ada)], None) == Ok(file_key.duplicate()));
    let phrase = passphrase("one");
    let other = [Recipient::Passphrase(&phrase, CHEAP)];
    let by_phrase = recipient::wrap_all(&bare(), &other, &file_key, &mut SysRng).unwrap().remove(0);
    assert!(by(&[renamed.clone(), by_phrase.clone()], Some(&phrase)) == Ok(file_key.duplicate()));
    let wrong = passphrase("two");
    let error = by(&[by_phrase, renamed], Some(&wrong));
    assert_eq!(error, Err(EnvelopeError::AuthenticationFailed), "the reason that tells more");
}

#[test]
fn a_header_of_ten_thousand_recipients_is_refused() {
    let ada = identity();
    let refused = |envelope: &[u8]| open_by(envelope, &[(&ada).into()]).unwrap_err();
    let many = |recipients| EnvelopeError::TooManyRecipients { recipients, passphrases: 0 };
    assert_eq!(refused(&header_of(10_000, 99, &[])), many(10_000));
    assert_eq!(refused(&header_of(1_025, 99, &[7; 100])), many(1_025));
    assert_eq!(refused(&header_of(10_000, 3, &[7; 1_176])), EnvelopeError::HeaderTooLarge { got: 11_810_007 });
    assert_eq!(refused(&header_of(10_000, 3, &[7; 8])), EnvelopeError::NonCanonical);
    let expected = wrong_recipient("type 99, not known to this version", "a newer version of Fortress");
    assert_eq!(refused(&header_of(1_024, 99, &[7])), expected);
    let public = Recipient::from(ada.public());
    assert!(encrypt(b"", &[public; 887], &options(), &mut SysRng).is_ok());
    let error = encrypt(b"", &[public; 888], &options(), &mut SysRng).unwrap_err();
    assert!(
        matches!(error, EnvelopeError::NoRoomInHeader { got: 1_048_735, recipients: 888, fit: 887, .. }),
        "{error}"
    );
}
