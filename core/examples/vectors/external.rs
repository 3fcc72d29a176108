//! Cases of envelopes for external keys. The key is made up: it wraps by adding one to every byte, and remembers with what.

use std::{cell::RefCell, error::Error};

use fortress::{
    envelope::Recipient,
    external::{ExternalKey, ExternalKeyError},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    cases::{Case, extend, file, flip, object, pattern},
    headers::Forge,
    identities::{FILE, LEN, seal},
    keyrings::World,
};

/// What it was asked for: the wrapped key, the associated data and the file key.
type Call = (Vec<u8>, Vec<u8>, Vec<u8>);

#[derive(Debug, Default)]
struct Recorder(RefCell<Vec<Call>>);

impl ExternalKey for Recorder {
    fn reference(&self) -> &str {
        REFERENCE
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        let wrapped: Vec<u8> = file_key.iter().map(|byte| byte.wrapping_add(1)).collect();
        self.0.borrow_mut().push((wrapped.clone(), associated.to_vec(), file_key.to_vec()));
        Ok(wrapped)
    }

    fn unwrap(&self, _: &[u8], _: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        Err(ExternalKeyError::NotAuthentic { reference: REFERENCE.into() })
    }
}

impl Recorder {
    /// A case for what it wrapped last.
    fn case(&self, name: &str, sealed: &[u8]) -> Result<Case, Box<dyn Error>> {
        let calls = self.0.borrow();
        let (wrapped, associated, file_key) = calls.last().ok_or("nothing was wrapped")?;
        Ok(Case::new(name)
            .with("reference", REFERENCE)
            .with("wrapped", hex::encode(wrapped))
            .with("associated", hex::encode(associated))
            .with("file_key", hex::encode(file_key))
            .with("context", object(&FILE))
            .with("metadata", json!({ "name": "report.pdf" }))
            .with("plaintext_length", LEN)
            .with("envelope", hex::encode(sealed)))
    }
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let key = Recorder::default();
    let external = Recipient::External(&key);
    let mut cases = Vec::new();
    let alone = seal("external key alone", &[external])?;
    let case = key.case("alone", &alone)?;
    cases.push(case.clone().valid());
    cases.push(
        case.clone().named("another reference").with("reference", "pkcs11:token=other").invalid("wrong_recipient"),
    );
    cases.push(
        case.clone().named("a file key of 31 bytes").with("file_key", "07".repeat(31)).invalid("authentication_failed"),
    );
    cases.push(
        case.clone().named("another file key").with("file_key", "07".repeat(32)).invalid("authentication_failed"),
    );
    let reference = alone.windows(6).position(|run| run == b"pkcs11").ok_or("no reference")?;
    let metadata = alone.windows(6).position(|run| run == b"report").ok_or("no metadata")?;
    for (name, at, code) in [
        ("wrapped key flipped", reference + REFERENCE.len(), "authentication_failed"),
        ("reference flipped", reference, "wrong_recipient"),
        ("metadata flipped", metadata, "authentication_failed"),
    ] {
        let sealed = flip(&alone, at as isize);
        cases.push(case.clone().named(name).with("envelope", hex::encode(sealed)).invalid(code));
    }
    let several = seal("external key and others", &[(&world.main).into(), external])?;
    cases.push(key.case("among others", &several)?.valid());

    let forge = Forge::with("forged for an external key", &[external])?;
    // 81 82 05 58 <length> <body>
    let body = &forge.recipients[5..];
    let forged = |name: &str, body: &[u8]| -> Result<Case, Box<dyn Error>> {
        let len = body.len() as u8;
        let start: &[u8] = if len < 24 { &[0x81, 0x82, 5, 0x40 | len] } else { &[0x81, 0x82, 5, 0x58, len] };
        let recipients = [start, body].concat();
        let sealed = forge.seal(&Forge::header(&[(1, &[2]), (2, &recipients)]), &pattern(LEN))?;
        let case = key.case(&format!("forged: {name}"), &sealed)?;
        Ok(case.with("context", json!({})).with("metadata", json!({})))
    };
    let of =
        |reference: &[u8], wrapped: &[u8]| [&(reference.len() as u16).to_be_bytes()[..], reference, wrapped].concat();
    let wrapped = &body[2 + REFERENCE.len()..];
    cases.push(forged("but longer", &extend(body, &[0]))?.invalid("authentication_failed"));
    for (name, body) in [
        ("an empty reference", of(b"", wrapped)),
        ("nothing wrapped", of(REFERENCE.as_bytes(), b"")),
        ("a reference longer than the body", vec![0, 40, b'p']),
        ("a reference that is not UTF-8", of(&[0xC3, 0x28], wrapped)),
        ("a byte", vec![0]),
        ("not a byte", vec![]),
    ] {
        cases.push(forged(name, &body)?.invalid("non_canonical"));
    }
    Ok(file("Envelopes for an external key (R-7, X-1, X-2) that is made up, see the README.", cases))
}

const REFERENCE: &str = "pkcs11:token=vault;object=kek";
