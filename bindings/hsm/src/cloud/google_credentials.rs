//! Who calls Google Cloud: an access token, a service account by its key, or the machine that a program runs on.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use super::bearer::{Given, NOT_A_TOKEN, Source, Token, form, form_headers, unusable};
use super::http::{Ask, Body, Service, by_status};
use super::{CloudError, Patience, variable};

/// Who calls. Wiped when dropped, its secrets shown nowhere.
pub struct GcpCredentials(Kind);

enum Kind {
    Token(Zeroizing<String>),
    File(TokenFile),
    Account(Account),
    /// An address of the metadata server.
    Machine(String),
}

impl GcpCredentials {
    /// An access token, as `gcloud auth print-access-token` gives it. When it ends, so does what uses it.
    pub fn token(token: impl Into<String>) -> GcpCredentials {
        GcpCredentials(Kind::Token(Zeroizing::new(token.into())))
    }

    /// The access token in a file that something else keeps up to date: it is read for each call.
    pub fn token_file(path: impl Into<PathBuf>) -> GcpCredentials {
        GcpCredentials(Kind::File(TokenFile { path: path.into(), named: "the file of the access token" }))
    }

    /// A service account, by the JSON of its key. The address in it is where a token is asked for.
    pub fn service_account(json: &str) -> Result<GcpCredentials, CloudError> {
        Account::parse(json)
            .map(|account| GcpCredentials(Kind::Account(account)))
            .map_err(unusable("a service account"))
    }

    /// The service account of the machine that a program runs on, which its metadata server tells: at `metadata.google.internal` unless another host
    /// is given.
    pub fn machine(host: Option<&str>) -> GcpCredentials {
        GcpCredentials(Kind::Machine(format!("http://{}", host.unwrap_or(METADATA_HOST))))
    }

    /// The first of these that the environment has: the token in `GOOGLE_OAUTH_ACCESS_TOKEN` or `CLOUDSDK_AUTH_ACCESS_TOKEN`, the one in the file that
    /// `CLOUDSDK_AUTH_ACCESS_TOKEN_FILE` names, the service account in the file that `GOOGLE_APPLICATION_CREDENTIALS` names, or else the account of this
    /// machine, by the metadata server at `GCE_METADATA_HOST` if that is set.
    pub fn from_env() -> Result<GcpCredentials, CloudError> {
        if let Some(token) = variable(&["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"]) {
            return Ok(GcpCredentials::token(token));
        }
        if let Some(path) = variable(&["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"]) {
            let named = "the file that CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names";
            return Ok(GcpCredentials(Kind::File(TokenFile { path: path.into(), named })));
        }
        match variable(&["GOOGLE_APPLICATION_CREDENTIALS"]) {
            Some(path) => {
                let account = read(Path::new(&path)).and_then(|json| Account::parse(&json));
                account
                    .map(|account| GcpCredentials(Kind::Account(account)))
                    .map_err(unusable("the file that GOOGLE_APPLICATION_CREDENTIALS names"))
            }
            None => Ok(GcpCredentials::machine(variable(&["GCE_METADATA_HOST"]).as_deref())),
        }
    }

    pub(super) fn source(self, patience: &Patience) -> Result<Box<dyn Source>, CloudError> {
        Ok(match self.0 {
            Kind::Token(token) => Box::new(Given(token)),
            Kind::File(file) => Box::new(file),
            Kind::Account(account) => {
                Box::new(Signing { service: Service::new(&account.token_uri, patience.clone())?, account })
            }
            Kind::Machine(address) => Box::new(Machine(Service::of_machine(&address, patience.clone())?)),
        })
    }
}

impl fmt::Debug for GcpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GcpCredentials(***)")
    }
}

struct TokenFile {
    path: PathBuf,
    /// For errors. The path itself is not told: people put tokens and keys there in place of the name of their file.
    named: &'static str,
}

impl Source for TokenFile {
    fn token(&self) -> Result<Token, CloudError> {
        let unusable = unusable(self.named);
        let text = read(&self.path).map_err(&unusable)?;
        Token::new(Zeroizing::new(text.trim_ascii().to_owned()), Some(Duration::ZERO))
            .ok_or(NOT_A_TOKEN)
            .map_err(unusable)
    }
}

/// What the key of a service account says.
struct Account {
    email: String,
    key_id: String,
    token_uri: String,
    /// PKCS #8.
    key: Zeroizing<Vec<u8>>,
}

impl Account {
    fn parse(json: &str) -> Result<Account, &'static str> {
        // Wiped when dropped.
        let account = Body(serde_json::from_str(json).unwrap_or(Value::Null));
        let text = |name: &str| account.0[name].as_str().filter(|text| !text.is_empty());
        if text("type") != Some("service_account") {
            return Err("it is not the key of a service account, in JSON");
        }
        let (Some(email), Some(pem)) = (text("client_email"), text("private_key")) else {
            return Err("it has no client_email or no private_key");
        };
        let mut der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| NOT_A_KEY)?;
        let key = Zeroizing::new(der.secret_pkcs8_der().to_vec());
        der.zeroize();
        // What cannot sign is found out here and not at the first call.
        RsaKeyPair::from_pkcs8(&key).map_err(|_| NOT_A_KEY)?;
        Ok(Account {
            email: email.to_owned(),
            key_id: text("private_key_id").unwrap_or_default().to_owned(),
            token_uri: text("token_uri").unwrap_or(TOKEN_URI).to_owned(),
            key,
        })
    }

    /// A JSON Web Token by which the account asks for an access token (RFC 7523, RFC 7519), signed by RS256 (RFC 7518, 3.3).
    fn assertion(&self, now: u64) -> Option<Zeroizing<String>> {
        let encoded = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = encoded(json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id }));
        let claims = encoded(json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": now,
            "exp": now + LIFETIME,
        }));
        let signed = format!("{head}.{claims}");
        let key = RsaKeyPair::from_pkcs8(&self.key).ok()?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(Zeroizing::new(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(&signature))))
    }
}

struct Signing {
    service: Service,
    account: Account,
}

impl Source for Signing {
    fn token(&self) -> Result<Token, CloudError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let assertion = self.account.assertion(now).ok_or(NOT_A_KEY).map_err(unusable("a service account"))?;
        let ask = form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)]);
        let answer = self.service.call("", &ask, by_status, |_| form_headers())?;
        Token::of(&answer, &self.service)
    }
}

struct Machine(Service);

impl Source for Machine {
    fn token(&self) -> Result<Token, CloudError> {
        let headers = |_: &[u8]| vec![("Metadata-Flavor", Zeroizing::new("Google".to_owned()))];
        let answer = self.0.call(METADATA_PATH, &Ask::Get, by_status, headers).map_err(|error| match error {
            // Nothing else was there to be used, and this is no machine of Google's.
            CloudError::Unreachable { .. } => CloudError::Missing {
                missing: "an access token for Google Cloud: no metadata server answers, and it",
                advice: "set GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN or CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
            },
            other => other,
        })?;
        Token::of(&answer, &self.0)
    }
}

/// A file that holds a secret.
fn read(path: &Path) -> Result<Zeroizing<String>, &'static str> {
    fs::read_to_string(path).map(Zeroizing::new).map_err(|_| "it cannot be read")
}

const NOT_A_KEY: &str = "its private_key is not an RSA key of 2048 bits or more in PKCS #8, in PEM";
const METADATA_HOST: &str = "metadata.google.internal";
const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";
/// Seconds; as long as the service allows.
const LIFETIME: u64 = 3_600;
