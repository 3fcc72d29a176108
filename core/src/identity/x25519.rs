//! X25519 (RFC 7748) for X-Wing, which takes points of low order too: by the kernel where there is WebAssembly's SIMD, and by `x25519-dalek` elsewhere.

use zeroize::Zeroizing;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use dalek as implementation;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use fortress_kernels as implementation;

/// `X25519(secret, 9)`.
pub(super) fn public(secret: &[u8; 32]) -> [u8; 32] {
    implementation::x25519_public(secret)
}

/// `X25519(secret, public)`.
pub(super) fn shared(secret: &[u8; 32], public: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(implementation::x25519(secret, public))
}

/// Both for the same secret: the public key of an ephemeral one, and what it shares.
pub(super) fn ephemeral(secret: &[u8; 32], public: &[u8; 32]) -> ([u8; 32], Zeroizing<[u8; 32]>) {
    let (own, shared) = implementation::x25519_ephemeral(secret, public);
    (own, Zeroizing::new(shared))
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod dalek {
    use x25519_dalek::{PublicKey, StaticSecret, X25519_BASEPOINT_BYTES};

    /// In WebAssembly by the ladder, as for any other point: without tables that is faster than by Edwards's curve, whose code a module is spared then.
    pub(super) fn x25519_public(secret: &[u8; 32]) -> [u8; 32] {
        if cfg!(target_arch = "wasm32") {
            x25519(secret, &X25519_BASEPOINT_BYTES)
        } else {
            PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
        }
    }

    pub(super) fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        StaticSecret::from(*secret).diffie_hellman(&PublicKey::from(*public)).to_bytes()
    }

    pub(super) fn x25519_ephemeral(secret: &[u8; 32], public: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
        (x25519_public(secret), x25519(secret, public))
    }
}
