//! Keys in the Transit engine of HashiCorp Vault and OpenBao.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::bearer::{fits_in_a_header, unusable};
use super::http::{Answer, Body, Service, by_status};
use super::{CloudError, Patience, framed, shown, unframed, variable};
use crate::bound::{bound, unbound};

/// A key in the Transit engine of Vault or OpenBao, which wraps and unwraps there.
#[derive(Debug)]
pub struct TransitKey {
    service: Service,
    mount: String,
    name: String,
    reference: String,
    token: VaultToken,
    namespace: Option<String>,
}

/// A token of Vault or OpenBao. Wiped when dropped, shown nowhere.
#[derive(Clone)]
pub struct VaultToken(Zeroizing<String>);

impl VaultToken {
    /// A token.
    pub fn new(token: impl Into<String>) -> VaultToken {
        VaultToken(Zeroizing::new(token.into()))
    }
}

impl fmt::Debug for VaultToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultToken(***)")
    }
}

impl TransitKey {
    /// The key that `vault:MOUNT/KEY` names, such as `vault:transit/kek`, at an address such as `https://vault.example.org:8200`.
    pub fn new(uri: &str, address: &str, token: VaultToken, patience: Patience) -> Result<TransitKey, CloudError> {
        let (mount, name) = parse(uri)?;
        if !fits_in_a_header(&token.0) {
            return Err(unusable("the token for Vault or OpenBao")(
                "it is empty, or has a space or a line break in it",
            ));
        }
        let service = Service::new(address, patience)?;
        let reference = format!("{SCHEME}{mount}/{name}");
        Ok(TransitKey { service, mount: mount.to_owned(), name: name.to_owned(), reference, token, namespace: None })
    }

    /// The same in a namespace, such as `team/payments`. It is no part of the reference: as the address, readers have it from their own configuration.
    pub fn namespace(self, path: &str) -> Result<TransitKey, CloudError> {
        let path = path.trim_matches('/');
        if !path.split('/').all(is_plain) {
            return Err(CloudError::Uri { text: shown(path), expected: "write a namespace as team/payments" });
        }
        Ok(TransitKey { namespace: Some(path.to_owned()), ..self })
    }

    /// With address, token and, where there is one, namespace from the environment, by the names that the command lines of both use: `VAULT_ADDR`,
    /// `VAULT_TOKEN` and `VAULT_NAMESPACE`, or `BAO_ADDR`, `BAO_TOKEN` and `BAO_NAMESPACE`. Those of one and of the other are not mixed, so that no server
    /// gets the token of another; where both addresses are set they have to be the same.
    pub fn from_env(uri: &str, patience: Patience) -> Result<TransitKey, CloudError> {
        TransitKey::of(uri, patience, |name| variable(&[name]))
    }

    /// With what these variables say.
    fn of(uri: &str, patience: Patience, variable: impl Fn(&str) -> Option<String>) -> Result<TransitKey, CloudError> {
        parse(uri)?;
        let missing = |missing, advice| CloudError::Missing { missing, advice };
        let vault = variable(VAULT.address).map(|address| (address, VAULT));
        let bao = variable(BAO.address).map(|address| (address, BAO));
        let (address, names) = match (vault, bao) {
            (Some((one, _)), Some((other, _))) if one.trim_end_matches('/') != other.trim_end_matches('/') => {
                return Err(unusable("VAULT_ADDR beside BAO_ADDR")("they name two servers; set one of them"));
            }
            // Two names of one server: the one that has a token.
            (Some(_), Some(bao)) if variable(VAULT.token).is_none() => bao,
            (vault, bao) => {
                vault.or(bao).ok_or_else(|| missing("the address of Vault or OpenBao", "set VAULT_ADDR or BAO_ADDR"))?
            }
        };
        let token = variable(names.token).ok_or_else(|| missing("the token for Vault or OpenBao", names.advice))?;
        let key = TransitKey::new(uri, &address, VaultToken::new(token), patience)?;
        match variable(names.namespace) {
            Some(path) => key.namespace(&path),
            None => Ok(key),
        }
    }

