//! Words of a hash as bytes. WebAssembly cannot turn a word around but by some twenty steps, and a register's bytes by one.

use crate::lanes::U8x16;

/// Writes eight words, each big endian, as SHA-512 does.
pub fn put_big_endian(words: &[u64; 8], bytes: &mut [u8; 64]) {
    let turned = U8x16::load(&core::array::from_fn(|n| n as u8 ^ 7));
    let (pairs, _) = words.as_chunks();
    let (places, _) = bytes.as_chunks_mut();
    for ([first, second], place) in pairs.iter().zip(places) {
        let pair = u128::from(*first) | u128::from(*second) << 64;
        U8x16::load(&pair.to_le_bytes()).swizzle(turned).store(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_place() {
        let words = core::array::from_fn(|n| 0x0001_0203_0405_0607 + n as u64 * 0x0808_0808_0808_0808);
        let mut bytes = [0xEE; 64];
        put_big_endian(&words, &mut bytes);
        assert_eq!(bytes, core::array::from_fn(|n| n as u8));
    }
}
