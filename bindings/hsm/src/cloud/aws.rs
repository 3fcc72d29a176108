//! Keys in AWS KMS.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::bearer::{fits_in_a_header, unusable};
use super::http::{Answer, Body, Service, by_status};
use super::sigv4::{self, Signing};
use super::{CloudError, Patience, framed, shown, unframed, variable};

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
        let sent = [Some(&credentials.id), credentials.session.as_deref()];
        if !sent.into_iter().flatten().all(|text| fits_in_a_header(text)) {
            return Err(unusable("the access key of AWS")(
                "its id or its session token is empty, or has a space or a line break in it",
            ));
        }
        let region = arn_region(key).or(region).filter(|region| !region.is_empty()).ok_or(CloudError::Missing {
            missing: "the region of the AWS KMS key",
            advice: "name the key by its ARN, or set AWS_REGION",
        })?;
        // It becomes a part of a host's name.
        if !is_plain(region) {
            return Err(unusable("the region of the AWS KMS key")(
                "it is letters, digits and hyphens, such as eu-central-1; look at AWS_REGION, AWS_DEFAULT_REGION and the key's ARN",
            ));
        }
        let service = match endpoint {
            Some(address) => Service::new(address, patience)?,
            None => Service::new(&own_endpoint(key, region)?, patience)?,
        };
        let reference = format!("{SCHEME}{key}");
        Ok(AwsKmsKey { service, key: key.to_owned(), region: region.to_owned(), reference, credentials })
    }

    /// With credentials, region and endpoint from the environment, by the names that AWS's own tools use: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_KMS` or `AWS_ENDPOINT_URL`.
    pub fn from_env(uri: &str, patience: Patience) -> Result<AwsKmsKey, CloudError> {
        parse(uri)?;
        let of = |name: &str| variable(&[name]);
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
        let region = variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let endpoint = variable(&["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"]);
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
        self.service.call(
            "/",
            &body.into(),
            |answer| by_status(answer).or_else(|| throttled(answer)),
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

as_external_key!(AwsKmsKey);

fn parse(uri: &str) -> Result<&str, CloudError> {
    let plain =
        |key: &&str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:".contains(&byte));
    uri.strip_prefix(SCHEME).filter(plain).ok_or_else(|| CloudError::Uri {
        text: shown(uri),
        expected: "write awskms: and the key's ARN, its id, or alias/ and its alias",
    })
}

/// The region in an ARN: `arn:partition:kms:region:account:key/id`.
fn arn_region(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2)
}

/// A region's own host. The partition decides the domain: that of the ARN, or else the one that the region's name tells.
fn own_endpoint(key: &str, region: &str) -> Result<String, CloudError> {
    let partition = match key.strip_prefix("arn:") {
        Some(rest) => rest.split(':').next().unwrap_or_default(),
        None if region.starts_with("cn-") => "aws-cn",
        None if region.starts_with("eusc-") => "aws-eusc",
        None => "aws",
    };
    let known = DOMAINS.iter().find(|(name, _)| *name == partition);
    let (_, domain) = known.ok_or(CloudError::Missing {
        missing: "the address of AWS KMS in this partition",
        advice: "set AWS_ENDPOINT_URL_KMS",
    })?;
    Ok(format!("https://kms.{region}.{domain}"))
}

/// AWS tells of throttling with 400.
fn throttled(answer: &Answer) -> Option<String> {
    let names = ["ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"];
    names.contains(&kind(&answer.body)).then(|| "it answers that there are too many calls".to_owned())
}

/// What may stand in a host's name.
fn is_plain(region: &str) -> bool {
    region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
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

/// Partitions, and the domains in which their services are.
const DOMAINS: [(&str, &str); 4] = [
    ("aws", "amazonaws.com"),
    ("aws-us-gov", "amazonaws.com"),
    ("aws-cn", "amazonaws.com.cn"),
    ("aws-eusc", "amazonaws.eu"),
];
const SCHEME: &str = "awskms:";
/// The entry of the encryption context that holds the associated data (spec X-10).
const CONTEXT_KEY: &str = "fortress";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_decides_the_domain() {
        for (key, region, host) in [
            ("alias/kek", "eu-central-1", "kms.eu-central-1.amazonaws.com"),
            ("alias/kek", "us-gov-west-1", "kms.us-gov-west-1.amazonaws.com"),
            ("alias/kek", "cn-north-1", "kms.cn-north-1.amazonaws.com.cn"),
            ("arn:aws:kms:us-east-1:1:key/a", "eu-central-1", "kms.us-east-1.amazonaws.com"),
            ("arn:aws-cn:kms:cn-northwest-1:1:key/a", "eu-central-1", "kms.cn-northwest-1.amazonaws.com.cn"),
            ("arn:aws-us-gov:kms:us-gov-east-1:1:key/a", "cn-north-1", "kms.us-gov-east-1.amazonaws.com"),
            ("arn:aws-eusc:kms:eusc-de-east-1:1:key/a", "cn-north-1", "kms.eusc-de-east-1.amazonaws.eu"),
        ] {
            let credentials = AwsCredentials::new("a", "b");
            let uri = format!("awskms:{key}");
            let opened = AwsKmsKey::new(&uri, Some(region), None, credentials, Patience::default()).unwrap();
            assert_eq!(opened.service.host, host);
        }
        let elsewhere = "awskms:arn:aws-other:kms:a-1:1:key/a";
        let open =
            |endpoint| AwsKmsKey::new(elsewhere, None, endpoint, AwsCredentials::new("a", "b"), Patience::default());
        assert_eq!(open(None).unwrap_err().code(), "no_credentials");
        assert_eq!(open(Some("https://kms.example.org")).unwrap().service.host, "kms.example.org");
    }
}
