//! The keys that sign grants, and their texts (spec ).

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use ed25519_dalek::{Signature as Ed25519Signature, Signer as _};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, ExpandedSigningKey, MlDsa65, Signature as MlDsaSignature};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{GrantError, GranterId, SigningKeyError};
use crate::{
    identity::text::Form,
    kdf::Prk,
    secret::{RandomnessError, Secret, redacted_debug},
};

/// By which algorithms a key signs. Where there are two, a signature is one by both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    #[default]
    Ed25519,
    /// Ed25519, and ML-DSA-65 (FIPS 204) beside it: who wants to forge a signature has to break both, so it holds against quantum computers.
    Hybrid,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::Hybrid];

    /// `Ed25519` or `Ed25519 and ML-DSA-65`.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Hybrid => "Ed25519 and ML-DSA-65",
        }
    }

    /// `ed25519` or `hybrid`: what callers write to choose one.
    pub const fn short_name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Hybrid => "hybrid",
        }
    }

    /// The algorithm of a [short name](Algorithm::short_name).
    pub fn from_short_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.short_name() == name)
    }

    const fn number(self) -> u8 {
        match self {
            Algorithm::Ed25519 => 1,
            Algorithm::Hybrid => 2,
        }
    }

    const fn from_number(number: u8) -> Option<Algorithm> {
        match number {
            1 => Some(Algorithm::Ed25519),
            2 => Some(Algorithm::Hybrid),
            _ => None,
        }
    }

    /// Bytes of its signatures.
    const fn signature_len(self) -> usize {
        match self {
            Algorithm::Ed25519 => ED25519_SIGNATURE_LEN,
            Algorithm::Hybrid => ED25519_SIGNATURE_LEN + ML_DSA_SIGNATURE_LEN,
        }
    }

    /// The seeds' names. A key of one algorithm and a key of both have nothing in common, even if they come from one seed.
    const fn ed25519_name(self) -> &'static str {
        match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Hybrid => "hybrid Ed25519",
        }
    }
}

/// What proves who signed a grant. Anyone may know it; its text starts with `fortress-verifying-key-1`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    ed25519: ed25519_dalek::VerifyingKey,
    /// There is one just when the algorithm is hybrid.
    ml_dsa: Option<Box<EncodedVerifyingKey<MlDsa65>>>,
}

impl VerifyingKey {
    /// The key of these bytes: the algorithm's number, 32 bytes of Ed25519, and 1,952 of ML-DSA-65 where there are two.
    pub fn from_bytes(bytes: &[u8]) -> Result<VerifyingKey, SigningKeyError> {
        VerifyingKey::parse(bytes).ok_or(SigningKeyError::InvalidKey)
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let ml_dsa = self.ml_dsa.as_deref().map_or(&[][..], |key| key.as_slice());
        [&[self.algorithm().number()], &self.ed25519.as_bytes()[..], ml_dsa].concat()
    }

    /// By which algorithms it verifies.
    pub fn algorithm(&self) -> Algorithm {
        if self.ml_dsa.is_some() { Algorithm::Hybrid } else { Algorithm::Ed25519 }
    }

    /// What stands for it.
    pub fn id(&self) -> GranterId {
        GranterId::of(&self.to_bytes())
    }

    /// Refuses a granter who is none of the `trusted`. Whole keys are compared: a granter with two algorithms is another one than either half.
    pub fn require_among(&self, trusted: &[VerifyingKey]) -> Result<(), GrantError> {
        if trusted.contains(self) { Ok(()) } else { Err(GrantError::UntrustedGranter { granter: self.id() }) }
    }

    /// Is this a signature of the message, by every algorithm of the key?
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        if signature.len() != self.algorithm().signature_len() {
            return false;
        }
        let (ed25519, ml_dsa) = signature.split_at(ED25519_SIGNATURE_LEN);
        verify_ed25519(&self.ed25519, message, ed25519)
            && self.ml_dsa.as_deref().is_none_or(|key| verify_ml_dsa(key, message, ml_dsa))
    }

    fn parse(bytes: &[u8]) -> Option<VerifyingKey> {
        let (&number, keys) = bytes.split_first()?;
        let (ed25519, rest) = keys.split_first_chunk()?;
        let ml_dsa = match (Algorithm::from_number(number)?, rest) {
            (Algorithm::Ed25519, []) => None,
            (Algorithm::Ed25519, _) => return None,
            (Algorithm::Hybrid, rest) => Some(Box::new(EncodedVerifyingKey::<MlDsa65>::try_from(rest).ok()?)),
        };
        Some(VerifyingKey { ed25519: parse_ed25519(ed25519)?, ml_dsa })
    }
}

/// Its text: 83 characters for Ed25519, 3,206 for both.
impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&VERIFYING.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {})", self.id(), self.algorithm().name())
    }
}

impl FromStr for VerifyingKey {
    type Err = SigningKeyError;

    fn from_str(text: &str) -> Result<VerifyingKey, SigningKeyError> {
        if SIGNING.starts(text) {
            return Err(SigningKeyError::SigningForVerifying);
        }
        let short = VERIFYING.decode::<ED25519_KEY_LEN>(text).map(|bytes| VerifyingKey::from_bytes(&*bytes));
        let key = short.or_else(|| VERIFYING.decode::<HYBRID_KEY_LEN>(text).map(|b| VerifyingKey::from_bytes(&*b)));
        key.ok_or(SigningKeyError::InvalidVerifying)?
    }
}

