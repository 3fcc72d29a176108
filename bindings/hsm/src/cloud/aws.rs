//! Keys in AWS KMS.

use std::env;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fortress::external::{ExternalKey, ExternalKeyError};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::http::{Answer, Body, Service};
use super::sigv4::{self, Signing};
use super::{CloudError, Patience, framed, unframed};

/// A symmetric key in AWS KMS, which wraps and unwraps there. The associated data is its encryption context.
#[derive(Debug)]
pub struct AwsKmsKey {
    service: Service,
    /// Key id, alias or ARN, as the service takes it.
    key: String,
    region: String,
    reference: String,
    credentials: AwsCredentials,
}

/// An access key of AWS. Wiped when dropped, its secrets shown nowhere.
#[derive(Clone)]
pub struct AwsCredentials {
    id: String,
    secret: Zeroizing<String>,
    session: Option<Zeroizing<String>>,
}

impl AwsCredentials {
    /// An access key.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> AwsCredentials {
        AwsCredentials { id: id.into(), secret: Zeroizing::new(secret.into()), session: None }
    }

    /// The same, of a session that ends.
    pub fn session(self, token: impl Into<String>) -> AwsCredentials {
        AwsCredentials { session: Some(Zeroizing::new(token.into())), ..self }
    }
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsCredentials(***)")
    }
}

impl AwsKmsKey {
    /// The key that `awskms:ARN`, `awskms:KEY-ID` or `awskms:alias/NAME` names. A region in an ARN goes before the one that is given; without an endpoint
    /// it is the region's own.
    pub fn new(
        uri: &str,
        region: Option<&str>,
        endpoint: Option<&str>,
        credentials: AwsCredentials,
        patience: Patience,
    ) -> Result<AwsKmsKey, CloudError> {
        let key = parse(uri)?;
        let region = arn_region(key).or(region).filter(|region| is_plain(region)).ok_or(CloudError::Missing {
            missing: "the region of the AWS KMS key",
            advice: "name the key by its ARN, or set AWS_REGION",
        })?;
        let own = format!("https://kms.{region}.amazonaws.com");
        let service = Service::new(endpoint.unwrap_or(&own), patience)?;
        let reference = format!("{SCHEME}{key}");
        Ok(AwsKmsKey { service, key: key.to_owned(), region: region.to_owned(), reference, credentials })
    }

    /// With credentials, region and endpoint from the environment, by the names that AWS's own tools use: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_KMS` or `AWS_ENDPOINT_URL`.
    pub fn from_env(uri: &str, patience: Patience) -> Result<AwsKmsKey, CloudError> {
        parse(uri)?;
        let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let missing = CloudError::Missing {
            missing: "an access key of AWS",
            advice: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where the key has one",
        };
        let (Some(id), Some(secret)) = (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY")) else {
            return Err(missing);
        };
        let mut credentials = AwsCredentials::new(id, secret);
        if let Some(token) = of("AWS_SESSION_TOKEN") {
            credentials = credentials.session(token);
        }
        let region = of("AWS_REGION").or_else(|| of("AWS_DEFAULT_REGION"));
        let endpoint = of("AWS_ENDPOINT_URL_KMS").or_else(|| of("AWS_ENDPOINT_URL"));
        AwsKmsKey::new(uri, region.as_deref(), endpoint.as_deref(), credentials, patience)
    }

    /// Is this text in the form of such a key's URI?
    pub fn is_uri(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Wraps a file key.
    pub fn wrap_key(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, CloudError> {
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(file_key));
        let answer = self.call("Encrypt", "Plaintext", &plaintext, associated)?;
        match (answer.status, bytes(&answer.body["CiphertextBlob"])) {
            (200, Some(ciphertext)) if !ciphertext.is_empty() => Ok(framed(&ciphertext)),
            (200, _) => Err(self.service.not_understood("it gives no CiphertextBlob")),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    /// Unwraps what [`wrap_key`](AwsKmsKey::wrap_key) gave, with the same associated data.
    pub fn unwrap_key(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, CloudError> {
        let not_authentic = || CloudError::NotAuthentic { key: self.reference.clone() };
        let ciphertext = BASE64_STANDARD.encode(unframed(wrapped).ok_or_else(not_authentic)?);
        let answer = self.call("Decrypt", "CiphertextBlob", &ciphertext, associated)?;
        match (answer.status, bytes(&answer.body["Plaintext"])) {
            (200, Some(plain)) => Ok(plain),
            (200, None) => Err(self.service.not_understood("it gives no Plaintext")),
            (status, _) => match kind(&answer.body) {
                "InvalidCiphertextException" | "IncorrectKeyException" => Err(not_authentic()),
                _ => Err(self.service.refused(status, &reason(&answer.body))),
            },
        }
    }

    fn call(&self, operation: &str, field: &str, value: &str, associated: &[u8; 32]) -> Result<Answer, CloudError> {
        let body = Body(json!({
            "KeyId": self.key,
            "EncryptionContext": { CONTEXT_KEY: BASE64_STANDARD.encode(associated) },
            field: value,
        }));
        let target = format!("TrentService.{operation}");
        self.service.post(
            "/",
            body,
            |_| false,
            |body| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                let mut headers = vec![
                    ("content-type", Zeroizing::new("application/x-amz-json-1.1".to_owned())),
                    ("host", Zeroizing::new(self.service.host.clone())),
                    ("x-amz-date", Zeroizing::new(sigv4::date_time(now))),
                ];
                if let Some(token) = &self.credentials.session {
                    headers.push(("x-amz-security-token", token.clone()));
                }
                headers.push(("x-amz-target", Zeroizing::new(target.clone())));
                let signing = Signing { region: &self.region, service: "kms", id: &self.credentials.id, now };
                let authorization = signing.authorization("POST", "/", "", &headers, body, &self.credentials.secret);
                headers.push(("authorization", Zeroizing::new(authorization)));
                headers
            },
        )
    }
}

impl ExternalKey for AwsKmsKey {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        self.wrap_key(file_key, associated).map_err(|error| error.for_core(&self.reference))
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        self.unwrap_key(wrapped, associated).map_err(|error| error.for_core(&self.reference))
    }
}

fn parse(uri: &str) -> Result<&str, CloudError> {
    let plain =
        |key: &&str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte));
    uri.strip_prefix(SCHEME).filter(plain).ok_or_else(|| CloudError::Uri {
        text: uri.split('?').next().unwrap_or_default().chars().take(100).collect(),
        expected: "write awskms: and the key's ARN, its id, or alias/ and its alias",
    })
}

/// The region in an ARN: `arn:partition:kms:region:account:key/id`.
fn arn_region(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2)
}

/// What may stand in a host's name.
fn is_plain(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn bytes(value: &Value) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD.decode(value.as_str()?).ok().map(Zeroizing::new)
}

/// The name of an error, without the namespace that may stand before it.
fn kind(body: &Value) -> &str {
    let kind = body["__type"].as_str().unwrap_or_default();
    kind.rsplit('#').next().unwrap_or_default()
}

fn reason(body: &Value) -> String {
    let message = body["message"].as_str().or(body["Message"].as_str()).unwrap_or_default();
    format!("{} {message}", kind(body)).trim().to_owned()
}

const SCHEME: &str = "awskms:";
/// The entry of the encryption context that holds the associated data (spec X-10).
const CONTEXT_KEY: &str = "fortress";
