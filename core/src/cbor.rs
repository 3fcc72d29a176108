//! Deterministic CBOR (spec N-3): a writer of its few shapes, and a reader that accepts nothing else.

use alloc::vec::Vec;

use minicbor::Decoder;

const UNSIGNED: u8 = 0 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const NULL: u8 = 0xF6;

pub(crate) fn put_unsigned(out: &mut Vec<u8>, n: u64) {
    put_head(out, UNSIGNED, n);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_array(out: &mut Vec<u8>, len: usize) {
    put_head(out, ARRAY, len as u64);
}

pub(crate) fn put_map(out: &mut Vec<u8>, len: usize) {
    put_head(out, MAP, len as u64);
}

pub(crate) fn put_null(out: &mut Vec<u8>) {
    out.push(NULL);
}

/// Reads `bytes` by `parse`, and accepts what it read only if `write` gives the same bytes again: whatever is not the
/// deterministic encoding of its meaning, or is followed by more, fails here.
pub(crate) fn read_canonical<'b, T>(
    bytes: &'b [u8],
    parse: impl FnOnce(&mut Decoder<'b>) -> Result<T, NotCanonical>,
    write: impl FnOnce(&T) -> Vec<u8>,
) -> Result<T, NotCanonical> {
    let value = parse(&mut Decoder::new(bytes))?;
    let again = zeroize::Zeroizing::new(write(&value));
    if *again == bytes { Ok(value) } else { Err(NotCanonical) }
}

/// The CBOR is malformed, not deterministic, or not of the expected layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotCanonical;

impl From<minicbor::decode::Error> for NotCanonical {
    fn from(_: minicbor::decode::Error) -> NotCanonical {
        NotCanonical
    }
}

/// The length of a definite array.
pub(crate) fn array_len(decoder: &mut Decoder<'_>) -> Result<u64, NotCanonical> {
    decoder.array()?.ok_or(NotCanonical)
}

/// The length of a definite map.
pub(crate) fn map_len(decoder: &mut Decoder<'_>) -> Result<u64, NotCanonical> {
    decoder.map()?.ok_or(NotCanonical)
}

fn put_head(out: &mut Vec<u8>, major: u8, n: u64) {
    match n {
        0..24 => out.push(major | n as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, n as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&n.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(bytes: &[u8]) -> Result<u64, NotCanonical> {
        read_canonical(
            bytes,
            |d| Ok(d.u64()?),
            |n| {
                let mut out = Vec::new();
                put_unsigned(&mut out, *n);
                out
            },
        )
    }

    #[test]
    fn integers_are_shortest() {
        for n in [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX] {
            let mut out = Vec::new();
            put_unsigned(&mut out, n);
            assert_eq!(unsigned(&out), Ok(n));
        }
        assert_eq!(unsigned(&[0x18, 23]), Err(NotCanonical));
        assert_eq!(unsigned(&[0x19, 0, 255]), Err(NotCanonical));
        assert_eq!(unsigned(&[0x1b, 0, 0, 0, 0, 0, 0, 0, 1]), Err(NotCanonical));
    }

    #[test]
    fn nothing_may_follow() {
        assert_eq!(unsigned(&[0x01, 0x00]), Err(NotCanonical));
        assert_eq!(unsigned(&[]), Err(NotCanonical));
    }
}
