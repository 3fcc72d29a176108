//! ML-KEM-768 (FIPS 203), with randomness passed in.
//!
//! Polynomials are registers of eight coefficients, and messages are hashed two at a time. The matrix alone is sampled by rejection, from its public seed.

mod codec;
mod compress;
mod factor;
mod ntt;
mod pke;
mod poly;
mod sample;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use pke::{Matrix, Vector};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::keccak::{SHA3, hashed, sha3_256, shake256};

/// Bytes of an encapsulation key: three polynomials, and the matrix's seed.
pub const ENCAPSULATION_KEY_LEN: usize = pke::VECTOR_LEN + 32;
/// Bytes of a ciphertext.
pub const CIPHERTEXT_LEN: usize = 1_088;

/// An encapsulation key. It is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncapsulationKey(Box<[u8; ENCAPSULATION_KEY_LEN]>);

/// A decapsulation key, expanded. What is secret of it is wiped on drop, and lies where it was made: moving it copies none of it.
#[derive(Clone)]
pub struct DecapsulationKey(Box<Expanded>);

/// With the matrix, which every decapsulation needs.
#[derive(Clone)]
struct Expanded {
    s: Vector,
    matrix: Matrix,
    public: EncapsulationKey,
    public_hash: [u8; 32],
    rejection: Zeroizing<[u8; 32]>,
}

impl EncapsulationKey {
    /// `None` where a coefficient is not below the modulus (7.2).
    pub fn new(bytes: &[u8; ENCAPSULATION_KEY_LEN]) -> Option<EncapsulationKey> {
        let (vector, _) = pke::split(bytes);
        codec::is_reduced(vector).then(|| EncapsulationKey(Box::new(*bytes)))
    }

    /// As it is sent.
    pub fn to_bytes(&self) -> [u8; ENCAPSULATION_KEY_LEN] {
        *self.0
    }

    /// `ML-KEM.Encaps_internal` (Algorithm 17) of 32 random bytes: the ciphertext, and the shared secret.
    #[inline(never)]
    pub fn encapsulate(&self, m: &[u8; 32]) -> ([u8; CIPHERTEXT_LEN], [u8; 32]) {
        let (_, seed) = pke::split(&self.0);
        let mut matrix = Matrix::default();
        matrix.sample(seed);
        self.encapsulate_by(m, &matrix, &self.hash())
    }

    #[inline(never)]
    fn encapsulate_by(&self, m: &[u8; 32], matrix: &Matrix, hash: &[u8; 32]) -> ([u8; CIPHERTEXT_LEN], [u8; 32]) {
        let [shared, randomness] = &*g(&[m, hash]);
        (pke::encrypt(&self.0, matrix, m, randomness), *shared)
    }

    /// H (4.1), which is SHA3-256.
    fn hash(&self) -> [u8; 32] {
        sha3_256(&[&*self.0])
    }
}

impl DecapsulationKey {
    /// `ML-KEM.KeyGen_internal` (Algorithm 16) of d and z.
    pub fn from_seed(seed: &[u8; 64]) -> DecapsulationKey {
        DecapsulationKey::from_seed_told(seed, |_| ())
    }

    /// The same. What is told is the matrix's seed, before it is used: it comes out of a secret and is for everybody, which valgrind cannot know.
    #[doc(hidden)]
    #[inline(never)]
    pub fn from_seed_told(seed: &[u8; 64], tell: fn(&[u8; 32])) -> DecapsulationKey {
        let (halves, _) = seed.as_chunks::<32>();
        let [rho, sigma] = &*g(&[&halves[0], &[pke::K as u8]]);
        tell(rho);
        let mut key = Box::new(Expanded {
            s: Vector::default(),
            matrix: Matrix::default(),
            public: EncapsulationKey(Box::new([0; ENCAPSULATION_KEY_LEN])),
            public_hash: [0; 32],
            rejection: Zeroizing::new([0; 32]),
        });
        key.rejection.copy_from_slice(&halves[1]);
        key.matrix.sample(rho);
        let Expanded { s, matrix, public, .. } = &mut *key;
        pke::generate(matrix, rho, sigma, s, &mut public.0);
        key.public_hash = key.public.hash();
        DecapsulationKey(key)
    }

    /// The key that others encapsulate for.
    pub fn encapsulation_key(&self) -> EncapsulationKey {
        self.0.public.clone()
    }

    /// `ML-KEM.Decaps_internal` (Algorithm 18). What was not encapsulated for this key gives a secret that nobody else knows, and takes as long.
    #[inline(never)]
    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_LEN]) -> [u8; 32] {
        let Expanded { s, matrix, public, public_hash, rejection } = &*self.0;
        let m = pke::decrypt(s, ciphertext);
        let (mut expected, mut shared) = public.encapsulate_by(&m, matrix, public_hash);
        // J (4.1).
        let mut rejected = Zeroizing::new([0; 32]);
        shake256(&[&**rejection, ciphertext], &mut *rejected);
        let other = !differences(ciphertext, &expected).ct_eq(&0);
        for (byte, rejected) in shared.iter_mut().zip(&*rejected) {
            byte.conditional_assign(rejected, other);
        }
        expected.zeroize();
        shared
    }
}

/// G (4.1), which is SHA3-512.
fn g(parts: &[&[u8]]) -> Zeroizing<[[u8; 32]; 2]> {
    let mut hash = Zeroizing::new([[0; 32]; 2]);
    hashed(72, SHA3, parts, hash.as_flattened_mut());
    hash
}

/// 0 where both are the same, and something else otherwise.
fn differences(a: &[u8; CIPHERTEXT_LEN], b: &[u8; CIPHERTEXT_LEN]) -> u64 {
    let ((a, _), (b, _)) = (a.as_chunks(), b.as_chunks());
    a.iter().zip(b).fold(0, |all, (a, b)| all | (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)))
}
