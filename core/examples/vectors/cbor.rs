//! CBOR as the core would not write it: heads, and what stands behind them.

pub(crate) fn unsigned(n: u64) -> Vec<u8> {
    match u32::try_from(n) {
        Ok(n) => [&[0x1A][..], &n.to_be_bytes()].concat(),
        Err(_) => [&[0x1B][..], &n.to_be_bytes()].concat(),
    }
}

pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [&head(0x40, bytes.len())[..], bytes].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&head(0x60, text.len())[..], text.as_bytes()].concat()
}

fn head(major: u8, len: usize) -> Vec<u8> {
    match len {
        0..24 => vec![major | len as u8],
        24..256 => vec![major | 24, len as u8],
        _ => [&[major | 25][..], &(len as u16).to_be_bytes()].concat(),
    }
}
