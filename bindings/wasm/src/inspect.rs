//! What can be told of a ciphertext without a key, as JSON.

#[cfg(feature = "envelopes")]
use fortress::envelope::{Header, RecipientInfo};
use fortress::{
    Suite,
    inspect::{self, Inspection},
    token::{MAX_VALUE_LEN, TokenError, decode_text},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame,
    json::{self, Json},
};

/// Inspects a token's text. Frame: the text. Result: JSON.
#[wasm_bindgen]
pub fn inspect_text(len: usize) -> i32 {
    frame::call(len, |input, out| {
        let token = decode_text(input.rest_text()?)?;
        write(&inspect::token(&token)?, out);
        Ok(())
    })
}

/// Inspects a token or an envelope of `total` bytes, from its start. Frame: the bytes. Result: JSON.
#[wasm_bindgen]
pub fn inspect_bytes(len: usize, total: f64) -> i32 {
    frame::call(len, |input, out| {
        write(&token_or_envelope(input.rest(), total as u64)?, out);
        Ok(())
    })
}

fn token_or_envelope(bytes: &[u8], total: u64) -> Result<Inspection, Failure> {
    match inspect::token(bytes) {
        // What does not start as a token may be an envelope.
        #[cfg(feature = "envelopes")]
        Err(TokenError::UnknownVersion(_)) => Ok(inspect::envelope(bytes, Some(total))?),
        Ok(_) if total > bytes.len() as u64 => Err(too_long(total).into()),
        inspected => Ok(inspected?),
    }
}

/// Bytes that are enough of anything: a token whole, or an envelope's start.
#[wasm_bindgen]
pub fn inspected_len() -> usize {
    2 * MAX_VALUE_LEN
}

fn too_long(total: u64) -> TokenError {
    TokenError::ValueTooLarge { limit: MAX_VALUE_LEN, got: usize::try_from(total).unwrap_or(usize::MAX) }
}

fn write(inspection: &Inspection, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    json::string(object.key("kind"), inspection.kind.name());
    json::option(object.key("suiteId"), inspection.suite_id, |out, id| json::number(out, id.into()));
    let suite = inspection.suite_id.and_then(|id| Suite::from_id(id).ok());
    json::option(object.key("suite"), suite, |out, suite| json::string(out, suite.title()));
    json::option(object.key("keyId"), inspection.key_id, |out, id| json::string(out, &id.to_string()));
    json::option(object.key("plaintextLength"), inspection.plaintext_len, json::number);
    json::boolean(object.key("cutOff"), inspection.cut_off);
    #[cfg(feature = "envelopes")]
    json::option(object.key("header"), inspection.header.as_ref(), write_header);
    #[cfg(not(feature = "envelopes"))]
    json::null(object.key("header"));
    let mut fields = Json::array(object.key("fields"));
    for field in &inspection.fields {
        let mut entry = Json::object(fields.element());
        json::number(entry.key("offset"), field.offset);
        json::number(entry.key("length"), field.len);
        json::string(entry.key("name"), field.name);
        json::string(entry.key("value"), &field.value);
        entry.end();
    }
    fields.end();
    object.end();
}

#[cfg(feature = "envelopes")]
fn write_header(out: &mut Vec<u8>, header: &Header) {
    let mut object = Json::object(out);
    json::string(object.key("content"), header.content());
    json::map(object.key("metadata"), header.metadata().iter());
    let mut recipients = Json::array(object.key("recipients"));
    for info in header.recipient_infos() {
        write_recipient(recipients.element(), info);
    }
    recipients.end();
    object.end();
}

#[cfg(feature = "envelopes")]
fn write_recipient(out: &mut Vec<u8>, info: RecipientInfo) {
    let mut object = Json::object(out);
    match info {
        RecipientInfo::Keyring { key_id } => {
            json::string(object.key("kind"), "keyring");
            json::string(object.key("keyId"), &key_id.to_string());
        }
        RecipientInfo::Passphrase { params } => {
            json::string(object.key("kind"), "passphrase");
            let mut argon2 = Json::object(object.key("argon2"));
            json::number(argon2.key("passes"), params.passes.into());
            json::number(argon2.key("memoryKiB"), params.memory_kib.into());
            json::number(argon2.key("lanes"), params.lanes.into());
            argon2.end();
        }
        RecipientInfo::External { reference } => {
            json::string(object.key("kind"), "external");
            json::string(object.key("reference"), &reference);
        }
        RecipientInfo::Identity { id } => {
            json::string(object.key("kind"), "identity");
            json::string(object.key("id"), &id.to_string());
        }
        RecipientInfo::Shares { set, threshold, count } => {
            json::string(object.key("kind"), "shares");
            json::string(object.key("set"), &set.to_string());
            json::number(object.key("threshold"), threshold.into());
            json::number(object.key("count"), count.into());
        }
        RecipientInfo::Scope { key_id } => {
            json::string(object.key("kind"), "scope");
            json::string(object.key("keyId"), &key_id.to_string());
        }
        RecipientInfo::Other { kind } => {
            json::string(object.key("kind"), "other");
            json::number(object.key("type"), kind);
        }
        // A kind that the core knows and this table does not yet.
        _ => json::string(object.key("kind"), "other"),
    }
    object.end();
}
