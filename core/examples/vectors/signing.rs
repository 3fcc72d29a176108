//! Cases of the keys that sign grants, and what they sign with.

use std::error::Error;

use ed25519_dalek::Signer as _;
use fortress::grant::{Algorithm, SigningKey};
use serde_json::Value;

use crate::{
    cases::{Case, extend, file, overwrite, rng},
    headers::expand,
    identities::{bech32m, identity},
};

pub(crate) fn keys() -> Result<Value, Box<dyn Error>> {
    let mut cases = Vec::new();
    for (name, algorithm) in [("grace", Algorithm::Ed25519), ("edsger", Algorithm::Hybrid)] {
        let key = granter(name, algorithm)?;
        let verifying = key.verifying_key();
        cases.push(
            Case::new(name)
                .with("signing", key.expose_text().as_str())
                .with("verifying", verifying.to_string())
                .with("id", verifying.id().to_string())
                .with("key", hex::encode(verifying.to_bytes()))
                .valid(),
        );
    }
    let (one, both) = (granter("grace", Algorithm::Ed25519)?, granter("edsger", Algorithm::Hybrid)?);
    let [bytes, long] = [&one, &both].map(|key| key.verifying_key().to_bytes());
    let text = |bytes: &[u8]| bech32m("fortress-verifying-key-", bytes);
    let with = |number: u8, key: &[u8]| text(&[&[number], key].concat());
    let order_8 = hex::decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")?;
    let beyond = [&[0xEE][..], &[0xFF; 30], &[0x7F]].concat();
    let no_point = [&[2][..], &[0; 31]].concat();
    let good = text(&bytes);
    let bad: [(&str, String); 17] = [
        ("uppercase", good.to_uppercase()),
        ("a character short", good[..good.len() - 1].into()),
        ("a line break behind", format!("{good}\n")),
        ("another prefix", good.replace("verifying", "vertifying")),
        ("an identity", identity("ada")?.public().to_string()),
        ("the signing key in its place", one.expose_text().to_string()),
        ("algorithm 0", with(0, &bytes[1..])),
        ("algorithm 3", with(3, &bytes[1..])),
        ("one key that says two", with(2, &bytes[1..])),
        ("two keys that say one", with(1, &long[1..])),
        ("a byte short", text(&bytes[..32])),
        ("a byte long", text(&extend(&bytes, &[0]))),
        ("two keys, a byte short", text(&long[..long.len() - 1])),
        ("two keys, a byte long", text(&extend(&long, &[0]))),
        ("a point of order 8", with(1, &order_8)),
        ("a point that is not reduced", with(1, &beyond)),
        ("no point", with(1, &no_point)),
    ];
    for (name, text) in bad {
        cases.push(Case::new(&format!("verifying, {name}")).with("verifying", text).invalid("invalid_signing_key"));
    }
    let secret = one.expose_text();
    let signing = |bytes: &[u8]| bech32m("fortress-signing-key-", bytes).to_uppercase();
    let bad: [(&str, String); 7] = [
        ("lowercase", secret.to_lowercase()),
        ("a character short", secret[..secret.len() - 1].into()),
        ("the verifying key in its place", good),
        ("algorithm 0", signing(&extend(&[0], one.expose_secret()))),
        ("algorithm 3", signing(&extend(&[3], one.expose_secret()))),
        ("of 31 bytes", signing(&extend(&[1], &one.expose_secret()[1..]))),
        ("without its algorithm", signing(one.expose_secret())),
    ];
    for (name, text) in bad {
        cases.push(Case::new(&format!("signing, {name}")).with("signing", text).invalid("invalid_signing_key"));
    }
    Ok(file(
        "The keys that sign grants (A-1, A-3): the texts of a signing key and of the verifying key that belongs to it.",
        cases,
    ))
}

pub(crate) fn granter(name: &str, algorithm: Algorithm) -> Result<SigningKey, Box<dyn Error>> {
    Ok(SigningKey::generate(algorithm, &mut rng(&format!("granter {name}")))?)
}

/// The signature of A-2 by each algorithm alone: what someone has who broke the other.
pub(crate) fn ed25519(granter: &SigningKey, message: &[u8]) -> Vec<u8> {
    let name = if granter.algorithm() == Algorithm::Hybrid { "hybrid Ed25519" } else { "Ed25519" };
    let seed = expand(granter.expose_secret(), format!("fortress-sdk/signing@v1\0{name}").as_bytes(), 32);
    let seed: [u8; 32] = std::array::from_fn(|at| seed[at]);
    ed25519_dalek::SigningKey::from_bytes(&seed).sign(message).to_bytes().to_vec()
}

pub(crate) fn ml_dsa(granter: &SigningKey, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let seed = expand(granter.expose_secret(), b"fortress-sdk/signing@v1\0hybrid ML-DSA-65", 32);
    let key = ml_dsa::ExpandedSigningKey::<ml_dsa::MlDsa65>::from_seed(&ml_dsa::Seed::try_from(&seed[..])?);
    Ok(key.sign_deterministic(message, &[])?.encode().to_vec())
}

/// The same signature with the group's order added to S, as no signer writes it.
pub(crate) fn overwrite_s(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    let sum = signature[32..].iter().zip(ORDER).map(|(&byte, order)| {
        let sum = u16::from(byte) + u16::from(order) + carry;
        carry = sum >> 8;
        sum as u8
    });
    let sum: Vec<u8> = sum.collect();
    overwrite(signature, 32, &sum)
}