/// What signs grants: an algorithm and a seed of 32 bytes, wiped on drop.
pub struct SigningKey {
    algorithm: Algorithm,
    seed: Secret,
    verifying: VerifyingKey,
}

redacted_debug!(SigningKey);

impl SigningKey {
    /// A fresh key.
    pub fn generate<R: TryCryptoRng + ?Sized>(
        algorithm: Algorithm,
        rng: &mut R,
    ) -> Result<SigningKey, SigningKeyError> {
        Ok(SigningKey::expand(algorithm, Secret::generate(rng)?))
    }

    /// The key of its algorithm and seed.
    pub fn from_secret(algorithm: Algorithm, seed: &[u8; 32]) -> SigningKey {
        SigningKey::expand(algorithm, Secret::copied(seed))
    }

    /// The key of its text, which starts with `FORTRESS-SIGNING-KEY-1`.
    pub fn from_text(text: &str) -> Result<SigningKey, SigningKeyError> {
        if VERIFYING.starts(text) {
            return Err(SigningKeyError::VerifyingForSigning);
        }
        let bytes = SIGNING.decode::<33>(text).ok_or(SigningKeyError::InvalidSigning)?;
        let (&[number], seed) = bytes.split_first_chunk().ok_or(SigningKeyError::InvalidSigning)?;
        let algorithm = Algorithm::from_number(number).ok_or(SigningKeyError::InvalidSigning)?;
        Ok(SigningKey::expand(algorithm, Secret::copied(seed)))
    }

    /// By which algorithms it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What others verify by.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The seed, in the clear. Whoever has it signs as this granter.
    pub fn expose_secret(&self) -> &[u8; 32] {
        self.seed.expose()
    }

    /// The text of algorithm and seed, in the clear, to be kept where only its holder reads.
    pub fn expose_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([self.algorithm.number(); 33]);
        bytes[1..].copy_from_slice(self.seed.expose());
        SIGNING.encode(&*bytes)
    }

    /// The signature of a message, by every algorithm of the key.
    pub(super) fn sign<R: TryCryptoRng + ?Sized>(
        &self,
        message: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, RandomnessError> {
        let mut signature = Vec::with_capacity(self.algorithm.signature_len());
        signature.extend_from_slice(&ed25519_key(self.algorithm, &self.seed).sign(message).to_bytes());
        if self.algorithm == Algorithm::Hybrid {
            // Hedged (FIPS 204, 3.4): randomness goes in, and a bad generator is no worse than none.
            let signed = ml_dsa_key(&self.seed).sign_randomized(message, &[], rng).map_err(|_| RandomnessError)?;
            signature.extend_from_slice(&signed.encode());
        }
        Ok(signature)
    }

    fn expand(algorithm: Algorithm, seed: Secret) -> SigningKey {
        let ed25519 = ed25519_key(algorithm, &seed).verifying_key();
        let ml_dsa = match algorithm {
            Algorithm::Ed25519 => None,
            Algorithm::Hybrid => Some(Box::new(ml_dsa_key(&seed).verifying_key().encode())),
        };
        SigningKey { algorithm, seed, verifying: VerifyingKey { ed25519, ml_dsa } }
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &SigningKey) -> bool {
        self.algorithm == other.algorithm && self.seed == other.seed
    }
}

impl Eq for SigningKey {}

/// A point has one encoding that is reduced; one of small order verifies what nobody signed.
fn parse_ed25519(bytes: &[u8; 32]) -> Option<ed25519_dalek::VerifyingKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
    let one_encoding = key.to_edwards().compress().as_bytes() == bytes;
    (one_encoding && !key.is_weak()).then_some(key)
}

/// Strict: no commitment of small order either, and one encoding of each signature (RFC 8032, 5.1.7).
fn verify_ed25519(key: &ed25519_dalek::VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let signature = Ed25519Signature::from_slice(signature);
    signature.is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

/// With an empty context string (FIPS 204, 5.3).
fn verify_ml_dsa(key: &EncodedVerifyingKey<MlDsa65>, message: &[u8], signature: &[u8]) -> bool {
    let signature = EncodedSignature::<MlDsa65>::try_from(signature).ok();
    let signature = signature.and_then(|signature| MlDsaSignature::decode(&signature));
    let key = ml_dsa::VerifyingKey::<MlDsa65>::decode(key);
    signature.is_some_and(|signature| key.verify_with_context(message, &[], &signature))
}

fn ed25519_key(algorithm: Algorithm, seed: &Secret) -> ed25519_dalek::SigningKey {
    let seed = Prk::new(seed).derive_secret(LABEL, algorithm.ed25519_name());
    ed25519_dalek::SigningKey::from_bytes(seed.expose())
}

fn ml_dsa_key(seed: &Secret) -> Box<ExpandedSigningKey<MlDsa65>> {
    let seed = Prk::new(seed).derive_secret(LABEL, "hybrid ML-DSA-65");
    let seed = Zeroizing::new(ml_dsa::Seed::from(*seed.expose()));
    Box::new(ExpandedSigningKey::from_seed(&seed))
}

const ED25519_SIGNATURE_LEN: usize = 64;
const ML_DSA_SIGNATURE_LEN: usize = 3_309;
const ED25519_KEY_LEN: usize = 1 + 32;
const HYBRID_KEY_LEN: usize = ED25519_KEY_LEN + 1_952;
const LABEL: &str = "fortress-sdk/signing@v1";
const VERIFYING: Form = Form::public("fortress-verifying-key-");
const SIGNING: Form = Form::secret("fortress-signing-key-");

#[cfg(test)]
#[path = "tests/signing.rs"]
mod tests;
