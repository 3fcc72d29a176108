//! X-Wing, X25519 and ML-KEM-768 together (draft-connolly-cfrg-xwing-kem-10), as HPKE's KEM 0x647a (draft-ietf-hpke-pq).
//!
//! What `hpke` brings keeps the 32 bytes of a decapsulation key and expands them whenever something is opened: two fifths of an
//! opening's time. Here they are expanded once. ML-KEM, X25519 and the hashes are those that it is made of.

use hpke::{Deserializable, HpkeError, Kem, Serializable, kem::SharedSecret};
use ml_kem::{
    Decapsulate, KeyExport,
    array::{
        Array,
        sizes::{U32, U1088, U1120, U1184, U1216},
    },
    ml_kem_768,
};
use rand_core::CryptoRng;
use sha3::{Digest, Sha3_256};
use shake::{ExtendableOutput, Shake256, Update, XofReader};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::x25519;

pub(super) struct XWing;

/// An encapsulation key, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    m: ml_kem_768::EncapsulationKey,
    x: [u8; 32],
}

/// A decapsulation key, expanded, and the seed that it is.
#[derive(Clone)]
pub(super) struct PrivateKey {
    seed: Zeroizing<[u8; 32]>,
    m: ml_kem_768::DecapsulationKey,
    x: Zeroizing<[u8; 32]>,
    public_x: [u8; 32],
}

/// A ciphertext: ML-KEM's, then X25519's.
#[derive(Clone)]
pub(super) struct EncappedKey(Array<u8, U1120>);

impl PrivateKey {
    /// `expandDecapsulationKey` (5.2).
    pub(super) fn expand(seed: &[u8; 32]) -> PrivateKey {
        let mut expanded = Shake256::default().chain(seed).finalize_xof();
        let mut m = Zeroizing::new([0; 64]);
        let mut x = Zeroizing::new([0; 32]);
        expanded.read(&mut *m);
        expanded.read(&mut *x);
        PrivateKey {
            seed: Zeroizing::new(*seed),
            m: ml_kem_768::DecapsulationKey::from_seed((*m).into()),
            public_x: x25519::public(&x),
            x,
        }
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl Kem for XWing {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = U32;

    const KEM_ID: u16 = 0x647a;

    fn sk_to_pk(secret: &PrivateKey) -> PublicKey {
        PublicKey { m: secret.m.encapsulation_key().clone(), x: secret.public_x }
    }

    /// `SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", 32)` (draft-ietf-hpke-pq, 5).
    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        const LABEL: &[u8] = b"HPKE-v1KEM\x64\x7a\0\x0dDeriveKeyPair\0\x20";
        let mut seed = Zeroizing::new([0; 32]);
        Shake256::default().chain(ikm).chain(LABEL).finalize_xof().read(&mut *seed);
        let secret = PrivateKey::expand(&seed);
        let public = XWing::sk_to_pk(&secret);
        (secret, public)
    }

    /// `EncapsulateDerand` (5.4), for 64 random bytes. Nobody is authenticated by X-Wing.
    fn encap_with_rng(
        recipient: &PublicKey,
        sender: Option<(&PrivateKey, &PublicKey)>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<XWing>, EncappedKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let mut random_m = Zeroizing::new(Array::<u8, U32>::default());
        let mut random_x = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut random_m);
        rng.fill_bytes(&mut *random_x);

        let (ct_m, mut ss_m) = recipient.m.encapsulate_deterministic(&random_m);
        let (ct_x, ss_x) = x25519::ephemeral(&random_x, &recipient.x);
        let shared = combine(&ss_m, &ss_x, &ct_x, &recipient.x);
        ss_m.zeroize();
        Ok((shared, EncappedKey(ct_m.concat(Array::<u8, U32>(ct_x)))))
    }

    /// `Decapsulate` (5.5).
    fn decap(
        recipient: &PrivateKey,
        sender: Option<&PublicKey>,
        encapsulated: &EncappedKey,
    ) -> Result<SharedSecret<XWing>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        let (ct_m, ct_x) = encapsulated.0.split_ref::<U1088>();
        let mut ss_m = recipient.m.decapsulate(ct_m);
        let ss_x = x25519::shared(&recipient.x, &ct_x.0);
        let shared = combine(&ss_m, &ss_x, &ct_x.0, &recipient.public_x);
        ss_m.zeroize();
        Ok(shared)
    }
}

/// `Combiner` (5.3).
fn combine(ss_m: &ml_kem::SharedKey, ss_x: &[u8; 32], ct_x: &[u8; 32], pk_x: &[u8; 32]) -> SharedSecret<XWing> {
    let mut shared = SharedSecret::default();
    let parts: [&[u8]; 5] = [ss_m, ss_x, ct_x, pk_x, LABEL];
    parts.into_iter().fold(Sha3_256::new(), Digest::chain_update).finalize_into(&mut shared.0);
    shared
}

impl Serializable for PublicKey {
    type OutputSize = U1216;

    fn write_exact(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.m.to_bytes().concat(Array::<u8, U32>(self.x)));
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(bytes: &[u8]) -> Result<PublicKey, HpkeError> {
        let bytes: &Array<u8, U1216> = bytes.try_into().map_err(|_| HpkeError::ValidationError)?;
        let (m, x) = bytes.split_ref::<U1184>();
        let m = ml_kem_768::EncapsulationKey::new(m).map_err(|_| HpkeError::ValidationError)?;
        Ok(PublicKey { m, x: x.0 })
    }
}

impl Serializable for PrivateKey {
    type OutputSize = U32;

    fn write_exact(&self, out: &mut [u8]) {
        out.copy_from_slice(&*self.seed);
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(bytes: &[u8]) -> Result<PrivateKey, HpkeError> {
        bytes.try_into().map(PrivateKey::expand).map_err(|_| HpkeError::ValidationError)
    }
}

impl ConstantTimeEq for PrivateKey {
    fn ct_eq(&self, other: &PrivateKey) -> Choice {
        self.seed.as_slice().ct_eq(other.seed.as_slice())
    }
}

impl Serializable for EncappedKey {
    type OutputSize = U1120;

    fn write_exact(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.0);
    }
}

impl Deserializable for EncappedKey {
    fn from_bytes(bytes: &[u8]) -> Result<EncappedKey, HpkeError> {
        bytes.try_into().map(EncappedKey).map_err(|_| HpkeError::ValidationError)
    }
}

/// `XWingLabel` (5.3).
const LABEL: &[u8] = br"\.//^\";
