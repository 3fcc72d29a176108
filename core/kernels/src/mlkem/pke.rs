//! K-PKE (FIPS 203, 5), the encryption inside: three polynomials to a vector.

use zeroize::{Zeroize, Zeroizing};

use super::{
    CIPHERTEXT_LEN, ENCAPSULATION_KEY_LEN, codec,
    compress::{compress, decompress},
    factor::{Factor, product},
    poly::Poly,
    sample,
};

/// Polynomials of a vector.
pub(super) const K: usize = 3;
/// Bytes of a vector.
pub(super) const VECTOR_LEN: usize = 384 * K;

/// What is secret, transformed, to multiply by. Wiped on drop.
#[derive(Clone, Default)]
pub(super) struct Vector(Zeroizing<[Factor; K]>);

/// The public matrix, transformed, by its rows.
#[derive(Clone, Default)]
pub(super) struct Matrix([[Poly; K]; K]);

impl Matrix {
    /// Becomes that of this seed.
    pub(super) fn sample(&mut self, seed: &[u8; 32]) {
        // Of the last pair the second is not needed.
        for first in (0..K * K).step_by(2) {
            let places = [first, first + 1];
            // The column comes first.
            let polys = sample::uniform(seed, places.map(|place| [(place % K) as u8, (place / K) as u8]));
            for (place, poly) in places.into_iter().zip(polys) {
                if let Some(row) = self.0.get_mut(place / K) {
                    row[place % K] = poly;
                }
            }
        }
    }
}

/// `K-PKE.KeyGen` (Algorithm 13), after its hash: the secret, and the encapsulation key.
pub(super) fn generate(
    matrix: &Matrix,
    rho: &[u8; 32],
    sigma: &[u8; 32],
    s: &mut Vector,
    key: &mut [u8; ENCAPSULATION_KEY_LEN],
) {
    let mut noise = Zeroizing::new([[Poly::default(); 2]; 3]);
    sample::binomial(sigma, &mut *noise);
    let (secrets, errors) = noise.as_flattened_mut().split_at_mut(K);
    s.set(secrets);
    let (vector, seed) = key.split_at_mut(VECTOR_LEN);
    seed.copy_from_slice(rho);
    for ((row, error), place) in matrix.0.iter().zip(errors).zip(vector.chunks_exact_mut(384)) {
        error.transform();
        let mut product = s.product(row.each_ref());
        error.add(&product);
        product.zeroize();
        error.normalise();
        codec::encode::<12>(error, place);
    }
}

/// `K-PKE.Encrypt` (Algorithm 14).
pub(super) fn encrypt(
    key: &[u8; ENCAPSULATION_KEY_LEN],
    matrix: &Matrix,
    message: &[u8; 32],
    randomness: &[u8; 32],
) -> [u8; CIPHERTEXT_LEN] {
    let mut noise = Zeroizing::new([[Poly::default(); 2]; 4]);
    sample::binomial(randomness, &mut *noise);
    let (secrets, errors) = noise.as_flattened_mut().split_at_mut(K);
    let mut y = Vector::default();
    y.set(secrets);
    let mut ciphertext = [0; CIPHERTEXT_LEN];
    let (c1, c2) = ciphertext.split_at_mut(U_LEN);
    for ((column, error), place) in errors.iter().enumerate().zip(c1.chunks_exact_mut(U_LEN / K)) {
        let mut u = y.product(matrix.0.each_ref().map(|row| &row[column]));
        u.transform_back();
        u.add(error);
        compress::<10>(&mut u);
        codec::encode::<10>(&u, place);
        u.zeroize();
    }
    let t = [0, 1, 2].map(|n| codec::decode::<12>(&key[384 * n..384 * (n + 1)]));
    let mut v = y.product(t.each_ref());
    v.transform_back();
    v.add(&errors[K]);
    let mut mu = codec::decode::<1>(message);
    decompress::<1>(&mut mu);
    v.add(&mu);
    compress::<4>(&mut v);
    codec::encode::<4>(&v, c2);
    mu.zeroize();
    v.zeroize();
    ciphertext
}

/// `K-PKE.Decrypt` (Algorithm 15).
pub(super) fn decrypt(s: &Vector, ciphertext: &[u8; CIPHERTEXT_LEN]) -> Zeroizing<[u8; 32]> {
    let (c1, c2) = ciphertext.split_at(U_LEN);
    let u = [0, 1, 2].map(|n| {
        let mut u = codec::decode::<10>(&c1[U_LEN / K * n..U_LEN / K * (n + 1)]);
        decompress::<10>(&mut u);
        u.transform();
        u
    });
    let mut v = codec::decode::<4>(c2);
    decompress::<4>(&mut v);
    let mut w = s.product(u.each_ref());
    w.transform_back();
    w.subtract_from(&v);
    let mut message = Zeroizing::new([0; 32]);
    compress::<1>(&mut w);
    codec::encode::<1>(&w, &mut *message);
    w.zeroize();
    message
}

/// The vector's bytes of a key, and the matrix's seed.
pub(super) fn split(key: &[u8; ENCAPSULATION_KEY_LEN]) -> (&[u8], &[u8; 32]) {
    let (seed, _) = key[VECTOR_LEN..].as_chunks();
    (&key[..VECTOR_LEN], &seed[0])
}

impl Vector {
    /// To polynomials that are not transformed yet, and are then.
    fn set(&mut self, polys: &mut [Poly]) {
        for (factor, poly) in self.0.iter_mut().zip(polys) {
            poly.transform();
            factor.set(poly);
        }
    }

    /// The product with another vector.
    fn product(&self, polys: [&Poly; K]) -> Poly {
        product(polys, self.0.each_ref())
    }
}

/// Bytes of a ciphertext's first part: ten bits a coefficient. The second has four.
const U_LEN: usize = 320 * K;
