//! The text form of tokens: base64url without padding (spec T-4).

use alloc::{string::String, vec::Vec};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::TokenError;

/// The text form of a token, a member or a group header.
pub fn encode_text(token: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(token)
}

/// As [`encode_text`], into `out`, which has just [`text_len`] bytes.
pub fn encode_text_to(token: &[u8], out: &mut [u8]) -> Result<(), TokenError> {
    let (expected, got) = (text_len(token.len()), out.len());
    match URL_SAFE_NO_PAD.encode_slice(token, out) {
        Ok(written) if written == got => Ok(()),
        _ => Err(TokenError::WrongLength { expected, got }),
    }
}

/// Bytes, and characters, of the text form of a token of `len` bytes.
pub const fn text_len(len: usize) -> usize {
    let last = len % 3;
    len / 3 * 4 + last + (last > 0) as usize
}

/// Bytes behind a text form of `len` characters; `None` if none is so long.
pub(crate) const fn bytes_len(len: usize) -> Option<usize> {
    match len % 4 {
        0 => Some(len / 4 * 3),
        1 => None,
        last => Some(len / 4 * 3 + last - 1),
    }
}

/// The first byte behind a text form, by which its kind is known.
pub(crate) fn first_byte_of_text(text: &[u8]) -> Result<u8, TokenError> {
    let mut start = [0; 3];
    match URL_SAFE_NO_PAD.decode_slice(&text[..text.len().min(4)], &mut start) {
        Ok(0) => Err(TokenError::Truncated { got: 0 }),
        Ok(_) => Ok(start[0]),
        Err(_) => Err(TokenError::InvalidText),
    }
}

/// The bytes behind a text form. Padding, white space, other alphabets and stray bits are refused, so each token has one text.
pub fn decode_text(text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::InvalidText)
}

/// As [`decode_text`], appending to `out`, or nothing.
pub fn decode_text_into(text: &[u8], out: &mut Vec<u8>) -> Result<(), TokenError> {
    let start = out.len();
    URL_SAFE_NO_PAD.decode_vec(text, out).map_err(|_| {
        out.truncate(start);
        TokenError::InvalidText
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// RFC 4648, 10, without the padding; and the lengths on the way.
    #[test]
    fn into_buffers() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]
        {
            assert_eq!(text_len(bytes.len()), text.len());
            assert_eq!(bytes_len(text.len()), Some(bytes.len()));
            assert_eq!(first_byte_of_text(text.as_bytes()).ok(), bytes.bytes().next());
            let mut out = vec![0; text.len()];
            encode_text_to(bytes.as_bytes(), &mut out).unwrap();
            assert_eq!(out, text.as_bytes());
            let mut decoded = b"before".to_vec();
            decode_text_into(text.as_bytes(), &mut decoded).unwrap();
            assert_eq!(decoded.strip_prefix(b"before").unwrap(), bytes.as_bytes());
            let longer = TokenError::WrongLength { expected: text.len(), got: text.len() + 1 };
            assert_eq!(encode_text_to(bytes.as_bytes(), &mut vec![0; text.len() + 1]), Err(longer));
        }
        assert_eq!(encode_text_to(b"foo", &mut [0; 3]), Err(TokenError::WrongLength { expected: 4, got: 3 }));
        assert_eq!(bytes_len(5), None);
        assert_eq!(first_byte_of_text(b"Zm!v"), Err(TokenError::InvalidText));
        let mut out = b"before".to_vec();
        assert_eq!(decode_text_into(b"Zm9vYg==", &mut out), Err(TokenError::InvalidText));
        assert_eq!(out, b"before");
    }
}
