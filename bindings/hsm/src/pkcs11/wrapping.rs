//! How a key in a token wraps 32 bytes (spec ).

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{self, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use zeroize::{Zeroize as _, Zeroizing};

use super::Mechanism;
use super::error::rv;
use crate::bound::{bound, unbound};

/// The objects of a key in an open session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handles {
    Aes(ObjectHandle),
    /// The private part, and the public one if the token holds it.
    Rsa(ObjectHandle, Option<ObjectHandle>),
}

/// Why it did not wrap or unwrap.
#[derive(Debug)]
pub(super) enum Fault {
    Call(Error),
    NotAuthentic,
    /// The key is of another kind than its mechanism, or has no public part to wrap with.
    WrongKind,
    Randomness,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Call(error)
    }
}

/// Version and way of wrapping, then what the token gave (spec X-5).
pub(super) fn wrap(
    session: &Session,
    handles: Handles,
    mechanism: Mechanism,
    file_key: &[u8; 32],
    associated: &[u8; 32],
) -> Result<Vec<u8>, Fault> {
    let bound = bound(file_key, associated);
    let (way, wrapped) = match (mechanism, handles) {
        (Mechanism::AesGcm, Handles::Aes(key)) => {
            let mut iv = [0; IV_LEN];
            getrandom::fill(&mut iv).map_err(|_| Fault::Randomness)?;
            let aad = gcm_aad(associated);
            let params = GcmParams::new(&mut iv, &aad, TAG_BITS.into())?;
            let sealed = session.encrypt(&mechanism::Mechanism::AesGcm(params), key, file_key)?;
            // After the call: a token may have put an IV of its own there.
            (AES_GCM, [&iv[..], &sealed].concat())
        }
        (Mechanism::AesKeyWrap, Handles::Aes(key)) => {
            (AES_KEY_WRAP, wrap_object(session, &mechanism::Mechanism::AesKeyWrap, key, &bound[..])?)
        }
        (Mechanism::AesKeyWrapPad, Handles::Aes(key)) => {
            (AES_KEY_WRAP_PAD, wrap_object(session, &mechanism::Mechanism::AesKeyWrapPad, key, &bound[..])?)
        }
        (Mechanism::RsaOaep, Handles::Rsa(_, Some(public))) => {
            match session.encrypt(&oaep(OAEP_SHA256), public, &bound[..]) {
                Ok(wrapped) => (RSA_OAEP_SHA256, wrapped),
                Err(error) if is_of_parameters(&error) => {
                    (RSA_OAEP_SHA1, session.encrypt(&oaep(OAEP_SHA1), public, &bound[..])?)
                }
                Err(error) => return Err(error.into()),
            }
        }
        _ => return Err(Fault::WrongKind),
    };
    Ok([&[VERSION, way], &wrapped[..]].concat())
}

/// The file key, if it was wrapped by this key with this associated data.
pub(super) fn unwrap(
    session: &Session,
    handles: Handles,
    wrapped: &[u8],
    associated: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let Some((&[VERSION, way], wrapped)) = wrapped.split_first_chunk() else {
        return Err(Fault::NotAuthentic);
    };
    let plain = match (way, handles) {
        (AES_GCM, Handles::Aes(key)) => {
            let Some((iv, sealed)) = wrapped.split_first_chunk::<IV_LEN>() else {
                return Err(Fault::NotAuthentic);
            };
            let (mut iv, aad) = (*iv, gcm_aad(associated));
            let params = GcmParams::new(&mut iv, &aad, TAG_BITS.into())?;
            return open(session.decrypt(&mechanism::Mechanism::AesGcm(params), key, sealed));
        }
        (AES_KEY_WRAP, Handles::Aes(key)) => unwrap_object(session, &mechanism::Mechanism::AesKeyWrap, key, wrapped)?,
        (AES_KEY_WRAP_PAD, Handles::Aes(key)) => {
            unwrap_object(session, &mechanism::Mechanism::AesKeyWrapPad, key, wrapped)?
        }
        (RSA_OAEP_SHA256, Handles::Rsa(private, _)) => open(session.decrypt(&oaep(OAEP_SHA256), private, wrapped))?,
        (RSA_OAEP_SHA1, Handles::Rsa(private, _)) => open(session.decrypt(&oaep(OAEP_SHA1), private, wrapped))?,
        // Another way than this key has: it did not wrap this.
        _ => return Err(Fault::NotAuthentic),
    };
    unbound(&plain, associated).ok_or(Fault::NotAuthentic)
}

