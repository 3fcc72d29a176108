//! Data keys: what they wrap, and nothing else.

use aes_gcm::{
    Aes256Gcm,
    aead::{AeadInOut, KeyInit},
};
use zeroize::Zeroizing;

use super::*;
use crate::{
    external::{DataKey, ExternalKey, MAX_WRAPPED_LEN, data_key_reference, wrapped_data_key, wrapping_reference},
    kdf::Prk,
};

const REFERENCE: &str = "awskms:alias/kek";
const ASSOCIATED: [u8; 32] = [9; 32];

/// A service that keeps what it is asked to wrap behind as many bytes as it likes, and tells it for the same associated data.
#[derive(Debug)]
struct Keeper {
    prefix: usize,
}

impl ExternalKey for Keeper {
    fn reference(&self) -> &str {
        REFERENCE
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        Ok([&vec![7; self.prefix][..], associated, file_key].concat())
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        let opened = wrapped[self.prefix..].strip_prefix(associated);
        let changed = || ExternalKeyError::NotAuthentic { reference: REFERENCE.into() };
        opened.map(|key| Zeroizing::new(key.to_vec())).ok_or_else(changed)
    }
}

#[test]
fn what_is_wrapped_is_what_the_specification_says() {
    let keeper = Keeper { prefix: 1 };
    let data_key = DataKey::generate(&keeper, &mut SysRng).unwrap();
    //
    let associated = Prk::from_bytes(&[0; 32]).mac(b"fortress-sdk/data-key@v1\0awskms:alias/kek");
    let (head, secret) = data_key.wrapped().split_at(33);
    assert_eq!(head, [&[7][..], &associated].concat());
    //
    let wrapped = data_key.wrap(&[1; 32], &ASSOCIATED, &mut SysRng).unwrap();
    assert_eq!((&wrapped[..3], &wrapped[3..68]), (&[1, 0, 65][..], data_key.wrapped()));
    assert_eq!(wrapped_data_key(&wrapped), Some(data_key.wrapped()));
    let (nonce, rest) = wrapped[68..].split_first_chunk::<12>().unwrap();
    let (sealed, tag) = rest.split_first_chunk::<32>().unwrap();
    let tag: &[u8; 16] = tag.try_into().unwrap();
    let mut file_key = *sealed;
    let aead = Aes256Gcm::new_from_slice(secret).unwrap();
    aead.decrypt_inout_detached(nonce.into(), &ASSOCIATED, file_key.as_mut_slice().into(), tag.into()).unwrap();
    assert_eq!(file_key, [1; 32]);
    assert_ne!(wrapped, data_key.wrap(&[1; 32], &ASSOCIATED, &mut SysRng).unwrap());
    assert_eq!(data_key_reference(REFERENCE), "datakey:awskms:alias/kek");
    assert_eq!(wrapping_reference("datakey:awskms:alias/kek"), Some(REFERENCE));
    assert_eq!(wrapping_reference(REFERENCE), None);
    assert_eq!(alloc::format!("{data_key:?}"), "DataKey { .. }");
}

#[test]
fn it_unwraps_what_it_wrapped_and_nothing_else() {
    let keeper = alloc::sync::Arc::new(Keeper { prefix: 1 });
    let data_key = DataKey::generate(&keeper, &mut SysRng).unwrap();
    let wrapped = data_key.wrap(&[1; 32], &ASSOCIATED, &mut SysRng).unwrap();
    let again = DataKey::open(&*keeper, REFERENCE, data_key.wrapped()).unwrap();
    assert_eq!(*again.unwrap(&wrapped, &ASSOCIATED).unwrap(), [1; 32]);
    let refused = |key: &DataKey, wrapped: &[u8], associated: &[u8; 32]| {
        assert_eq!(key.unwrap(wrapped, associated).unwrap_err().code(), "authentication_failed");
    };
    refused(&again, &wrapped, &[8; 32]);
    for place in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[place] ^= 1;
        refused(&again, &changed, &ASSOCIATED);
        refused(&again, &wrapped[..place], &ASSOCIATED);
    }
    refused(&again, &[&wrapped[..], &[0]].concat(), &ASSOCIATED);
    refused(&DataKey::generate(&keeper, &mut SysRng).unwrap(), &wrapped, &ASSOCIATED);
    assert_eq!(wrapped_data_key(&[&[1, 0, 0][..], &[0; 60]].concat()), None, "no data key");
    // Under another name it is another one.
    let other = DataKey::open(&keeper, "awskms:alias/other", data_key.wrapped()).unwrap_err();
    assert_eq!(other.code(), "authentication_failed");
    // A file key that the same external key wrapped is no data key, nor the other way round.
    let file_key = keeper.wrap(&[1; 32], &ASSOCIATED).unwrap();
    assert!(DataKey::open(&keeper, REFERENCE, &file_key).is_err());
    assert!(keeper.unwrap(data_key.wrapped(), &ASSOCIATED).is_err());
}

#[test]
fn what_a_header_cannot_hold_is_refused() {
    let largest = MAX_WRAPPED_LEN - 63 - 64;
    let data_key = DataKey::generate(&Keeper { prefix: largest }, &mut SysRng).unwrap();
    assert_eq!(data_key.wrap(&[1; 32], &ASSOCIATED, &mut SysRng).unwrap().len(), MAX_WRAPPED_LEN);
    let error = DataKey::generate(&Keeper { prefix: largest + 1 }, &mut SysRng).unwrap_err();
    assert_eq!(error.code(), "invalid_external_key");
}
