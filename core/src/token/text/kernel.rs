//! Base64url by `fortress-sdk-kernels`, made for WebAssembly's SIMD.

use alloc::{string::String, vec, vec::Vec};

use fortress_kernels::base64url;

use super::{bytes_len, text_len};

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = vec![0; text_len(bytes.len())];
    // It has the right length, and the alphabet is ASCII.
    match base64url::encode(bytes, &mut text) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// False unless `text` is just long enough.
pub(super) fn encode_to(bytes: &[u8], text: &mut [u8]) -> bool {
    base64url::encode(bytes, text).is_ok()
}

/// Appends the bytes of `text`; false if it is no text, and then what was appended means nothing.
pub(super) fn decode_into(text: &[u8], bytes: &mut Vec<u8>) -> bool {
    let (start, len) = (bytes.len(), bytes_len(text.len()));
    bytes.resize(start + len.unwrap_or_default(), 0);
    base64url::decode(text, &mut bytes[start..]).is_ok()
}

/// The bytes of a text of four characters at most, and how many there are.
pub(super) fn first_bytes(text: &[u8]) -> Option<([u8; 3], usize)> {
    let mut bytes = [0; 3];
    let len = bytes_len(text.len())?;
    base64url::decode(text, bytes.get_mut(..len)?).ok()?;
    Some((bytes, len))
}
