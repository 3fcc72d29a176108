//! Keys in Azure Key Vault and Managed HSM (spec X-13).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::azure_credentials::AzureCredentials;
use super::bearer::Bearer;
use super::http::{Answer, Ask, Body, Service, by_status};
use super::{CloudError, Patience, framed, shown, unframed};
use crate::bound::{bound, unbound};

/// A key in Azure Key Vault or Managed HSM, which wraps and unwraps there: an RSA key, or in Managed HSM an AES key of 256 bits.
///
/// It wraps by the version that is the current one, which is looked up before the first call and every ten minutes; and unwraps by the version that
/// wrapped.
#[derive(Debug)]
pub struct AzureKey {
    service: Service,
    /// `/keys/NAME`
    path: String,
    /// The version to wrap by, where the URI names one.
    pinned: Option<String>,
    reference: String,
    bearer: Bearer,
    current: Mutex<Option<(Current, Instant)>>,
}

/// The version that wraps, and how.
#[derive(Clone, Debug)]
struct Current {
    version: String,
    way: Way,
}

/// How a key wraps (spec X-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    RsaOaep256 = 1,
    Aes256Kw = 2,
}

impl AzureKey {
    /// The key that `azurekv:` and its identifier name, such as `azurekv:https://NAME.vault.azure.net/keys/KEY`. With a version at its end it wraps by
    /// that one. Credentials go to the vault's own address, which is in one of Azure's domains, or to the endpoint that is given in its place.
    pub fn new(
        uri: &str,
        endpoint: Option<&str>,
        credentials: AzureCredentials,
        patience: Patience,
    ) -> Result<AzureKey, CloudError> {
        let Identifier { host, name, version } = parse(uri)?;
        let cloud = cloud_of(host).ok_or_else(|| not_a_key(uri))?;
        let bearer = Bearer::new(credentials.source(&cloud, &patience)?);
        let own = format!("https://{host}");
        Ok(AzureKey {
            service: Service::new(endpoint.unwrap_or(&own), patience)?,
            path: format!("/keys/{name}"),
            pinned: version.map(str::to_owned),
            reference: format!("{SCHEME}{own}/keys/{name}"),
            bearer,
            current: Mutex::default(),
        })
    }

    /// With [credentials](AzureCredentials::from_env) from the environment.
    pub fn from_env(uri: &str, patience: Patience) -> Result<AzureKey, CloudError> {
        parse(uri)?;
        AzureKey::new(uri, None, AzureCredentials::from_env()?, patience)
    }

    /// Is this text in the form of such a key's URI?
    pub fn is_uri(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Wraps a file key.
    pub fn wrap_key(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, CloudError> {
        let Current { version, way } = self.current()?;
        let answer = self.operate("wrapkey", &version, way, &bound(file_key, associated)[..])?;
        match (answer.status, bytes(&answer.body["value"])) {
            (200, _) if version_in(&answer.body["kid"], &self.path) != Some(&version) => {
                Err(self.service.not_understood("it is of another key"))
            }
            (200, Some(value)) if !value.is_empty() => {
                let head = [way as u8, version.len() as u8];
                Ok(framed(&[&head, version.as_bytes(), &value].concat()))
            }
            (200, _) => Err(self.service.not_understood("it gives no value")),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    /// Unwraps what [`wrap_key`](AzureKey::wrap_key) gave, with the same associated data.
    pub fn unwrap_key(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, CloudError> {
        let not_authentic = || CloudError::NotAuthentic { key: self.reference.clone() };
        let (way, version, value) = unframed(wrapped).and_then(split).ok_or_else(not_authentic)?;
        let answer = self.operate("unwrapkey", version, way, value)?;
        match (answer.status, bytes(&answer.body["value"])) {
            (200, Some(plain)) => unbound(&plain, associated).ok_or_else(not_authentic),
            (200, None) => Err(self.service.not_understood("it gives no value")),
            // Of what is sent, the wrapped bytes alone are not this program's own.
            (400, _) if code(&answer.body) == "BadParameter" => Err(not_authentic()),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    fn operate(&self, operation: &str, version: &str, way: Way, value: &[u8]) -> Result<Answer, CloudError> {
        let value = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(value));
        let body = Body(json!({ "alg": way.name(), "value": value.as_str() }));
        let path = format!("{}/{version}/{operation}?{API}", self.path);
        self.bearer.call(&self.service, &path, &body.into(), by_status)
    }

    /// The version that wraps now.
    fn current(&self) -> Result<Current, CloudError> {
        // A panic in another thread leaves what was looked up, or nothing.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((current, since)) = &*current
            && since.elapsed() < LOOKED_UP_FOR
        {
            return Ok(current.clone());
        }
        let found = self.look_up()?;
        *current = Some((found.clone(), Instant::now()));
        Ok(found)
    }

    fn look_up(&self) -> Result<Current, CloudError> {
        let version = self.pinned.as_ref().map(|version| format!("/{version}")).unwrap_or_default();
        let path = format!("{}{version}?{API}", self.path);
        let answer = self.bearer.call(&self.service, &path, &Ask::Get, by_status)?;
        let (key, unsuitable) =
            (&answer.body["key"], |reason| Err(CloudError::Unsuitable { key: self.reference.clone(), reason }));
        if answer.status != 200 {
            return Err(self.service.refused(answer.status, &reason(&answer.body)));
        }
        // A key that is switched off still wraps there, and nobody unwraps that.
        if answer.body["attributes"]["enabled"] == false {
            return unsuitable("it is disabled");
        }
        let way = match key["kty"].as_str() {
            Some("RSA" | "RSA-HSM") => Way::RsaOaep256,
            Some("oct" | "oct-HSM") => Way::Aes256Kw,
            _ => return unsuitable("it is neither an RSA key nor an AES key"),
        };
        if way == Way::RsaOaep256 && bytes(&key["n"]).is_none_or(|modulus| modulus.len() < MIN_MODULUS_LEN) {
            return unsuitable("it is shorter than 2048 bits");
        }
        match version_in(&key["kid"], &self.path) {
            Some(version) if self.pinned.as_deref().is_none_or(|pinned| pinned == version) => {
                Ok(Current { version: version.to_owned(), way })
            }
            _ => Err(self.service.not_understood("it is of another key")),
        }
    }
}

as_external_key!(AzureKey);

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::RsaOaep256 => "RSA-OAEP-256",
            Way::Aes256Kw => "A256KW",
        }
    }
}

/// Way, version, and what the service gave.
fn split(wrapped: &[u8]) -> Option<(Way, &str, &[u8])> {
    let (&[way, len], rest) = wrapped.split_first_chunk()?;
    let way = [Way::RsaOaep256, Way::Aes256Kw].into_iter().find(|known| *known as u8 == way)?;
    let (version, value) = rest.split_at_checked(len.into())?;
    let version = std::str::from_utf8(version).ok().filter(|version| is_version(version))?;
    (!value.is_empty()).then_some((way, version, value))
}

/// The parts of a key's identifier.
struct Identifier<'u> {
    host: &'u str,
    name: &'u str,
    version: Option<&'u str>,
}

fn parse(uri: &str) -> Result<Identifier<'_>, CloudError> {
    let is_name =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let parts = || {
        let (host, rest) = uri.strip_prefix(SCHEME)?.strip_prefix("https://")?.split_once("/keys/")?;
        let (name, version) = match rest.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (rest, None),
        };
        let fits = host.split('.').all(is_name) && is_name(name) && version.is_none_or(is_version);
        (fits && cloud_of(host).is_some()).then_some(Identifier { host, name, version })
    };
    parts().ok_or_else(|| not_a_key(uri))
}

