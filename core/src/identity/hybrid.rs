//! Hybrid key pairs, and what is sealed to them: HPKE in base mode with X-Wing (RFC 9180; draft-ietf-hpke-pq).

use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::AesGcm256, inout::InOutBuf, kdf::HkdfSha512,
};
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    ENCAPSULATED_LEN, IdentityError, IdentityId,
    text::Form,
    xwing::{EncappedKey, PrivateKey, PublicKey, XWing},
};
use crate::{
    aead::TAG_LEN,
    secret::{Latched, RandomnessError, Secret, fill_random, redacted_debug},
};

/// Bytes of a public key: 1,184 of ML-KEM-768, 32 of X25519.
pub const PUBLIC_KEY_LEN: usize = 1_216;

/// What a secret is sealed for: nothing that is sealed for one purpose opens for another (spec I-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// An envelope's file key.
    FileKey,
    /// A share of a share set.
    Share,
}

impl Sealing {
    const fn info(self) -> &'static [u8] {
        match self {
            Sealing::FileKey => b"fortress-sdk/identity@v1\0file key",
            Sealing::Share => b"fortress-sdk/identity@v1\0share",
        }
    }
}

/// An identity that others encrypt for. Anyone may know it; its text starts with `fortress1`.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicIdentity {
    id: IdentityId,
    key: PublicKey,
}

impl PublicIdentity {
    /// The identity of an X-Wing public key of [`PUBLIC_KEY_LEN`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<PublicIdentity, IdentityError> {
        let key = PublicKey::from_bytes(bytes).map_err(|_| IdentityError::InvalidKey)?;
        Ok(PublicIdentity { id: id_of(&key), key })
    }

    /// The X-Wing public key.
    pub fn to_bytes(&self) -> [u8; PUBLIC_KEY_LEN] {
        self.key.to_bytes().into()
    }

    /// What stands for it in a header.
    pub fn id(&self) -> IdentityId {
        self.id
    }

    /// Appends `secret`, sealed for the holder of the secret identity: [`SEALED_OVERHEAD`](super::SEALED_OVERHEAD) bytes more than it has.
    pub(crate) fn seal<R: TryCryptoRng + ?Sized>(
        &self,
        purpose: Sealing,
        secret: &[u8],
        rng: &mut R,
        out: &mut Vec<u8>,
    ) -> Result<(), IdentityError> {
        self.seal_latched(purpose, secret, Latched::new(&mut |bytes| fill_random(rng, bytes)), out)
    }

    /// For whatever randomness. What is generic is compiled where it is called, and that may be a crate that is made small: ML-KEM would be, with it.
    #[inline(never)]
    fn seal_latched(
        &self,
        purpose: Sealing,
        secret: &[u8],
        mut rng: Latched<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), IdentityError> {
        let mut sealed = Zeroizing::new(Vec::from(secret));
        let made = hpke::single_shot_seal_inout_detached_with_rng::<AesGcm256, HkdfSha512, XWing>(
            &OpModeS::Base,
            &self.key,
            purpose.info(),
            InOutBuf::from(sealed.as_mut_slice()),
            &[],
            &mut rng,
        );
        if rng.failed() {
            return Err(RandomnessError.into());
        }
        // RFC 9180, 5.1.1: what fails here is encapsulation to a key that is none.
        let (encapsulated, tag) = made.map_err(|_| IdentityError::InvalidKey)?;
        out.extend_from_slice(&encapsulated.to_bytes());
        out.extend_from_slice(&sealed);
        out.extend_from_slice(&tag.to_bytes());
        Ok(())
    }
}

/// Its text, of 1,961 characters.
impl fmt::Display for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&PUBLIC.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicIdentity({})", self.id)
    }
}

impl FromStr for PublicIdentity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<PublicIdentity, IdentityError> {
        if SECRET.starts(text) {
            return Err(IdentityError::SecretForPublic);
        }
        let bytes = PUBLIC.decode::<PUBLIC_KEY_LEN>(text).ok_or(IdentityError::InvalidPublic)?;
        PublicIdentity::from_bytes(&*bytes)
    }
}

/// An identity whose holder opens what was encrypted for it: a seed of 32 bytes, wiped on drop.
pub struct SecretIdentity {
    key: PrivateKey,
    public: PublicIdentity,
}

redacted_debug!(SecretIdentity);

impl SecretIdentity {
    /// A fresh identity.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<SecretIdentity, IdentityError> {
        Ok(SecretIdentity::expand(Secret::generate(rng)?.expose()))
    }

    /// The identity of an X-Wing decapsulation key, which is a seed.
    pub fn from_secret(seed: &[u8; 32]) -> Result<SecretIdentity, IdentityError> {
        Ok(SecretIdentity::expand(seed))
    }

    /// The identity of its text, which starts with `FORTRESS-SECRET-KEY-1`.
    pub fn from_text(text: &str) -> Result<SecretIdentity, IdentityError> {
        if PUBLIC.starts(text) {
            return Err(IdentityError::PublicForSecret);
        }
        let seed = SECRET.decode(text).ok_or(IdentityError::InvalidSecret)?;
        SecretIdentity::from_secret(&seed)
    }

    /// The part that others may know.
    pub fn public(&self) -> &PublicIdentity {
        &self.public
    }

    /// The seed, in the clear. Whoever has it reads everything that was encrypted for this identity.
    pub fn expose_secret(&self) -> &[u8; 32] {
        self.key.seed()
    }

    /// The text of the seed, in the clear, to be kept where only its holder reads.
    pub fn expose_text(&self) -> Zeroizing<String> {
        SECRET.encode(self.key.seed())
    }

    /// What was [sealed](PublicIdentity::seal) for this purpose and this identity; `None` when it was not, or was changed.
    pub(crate) fn open(&self, purpose: Sealing, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (encapsulated, rest) = sealed.split_at_checked(ENCAPSULATED_LEN)?;
        let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LEN)?)?;
        let mut secret = Zeroizing::new(Vec::from(ciphertext));
        hpke::single_shot_open_inout_detached::<AesGcm256, HkdfSha512, XWing>(
            &OpModeR::Base,
            &self.key,
            &EncappedKey::from_bytes(encapsulated).ok()?,
            purpose.info(),
            InOutBuf::from(secret.as_mut_slice()),
            &[],
            &Deserializable::from_bytes(tag).ok()?,
        )
        .ok()?;
        Some(secret)
    }

    pub(crate) fn expand(seed: &[u8; 32]) -> SecretIdentity {
        let key = PrivateKey::expand(seed);
        let public = XWing::sk_to_pk(&key);
        SecretIdentity { public: PublicIdentity { id: id_of(&public), key: public }, key }
    }
}

impl PartialEq for SecretIdentity {
    fn eq(&self, other: &SecretIdentity) -> bool {
        self.key.ct_eq(&other.key).into()
    }
}

impl Eq for SecretIdentity {}

/// The first 8 bytes of a labelled SHA-512 (spec I-3).
fn id_of(key: &PublicKey) -> IdentityId {
    let hash = Sha512::new().chain_update(ID_LABEL).chain_update(key.to_bytes()).finalize();
    let mut id = [0; 8];
    id.copy_from_slice(&hash[..8]);
    IdentityId(id)
}

const PUBLIC: Form = Form::public("fortress");
const SECRET: Form = Form::secret("fortress-secret-key-");
const ID_LABEL: &[u8] = b"fortress-sdk/identity@v1\0id";
