//! Keys made in a token, which never leave it.

use std::fmt;

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::{self, MechanismType};
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::error::rv;
use super::key::find_all;
use super::token::{Token, Writing};
use super::wrapping::Handles;
use super::{Access, Pkcs11Error, Pkcs11Uri, UriError};

/// By what a key in a token wraps. What comes first is taken first, if the token offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// AES-256-GCM, `CKM_AES_GCM`.
    AesGcm,
    /// AES key wrapping (RFC 3394), `CKM_AES_KEY_WRAP`.
    AesKeyWrap,
    /// AES key wrapping with padding, `CKM_AES_KEY_WRAP_PAD`.
    AesKeyWrapPad,
    /// RSA with OAEP (RFC 8017), `CKM_RSA_PKCS_OAEP`.
    RsaOaep,
}

impl Mechanism {
    /// All of them, best first.
    pub const ALL: [Mechanism; 4] =
        [Mechanism::AesGcm, Mechanism::AesKeyWrap, Mechanism::AesKeyWrapPad, Mechanism::RsaOaep];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Mechanism::AesGcm => "aes-gcm",
            Mechanism::AesKeyWrap => "aes-key-wrap",
            Mechanism::AesKeyWrapPad => "aes-key-wrap-pad",
            Mechanism::RsaOaep => "rsa-oaep",
        }
    }

    pub(super) const fn kind(self) -> MechanismType {
        match self {
            Mechanism::AesGcm => MechanismType::AES_GCM,
            Mechanism::AesKeyWrap => MechanismType::AES_KEY_WRAP,
            Mechanism::AesKeyWrapPad => MechanismType::AES_KEY_WRAP_PAD,
            Mechanism::RsaOaep => MechanismType::RSA_PKCS_OAEP,
        }
    }

    fn only(self) -> [Attribute; 1] {
        [Attribute::AllowedMechanisms(vec![self.kind()])]
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Mechanism> {
        Mechanism::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewKey {
    /// Names it: token, label and id.
    pub uri: Pkcs11Uri,
    /// By what it wraps.
    pub mechanism: Mechanism,
}

/// Makes a key in the token that a URI names, with the label of its `object` attribute and the id of its `id` attribute, or a random one: AES of 256 bits, or
/// RSA of 3,072 bits.
///
/// Without a mechanism, it is the best that the token offers. The key is allowed what its mechanism takes and nothing else.
pub fn generate(uri: &Pkcs11Uri, mechanism: Option<Mechanism>, access: &Access) -> Result<NewKey, Pkcs11Error> {
    let label = match uri.object_label() {
        Some(label) if !label.is_empty() => label,
        _ => return Err(UriError::NoObject.into()),
    };
    let id = match uri.object_id() {
        Some(id) => id.to_vec(),
        None => random_id()?,
    };
    let token = Token::find(uri, access)?;
    let offered = token.offers();
    let mechanism = match mechanism {
        Some(wanted) => offered.contains(&wanted).then_some(wanted),
        None => offered.first().copied(),
    };
    let mechanism = mechanism.ok_or_else(|| Pkcs11Error::NoMechanism { token: token.label.clone() })?;
    let session = token.session(uri, access, &mut None, Writing::Yes)?;
    let named = Pkcs11Uri::of_token(&token.label).object(label).id(&id);
    let taken = find_all(&token, &session)?
        .into_iter()
        .any(|key| key.facts.object_label() == Some(label) || key.facts.object_id() == Some(&id));
    if taken {
        return Err(Pkcs11Error::KeyExists { wanted: uri.to_string() });
    }
    let made = match make(&session, mechanism, label, &id, &mechanism.only()) {
        // Not every token can keep a key to one mechanism.
        Err(error) if knows_no_limit(&error) => make(&session, mechanism, label, &id, &[]),
        made => made,
    };
    let made = made.map_err(|error| token.fault(&error))?;
    // As the token has it, whatever it was told.
    let kept = find_all(&token, &session)?.into_iter().find(|key| named.names(&key.facts));
    let usable = match kept {
        Some(key) => key.usable(&token),
        None => Err(Pkcs11Error::KeyNotFound { wanted: named.to_string() }),
    };
    match usable {
        // Where the token cannot keep a key to one mechanism, this may be another one than was asked for.
        Ok(mechanism) => Ok(NewKey { uri: named, mechanism }),
        Err(error) => {
            for object in objects(made) {
                session.destroy_object(object).map_err(|error| token.fault(&error))?;
            }
            Err(error)
        }
    }
}

fn make(
    session: &Session,
    mechanism: Mechanism,
    label: &str,
    id: &[u8],
    limit: &[Attribute],
) -> Result<Handles, Error> {
    let named = [Attribute::Label(label.as_bytes().to_vec()), Attribute::Id(id.to_vec()), Attribute::Token(true)];
    let secret = [Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
    let uses = |encrypt: bool, wrap: bool| {
        [Attribute::Encrypt(encrypt), Attribute::Decrypt(encrypt), Attribute::Wrap(wrap), Attribute::Unwrap(wrap)]
    };
    let aes = |uses: [Attribute; 4]| {
        let mut template = vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::ValueLen(AES_KEY_LEN.into())];
        template.extend(named.iter().chain(&secret).chain(&uses).cloned());
        // What is not said may be allowed.
        template.extend([Attribute::Sign(false), Attribute::Verify(false), Attribute::Derive(false)]);
        template.extend_from_slice(limit);
        session.generate_key(&mechanism::Mechanism::AesKeyGen, &template).map(Handles::Aes)
    };
    match mechanism {
        Mechanism::AesGcm => aes(uses(true, false)),
        Mechanism::AesKeyWrap | Mechanism::AesKeyWrapPad => aes(uses(false, true)),
        Mechanism::RsaOaep => {
            let mut public = vec![
                Attribute::ModulusBits(RSA_BITS.into()),
                Attribute::PublicExponent(RSA_EXPONENT.to_vec()),
                Attribute::Private(false),
                Attribute::Encrypt(true),
                Attribute::Verify(false),
                Attribute::Wrap(false),
            ];
            public.extend(named.iter().cloned());
            let mut private = vec![Attribute::Decrypt(true), Attribute::Sign(false), Attribute::Unwrap(false)];
            private.extend(named.iter().chain(&secret).chain(limit).cloned());
            let pair = session.generate_key_pair(&mechanism::Mechanism::RsaPkcsKeyPairGen, &public, &private);
            pair.map(|(public, private)| Handles::Rsa(private, Some(public)))
        }
    }
}

fn knows_no_limit(error: &Error) -> bool {
    matches!(
        rv(error),
        Some(
            RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::AttributeReadOnly
                | RvError::TemplateInconsistent
        )
    )
}

fn objects(handles: Handles) -> Vec<ObjectHandle> {
    match handles {
        Handles::Aes(key) => vec![key],
        Handles::Rsa(private, public) => public.into_iter().chain([private]).collect(),
    }
}

fn random_id() -> Result<Vec<u8>, Pkcs11Error> {
    let mut id = [0; ID_LEN];
    getrandom::fill(&mut id).map_err(|_| Pkcs11Error::Randomness)?;
    Ok(id.to_vec())
}

const AES_KEY_LEN: u64 = 32;
const RSA_BITS: u64 = 3_072;
pub(super) const RSA_EXPONENT: [u8; 3] = [1, 0, 1];
const ID_LEN: usize = 8;
