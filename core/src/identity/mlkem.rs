//! ML-KEM-768 (FIPS 203) for X-Wing: by the kernel where there is WebAssembly's SIMD, and by `ml-kem` elsewhere.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use fortress_kernels::mlkem::{DecapsulationKey, EncapsulationKey};
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use ml_kem_768::{DecapsulationKey, EncapsulationKey};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod ml_kem_768 {
    use ml_kem::{Decapsulate, KeyExport, ml_kem_768};

    /// An encapsulation key, decoded.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(in super::super) struct EncapsulationKey(ml_kem_768::EncapsulationKey);

    /// A decapsulation key, expanded.
    #[derive(Clone)]
    pub(in super::super) struct DecapsulationKey(ml_kem_768::DecapsulationKey);

    impl EncapsulationKey {
        /// `None` where a coefficient is not below the modulus (7.2).
        pub(in super::super) fn new(bytes: &[u8; 1_184]) -> Option<EncapsulationKey> {
            ml_kem_768::EncapsulationKey::new(bytes.into()).ok().map(EncapsulationKey)
        }

        pub(in super::super) fn to_bytes(&self) -> [u8; 1_184] {
            self.0.to_bytes().into()
        }

        /// The ciphertext, and the shared secret.
        pub(in super::super) fn encapsulate(&self, m: &[u8; 32]) -> ([u8; 1_088], [u8; 32]) {
            let (ciphertext, shared) = self.0.encapsulate_deterministic(m.into());
            (ciphertext.into(), shared.into())
        }
    }

    impl DecapsulationKey {
        pub(in super::super) fn from_seed(seed: &[u8; 64]) -> DecapsulationKey {
            DecapsulationKey(ml_kem_768::DecapsulationKey::from_seed((*seed).into()))
        }

        pub(in super::super) fn encapsulation_key(&self) -> EncapsulationKey {
            EncapsulationKey(self.0.encapsulation_key().clone())
        }

        pub(in super::super) fn decapsulate(&self, ciphertext: &[u8; 1_088]) -> [u8; 32] {
            self.0.decapsulate(ciphertext.into()).into()
        }
    }
}
