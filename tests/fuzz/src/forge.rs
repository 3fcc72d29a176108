//! Envelopes that the core does not write: any header with its right MAC, any payload under its right keys (spec E-3 to E-5).

use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit},
};
use chacha20::ChaCha20Rng;
use hmac::{Hmac, Mac};
use rand_core::Rng;
use sha2::Sha512;

/// Knows the file key of an envelope, and so its other keys.
pub struct Forge {
    /// The header of that envelope: its recipient unwraps to the file key.
    header: Vec<u8>,
    mac_key: [u8; 32],
    payload_key: [u8; 32],
}

impl Forge {
    /// From an envelope's prefix, and a generator that stands where it stood when the envelope was made: the file key is what it gives first.
    pub fn new(prefix: &[u8], rng: &mut ChaCha20Rng) -> Forge {
        let mut file_key = [0; 32];
        rng.fill_bytes(&mut file_key);
        let header_len = prefix.len() - 9 - 32 - 56;
        let key = |name: &str| {
            let mut key = [0; 32];
            expand(&file_key, &[b"fortress-sdk/envelope@v1\0", name.as_bytes()], &mut key);
            key
        };
        Forge { header: prefix[9..9 + header_len].to_vec(), mac_key: key("header"), payload_key: key("payload") }
    }

    /// The header that the envelope had.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The same, with the content of a sealed keyring: one entry more.
    pub fn keyring_header(&self) -> Vec<u8> {
        [&[self.header[0] + 1], &self.header[1..], b"\x04\x67keyring"].concat()
    }

    /// The same, with the content of a grant.
    pub fn grant_header(&self) -> Vec<u8> {
        [&[self.header[0] + 1], &self.header[1..], b"\x04\x65grant"].concat()
    }

    /// An envelope with this header and, where the header says suite 2 and the context is empty, this payload of less than a chunk.
    pub fn envelope(&self, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut envelope = [b"FTRS\x01", &(header.len() as u32).to_be_bytes()[..], header].concat();
        let mac = hmac(&self.mac_key, &[&envelope]);
        envelope.extend(&mac[..32]);
        let (salt, mut okm) = ([7; 24], [0; 76]);
        let label = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";
        expand(&self.payload_key, &[label, &salt, &[0, 2], &[0xA0]], &mut okm);
        envelope.extend(salt);
        envelope.extend(&okm[44..]);
        let aead = Aes256Gcm::new_from_slice(&okm[..32]).expect("32 bytes");
        for (i, chunk) in
            (0_u8..).zip(payload.chunks(16_384).chain(payload.len().is_multiple_of(16_384).then_some(&[][..])))
        {
            let mut nonce: [u8; 12] = std::array::from_fn(|at| okm[32 + at]);
            nonce[11] ^= i;
            let mut sealed = chunk.to_vec();
            let tag = aead.encrypt_inout_detached((&nonce).into(), &[], sealed.as_mut_slice().into());
            envelope.extend(sealed);
            envelope.extend(tag.expect("it is short"));
        }
        envelope
    }
}

/// HKDF-Expand with SHA-512 (RFC 5869, 2.3).
fn expand(key: &[u8], info: &[&[u8]], out: &mut [u8]) {
    let mut previous = Vec::new();
    for (i, chunk) in (1_u8..).zip(out.chunks_mut(64)) {
        previous = hmac(key, &[&previous, &info.concat(), &[i]]);
        chunk.copy_from_slice(&previous[..chunk.len()]);
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
