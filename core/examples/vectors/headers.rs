//! A writer of envelopes that the core would not write: damaged headers under a valid MAC, and damaged payloads of keyrings.
//!
//! It takes the recipients of a real envelope, whose file key it knows from the seeded generator, and builds the rest by hand from
//! the specification.

use std::error::Error;

use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use fortress::{
    Passphrase,
    envelope::{self, Options, Recipient},
};
use hmac::{Hmac, Mac};
use rand_core::Rng;
use sha2::Sha512;

use crate::{
    cases::rng,
    keyrings::{PARAMS, PASSPHRASE},
};

/// The parts of an envelope.
pub(crate) struct Forge {
    pub(crate) file_key: [u8; 32],
    /// The CBOR of the array of recipients.
    pub(crate) recipients: Vec<u8>,
}

impl Forge {
    /// For [`PASSPHRASE`].
    pub(crate) fn new(name: &str) -> Result<Forge, Box<dyn Error>> {
        let passphrase = Passphrase::new(PASSPHRASE)?;
        Forge::with(name, &[Recipient::Passphrase(&passphrase, PARAMS)])
    }

    /// For one recipient.
    pub(crate) fn with(name: &str, recipient: &[Recipient<'_>; 1]) -> Result<Forge, Box<dyn Error>> {
        let mut file_key = [0; 32];
        rng(name).fill_bytes(&mut file_key);
        let new = envelope::create(recipient, &Options::default(), &mut rng(name))?;
        // Preamble of 9, then a2 01 <suite> 02 <recipients>, then MAC, salt and commitment.
        let prefix = new.prefix();
        let header = &prefix[9..prefix.len() - 32 - 56];
        let recipients = header.windows(2).position(|pair| pair == [0x02, 0x81]).ok_or("no recipients")? + 1;
        Ok(Forge { file_key, recipients: header[recipients..].to_vec() })
    }

    /// The body of its recipient, a passphrase.
    pub(crate) fn body(&self) -> &[u8] {
        // 81 82 02 58 84 <132 bytes>
        &self.recipients[5..]
    }

    /// An envelope with this header, a valid MAC, and a message of suite 2 under the empty context.
    pub(crate) fn seal(&self, header: &[u8], payload: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut envelope = [b"FTRS\x01", &(header.len() as u32).to_be_bytes()[..], header].concat();
        let mac = hmac(&expand(&self.file_key, b"fortress-sdk/envelope@v1\0header", 32), &envelope);
        envelope.extend_from_slice(&mac[..32]);
        let payload_key = expand(&self.file_key, b"fortress-sdk/envelope@v1\0payload", 32);
        let salt = [0x5A; 24];
        let info = [&b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"[..], &salt, &[0, 2, 0xA0]].concat();
        let okm = expand(&payload_key, &info, 76);
        envelope.extend_from_slice(&salt);
        envelope.extend_from_slice(&okm[44..]);
        let aead = Aes256Gcm::new_from_slice(&okm[..32])?;
        let nonce: [u8; 12] = okm[32..44].try_into()?;
        // One short chunk is all that is needed here.
        let mut chunk = payload.to_vec();
        let tag =
            aead.encrypt_inout_detached((&nonce).into(), &[], chunk.as_mut_slice().into()).map_err(|_| "too long")?;
        envelope.extend_from_slice(&chunk);
        envelope.extend_from_slice(&tag);
        Ok(envelope)
    }

    /// A header of these CBOR entries, each a key and a value.
    pub(crate) fn header(entries: &[(u8, &[u8])]) -> Vec<u8> {
        let mut header = vec![0xA0 | entries.len() as u8];
        for (key, value) in entries {
            header.push(*key);
            header.extend_from_slice(value);
        }
        header
    }
}

/// An envelope of content `keyring` around a payload.
pub(crate) fn seal_payload(name: &str, payload: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let forge = Forge::new(name)?;
    let content = [&[0x67][..], b"keyring"].concat();
    forge.seal(&Forge::header(&[(1, &[2]), (2, &forge.recipients), (4, &content)]), payload)
}

/// Payloads of keyrings that a reader must refuse.
pub(crate) fn keyring_payloads() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let secret = [&[0x58, 32][..], &[7; 32]].concat();
    let version = |id: u8, state: u8, secret: &[u8]| {
        [&[0x84, 0x44, id, 0, 0, 0, 0x1A, 0x6A, 0, 0, 0, state][..], secret].concat()
    };
    let payload = |profile: &str, path: &[u8], versions: &[Vec<u8>]| {
        let profile = [&[0x60 | profile.len() as u8][..], profile.as_bytes()].concat();
        [&[0xA3, 1][..], &profile, &[2], path, &[3, 0x80 | versions.len() as u8], &versions.concat()].concat()
    };
    let primary = version(1, 1, &secret);
    let good = payload("balanced", &[0x80], std::slice::from_ref(&primary));
    let code = "non_canonical";
    vec![
        ("payload that is empty", vec![], code),
        ("payload with a byte behind it", [&good[..], &[0]].concat(), code),
        ("payload without versions", payload("balanced", &[0x80], &[]), code),
        ("payload without a primary version", payload("balanced", &[0x80], &[version(1, 2, &secret)]), code),
        (
            "payload with two primary versions",
            payload("balanced", &[0x80], &[primary.clone(), version(2, 1, &secret)]),
            code,
        ),
        ("payload with a repeated id", payload("balanced", &[0x80], &[primary.clone(), version(1, 2, &secret)]), code),
        (
            "payload with a secret in a destroyed version",
            payload("balanced", &[0x80], &[primary.clone(), version(2, 3, &secret)]),
            code,
        ),
        (
            "payload without a secret in a primary version",
            payload("balanced", &[0x80], &[version(1, 1, &[0xF6])]),
            code,
        ),
        ("payload with state 4", payload("balanced", &[0x80], &[primary.clone(), version(2, 4, &secret)]), code),
        ("payload with a short secret", payload("balanced", &[0x80], &[version(1, 1, &[0x41, 7])]), code),
        ("payload with an unknown profile", payload("unbounded", &[0x80], std::slice::from_ref(&primary)), code),
        ("payload with an empty segment", payload("balanced", &[0x81, 0x60], std::slice::from_ref(&primary)), code),
        ("payload with a longer integer than needed", [&[0xA3, 0x18, 1][..], &good[2..]].concat(), code),
    ]
}

pub(crate) fn expand(key: &[u8], info: &[u8], len: usize) -> Vec<u8> {
    let mut okm = Vec::new();
    let mut previous = Vec::new();
    for counter in 1.. {
        if okm.len() >= len {
            break;
        }
        previous = hmac(key, &[&previous[..], info, &[counter]].concat());
        okm.extend_from_slice(&previous);
    }
    okm.truncate(len);
    okm
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut padded = [0; 128];
    padded[..key.len()].copy_from_slice(key);
    Hmac::<Sha512>::new((&padded).into()).chain_update(message).finalize().into_bytes().to_vec()
}
