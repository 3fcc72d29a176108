//! The AEADs without us, each by the fastest call that its library offers.

use aegis::{aegis256::Aegis256, aegis256x2::Aegis256X2};
use fortress::Suite;

#[cfg(feature = "assembly")]
use self::aws_lc::{Aes256Gcm, ChaCha20Poly1305};
#[cfg(not(feature = "assembly"))]
use self::rust_crypto::{Aes256Gcm, ChaCha20Poly1305};

const TAG_LEN: usize = 16;
const NONCE: [u8; 32] = [9; 32];
/// Below this, copying and the one-shot call are faster than the incremental calls, which need no copy.
const COPY_BELOW: usize = 1024;

#[allow(clippy::large_enum_variant)]
pub(crate) enum Raw {
    Aes256Gcm(Aes256Gcm),
    ChaCha20Poly1305(ChaCha20Poly1305),
    Aegis256([u8; 32]),
    Aegis256X2([u8; 32]),
}

/// Ciphertext, then tag.
impl Raw {
    pub(crate) fn new(suite: Suite, key: &[u8; 32]) -> Raw {
        match suite {
            Suite::Aes256Gcm => Raw::Aes256Gcm(Aes256Gcm::new(key)),
            Suite::ChaCha20Poly1305 => Raw::ChaCha20Poly1305(ChaCha20Poly1305::new(key)),
            Suite::Aegis256 => Raw::Aegis256(*key),
            Suite::Aegis256X2 => Raw::Aegis256X2(*key),
        }
    }

    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8], out: &mut [u8]) {
        let (body, tag) = out.split_at_mut(plaintext.len());
        macro_rules! aegis {
            ($aead:expr) => {{
                let aead = $aead;
                tag.copy_from_slice(&if body.len() < COPY_BELOW {
                    body.copy_from_slice(plaintext);
                    aead.encrypt_in_place(body, aad)
                } else {
                    let mut encryptor = aead.encryptor(aad);
                    encryptor.update(plaintext, body);
                    encryptor.finalize()
                });
            }};
        }
        match self {
            Raw::Aes256Gcm(aead) => aead.seal(aad, plaintext, body, tag),
            Raw::ChaCha20Poly1305(aead) => aead.seal(aad, plaintext, body, tag),
            Raw::Aegis256(key) => aegis!(Aegis256::<TAG_LEN>::new(key, &NONCE)),
            Raw::Aegis256X2(key) => aegis!(Aegis256X2::<TAG_LEN>::new(key, &NONCE)),
        }
    }

    /// Encrypts all but the last 16 bytes, where the tag goes.
    pub(crate) fn seal_in_place(&self, aad: &[u8], buffer: &mut [u8]) {
        let (body, tag) = buffer.split_at_mut(buffer.len() - TAG_LEN);
        match self {
            Raw::Aes256Gcm(aead) => aead.seal_in_place(aad, body, tag),
            Raw::ChaCha20Poly1305(aead) => aead.seal_in_place(aad, body, tag),
            Raw::Aegis256(key) => {
                tag.copy_from_slice(&Aegis256::<TAG_LEN>::new(key, &NONCE).encrypt_in_place(body, aad));
            }
            Raw::Aegis256X2(key) => {
                tag.copy_from_slice(&Aegis256X2::<TAG_LEN>::new(key, &NONCE).encrypt_in_place(body, aad));
            }
        }
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8], out: &mut [u8]) {
        let (body, tag) = sealed.split_last_chunk::<TAG_LEN>().unwrap();
        macro_rules! aegis {
            ($aead:expr) => {{
                let aead = $aead;
                if body.len() < COPY_BELOW {
                    out.copy_from_slice(body);
                    aead.decrypt_in_place(out, tag, aad).unwrap();
                } else {
                    let mut decryptor = aead.decryptor(aad, out);
                    decryptor.update(body).unwrap();
                    decryptor.finalize(tag).unwrap();
                }
            }};
        }
        match self {
            Raw::Aes256Gcm(aead) => aead.open(aad, body, tag, out),
            Raw::ChaCha20Poly1305(aead) => aead.open(aad, body, tag, out),
            Raw::Aegis256(key) => aegis!(Aegis256::<TAG_LEN>::new(key, &NONCE)),
            Raw::Aegis256X2(key) => aegis!(Aegis256X2::<TAG_LEN>::new(key, &NONCE)),
        }
    }
}

#[cfg(not(feature = "assembly"))]
mod rust_crypto {
    use aes_gcm::aead::{AeadInOut, KeyInit, inout::InOutBuf};

    use super::{NONCE, TAG_LEN};

    macro_rules! aead {
        ($name:ident, $implementation:ty) => {
            pub(crate) struct $name($implementation);

            impl $name {
                pub(crate) fn new(key: &[u8; 32]) -> $name {
                    $name(<$implementation>::new(key.into()))
                }

                pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8], body: &mut [u8], tag: &mut [u8]) {
                    self.seal_inout(aad, InOutBuf::new(plaintext, body).unwrap(), tag);
                }

                pub(crate) fn seal_in_place(&self, aad: &[u8], body: &mut [u8], tag: &mut [u8]) {
                    self.seal_inout(aad, body.into(), tag);
                }

                pub(crate) fn open(&self, aad: &[u8], body: &[u8], tag: &[u8; TAG_LEN], out: &mut [u8]) {
                    let nonce: &[u8; 12] = NONCE.first_chunk().unwrap();
                    let buffer = InOutBuf::new(body, out).unwrap();
                    self.0.decrypt_inout_detached(nonce.into(), aad, buffer, tag.into()).unwrap();
                }

                fn seal_inout(&self, aad: &[u8], buffer: InOutBuf<'_, '_, u8>, tag: &mut [u8]) {
                    let nonce: &[u8; 12] = NONCE.first_chunk().unwrap();
                    tag.copy_from_slice(&self.0.encrypt_inout_detached(nonce.into(), aad, buffer).unwrap());
                }
            }
        };
    }

    aead!(Aes256Gcm, aes_gcm::Aes256Gcm);
    aead!(ChaCha20Poly1305, chacha20poly1305::ChaCha20Poly1305);
}

#[cfg(feature = "assembly")]
mod aws_lc {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

    use super::{NONCE, TAG_LEN};

    macro_rules! aead {
        ($name:ident, $algorithm:ident) => {
            pub(crate) struct $name(LessSafeKey);

            impl $name {
                pub(crate) fn new(key: &[u8; 32]) -> $name {
                    $name(LessSafeKey::new(UnboundKey::new(&$algorithm, key).unwrap()))
                }

                pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8], body: &mut [u8], tag: &mut [u8]) {
                    let aad = Aad::from(aad);
                    self.0.seal_out_of_place_scatter(nonce(), aad, plaintext, body, &[], tag).unwrap();
                }

                pub(crate) fn seal_in_place(&self, aad: &[u8], body: &mut [u8], tag: &mut [u8]) {
                    self.0.seal_in_place_scatter(nonce(), Aad::from(aad), body, &[], tag).unwrap();
                }

                pub(crate) fn open(&self, aad: &[u8], body: &[u8], tag: &[u8; TAG_LEN], out: &mut [u8]) {
                    self.0.open_separate_gather(nonce(), Aad::from(aad), body, tag, out).unwrap();
                }
            }
        };
    }

    aead!(Aes256Gcm, AES_256_GCM);
    aead!(ChaCha20Poly1305, CHACHA20_POLY1305);

    fn nonce() -> Nonce {
        Nonce::assume_unique_for_key(*NONCE.first_chunk().unwrap())
    }
}
