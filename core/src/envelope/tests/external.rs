//! Envelopes for external keys: a key in software that stands for one in hardware, and what such keys and headers can do wrong.

use core::cell::Cell;

use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit},
};
use zeroize::Zeroizing;

use alloc::string::String;

use super::{
    header::{RecipientKind, Wrapped},
    *,
};
use crate::external::{ExternalKey, MAX_REFERENCE_LEN, MAX_WRAPPED_LEN};

/// AES-256-GCM as a token has it, with a random nonce in front; and what a test wants it to report.
struct Token {
    reference: &'static str,
    key: [u8; 32],
    trouble: Option<ExternalKeyError>,
    calls: Cell<usize>,
}

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reference)
    }
}

impl Token {
    fn new(reference: &'static str, key: u8) -> Token {
        Token { reference, key: [key; 32], trouble: None, calls: Cell::new(0) }
    }

    fn call(&self) -> Result<Aes256Gcm, ExternalKeyError> {
        self.calls.set(self.calls.get() + 1);
        self.trouble.clone().map_or(Ok(Aes256Gcm::new((&self.key).into())), Err)
    }
}

impl ExternalKey for Token {
    fn reference(&self) -> &str {
        self.reference
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        let aead = self.call()?;
        let mut nonce = [0; 12];
        secret::fill_random(&mut SysRng, &mut nonce).unwrap();
        let mut wrapped = file_key.to_vec();
        let tag = aead.encrypt_inout_detached((&nonce).into(), associated, wrapped.as_mut_slice().into()).unwrap();
        Ok([&nonce[..], &wrapped, &tag].concat())
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let aead = self.call()?;
        let changed = || ExternalKeyError::NotAuthentic { reference: self.reference.into() };
        let (nonce, rest) = wrapped.split_first_chunk::<12>().ok_or_else(changed)?;
        let (sealed, tag) = rest.split_last_chunk::<16>().ok_or_else(changed)?;
        let mut file_key = Zeroizing::new(sealed.to_vec());
        aead.decrypt_inout_detached(nonce.into(), associated, file_key.as_mut_slice().into(), tag.into())
            .map_err(|_| changed())?;
        Ok(file_key)
    }
}

/// A key that wraps to nothing, or to more than a header takes.
#[derive(Debug)]
struct Strange(usize, &'static str);

impl ExternalKey for Strange {
    fn reference(&self) -> &str {
        self.1
    }

    fn wrap(&self, _: &[u8; 32], _: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        Ok(vec![1; self.0])
    }

    fn unwrap(&self, wrapped: &[u8], _: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        Ok(Zeroizing::new(wrapped.to_vec()))
    }

    fn opens(&self, _: &str) -> bool {
        true
    }
}

const PKCS11: &str = "pkcs11:token=vault;object=kek";

fn recipient(key: &dyn ExternalKey) -> Recipient<'_> {
    key.into()
}

fn identity(key: &dyn ExternalKey) -> Identity<'_> {
    key.into()
}

#[test]
fn an_external_key_opens_among_others() {
    let (token, other) = (Token::new(PKCS11, 1), Token::new("aws-kms:key/1", 2));
    let (keyring, phrase) = (keyring(), passphrase("one"));
    let envelope = seal(
        b"kept in hardware",
        &[Recipient::Passphrase(&phrase, CHEAP), recipient(&token), recipient(&other), (&keyring).into()],
    );
    for key in [&token, &other] {
        assert_eq!(open_by(&envelope, &[identity(key)]).unwrap(), b"kept in hardware");
        assert_eq!(key.calls.get(), 2, "one to wrap, one to unwrap");
    }
    assert_eq!(open_by(&envelope, &[identity(&token), (&keyring).into()]).unwrap(), b"kept in hardware");
    assert_eq!(token.calls.get(), 2, "not asked where a keyring opens");
    let stranger = Token::new("pkcs11:token=another", 1);
    let kinds = r#"passphrase, external key "pkcs11:token=vault;object=kek", external key "aws-kms:key/1", keyring"#;
    let error = wrong_recipient(kinds, "the passphrase, or the external key, or a keyring that holds its key");
    assert_eq!(open_by(&envelope, &[identity(&stranger)]), Err(error));
    let sealed = keyring.seal(&[recipient(&token)], Metadata::default(), &mut SysRng).unwrap();
    assert!(Keyring::open(&sealed, &[identity(&token)], &ReadLimits::default()).is_ok());
}

