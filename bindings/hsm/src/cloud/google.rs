//! Keys in Google Cloud KMS (spec X-12).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::bearer::Bearer;
use super::crc32c::crc32c;
use super::google_credentials::GcpCredentials;
use super::http::{Answer, Body, Service, by_status};
use super::{CloudError, Patience, framed, shown, unframed, variable};

/// A symmetric key in Google Cloud KMS, which wraps and unwraps there. The associated data is its additional authenticated data. Which of its versions
/// wrapped is known to the service.
#[derive(Debug)]
pub struct GcpKmsKey {
    service: Service,
    /// `projects/…/cryptoKeys/…`
    name: String,
    reference: String,
    bearer: Bearer,
}

impl GcpKmsKey {
    /// The key that `gcpkms:projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY` names, at the service's own address unless another is given.
    pub fn new(
        uri: &str,
        endpoint: Option<&str>,
        credentials: GcpCredentials,
        patience: Patience,
    ) -> Result<GcpKmsKey, CloudError> {
        let name = parse(uri)?;
        let bearer = Bearer::new(credentials.source(&patience)?);
        let service = Service::new(endpoint.unwrap_or(ENDPOINT), patience)?;
        Ok(GcpKmsKey { service, name: name.to_owned(), reference: format!("{SCHEME}{name}"), bearer })
    }

    /// With [credentials](GcpCredentials::from_env) from the environment, and the address that `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS` may name.
    pub fn from_env(uri: &str, patience: Patience) -> Result<GcpKmsKey, CloudError> {
        parse(uri)?;
        let endpoint = variable(&["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"]);
        GcpKmsKey::new(uri, endpoint.as_deref(), GcpCredentials::from_env()?, patience)
    }

    /// Is this text in the form of such a key's URI?
    pub fn is_uri(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Wraps a file key.
    pub fn wrap_key(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, CloudError> {
        let answer = self.call("encrypt", "plaintext", file_key, associated, |body| {
            let verified = |field: &str| body[field] == true;
            verified("verifiedPlaintextCrc32c")
                && verified("verifiedAdditionalAuthenticatedDataCrc32c")
                && is_whole(body, "ciphertext")
        })?;
        let wrapped_by = answer.body["name"].as_str().and_then(|name| name.strip_prefix(&self.name));
        match (answer.status, bytes(&answer.body["ciphertext"])) {
            (200, _) if !wrapped_by.is_some_and(|rest| rest.starts_with("/cryptoKeyVersions/")) => {
                Err(self.service.not_understood("it is of another key"))
            }
            (200, Some(ciphertext)) if !ciphertext.is_empty() => Ok(framed(&ciphertext)),
            (200, _) => Err(self.service.not_understood("it gives no ciphertext")),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    /// Unwraps what [`wrap_key`](GcpKmsKey::wrap_key) gave, with the same associated data.
    pub fn unwrap_key(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, CloudError> {
        let not_authentic = || CloudError::NotAuthentic { key: self.reference.clone() };
        let ciphertext = unframed(wrapped).ok_or_else(not_authentic)?;
        let answer = self.call("decrypt", "ciphertext", ciphertext, associated, |body| is_whole(body, "plaintext"))?;
        match (answer.status, bytes(&answer.body["plaintext"])) {
            (200, Some(plain)) => Ok(plain),
            (200, None) => Err(self.service.not_understood("it gives no plaintext")),
            // The same status tells of a name that is none; the words alone tell that the ciphertext is at fault.
            (400, _) if message(&answer.body).contains("Decryption failed") => Err(not_authentic()),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    /// Calls with checksums of what is sent. What either side finds damaged on the way is asked for again.
    fn call(
        &self,
        operation: &str,
        field: &str,
        value: &[u8],
        associated: &[u8; 32],
        is_whole: impl Fn(&Value) -> bool,
    ) -> Result<Answer, CloudError> {
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(value));
        let body = Body(json!({
            field: encoded.as_str(),
            format!("{field}Crc32c"): crc32c(value).to_string(),
            "additionalAuthenticatedData": BASE64_STANDARD.encode(associated),
            "additionalAuthenticatedDataCrc32c": crc32c(associated).to_string(),
        }));
        let again = |answer: &Answer| {
            let damaged = match answer.status {
                200 => !is_whole(&answer.body),
                400 => message(&answer.body).contains("checksum"),
                _ => false,
            };
            by_status(answer).or_else(|| damaged.then(|| "what was sent or answered was damaged on the way".to_owned()))
        };
        self.bearer.call(&self.service, &format!("/v1/{}:{operation}", self.name), &body.into(), again)
    }
}

as_external_key!(GcpKmsKey);

/// The resource name of a key. Its characters need no escaping in a path, and lead nowhere else.
fn parse(uri: &str) -> Result<&str, CloudError> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
            && part.bytes().any(|byte| byte != b'.')
    };
    let names_a_key = |name: &&str| {
        let parts: Vec<&str> = name.split('/').collect();
        let (names, values): (Vec<_>, Vec<_>) = parts.chunks(2).map(|pair| (pair[0], pair.get(1))).unzip();
        names == COLLECTIONS && values.into_iter().all(|value| value.is_some_and(|value| is_plain(value)))
    };
    uri.strip_prefix(SCHEME).filter(names_a_key).ok_or_else(|| CloudError::Uri {
        text: shown(uri),
        expected: "write gcpkms: and the key's resource name, projects/…/locations/…/keyRings/…/cryptoKeys/…",
    })
}

fn bytes(value: &Value) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD.decode(value.as_str()?).ok().map(Zeroizing::new)
}

/// Is it what its checksum says? Numbers of 64 bits are texts in JSON.
fn is_whole(body: &Value, field: &str) -> bool {
    let checksum = body[format!("{field}Crc32c")].as_str().and_then(|text| text.parse().ok());
    bytes(&body[field]).is_some_and(|bytes| checksum == Some(crc32c(&bytes)))
}

fn message(body: &Value) -> &str {
    body["error"]["message"].as_str().unwrap_or_default()
}

fn reason(body: &Value) -> String {
    match format!("{} {}", body["error"]["status"].as_str().unwrap_or_default(), message(body)).trim() {
        "" => "no reason is given".to_owned(),
        reason => reason.to_owned(),
    }
}

const SCHEME: &str = "gcpkms:";
const ENDPOINT: &str = "https://cloudkms.googleapis.com";
const COLLECTIONS: [&str; 4] = ["projects", "locations", "keyRings", "cryptoKeys"];
