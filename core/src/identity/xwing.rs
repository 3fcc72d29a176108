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
use x25519_dalek::{StaticSecret, X25519_BASEPOINT_BYTES};
use zeroize::{Zeroize, Zeroizing};

pub(super) struct XWing;

/// An encapsulation key, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    m: ml_kem_768::EncapsulationKey,
    x: x25519_dalek::PublicKey,
}

/// A decapsulation key, expanded, and the seed that it is.
#[derive(Clone)]
pub(super) struct PrivateKey {
    seed: Zeroizing<[u8; 32]>,
    m: ml_kem_768::DecapsulationKey,
    x: StaticSecret,
    public_x: x25519_dalek::PublicKey,
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
        let x = StaticSecret::from(*x);
        PrivateKey {
            seed: Zeroizing::new(*seed),
            m: ml_kem_768::DecapsulationKey::from_seed((*m).into()),
            public_x: public_x(&x),
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
        let ephemeral = StaticSecret::from(*random_x);
        let ct_x = public_x(&ephemeral);
        let ss_x = ephemeral.diffie_hellman(&recipient.x);
        let shared = combine(&ss_m, &ss_x, &ct_x, &recipient.x);
        ss_m.zeroize();
        Ok((shared, EncappedKey(ct_m.concat(Array::<u8, U32>(ct_x.to_bytes())))))
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
        let ct_x = x25519_dalek::PublicKey::from(ct_x.0);
        let mut ss_m = recipient.m.decapsulate(ct_m);
        let ss_x = recipient.x.diffie_hellman(&ct_x);
        let shared = combine(&ss_m, &ss_x, &ct_x, &recipient.public_x);
        ss_m.zeroize();
        Ok(shared)
    }
}

/// `X25519(secret, 9)` (RFC 7748, 6.1). In WebAssembly by the ladder, as for any other point: without tables that is faster than by Edwards's
/// curve, whose code a module is spared then.
fn public_x(secret: &StaticSecret) -> x25519_dalek::PublicKey {
    if cfg!(target_arch = "wasm32") {
        let base = x25519_dalek::PublicKey::from(X25519_BASEPOINT_BYTES);
        secret.diffie_hellman(&base).to_bytes().into()
    } else {
        secret.into()
    }
}

/// `Combiner` (5.3).
fn combine(
    ss_m: &ml_kem::SharedKey,
    ss_x: &x25519_dalek::SharedSecret,
    ct_x: &x25519_dalek::PublicKey,
    pk_x: &x25519_dalek::PublicKey,
) -> SharedSecret<XWing> {
    let mut shared = SharedSecret::default();
    let parts: [&[u8]; 5] = [ss_m, ss_x.as_bytes(), ct_x.as_bytes(), pk_x.as_bytes(), LABEL];
    parts.into_iter().fold(Sha3_256::new(), Digest::chain_update).finalize_into(&mut shared.0);
    shared
}

impl Serializable for PublicKey {
    type OutputSize = U1216;

    fn write_exact(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.m.to_bytes().concat(Array::<u8, U32>(self.x.to_bytes())));
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(bytes: &[u8]) -> Result<PublicKey, HpkeError> {
        let bytes: &Array<u8, U1216> = bytes.try_into().map_err(|_| HpkeError::ValidationError)?;
        let (m, x) = bytes.split_ref::<U1184>();
        let m = ml_kem_768::EncapsulationKey::new(m).map_err(|_| HpkeError::ValidationError)?;
        Ok(PublicKey { m, x: x.0.into() })
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
