//! Cases of identities, and of envelopes for them.

use std::error::Error;

use fortress::{
    Context, Passphrase, Suite,
    envelope::{self, Identity, Metadata, Options, Recipient, RewrapOptions},
    identity::SecretIdentity,
};
use hpke::{Deserializable, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha512, kem::XWing};
use serde_json::{Value, json};

use crate::{
    cases::{Case, extend, file, flip, object, overwrite, pattern, rng},
    headers::Forge,
    keyrings::{PARAMS, PASSPHRASE, World},
    shares,
};

pub(crate) const FILE: [(&str, &str); 1] = [("file", "report.pdf")];

/// The identity of this name.
pub(crate) fn identity(name: &str) -> Result<SecretIdentity, Box<dyn Error>> {
    Ok(SecretIdentity::generate(&mut rng(&format!("identity {name}")))?)
}

pub(crate) fn family() -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    for name in ["ada", "grace", "edsger"] {
        let secret = identity(name)?;
        cases.push(
            Case::new(name)
                .with("secret", secret.expose_text().as_str())
                .with("public", secret.public().to_string())
                .with("id", secret.public().id().to_string())
                .with("key", hex::encode(secret.public().to_bytes()))
                .valid(),
        );
    }
    let ada = identity("ada")?;
    let (public, secret) = (ada.public().to_string(), ada.expose_text());
    let swap = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.swap(at, at + 1);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let differ = |text: &str, from: usize| {
        let bytes = text.as_bytes();
        (from..bytes.len()).find(|&at| bytes[at] != bytes[at + 1]).unwrap_or(from)
    };
    let publics: [(&str, String); 12] = [
        ("uppercase", public.to_uppercase()),
        ("a character short", public[..public.len() - 1].into()),
        ("without its checksum", public[..public.len() - 6].into()),
        ("a character long", format!("{public}q")),
        ("a space in front", format!(" {public}")),
        ("a line break behind", format!("{public}\n")),
        ("two characters exchanged", swap(&public, differ(&public, 700))),
        ("two characters of the checksum exchanged", swap(&public, differ(&public, public.len() - 6))),
        ("another prefix", format!("fortrest{}", &public[8..])),
        ("the checksum of Bech32", bech32("fortress", &to_fives(&ada.public().to_bytes()), BECH32)),
        ("a coefficient beyond the modulus", bech32m("fortress", &overwrite(&ada.public().to_bytes(), 0, &[0xFF; 2]))),
        ("empty", String::new()),
    ];
    for (name, text) in publics {
        cases.push(Case::new(&format!("public, {name}")).with("public", text).invalid("invalid_identity"));
    }
    cases
        .push(Case::new("public, the secret in its place").with("public", secret.as_str()).invalid("invalid_identity"));
    let secrets: [(&str, String); 7] = [
        ("lowercase", secret.to_lowercase()),
        ("a character short", secret[..secret.len() - 1].into()),
        ("a line break behind", format!("{}\n", *secret)),
        ("two characters exchanged", swap(&secret, differ(&secret, 40))),
        ("of 31 bytes", bech32m("fortress-secret-key-", &[7; 31]).to_uppercase()),
        ("of 33 bytes", bech32m("fortress-secret-key-", &[7; 33]).to_uppercase()),
        ("stray bits", stray_bits()),
    ];
    for (name, text) in secrets {
        cases.push(Case::new(&format!("secret, {name}")).with("secret", text).invalid("invalid_identity"));
    }
    cases.push(Case::new("secret, the public in its place").with("secret", public).invalid("invalid_identity"));
    Ok(file("Identities (I-1 to I-4): the texts of a seed and of the public identity that belongs to it.", cases))
}

pub(crate) fn envelopes(world: &World) -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    recipients(world, &mut cases)?;
    damaged(&mut cases)?;
    forged(&mut cases)?;
    shares::envelopes(world, &mut cases)?;
    Ok(file(
        "Envelopes for identities and share sets (R-1, R-5, R-6), opened by the secret identity or by shares. The plaintext of n bytes is i mod 251 for i below n.",
        cases,
    ))
}