/// What it wraps belongs to the header that it stands in, whoever else does.
#[test]
fn the_header_is_bound_and_the_recipients_are_not() {
    let (token, keyring) = (Token::new(PKCS11, 1), keyring());
    let options = |title: &str| Options { metadata: Metadata::new([("title", title)]), ..options() };
    let encrypt =
        |title: &str| encrypt(b"data", &[recipient(&token), (&keyring).into()], &options(title), &mut SysRng).unwrap();
    let envelope = encrypt("Q3");
    let first = RewrapOptions { keep: Keep::Only(&[0]), ..Default::default() };
    let start = rewrap(&envelope, &[(&keyring).into()], &[], &first, &mut SysRng).unwrap();
    let alone = [&start, &envelope[rewrapped_len(&envelope).unwrap()..]].concat();
    assert_eq!(open_by(&alone, &[identity(&token)]).unwrap(), b"data");
    let title = alone.windows(2).position(|window| window == b"Q3").unwrap();
    let mut changed = alone.clone();
    changed[title] = b'X';
    assert_eq!(open_by(&changed, &[identity(&token)]), Err(EnvelopeError::AuthenticationFailed));
    assert_ne!(
        bare().associated_data(),
        Header::new(Suite::Aegis256, Metadata::default(), Content::Data).associated_data()
    );
    assert_ne!(
        bare().associated_data(),
        Header::new(Suite::Aes256Gcm, Metadata::default(), Content::Keyring).associated_data()
    );
}

#[test]
fn trouble_is_reported_and_the_next_way_in_is_tried() {
    let (mut token, phrase, wrong) = (Token::new(PKCS11, 1), passphrase("one"), passphrase("two"));
    let envelope = seal(b"data", &[recipient(&token), Recipient::Passphrase(&phrase, CHEAP)]);
    for trouble in [
        ExternalKeyError::Unavailable { reference: PKCS11.into(), reason: "the token is gone".into() },
        ExternalKeyError::Refused { reference: PKCS11.into(), reason: "the PIN is wrong".into() },
    ] {
        token.trouble = Some(trouble.clone());
        let error = EnvelopeError::ExternalKey(trouble);
        assert_eq!(open_by(&envelope, &[identity(&token)]), Err(error.clone()));
        assert_eq!(open_by(&envelope, &[identity(&token), (&wrong).into()]), Err(error.clone()));
        assert_eq!(open_by(&envelope, &[identity(&token), (&phrase).into()]).unwrap(), b"data");
        assert_eq!(encrypt(b"", &[recipient(&token)], &options(), &mut SysRng), Err(error.clone()));
        // By the reference alone it is told to be its own: a token that is gone can be replaced.
        let (by, new) = ([(&phrase).into(), identity(&token)], keyring());
        let others = RewrapOptions { keep: Keep::Others, ..Default::default() };
        let start = rewrap(&envelope, &by, &[(&new).into()], &others, &mut SysRng).unwrap();
        let rewrapped = [&start, &envelope[rewrapped_len(&envelope).unwrap()..]].concat();
        assert_eq!(Prefix::parse(&rewrapped).unwrap().header.recipients().len(), 1);
        assert_eq!(open_by(&rewrapped, &[(&new).into()]).unwrap(), b"data");
    }
    let another = Token::new(PKCS11, 9);
    assert_eq!(open_by(&envelope, &[identity(&another)]), Err(EnvelopeError::AuthenticationFailed));
}

