//! The chunked-encryption vectors of Project Wycheproof for Cobblestone-256, by every reading, as their notes say.

use std::{io::Read, string::String};

use serde::Deserialize;
use sha2::{Digest, Sha512};

use super::*;

const FILE: &str = include_str!("../../../../tests/vectors/wycheproof/c2sp_chunked_encryption_aes_256_gcm_test.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    aead: String,
    sha: String,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: u32,
    #[serde(with = "hex")]
    key: Vec<u8>,
    #[serde(with = "hex")]
    ctx: Vec<u8>,
    #[serde(with = "hex")]
    ct: Vec<u8>,
    aead_key: Option<String>,
    base_nonce: Option<String>,
    msg_length: Option<usize>,
    msg_sha512: Option<String>,
    result: String,
    flags: Vec<String>,
}

impl Case {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }

    fn is_valid(&self) -> bool {
        self.result == "valid"
    }

    fn message(&self) -> Vec<u8> {
        let mut message = Vec::new();
        flate2::read::ZlibDecoder::new(&self.ct[..]).read_to_end(&mut message).unwrap();
        message
    }

    /// Is this all that may ever be released?
    fn is_message(&self, plaintext: &[u8]) -> bool {
        self.msg_length == Some(plaintext.len())
            && self.msg_sha512.as_deref() == Some(&hex::encode(Sha512::digest(plaintext)))
    }

    fn check(&self) {
        let message = self.message();
        let Ok(input_key) = self.key.as_slice().try_into() else {
            assert!(self.has("InvalidKeySize") && Secret::from_slice(&self.key).is_none());
            return;
        };
        let setting = Setting { suite: Suite::Aes256Gcm, input_key, context: self.ctx.clone() };
        match setting.open(&message) {
            Err(_) => return assert!(self.has("HeaderFailure")),
            Ok((derived, _)) => {
                assert!(!self.has("HeaderFailure"));
                let (key, base_nonce) = derived.into_raw();
                assert_eq!(Some(hex::encode(key.expose())), self.aead_key);
                assert_eq!(Some(hex::encode(base_nonce.as_slice())), self.base_nonce);
            }
        }
        self.check_whole(read_at_once(&setting, &message));
        for piece in [1, 4_099, ENCRYPTED_CHUNK_LEN - 1, ENCRYPTED_CHUNK_LEN, ENCRYPTED_CHUNK_LEN + 1, 100_000] {
            self.check_stream(read_as_stream(&setting, &message, &[piece]), piece <= ENCRYPTED_CHUNK_LEN);
        }
        self.check_stream(read_by_sequence(&setting, &message), true);
        self.check_random_access(&setting, &message);
    }

    fn check_whole(&self, (plaintext, end): Reading) {
        assert_eq!(end.is_ok(), self.is_valid());
        assert!(if self.is_valid() { self.is_message(&plaintext) } else { plaintext.is_empty() });
    }

    /// With `PartialPlaintext` a stream may release the valid start and no more. Ours does, where a call completes one chunk at most.
    fn check_stream(&self, (released, end): Reading, chunk_by_chunk: bool) {
        assert_eq!(end.is_ok(), self.is_valid());
        let partial = self.has("PartialPlaintext");
        if self.is_valid() || (partial && chunk_by_chunk) {
            assert!(self.is_message(&released));
        } else if partial {
            assert!(released.is_empty() || self.is_message(&released));
        } else {
            assert!(released.is_empty());
        }
    }

    fn check_random_access(&self, setting: &Setting, message: &[u8]) {
        let authenticated = Seekable::new(setting, message).and_then(|seekable| {
            seekable.authenticate_length()?;
            Ok(seekable)
        });
        assert_eq!(authenticated.is_ok(), self.is_valid() || self.has("ValidFinalChunk"));
        let Ok(seekable) = Seekable::new(setting, message) else { return };
        let len = seekable.access.plaintext_len();
        let (whole, end) = read_at_random(setting, message);
        assert_eq!(end.is_ok(), self.is_valid());
        if self.is_valid() {
            assert!(self.is_message(&whole));
            for range in [0..0, len..len, 0..len.min(1), len.saturating_sub(1)..len, len / 3..len / 2] {
                assert_eq!(seekable.read(range.clone()).unwrap(), whole[range.start as usize..range.end as usize]);
            }
        }
    }
}

#[test]
fn cobblestone_256() {
    let file: File = serde_json::from_str(FILE).unwrap();
    assert_eq!(file.number_of_tests, 35);
    let mut ran = 0;
    for group in &file.test_groups {
        assert_eq!((group.aead.as_str(), group.sha.as_str()), ("AEAD_AES_256_GCM", "SHA-512"));
        for case in &group.tests {
            std::println!("case {}", case.tc_id);
            case.check();
            ran += 1;
        }
    }
    assert_eq!(ran, 35);
}
