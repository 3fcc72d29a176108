//! What is there: tokens, and the keys in one.

use std::path::Path;

use super::key::find_all;
use super::token::{Token, Writing, tries};
use super::wrapping::Handles;
use super::{Access, Mechanism, Pkcs11Error, Pkcs11Uri, Tries};

/// A token, as its module describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Names it, by its label and serial number.
    pub uri: Pkcs11Uri,
    /// Its label.
    pub label: String,
    /// Its maker and model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// What it offers of the mechanisms that are used here, best first.
    pub mechanisms: Vec<Mechanism>,
    /// What it tells of the PIN tries that are left; `None` when the PIN is locked.
    pub tries: Option<Tries>,
}

/// A key in a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeyInfo {
    /// Names it, by token, label and id.
    pub uri: Pkcs11Uri,
    /// Its kind and size, such as `AES-256`.
    pub kind: String,
    /// By what it wraps, or why it is not used.
    pub mechanism: Result<Mechanism, Pkcs11Error>,
}

/// The tokens that a module sees. No PIN is needed.
pub fn list_tokens(module: &Path) -> Result<Vec<TokenInfo>, Pkcs11Error> {
    Token::all(module)?.iter().map(describe).collect()
}

/// The AES and RSA keys in the token that a URI names.
pub fn list_keys(uri: &Pkcs11Uri, access: &Access) -> Result<Vec<KeyInfo>, Pkcs11Error> {
    let token = Token::find(uri, access)?;
    let session = token.session(uri, access, &mut None, Writing::No)?;
    let mut found = find_all(&token, &session)?;
    found.retain(|key| uri.names(&key.facts));
    let info = |key: &super::key::Found| {
        let family = match key.handles {
            Handles::Aes(_) => "AES",
            Handles::Rsa(..) => "RSA",
        };
        KeyInfo { uri: key.reference(), kind: format!("{family}-{}", key.bits()), mechanism: key.usable(&token) }
    };
    Ok(found.iter().map(info).collect())
}

fn describe(token: &Token) -> Result<TokenInfo, Pkcs11Error> {
    let info = token.info()?;
    Ok(TokenInfo {
        uri: Pkcs11Uri::of_token(info.label()).serial(info.serial_number()),
        label: info.label().to_owned(),
        model: format!("{} {}", info.manufacturer_id(), info.model()).trim().to_owned(),
        serial: info.serial_number().to_owned(),
        mechanisms: token.offers(),
        tries: (!info.user_pin_locked()).then(|| tries(&info)),
    })
}
