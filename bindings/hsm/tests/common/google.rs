//! Google Cloud KMS as its documentation has it, with AES-GCM.

use std::sync::{Arc, Mutex};

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fortress_hsm::cloud::{GcpCredentials, GcpKmsKey};
use rustls::ServerConfig;
use serde_json::json;

use super::keys::at_once;
use super::service::{Reply, Request, Service};

pub const TOKEN: &str = "ya29.token-of-the-tests";
pub const KEY: &str = "projects/p-1/locations/europe-west3/keyRings/ring_1/cryptoKeys/kek";
pub const OTHER: &str = "projects/p-1/locations/europe-west3/keyRings/ring_1/cryptoKeys/other";

pub fn uri(name: &str) -> String {
    format!("gcpkms:{name}")
}

/// The service, with two keys.
pub struct Google {
    pub service: Service,
    pub keys: Arc<Mutex<Vec<Kept>>>,
}

pub struct Kept {
    name: &'static str,
    secret: [u8; 32],
    /// Numbers, and whether they are enabled; the last one is the primary.
    pub versions: Vec<(u8, bool)>,
}

impl Google {
    pub fn start() -> Google {
        Google::start_over(None)
    }

    /// Over HTTPS, with a configuration for it.
    pub fn start_over(tls: Option<Arc<ServerConfig>>) -> Google {
        let kept = |name, secret| Kept { name, secret: [secret; 32], versions: vec![(1, true)] };
        let keys = Arc::new(Mutex::new(vec![kept(KEY, 1), kept(OTHER, 2)]));
        let answering = Arc::clone(&keys);
        let service = Service::start_over(tls, move |request| answer(&answering.lock().unwrap(), request));
        Google { service, keys }
    }

    pub fn key(&self, name: &str) -> GcpKmsKey {
        let credentials = GcpCredentials::token(TOKEN);
        GcpKmsKey::new(&uri(name), Some(&self.service.address), credentials, at_once()).unwrap()
    }

    pub fn key_with(&self, credentials: GcpCredentials) -> GcpKmsKey {
        GcpKmsKey::new(&uri(KEY), Some(&self.service.address), credentials, at_once()).unwrap()
    }
}

/// As the documentation of projects.locations.keyRings.cryptoKeys.encrypt and decrypt has it.
fn answer(keys: &[Kept], request: &Request) -> Reply {
    if request.header("authorization") != Some(format!("Bearer {TOKEN}").as_str()) {
        return (401, failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."));
    }
    let (name, operation) = request.line().strip_prefix("POST /v1/").unwrap().rsplit_once(':').unwrap();
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        return (404, failure(404, "NOT_FOUND", &format!("CryptoKey {name} not found.")));
    };
    let body = request.json();
    let bytes = |field: &str| {
        let bytes = BASE64_STANDARD.decode(body[field].as_str().unwrap()).unwrap();
        assert_eq!(body[format!("{field}Crc32c")], checksum(&bytes), "{field}");
        bytes
    };
    let aad = bytes("additionalAuthenticatedData");
    let cipher = |version: u8| {
        let mut secret = key.secret;
        secret[0] = version;
        Aes256Gcm::new(&secret.into())
    };
    if operation == "encrypt" {
        let (version, _) = *key.versions.last().unwrap();
        let mut nonce = [0; 12];
        getrandom::fill(&mut nonce).unwrap();
        let payload = Payload { msg: &bytes("plaintext"), aad: &aad };
        let sealed = cipher(version).encrypt(&Nonce::from(nonce), payload).unwrap();
        let ciphertext = [&[version], &nonce[..], &sealed].concat();
        let answer = json!({
            "name": format!("{name}/cryptoKeyVersions/{version}"),
            "ciphertext": BASE64_STANDARD.encode(&ciphertext),
            "ciphertextCrc32c": checksum(&ciphertext),
            "verifiedPlaintextCrc32c": true,
            "verifiedAdditionalAuthenticatedDataCrc32c": true,
            "protectionLevel": "SOFTWARE",
        });
        return (200, answer.to_string());
    }
    assert_eq!(operation, "decrypt");
    let ciphertext = bytes("ciphertext");
    let Some((head, sealed)) = ciphertext.split_first_chunk::<13>() else {
        return (400, failure(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid."));
    };
    match key.versions.iter().find(|(version, _)| *version == head[0]) {
        Some((version, false)) => {
            let message = format!("{name}/cryptoKeyVersions/{version} is not enabled, current state is: DISABLED.");
            return (400, failure(400, "FAILED_PRECONDITION", &message));
        }
        Some(_) => {}
        None => return (400, wrong_key()),
    }
    let nonce = Nonce::try_from(&head[1..]).unwrap();
    match cipher(head[0]).decrypt(&nonce, Payload { msg: sealed, aad: &aad }) {
        Ok(plain) => {
            let answer = json!({
                "plaintext": BASE64_STANDARD.encode(&plain),
                "plaintextCrc32c": checksum(&plain),
                "usedPrimary": true,
                "protectionLevel": "SOFTWARE",
            });
            (200, answer.to_string())
        }
        Err(_) => (400, wrong_key()),
    }
}

fn wrong_key() -> String {
    failure(400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
}

pub fn failure(code: u16, status: &str, message: &str) -> String {
    json!({ "error": { "code": code, "message": message, "status": status } }).to_string()
}

/// CRC-32C by a table, as services compute it.
fn checksum(bytes: &[u8]) -> String {
    let table: [u32; 256] = std::array::from_fn(|index| {
        (0..8).fold(index as u32, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    });
    let step = |crc: u32, byte: &u8| table[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    (bytes.iter().fold(u32::MAX, step) ^ u32::MAX).to_string()
}
