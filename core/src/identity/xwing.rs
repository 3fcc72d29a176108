//! X-Wing, X25519 and ML-KEM-768 together (draft-connolly-cfrg-xwing-kem-10), as HPKE's KEM 0x647a (draft-ietf-hpke-pq).
//!
//! What `hpke` brings keeps the 32 bytes of a decapsulation key and expands them whenever something is opened: two fifths of an
//! opening's time. Here they are expanded once. ML-KEM, X25519 and the hashes are those that it is made of.

use hpke::{Deserializable, HpkeError, Kem, Serializable, kem::SharedSecret};
use ml_kem::array::{
    Array,
    sizes::{U32, U64, U96, U1088, U1120, U1184, U1216},
};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::{
    hash::{sha3_256, shake256},
    mlkem::{DecapsulationKey, EncapsulationKey},
    x25519,
};

pub(super) struct XWing;

/// An encapsulation key, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    m: EncapsulationKey,
    x: [u8; 32],
}

/// A decapsulation key, expanded, and the seed that it is.
#[derive(Clone)]
pub(super) struct PrivateKey {
    seed: Zeroizing<[u8; 32]>,
    m: DecapsulationKey,
    x: Zeroizing<[u8; 32]>,
    public_x: [u8; 32],
}

/// A ciphertext: ML-KEM's, then X25519's.
#[derive(Clone)]
pub(super) struct EncappedKey(Array<u8, U1120>);

impl PrivateKey {
    /// `expandDecapsulationKey` (5.2).
    pub(super) fn expand(seed: &[u8; 32]) -> PrivateKey {
        let mut expanded = Zeroizing::new([0; 96]);
        shake256(&[seed], &mut *expanded);
        let (m, x) = Array::<u8, U96>::cast_from_core(&expanded).split_ref::<U64>();
        PrivateKey {
            seed: Zeroizing::new(*seed),
            m: DecapsulationKey::from_seed(&m.0),
            x: Zeroizing::new(x.0),
            public_x: x25519::public(&x.0),
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
        PublicKey { m: secret.m.encapsulation_key(), x: secret.public_x }
    }

    /// `SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", 32)` (draft-ietf-hpke-pq, 5).
    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        const LABEL: &[u8] = b"HPKE-v1KEM\x64\x7a\0\x0dDeriveKeyPair\0\x20";
        let mut seed = Zeroizing::new([0; 32]);
        shake256(&[&Zeroizing::new([ikm, LABEL].concat())], &mut *seed);
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
        let mut random_m = Zeroizing::new([0; 32]);
        let mut random_x = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *random_m);
        rng.fill_bytes(&mut *random_x);

        let (ct_m, mut ss_m) = recipient.m.encapsulate(&random_m);
        let (ct_x, ss_x) = x25519::ephemeral(&random_x, &recipient.x);
        let shared = combine(&ss_m, &ss_x, &ct_x, &recipient.x);
        ss_m.zeroize();
        Ok((shared, EncappedKey(Array::<u8, U1088>(ct_m).concat(Array::<u8, U32>(ct_x)))))
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
        let mut ss_m = recipient.m.decapsulate(&ct_m.0);
        let ss_x = x25519::shared(&recipient.x, &ct_x.0);
        let shared = combine(&ss_m, &ss_x, &ct_x.0, &recipient.public_x);
        ss_m.zeroize();
        Ok(shared)
    }
}

/// `Combiner` (5.3).
fn combine(ss_m: &[u8; 32], ss_x: &[u8; 32], ct_x: &[u8; 32], pk_x: &[u8; 32]) -> SharedSecret<XWing> {
    SharedSecret(sha3_256(&[ss_m, ss_x, ct_x, pk_x, LABEL]).into())
}

impl Serializable for PublicKey {
    type OutputSize = U1216;

    fn write_exact(&self, out: &mut [u8]) {
        out.copy_from_slice(&Array::<u8, U1184>(self.m.to_bytes()).concat(Array::<u8, U32>(self.x)));
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(bytes: &[u8]) -> Result<PublicKey, HpkeError> {
        let bytes: &Array<u8, U1216> = bytes.try_into().map_err(|_| HpkeError::ValidationError)?;
        let (m, x) = bytes.split_ref::<U1184>();
        let m = EncapsulationKey::new(&m.0).ok_or(HpkeError::ValidationError)?;
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