/// Spec X-6.
fn gcm_aad(associated: &[u8; 32]) -> [u8; 34] {
    let mut aad = [0; 34];
    aad[..2].copy_from_slice(&[VERSION, AES_GCM]);
    aad[2..].copy_from_slice(associated);
    aad
}

/// Key wrapping takes an object: the bytes become one for the time of the call.
fn wrap_object(
    session: &Session,
    mechanism: &mechanism::Mechanism<'_>,
    key: ObjectHandle,
    bytes: &[u8],
) -> Result<Vec<u8>, Fault> {
    let mut template = session_object();
    template.push(Attribute::Value(bytes.to_vec()));
    let object = session.create_object(&template);
    if let Some(Attribute::Value(value)) = template.last_mut() {
        value.zeroize();
    }
    let object = object?;
    let wrapped = session.wrap_key(mechanism, key, object);
    // A session's objects end with it; this one sooner.
    session.destroy_object(object)?;
    Ok(wrapped?)
}

fn unwrap_object(
    session: &Session,
    mechanism: &mechanism::Mechanism<'_>,
    key: ObjectHandle,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let object = session.unwrap_key(mechanism, key, wrapped, &session_object()).map_err(of_opening)?;
    let value = session.get_attributes(object, &[AttributeType::Value]);
    session.destroy_object(object)?;
    match value?.pop() {
        Some(Attribute::Value(value)) => Ok(Zeroizing::new(value)),
        _ => Err(Fault::NotAuthentic),
    }
}

fn session_object() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ]
}

fn open(opened: Result<Vec<u8>, Error>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    opened.map(Zeroizing::new).map_err(of_opening)
}

/// Tokens report bytes that do not open in many ways. Some can mean anything, but nothing else that has to do with one call; and a way of wrapping that the
/// token or the key does not have is not the one by which it wrapped. What can only be the device's or the machine's fault is not said of the bytes.
fn of_opening(error: Error) -> Fault {
    match rv(&error) {
        Some(
            RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::WrappedKeyInvalid
            | RvError::WrappedKeyLenRange
            | RvError::DataInvalid
            | RvError::DataLenRange
            | RvError::SignatureInvalid
            | RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::ArgumentsBad
            | RvError::KeyFunctionNotPermitted
            | RvError::KeyTypeInconsistent
            | RvError::UnwrappingKeyTypeInconsistent
            | RvError::GeneralError
            | RvError::FunctionFailed,
        ) => Fault::NotAuthentic,
        _ => Fault::Call(error),
    }
}

/// Does the token not know this hash for OAEP?
fn is_of_parameters(error: &Error) -> bool {
    matches!(rv(error), Some(RvError::MechanismParamInvalid | RvError::MechanismInvalid | RvError::ArgumentsBad))
}

type Hash = (MechanismType, PkcsMgfType);

/// Without a label: many tokens take none (spec X-7).
fn oaep((hash, mask): Hash) -> mechanism::Mechanism<'static> {
    mechanism::Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mask, PkcsOaepSource::empty()))
}

const OAEP_SHA256: Hash = (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256);
const OAEP_SHA1: Hash = (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1);
const VERSION: u8 = 1;
const AES_GCM: u8 = 1;
const AES_KEY_WRAP: u8 = 2;
const AES_KEY_WRAP_PAD: u8 = 3;
const RSA_OAEP_SHA256: u8 = 4;
const RSA_OAEP_SHA1: u8 = 5;
const IV_LEN: usize = 12;
const TAG_BITS: u64 = 128;

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;
    use fortress::external::ExternalKeyError;

    use super::super::Pkcs11Error;
    use super::*;

    #[test]
    fn a_fault_of_the_device_is_not_one_of_the_bytes() {
        let of = |code| of_opening(Error::Pkcs11(code, Function::Decrypt));
        for code in [RvError::DeviceError, RvError::DeviceMemory, RvError::DeviceRemoved, RvError::HostMemory] {
            let Fault::Call(error) = of(code) else { panic!("{code:?}") };
            let error = Pkcs11Error::of_call(&error, "a").for_core("pkcs11:token=a");
            assert!(matches!(error, ExternalKeyError::Unavailable { .. }), "{error}");
        }
        assert!(matches!(of(RvError::EncryptedDataInvalid), Fault::NotAuthentic));
        assert!(matches!(of(RvError::GeneralError), Fault::NotAuthentic), "what software tokens say of RSA");
    }
}
