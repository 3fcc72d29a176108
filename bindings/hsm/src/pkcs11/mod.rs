//! Keys in tokens that speak PKCS #11: hardware security modules, smart cards, or software that acts as one.

mod access;
mod error;
mod generate;
mod key;
mod list;
mod token;
mod uri;
mod wrapping;

pub use access::{Access, Pin, PinRequest};
pub use error::{Pkcs11Error, Tries};
pub use generate::{Mechanism, NewKey, generate};
pub use key::Pkcs11Key;
pub use list::{KeyInfo, TokenInfo, list_keys, list_tokens};
pub use uri::{Kind, Pkcs11Uri, UriError};