#[test]
fn a_reference_costs_one_call() {
    let token = Token::new(PKCS11, 1);
    let file_key = Secret::copied(&[0x42; 32]);
    let mut wrapped = recipient::wrap_all(&bare(), &[recipient(&token)], &file_key, &mut SysRng).unwrap();
    let last = wrapped[0].body.len() - 1;
    wrapped[0].body[last] ^= 1;
    token.calls.set(0);
    let opened =
        recipient::unwrap(&bare(), &vec![wrapped[0].clone(); 1_000], &[identity(&token)], &ReadLimits::default());
    assert_eq!((opened, token.calls.get()), (Err(EnvelopeError::AuthenticationFailed), 1));
}

/// One that goes by any name, as a key in a token does whose URI can be written in many ways.
#[derive(Debug)]
struct AnyName(Token);

impl ExternalKey for AnyName {
    fn reference(&self) -> &str {
        self.0.reference
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        self.0.wrap(file_key, associated)
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        self.0.unwrap(wrapped, associated)
    }

    fn opens(&self, _: &str) -> bool {
        true
    }
}

#[test]
fn many_names_of_a_key_cost_few_calls() {
    let key = AnyName(Token::new("x", 1));
    let references: Vec<String> = (0..100).map(|number| alloc::format!("name {number}")).collect();
    let wrapped = references.iter().map(|reference| {
        let body = [&(reference.len() as u16).to_be_bytes(), reference.as_bytes(), &[7; 60]].concat();
        Wrapped { kind: RecipientKind::External, body }
    });
    let by = [Identity::External(&key)];
    let opened = recipient::unwrap(&bare(), &wrapped.collect::<Vec<_>>(), &by, &ReadLimits::default());
    assert_eq!((opened, key.0.calls.get()), (Err(EnvelopeError::AuthenticationFailed), 4));
}

#[test]
fn keys_that_cannot_be_used() {
    let long: &'static str = String::leak("é".repeat(MAX_REFERENCE_LEN));
    for key in [Strange(32, ""), Strange(32, long), Strange(0, "x"), Strange(MAX_WRAPPED_LEN + 1, "x")] {
        let error = encrypt(b"", &[recipient(&key)], &options(), &mut SysRng).unwrap_err();
        assert_eq!(error.code(), "invalid_external_key");
        assert!(error.to_string().len() < 600);
    }
    for len in [1, 31, 33, MAX_WRAPPED_LEN] {
        let envelope = seal(b"", &[recipient(&Strange(len, "x"))]);
        let error = open_by(&envelope, &[identity(&Strange(0, "y"))]);
        assert_eq!(error, Err(EnvelopeError::AuthenticationFailed), "what it unwraps to is no file key");
    }
    let envelope = seal(b"", &[recipient(&Strange(32, &long[..MAX_REFERENCE_LEN]))]);
    let error = open_by(&envelope, &[identity(&Strange(0, "y"))]);
    assert_eq!(error, Err(EnvelopeError::AuthenticationFailed), "a file key, and not this one's");
}

#[test]
fn bodies_that_are_none() {
    let check = |body: &[u8]| recipient::check(&[Wrapped { kind: RecipientKind::External, body: body.to_vec() }]);
    let of = |reference: usize, wrapped: usize| {
        [&(reference as u16).to_be_bytes()[..], &vec![b'r'; reference], &vec![0; wrapped]].concat()
    };
    for body in [of(1, 1), of(MAX_REFERENCE_LEN, MAX_WRAPPED_LEN), of(3, 600)] {
        assert_eq!(check(&body), Ok(()));
    }
    let wrong = [
        vec![],
        vec![0],
        of(0, 32),
        of(1, 0),
        of(MAX_REFERENCE_LEN + 1, 32),
        of(1, MAX_WRAPPED_LEN + 1),
        vec![0, 9, b'r', 0],
        vec![0xFF; 60],
        vec![0, 2, 0xC3, 0x28, 1],
    ];
    for body in wrong {
        assert_eq!(check(&body), Err(EnvelopeError::NonCanonical));
    }
}