pub(crate) fn seal(name: &str, recipients: &[Recipient<'_>]) -> Result<Vec<u8>, Box<dyn Error>> {
    let metadata = Metadata::new([("name", "report.pdf")]);
    let options = Options { suite: Some(Suite::Aes256Gcm), context: Context::new(FILE)?, metadata };
    Ok(envelope::encrypt(&pattern(LEN), recipients, &options, &mut rng(name))?)
}

fn case(name: &str, opener: &SecretIdentity, sealed: &[u8]) -> Case {
    Case::new(name)
        .with("identity", opener.expose_text().as_str())
        .with("context", object(&FILE))
        .with("metadata", json!({ "name": "report.pdf" }))
        .with("plaintext_length", LEN)
        .with("envelope", hex::encode(sealed))
}

fn recipients(world: &World, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let (ada, grace, edsger) = (identity("ada")?, identity("grace")?, identity("edsger")?);
    let passphrase = Passphrase::new(PASSPHRASE)?;
    let alone = seal("identity alone", &[ada.public().into()])?;
    cases.push(case("alone", &ada, &alone).valid());
    cases.push(case("another identity", &grace, &alone).invalid("wrong_recipient"));
    let several = seal(
        "identities and others",
        &[
            (&world.main).into(),
            ada.public().into(),
            Recipient::Passphrase(&passphrase, PARAMS),
            grace.public().into(),
            ada.public().into(),
        ],
    )?;
    cases.push(case("among others, the first", &ada, &several).valid());
    cases.push(case("among others, the last", &grace, &several).valid());
    cases.push(case("among others, none of them", &edsger, &several).invalid("wrong_recipient"));
    let without = seal("no identity", &[(&world.main).into()])?;
    cases.push(case("an envelope for a keyring", &ada, &without).invalid("wrong_recipient"));
    let rewrapped = envelope::rewrap(
        &several,
        &[Identity::from(&grace)],
        &[edsger.public().into()],
        &RewrapOptions { context: Some(&Context::new(FILE)?), ..Default::default() },
        &mut rng("rewrapped for an identity"),
    )?;
    let rewrapped = extend(&rewrapped, &several[envelope::rewrapped_len(&several)?..]);
    cases.push(case("rewrapped", &edsger, &rewrapped).valid());
    cases.push(case("rewrapped, by a recipient no more", &grace, &rewrapped).invalid("wrong_recipient"));
    Ok(())
}

fn damaged(cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let (ada, grace) = (identity("ada")?, identity("grace")?);
    let sealed = seal("damaged, for an identity", &[ada.public().into()])?;
    let body = sealed.windows(8).position(|run| run == ada.public().id().0).ok_or("no recipient")?;
    let of = |opener: &SecretIdentity, name: &str, sealed: Vec<u8>| case(&format!("damaged: {name}"), opener, &sealed);
    for (name, at) in [
        ("ML-KEM ciphertext", 8),
        ("last byte of the ML-KEM ciphertext", 1_095),
        ("X25519 share", 1_096),
        ("highest bit of the X25519 share", 1_127),
        ("sealed file key", 1_128),
        ("tag", 1_175),
    ] {
        let mask = if at == 1_127 { 0x80 } else { 1 };
        let flipped = overwrite(&sealed, body + at, &[sealed[body + at] ^ mask]);
        cases.push(of(&ada, &format!("{name} flipped"), flipped).invalid("authentication_failed"));
    }
    cases.push(of(&ada, "id flipped", flip(&sealed, body as isize)).invalid("wrong_recipient"));
    let renamed = overwrite(&sealed, body, &grace.public().id().0);
    cases.push(of(&grace, "another's id", renamed).invalid("authentication_failed"));
    let mac = envelope::rewrapped_len(&sealed)? as isize - 1;
    cases.push(of(&ada, "header MAC flipped", flip(&sealed, mac)).invalid("authentication_failed"));
    cases.push(of(&ada, "another context", sealed.clone()).with("context", json!({})).invalid("authentication_failed"));
    cases.push(of(&ada, "cut within the body", sealed[..body + 500].to_vec()).invalid("truncated"));
    Ok(())
}

/// Recipients that the core would not write, under a valid MAC.
fn forged(cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let ada = identity("ada")?;
    let forge = Forge::with("forged for an identity", &[ada.public().into()])?;
    // 81 82 03 59 0498 <1176 bytes>
    let body = &forge.recipients[6..];
    let recipients = |body: &[u8]| {
        let len = (body.len() as u16).to_be_bytes();
        [&[0x81, 0x82, 3, 0x59][..], &len, body].concat()
    };
    let case = |name: &str, recipients: &[u8]| -> Result<Case, Box<dyn Error>> {
        let sealed = forge.seal(&Forge::header(&[(1, &[2]), (2, recipients)]), &pattern(LEN))?;
        Ok(case(&format!("forged: {name}"), &ada, &sealed).with("context", json!({})).with("metadata", json!({})))
    };
    cases.push(case("but right", &forge.recipients)?.valid());
    let unknown = [&[0x82, 0x82, 0x18, 99, 0x43, 1, 2, 3][..], &forge.recipients[1..]].concat();
    cases.push(case("an unknown recipient besides", &unknown)?.valid());
    cases.push(case("a byte short", &recipients(&body[..1_175]))?.invalid("non_canonical"));
    cases.push(case("a byte long", &recipients(&extend(body, &[0])))?.invalid("non_canonical"));
    cases.push(case("an id alone", &[&[0x81, 0x82, 3, 0x48][..], &body[..8]].concat())?.invalid("non_canonical"));
    cases.push(case("an empty body", &[0x81, 0x82, 3, 0x40])?.invalid("non_canonical"));
    for (name, info, aad) in [
        ("without info", &b""[..], &b""[..]),
        ("for no purpose", b"fortress-sdk/identity@v1\0", b""),
        ("for another purpose", b"fortress-sdk/identity@v1\0index", b""),
        ("with associated data", b"fortress-sdk/identity@v1\0file key", b"x"),
    ] {
        let public = Deserializable::from_bytes(&ada.public().to_bytes()).map_err(|error| error.to_string())?;
        let mut file_key = forge.file_key;
        let (encapsulated, tag) = hpke::single_shot_seal_inout_detached_with_rng::<AesGcm256, HkdfSha512, XWing>(
            &OpModeS::Base,
            &public,
            info,
            file_key.as_mut_slice().into(),
            aad,
            &mut rng(name),
        )
        .map_err(|error| error.to_string())?;
        let sealed = [&body[..8], &encapsulated.to_bytes(), &file_key, &tag.to_bytes()].concat();
        cases.push(case(&format!("sealed {name}"), &recipients(&sealed))?.invalid("authentication_failed"));
    }
    Ok(())
}

pub(crate) fn bech32m(prefix: &str, bytes: &[u8]) -> String {
    bech32(prefix, &to_fives(bytes), BECH32M)
}

/// The text of groups of five bits, with the checksum of BIP 173 or BIP 350.
fn bech32(prefix: &str, data: &[u32], constant: u32) -> String {
    let high = prefix.bytes().map(|byte| u32::from(byte) >> 5);
    let low = prefix.bytes().map(|byte| u32::from(byte) & 31);
    let values = high.chain([0]).chain(low).chain(data.iter().copied()).chain([0; 6]);
    let sum = values.fold(1, |sum: u32, value| {
        let mut next = (sum & 0x1FF_FFFF) << 5 ^ value;
        for (i, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].iter().enumerate() {
            next ^= (sum >> (25 + i) & 1) * generator;
        }
        next
    }) ^ constant;
    let checksum = (0..6).map(|i| sum >> (5 * (5 - i)) & 31);
    let alphabet = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let text: String = data.iter().copied().chain(checksum).map(|five| char::from(alphabet[five as usize])).collect();
    format!("{prefix}1{text}")
}

fn to_fives(bytes: &[u8]) -> Vec<u32> {
    let bit = |at: usize| u32::from(bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1));
    (0..(bytes.len() * 8).div_ceil(5)).map(|at| (0..5).fold(0, |five, i| five << 1 | bit(at * 5 + i))).collect()
}

/// A seed whose last character has a bit that belongs to none of its bytes.
fn stray_bits() -> String {
    let mut data = to_fives(&[7; 32]);
    if let Some(last) = data.last_mut() {
        *last |= 1;
    }
    bech32("fortress-secret-key-", &data, BECH32M).to_uppercase()
}

const BECH32: u32 = 1;
const BECH32M: u32 = 0x2bc8_30a3;
/// Bytes of the plaintexts.
pub(crate) const LEN: usize = 100;
