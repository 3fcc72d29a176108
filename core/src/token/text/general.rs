//! Base64url by the `base64` crate.

use alloc::{string::String, vec::Vec};

use base64::Engine;

pub(super) fn encode(bytes: &[u8]) -> String {
    engine().encode(bytes)
}

/// False unless `text` is just long enough.
pub(super) fn encode_to(bytes: &[u8], text: &mut [u8]) -> bool {
    let len = text.len();
    engine().encode_slice(bytes, text) == Ok(len)
}

/// Appends the bytes of `text`; false if it is no text, and then what was appended means nothing.
pub(super) fn decode_into(text: &[u8], bytes: &mut Vec<u8>) -> bool {
    engine().decode_vec(text, bytes).is_ok()
}

/// The bytes of a text of four characters at most, and how many there are.
pub(super) fn first_bytes(text: &[u8]) -> Option<([u8; 3], usize)> {
    let mut bytes = [0; 3];
    let len = engine().decode_slice(text, &mut bytes).ok()?;
    Some((bytes, len))
}

/// Base64url without padding, by the fastest means of this machine.
#[cfg(all(feature = "assembly", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn engine() -> &'static impl Engine {
    use alloc::boxed::Box;

    use base64::engine::{Simd, general_purpose::NO_PAD};
    use once_cell::race::OnceBox;

    static ENGINE: OnceBox<Simd> = OnceBox::new();
    ENGINE.get_or_init(|| Box::new(Simd::url_safe(NO_PAD)))
}

/// Base64url without padding.
#[cfg(not(all(feature = "assembly", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn engine() -> &'static impl Engine {
    &base64::engine::general_purpose::URL_SAFE_NO_PAD
}
