//! The keys that sign grants, in a module of their own: few pages need them, and they weigh as much as a third of all else.

use fortress::{
    grant::{Algorithm, SigningKey, VerifyingKey},
    hazmat,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame,
    json::{self, Json},
    random::Pool,
};

/// What signs grants. Dropping it wipes it.
#[wasm_bindgen]
pub struct SigningKeyHandle(SigningKey);

#[wasm_bindgen]
impl SigningKeyHandle {
    /// A fresh one. Frame: the algorithm's name, empty for the default.
    pub fn generate(len: usize) -> Option<SigningKeyHandle> {
        frame::make(len, |input, _| {
            let algorithm = algorithm(input.rest_text()?)?;
            Ok(SigningKeyHandle(SigningKey::generate(algorithm, &mut Pool)?))
        })
    }

    /// The one of a secret text. Frame: the text.
    pub fn from_secret(len: usize) -> Option<SigningKeyHandle> {
        frame::make(len, |input, _| Ok(SigningKeyHandle(SigningKey::from_text(input.rest_text()?)?)))
    }

    /// What others verify by. Result: JSON, its id, algorithm and text.
    pub fn describe(&self) -> i32 {
        frame::call(0, |_, out| {
            describe(self.0.verifying_key(), out);
            Ok(())
        })
    }

    /// What others verify by. Result: its bytes.
    pub fn verifying_key(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(&self.0.verifying_key().to_bytes());
            Ok(())
        })
    }

    /// Result: the secret text, in the clear.
    pub fn expose_secret(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.0.expose_text().as_bytes());
            Ok(())
        })
    }

    /// Signs a grant. Frame: what is to be signed. Result: the signature.
    pub fn sign(&self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            out.extend_from_slice(&hazmat::sign_grant(&self.0, input.rest(), &mut Pool)?);
            Ok(())
        })
    }
}

/// Reads the text of a verifying key. Frame: the text. Result: JSON, its id, algorithm and text.
#[wasm_bindgen]
pub fn verifying_key(len: usize) -> i32 {
    frame::call(len, |input, out| {
        describe(&input.rest_text()?.parse()?, out);
        Ok(())
    })
}

/// Verifies a grant's signature. Frame: the granter's verifying key, the signature, what was signed. Result: JSON, as of a verifying key.
#[wasm_bindgen]
pub fn verify(len: usize) -> i32 {
    frame::call(len, |input, out| {
        let (granter, signature) = (input.bytes()?, input.bytes()?);
        describe(&hazmat::verify_grant(granter, input.rest(), signature)?, out);
        Ok(())
    })
}

/// Refuses a granter who is none of the trusted. Frame: list of the trusted verifying keys' texts, the granter's.
#[wasm_bindgen]
pub fn require_trusted(len: usize) -> i32 {
    frame::call(len, |input, _| {
        let trusted = input.texts()?.into_iter().map(str::parse).collect::<Result<Vec<VerifyingKey>, _>>()?;
        let granter: VerifyingKey = input.rest_text()?.parse()?;
        Ok(granter.require_among(&trusted)?)
    })
}

fn describe(key: &VerifyingKey, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    json::string(object.key("id"), &key.id().to_string());
    json::string(object.key("algorithm"), key.algorithm().short_name());
    json::string(object.key("text"), &key.to_string());
    object.end();
}

fn algorithm(name: &str) -> Result<Algorithm, Failure> {
    if name.is_empty() {
        return Ok(Algorithm::default());
    }
    Algorithm::from_short_name(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::short_name).join(" or ");
        Failure::argument(format!("signing keys are {known}, got {name:?}"))
    })
}
