//! The text form of tokens: base64url without padding (spec T-4).

use alloc::{string::String, vec::Vec};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::TokenError;

/// The text form of a token, a member or a group header.
pub fn encode_text(token: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(token)
}

/// The bytes behind a text form. Padding, white space, other alphabets and stray bits are refused, so each token has one text.
pub fn decode_text(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::InvalidText)
}