    /// Is this text in the form of such a key's URI?
    pub fn is_uri(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Wraps a file key.
    pub fn wrap_key(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, CloudError> {
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(&bound(file_key, associated)[..]));
        let answer = self.call("encrypt", Body(json!({ "plaintext": plaintext.as_str() })))?;
        match (answer.status, answer.body["data"]["ciphertext"].as_str()) {
            (200, Some(ciphertext)) if !ciphertext.is_empty() => Ok(framed(ciphertext.as_bytes())),
            (200, _) => Err(self.service.not_understood("it gives no ciphertext")),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    /// Unwraps what [`wrap_key`](TransitKey::wrap_key) gave, with the same associated data.
    pub fn unwrap_key(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, CloudError> {
        let not_authentic = || CloudError::NotAuthentic { key: self.reference.clone() };
        let ciphertext =
            unframed(wrapped).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(not_authentic)?;
        let answer = self.call("decrypt", Body(json!({ "ciphertext": ciphertext })))?;
        match (answer.status, answer.body["data"]["plaintext"].as_str()) {
            (200, Some(plaintext)) => {
                let plain = Zeroizing::new(BASE64_STANDARD.decode(plaintext).map_err(|_| not_authentic())?);
                unbound(&plain, associated).ok_or_else(not_authentic)
            }
            (200, None) => Err(self.service.not_understood("it gives no plaintext")),
            (400 | 500, _) if is_about_ciphertext(&reason(&answer.body)) => Err(not_authentic()),
            (status, _) => Err(self.service.refused(status, &reason(&answer.body))),
        }
    }

    fn call(&self, what: &str, body: Body) -> Result<Answer, CloudError> {
        let path = format!("/v1/{}/{what}/{}", self.mount, self.name);
        // Of RSA, a ciphertext that does not decrypt is told as an internal error.
        let again = |answer: &Answer| by_status(answer).filter(|_| !is_about_ciphertext(&reason(&answer.body)));
        self.service.call(&path, &body.into(), again, |_| {
            let mut headers = vec![
                ("X-Vault-Token", self.token.0.clone()),
                ("Content-Type", Zeroizing::new("application/json".to_owned())),
            ];
            headers.extend(self.namespace.iter().map(|path| ("X-Vault-Namespace", Zeroizing::new(path.clone()))));
            headers
        })
    }
}

as_external_key!(TransitKey);

/// The names by which a server is found.
#[derive(Clone, Copy)]
struct Variables {
    address: &'static str,
    token: &'static str,
    namespace: &'static str,
    advice: &'static str,
}

/// Mount and key. Their characters need no escaping in a path, and lead nowhere else.
fn parse(uri: &str) -> Result<(&str, &str), CloudError> {
    let parts = uri.strip_prefix(SCHEME).and_then(|rest| rest.rsplit_once('/'));
    parts.filter(|(mount, name)| mount.split('/').all(is_plain) && is_plain(name)).ok_or_else(|| CloudError::Uri {
        text: shown(uri),
        expected: "write vault:MOUNT/KEY, such as vault:transit/kek",
    })
}

fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && part.bytes().any(|byte| byte != b'.')
}

/// What Vault says of an error.
fn reason(body: &Value) -> String {
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
    if texts.is_empty() { "no reason is given".to_owned() } else { texts.join("; ") }
}

/// The server tells by its words alone whether the ciphertext is at fault.
fn is_about_ciphertext(reason: &str) -> bool {
    ["message authentication failed", "invalid ciphertext", "decryption error", "illegal base64"]
        .iter()
        .any(|words| reason.contains(words))
}

const SCHEME: &str = "vault:";
const VAULT: Variables = Variables {
    address: "VAULT_ADDR",
    token: "VAULT_TOKEN",
    namespace: "VAULT_NAMESPACE",
    advice: "set VAULT_TOKEN beside VAULT_ADDR",
};
const BAO: Variables = Variables {
    address: "BAO_ADDR",
    token: "BAO_TOKEN",
    namespace: "BAO_NAMESPACE",
    advice: "set BAO_TOKEN beside BAO_ADDR",
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    #[test]
    fn no_server_gets_what_is_for_another() {
        let of = |set: &[(&str, &str)]| {
            TransitKey::of("vault:transit/kek", Patience::default(), |name| {
                set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let (a, b) = ("https://a.example.org", "https://b.example.org");
        let key = of(&[("BAO_ADDR", b), ("BAO_TOKEN", "bao"), ("VAULT_TOKEN", "vault"), ("VAULT_NAMESPACE", "v")]);
        let key = key.unwrap();
        assert_eq!((key.service.host.as_str(), key.token.0.as_str(), key.namespace), ("b.example.org", "bao", None));
        let key = of(&[("VAULT_ADDR", a), ("VAULT_TOKEN", "vault"), ("BAO_TOKEN", "bao"), ("VAULT_NAMESPACE", "v")]);
        let key = key.unwrap();
        assert_eq!((key.token.0.as_str(), key.namespace.as_deref()), ("vault", Some("v")));
        let same = [("VAULT_ADDR", a), ("BAO_ADDR", "https://a.example.org/"), ("BAO_TOKEN", "bao")];
        assert_eq!(of(&same).unwrap().token.0.as_str(), "bao");

        let refused = |set: &[(&str, &str)], says: &str| {
            let error = of(set).unwrap_err();
            assert!(error.code() == "no_credentials" && error.to_string().contains(says), "{error}");
        };
        refused(&[], "VAULT_ADDR or BAO_ADDR");
        refused(&[("VAULT_ADDR", a), ("BAO_TOKEN", "bao")], "set VAULT_TOKEN");
        refused(&[("BAO_ADDR", a), ("VAULT_TOKEN", "vault")], "set BAO_TOKEN");
        refused(&[("VAULT_ADDR", a), ("BAO_ADDR", b), ("VAULT_TOKEN", "c"), ("BAO_TOKEN", "c")], "two servers");
    }
}
