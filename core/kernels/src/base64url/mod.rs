//! Base64url without padding (RFC 4648, 5), sixteen characters at a time. Each byte string has one text, and no other is read.

mod group;

use group::{Bad, decode_group, encode_group};

use crate::Error;

/// Writes the text of `bytes` into `text`, which is just long enough.
pub fn encode(bytes: &[u8], text: &mut [u8]) -> Result<(), Error> {
    if !fits(bytes.len(), text.len()) {
        return Err(Error::Length);
    }
    let (groups, rest) = bytes.as_chunks::<GROUP>();
    let (texts, rest_text) = text.as_chunks_mut::<GROUP_TEXT>();
    for (group, text) in groups.iter().zip(&mut *texts) {
        *text = encode_group(group);
    }
    if !rest.is_empty() {
        let mut group = [0; GROUP];
        group[..rest.len()].copy_from_slice(rest);
        let text = encode_group(&group);
        rest_text.copy_from_slice(&text[..rest_text.len()]);
    }
    Ok(())
}

/// Writes the bytes of `text` into `bytes`, which is just long enough. After an error it is not specified what they are.
pub fn decode(text: &[u8], bytes: &mut [u8]) -> Result<(), InvalidText> {
    if !fits(bytes.len(), text.len()) {
        return Err(InvalidText);
    }
    let (texts, rest) = text.as_chunks::<GROUP_TEXT>();
    let (groups, rest_bytes) = bytes.as_chunks_mut::<GROUP>();
    let mut bad = Bad::default();
    for (text, group) in texts.iter().zip(&mut *groups) {
        *group = decode_group(text, &mut bad);
    }
    let mut stray = 0;
    if !rest.is_empty() {
        let mut text = [ZERO; GROUP_TEXT];
        text[..rest.len()].copy_from_slice(rest);
        let group = decode_group(&text, &mut bad);
        let (bytes, behind) = group.split_at(rest_bytes.len());
        rest_bytes.copy_from_slice(bytes);
        // Bits of the last character that stand for nothing are zero in the one text that the bytes have.
        stray = behind.iter().fold(0, |bits, byte| bits | byte);
    }
    if bad.any() || stray != 0 { Err(InvalidText) } else { Ok(()) }
}

/// Is the text of so many bytes so long?
fn fits(bytes: usize, text: usize) -> bool {
    (bytes as u64 * 4).div_ceil(3) == text as u64
}

/// It is not the text of any bytes, or not of as many as there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidText;

/// Bytes of a whole group.
const GROUP: usize = 12;
/// Its characters.
const GROUP_TEXT: usize = 16;
/// The character of six zeros.
const ZERO: u8 = b'A';

#[cfg(test)]
mod tests {
    use std::{string::String, vec, vec::Vec};

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut text = vec![0; (bytes.len() * 4).div_ceil(3)];
        encode(bytes, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    fn decoded(text: &[u8]) -> Result<Vec<u8>, InvalidText> {
        let mut bytes = vec![0; text.len() * 3 / 4];
        decode(text, &mut bytes).map(|()| bytes)
    }

    /// RFC 4648, 10, without the padding.
    #[test]
    fn rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(bytes.as_bytes()), text);
            assert_eq!(decoded(text.as_bytes()).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn it_is_the_base64_of_others_at_every_length() {
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(|word| word.wrapping_mul(40_503).to_be_bytes()).collect();
        for len in 0..=1_024 {
            let bytes = &bytes[len * 7..][..len];
            let text = URL_SAFE_NO_PAD.encode(bytes);
            assert_eq!(encoded(bytes), text, "{len}");
            assert_eq!(decoded(text.as_bytes()).as_deref(), Ok(bytes), "{len}");
        }
    }

    /// Every byte at every place of texts that end in each way, within groups and behind them, and what others make of it.
    #[test]
    fn every_byte_at_every_place() {
        for len in [1, 2, 3, 12, 23, 24, 25, 26, 38] {
            let text = URL_SAFE_NO_PAD.encode(vec![0xA5; len]).into_bytes();
            for at in 0..text.len() {
                for byte in 0..=u8::MAX {
                    let mut text = text.clone();
                    text[at] = byte;
                    assert_eq!(decoded(&text).ok(), URL_SAFE_NO_PAD.decode(&text).ok(), "{len} {at} {byte}");
                }
            }
        }
    }

    /// Every pair of last characters: of four or sixteen in a row, one has no stray bits.
    #[test]
    fn stray_bits_are_refused() {
        for (before, len) in [("", 2), ("A", 3), ("AAAAAAAAAAAAAAAA", 18), ("AAAAAAAAAAAAAAAAA", 19)] {
            let mut read = 0;
            for pair in 0..=u16::MAX {
                let text = [before.as_bytes(), &pair.to_be_bytes()].concat();
                assert_eq!(text.len(), len);
                let ours = decoded(&text).ok();
                assert_eq!(ours, URL_SAFE_NO_PAD.decode(&text).ok(), "{len} {pair}");
                read += usize::from(ours.is_some());
            }
            assert_eq!(read, if len % 4 == 2 { 64 * 4 } else { 64 * 16 });
        }
    }

    #[test]
    fn lengths() {
        assert_eq!(encode(b"foo", &mut [0; 3]), Err(Error::Length));
        assert_eq!(encode(b"foo", &mut [0; 5]), Err(Error::Length));
        assert_eq!(decode(b"Zm9v", &mut [0; 2]), Err(InvalidText));
        assert_eq!(decode(b"Zm9v", &mut [0; 4]), Err(InvalidText));
        for len in (1..100).step_by(4) {
            assert_eq!(decoded("A".repeat(len).as_bytes()), Err(InvalidText));
        }
        for padded in ["Zg==", "Zm8=", "Zm9v====", "=", "Zm9v="] {
            assert_eq!(decoded(padded.as_bytes()), Err(InvalidText), "{padded}");
        }
        for spaced in [" Zg", "Zg\n", "Zm 9v", "Z\tm9vYg"] {
            assert_eq!(decoded(spaced.as_bytes()), Err(InvalidText), "{spaced:?}");
        }
    }
}
