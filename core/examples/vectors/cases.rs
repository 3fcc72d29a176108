//! What every family shares: seeded randomness, and the ways to damage bytes.

use chacha20::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A generator for the case of this name.
pub(crate) fn rng(name: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(Sha256::digest(name.as_bytes()).into())
}

/// The plaintext of `len` bytes that cases give by its length: byte *i* is *i* mod 251.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

/// A case under construction. Fields stand in the order in which they are added.
#[derive(Clone)]
pub(crate) struct Case(Map<String, Value>);

impl Case {
    pub(crate) fn new(name: &str) -> Case {
        Case(Map::new()).with("name", name)
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Case {
        self.0.insert(key.into(), value.into());
        self
    }

    pub(crate) fn named(self, name: &str) -> Case {
        let old = self.0.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.with("name", format!("{old}: {name}"))
    }

    /// It succeeds.
    pub(crate) fn valid(self) -> Value {
        Value::Object(self.with("result", "valid").0)
    }

    /// It fails with this code. What it would have given is taken out.
    pub(crate) fn invalid(mut self, code: &str) -> Value {
        for key in ["value", "values", "plaintext", "plaintext_length", "content"] {
            self.0.remove(key);
        }
        Value::Object(self.with("result", "invalid").with("code", code).0)
    }
}

/// `entries` as a JSON object.
pub(crate) fn object(entries: &[(&str, &str)]) -> Value {
    Value::Object(entries.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect())
}

/// A file: what it is, and its cases.
pub(crate) fn file(about: &str, cases: Vec<Value>) -> Value {
    json!({ "about": about, "cases": cases })
}

/// `bytes` with one bit flipped at an offset; a negative one counts from the end.
pub(crate) fn flip(bytes: &[u8], offset: isize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let offset = if offset < 0 { bytes.len() - offset.unsigned_abs() } else { offset.unsigned_abs() };
    bytes[offset] ^= 1;
    bytes
}

/// `bytes` with others written over them at an offset.
pub(crate) fn overwrite(bytes: &[u8], offset: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[offset..offset + with.len()].copy_from_slice(with);
    bytes
}

/// `bytes` with more behind them.
pub(crate) fn extend(bytes: &[u8], with: &[u8]) -> Vec<u8> {
    [bytes, with].concat()
}
