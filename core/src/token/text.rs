//! The text form of tokens: base64url without padding (spec T-4).

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod general;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod kernel;

use alloc::{string::String, vec::Vec};

// A kernel made for WebAssembly's SIMD, where that is; the general library anywhere else.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use general as engine;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use kernel as engine;

use super::TokenError;

/// The text form of a token, a member or a group header.
pub fn encode_text(token: &[u8]) -> String {
    engine::encode(token)
}

/// As [`encode_text`], into `out`, which has just [`text_len`] bytes.
pub fn encode_text_to(token: &[u8], out: &mut [u8]) -> Result<(), TokenError> {
    let (expected, got) = (text_len(token.len()), out.len());
    if engine::encode_to(token, out) { Ok(()) } else { Err(TokenError::WrongLength { expected, got }) }
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
    match engine::first_bytes(&text[..text.len().min(4)]) {
        Some((_, 0)) => Err(TokenError::Truncated { got: 0 }),
        Some(([first, ..], _)) => Ok(first),
        None => Err(TokenError::InvalidText),
    }
}

/// The bytes behind a text form. Padding, white space, other alphabets and stray bits are refused, so each token has one text.
pub fn decode_text(text: &str) -> Result<Vec<u8>, TokenError> {
    let mut token = Vec::new();
    decode_text_into(text.as_bytes(), &mut token)?;
    Ok(token)
}

/// As [`decode_text`], appending to `out`, or nothing.
pub fn decode_text_into(text: &[u8], out: &mut Vec<u8>) -> Result<(), TokenError> {
    let start = out.len();
    if engine::decode_into(text, out) {
        return Ok(());
    }
    out.truncate(start);
    Err(TokenError::InvalidText)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

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

    /// Long enough for vectors of any width, and every remainder after them.
    #[test]
    fn it_is_the_base64_of_others() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(|word| word.wrapping_mul(40_503).to_be_bytes()).collect();
        for len in 0..600 {
            let bytes = &bytes[len * 7..][..len];
            let expected = URL_SAFE_NO_PAD.encode(bytes);
            assert_eq!(encode_text(bytes), expected, "{len}");
            let mut out = vec![0; expected.len()];
            assert_eq!(encode_text_to(bytes, &mut out), Ok(()));
            assert_eq!(out, expected.as_bytes(), "{len}");
            assert_eq!(decode_text(&expected).as_deref(), Ok(bytes), "{len}");
        }
    }

    /// Wherever in a long text it stands, what is not of the alphabet is refused, and so are padding and stray bits at its end.
    #[test]
    fn one_wrong_character_is_enough() {
        let text = encode_text(&[0xA5; 150]);
        for at in 0..text.len() {
            for wrong in ["+", "/", "=", " ", "\n", "\0", "\u{7f}"] {
                let (before, after) = (&text[..at], &text[at + 1..]);
                assert_eq!(
                    decode_text(&format!("{before}{wrong}{after}")),
                    Err(TokenError::InvalidText),
                    "{at} {wrong:?}"
                );
            }
        }
        for len in [148, 149] {
            let text = encode_text(&[0xA5; 150][..len]);
            assert!(decode_text(&text).is_ok());
            assert_eq!(decode_text(&format!("{text}=")), Err(TokenError::InvalidText));
            let stray = format!("{}B", &text[..text.len() - 1]);
            assert_eq!(decode_text(&stray), Err(TokenError::InvalidText), "{len}");
        }
    }
}
