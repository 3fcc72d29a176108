//! A file key and what it is bound to, wrapped as one text where associated data is not taken (spec ).

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What is wrapped: both.
pub(crate) fn bound(file_key: &[u8; 32], associated: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut bound = Zeroizing::new([0; 64]);
    bound[..32].copy_from_slice(file_key);
    bound[32..].copy_from_slice(associated);
    bound
}

/// The file key, if it was wrapped beside this associated data.
pub(crate) fn unbound(plain: &[u8], associated: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
    let (file_key, other) = plain.split_at_checked(32)?;
    bool::from(other.ct_eq(associated)).then(|| Zeroizing::new(file_key.to_vec()))
}