fn not_a_key(uri: &str) -> CloudError {
    CloudError::Uri {
        text: shown(uri),
        expected: "write azurekv: and the key's identifier, such as https://NAME.vault.azure.net/keys/KEY",
    }
}

/// Which cloud a vault is in.
pub(super) struct Cloud {
    /// For what a token is asked.
    pub(super) resource: String,
    /// Who gives it.
    pub(super) authority: &'static str,
}

fn cloud_of(host: &str) -> Option<Cloud> {
    let (name, domain) = host.split_once('.')?;
    let (_, authority) = DOMAINS.into_iter().find(|(known, _)| *known == domain)?;
    (!name.is_empty()).then(|| Cloud { resource: format!("https://{domain}"), authority })
}

/// The version in a key's identifier, if it is of the key at this path.
fn version_in<'v>(kid: &'v Value, path: &str) -> Option<&'v str> {
    let (before, version) = kid.as_str()?.rsplit_once('/')?;
    (before.ends_with(path) && is_version(version)).then_some(version)
}

/// Letters and digits lead nowhere else in a path: a version can come from a stranger's header.
fn is_version(text: &str) -> bool {
    (1..=MAX_VERSION_LEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn bytes(value: &Value) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_URL_SAFE_NO_PAD.decode(value.as_str()?.trim_end_matches('=')).ok().map(Zeroizing::new)
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

fn reason(body: &Value) -> String {
    match format!("{} {}", code(body), body["error"]["message"].as_str().unwrap_or_default()).trim() {
        "" => "no reason is given".to_owned(),
        reason => reason.to_owned(),
    }
}

const SCHEME: &str = "azurekv:";
const API: &str = "api-version=7.4";
/// The domains of vaults and modules, and who gives tokens for them.
const DOMAINS: [(&str, &str); 6] = [
    ("vault.azure.net", "https://login.microsoftonline.com"),
    ("managedhsm.azure.net", "https://login.microsoftonline.com"),
    ("vault.usgovcloudapi.net", "https://login.microsoftonline.us"),
    ("managedhsm.usgovcloudapi.net", "https://login.microsoftonline.us"),
    ("vault.azure.cn", "https://login.chinacloudapi.cn"),
    ("managedhsm.azure.cn", "https://login.chinacloudapi.cn"),
];
const MAX_VERSION_LEN: usize = 64;
/// Bytes: 2048 bits.
const MIN_MODULUS_LEN: usize = 256;
/// How late a rotation is noticed, at most.
const LOOKED_UP_FOR: Duration = Duration::from_secs(600);
