//! What takes care to use: a message's key, an envelope's or a keyring's outside the core.
//!
//! A browser computes AES-GCM several times faster than WebAssembly can. [`ChunkSequence`] lets it do just that: it has the key of one
//! message and each chunk's nonce handed to it, while order, truncation and failure stay here.
//! [`crate::envelope::NewEnvelope::into_sequence`] and [`crate::envelope::OpenEnvelope::into_sequence`] make one, and
//! [`crate::chunked::RandomAccess::sequence`] one for a part.
//!
//! External keys that answer later, as everything outside does in JavaScript, wrap an envelope's file key between two calls: [`Draft`] and
//! [`RewrapDraft`] stand in between, and [`crate::external::AnsweredKey`] brings the answer back.
//!
//! The algorithms that sign grants weigh as much as a third of all else, and few pages need them. So a host may have them in another instance of this
//! library: [`UnsignedGrant`] and [`UnverifiedGrant`] are what waits for them in the one, [`sign_grant`] and [`verify_grant`] what computes in the other.

use alloc::vec::Vec;

use zeroize::Zeroizing;

pub use crate::chunked::sequence::{ChunkNonce, ChunkSequence};
pub use crate::envelope::draft::{Draft, RewrapDraft};
#[cfg(feature = "grants")]
pub use crate::grant::signed::{sign_grant, verify_grant};
#[cfg(feature = "statements")]
pub use crate::grant::{
    contents::GrantContents,
    unsigned::{UnsignedGrant, UnverifiedGrant},
};
use crate::{
    cbor,
    keyring::{Keyring, sealed},
    token::TokenError,
};

/// A keyring's keys, all of them, in the clear: the payload of a sealed keyring (spec S-1), to carry it from one instance of this library to
/// another. What is to be kept is [sealed](Keyring::seal) instead, and one that comes from a grant stays where it is.
pub fn expose_keyring(keyring: &Keyring) -> Result<Zeroizing<Vec<u8>>, TokenError> {
    keyring.require_own()?;
    Ok(Zeroizing::new(sealed::encode(keyring)))
}

/// The keyring that [`expose_keyring`] gave; `None` for bytes that it does not give.
pub fn adopt_keyring(exposed: &[u8]) -> Option<Keyring> {
    cbor::read_canonical(exposed, sealed::decode, sealed::encode).ok()
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;

    use super::*;
    use crate::{Context, Profile, Timestamp};

    #[test]
    fn an_adopted_keyring_is_the_exposed_one() {
        let mut keyring = Keyring::generate(Profile::Archive, Timestamp(1_790_000_000), &mut SysRng).unwrap();
        let first = keyring.primary();
        keyring.rotate(Timestamp(1_790_000_001), &mut SysRng).unwrap();
        keyring.destroy_version(first).unwrap();
        for keyring in [keyring.scope(["acme", "email"]).unwrap(), keyring] {
            let token = keyring.encrypt(b"value", &Context::empty(), &mut SysRng).unwrap();
            let exposed = expose_keyring(&keyring).unwrap();
            let adopted = adopt_keyring(&exposed).unwrap();
            assert_eq!(adopted.decrypt(&token, &Context::empty()).unwrap(), b"value");
            assert_eq!(adopted.path(), keyring.path());
            assert!(adopted.versions().eq(keyring.versions()));
            for len in 0..exposed.len() {
                assert!(adopt_keyring(&exposed[..len]).is_none());
            }
        }
    }
}
