//! SHA3-256 and SHAKE256 (FIPS 202) for X-Wing: by the kernel that ML-KEM has where there is WebAssembly's SIMD, and by `sha3` and `shake` elsewhere.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use crates::{sha3_256, shake256};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use fortress_kernels::{sha3_256, shake256};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod crates {
    use sha3::{Digest, Sha3_256};
    use shake::{ExtendableOutput, Shake256, Update, XofReader};

    /// The hash of parts, of which all but the last are of whole words of 64 bits.
    pub(in super::super) fn sha3_256(parts: &[&[u8]]) -> [u8; 32] {
        parts.iter().fold(Sha3_256::new(), Digest::chain_update).finalize().into()
    }

    /// Up to 136 bytes, of whole words, for such parts.
    pub(in super::super) fn shake256(parts: &[&[u8]], out: &mut [u8]) {
        let hash = parts.iter().fold(Shake256::default(), |hash, part| hash.chain(part));
        hash.finalize_xof().read(out);
    }
}
