//! A key in a token, as an external key.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use zeroize::Zeroizing;

use super::error::rv;
use super::generate::RSA_EXPONENT;
use super::token::{Token, Writing};
use super::uri::Name;
use super::wrapping::{self, Fault, Handles};
use super::{Access, Kind, Mechanism, Pin, Pkcs11Error, Pkcs11Uri};

/// A key in a token that speaks PKCS #11, which wraps and unwraps there and never leaves it.
///
/// Its session is opened again when the token has lost it. It can be shared between threads, which then wait for one another.
pub struct Pkcs11Key {
    uri: Pkcs11Uri,
    access: Access,
    /// All that can be said of the key.
    facts: Pkcs11Uri,
    reference: String,
    mechanism: Mechanism,
    state: Mutex<State>,
}

struct State {
    live: Option<Live>,
    pin: Option<Pin>,
    /// That the PIN was refused: what gave a wrong one may give it again, until the token locks.
    refused: Option<Pkcs11Error>,
}

/// The key in an open session.
struct Live {
    token: Token,
    session: Session,
    handles: Handles,
}

impl Pkcs11Key {
    /// Finds the key that a URI names, and logs in.
    ///
    /// A key that could leave its token is refused.
    pub fn open(uri: &Pkcs11Uri, access: &Access) -> Result<Pkcs11Key, Pkcs11Error> {
        let mut pin = None;
        let token = Token::find(uri, access)?;
        let session = token.session(uri, access, &mut pin, Writing::No)?;
        let found = find_one(&token, &session, uri)?;
        let mechanism = found.usable(&token)?;
        let reference = found.reference().to_string();
        let live = Live { token, session, handles: found.handles };
        Ok(Pkcs11Key {
            uri: uri.clone(),
            access: access.clone(),
            facts: found.facts,
            reference,
            mechanism,
            state: Mutex::new(State { live: Some(live), pin, refused: None }),
        })
    }

    /// How it wraps.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Wraps a file key.
    pub fn wrap_key(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, Pkcs11Error> {
        self.with(|live| wrapping::wrap(&live.session, live.handles, self.mechanism, file_key, associated))
    }

    /// Unwraps what [`wrap_key`](Pkcs11Key::wrap_key) gave, with the same associated data.
    pub fn unwrap_key(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, Pkcs11Error> {
        self.with(|live| wrapping::unwrap(&live.session, live.handles, wrapped, associated))
    }

    /// Does something with the key, once more in a new session if the token has lost the one that was open. Once that session's PIN is refused, no other
    /// is tried: it takes a key that is opened anew.
    fn with<T>(&self, mut act: impl FnMut(&Live) -> Result<T, Fault>) -> Result<T, Pkcs11Error> {
        // A panic in another thread leaves a session, which is whole or is found out.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = &state.live {
            match act(live) {
                Err(Fault::Call(error)) if is_lost(&error) => {}
                done => return done.map_err(|fault| self.fault(&live.token, fault)),
            }
        }
        // What is closed first cannot be mistaken for the new one.
        state.live = None;
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        let live = match self.reopen(&mut state.pin) {
            Err(error @ (Pkcs11Error::WrongPin { .. } | Pkcs11Error::PinLocked { .. })) => {
                state.refused = Some(error.clone());
                return Err(error);
            }
            reopened => reopened?,
        };
        let done = act(&live).map_err(|fault| self.fault(&live.token, fault));
        state.live = Some(live);
        done
    }

    fn reopen(&self, pin: &mut Option<Pin>) -> Result<Live, Pkcs11Error> {
        let token = Token::find(&self.uri, &self.access).map_err(|error| match error {
            Pkcs11Error::TokenNotFound { .. } => Pkcs11Error::TokenGone { token: self.token_label().to_owned() },
            other => other,
        })?;
        let session = token.session(&self.uri, &self.access, pin, Writing::No)?;
        // By what it is, and not by what the URI said: this is the same key or none.
        let found = find_one(&token, &session, &reference_of(&self.facts))?;
        found.usable(&token)?;
        Ok(Live { token, session, handles: found.handles })
    }

    fn fault(&self, token: &Token, fault: Fault) -> Pkcs11Error {
        match fault {
            Fault::Call(error) => token.fault(&error),
            Fault::NotAuthentic => Pkcs11Error::NotAuthentic { key: self.reference.clone() },
            Fault::WrongKind => Pkcs11Error::KeyUnsuitable {
                key: self.reference.clone(),
                reason: "the token does not hold the public part to wrap with",
            },
            Fault::Randomness => Pkcs11Error::Randomness,
        }
    }

    fn token_label(&self) -> &str {
        self.facts.token_label().unwrap_or_default()
    }
}

as_external_key!(
    Pkcs11Key,
    /// By any URI that names the key and says nothing of how it is reached: a header must not choose a module or a PIN's file.
    fn opens(&self, reference: &str) -> bool {
        reference.parse::<Pkcs11Uri>().is_ok_and(|uri| uri.is_bare() && uri.names(&self.facts))
    }
);

impl fmt::Debug for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Key")
            .field("reference", &self.reference)
            .field("mechanism", &self.mechanism)
            .finish_non_exhaustive()
    }
}

/// A key that a token has.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) facts: Pkcs11Uri,
    pub(super) handles: Handles,
    traits: Traits,
}

/// What its attributes say of a secret or private key.
#[derive(Clone, Debug)]
struct Traits {
    sensitive: bool,
    extractable: bool,
    encrypts: bool,
    decrypts: bool,
    wraps: bool,
    unwraps: bool,
    /// The mechanisms that it is kept to, if it is.
    allowed: Option<Vec<MechanismType>>,
    /// How long the key is; 0 where the token does not tell.
    bits: usize,
    /// Of an RSA key: they tell its public part from others.
    modulus: Option<Vec<u8>>,
    exponent: Option<Vec<u8>>,
}

/// What is not told is not allowed, and a key of which it is not told whether it may leave is taken for one that may.
impl Default for Traits {
    fn default() -> Traits {
        Traits {
            sensitive: false,
            extractable: true,
            encrypts: false,
            decrypts: false,
            wraps: false,
            unwraps: false,
            allowed: None,
            bits: 0,
            modulus: None,
            exponent: None,
        }
    }
}

impl Traits {
    /// Why no file key is to be wrapped by it, whatever the mechanism.
    fn unfit(&self, is_rsa: bool) -> Option<&'static str> {
        match (is_rsa, self.bits) {
            _ if self.extractable || !self.sensitive => Some("it may leave the token (CKA_EXTRACTABLE, CKA_SENSITIVE)"),
            (_, 0) => Some("the token does not tell how long it is (CKA_VALUE_LEN, CKA_MODULUS)"),
            (false, ..MIN_AES_BITS) => Some("it is shorter than 256 bits"),
            (true, ..MIN_RSA_BITS) => Some("it is shorter than 2048 bits"),
            _ => None,
        }
    }
}

impl Found {
    /// How long the key is; 0 where the token does not tell.
    pub(super) fn bits(&self) -> usize {
        self.traits.bits
    }

    /// What a header calls it: the token and the key, and not where the token is.
    pub(super) fn reference(&self) -> Pkcs11Uri {
        reference_of(&self.facts)
    }

    /// The mechanism by which it wraps.
    pub(super) fn usable(&self, token: &Token) -> Result<Mechanism, Pkcs11Error> {
        let unsuitable = |reason| Err(Pkcs11Error::KeyUnsuitable { key: self.reference().to_string(), reason });
        let Traits { encrypts, decrypts, wraps, unwraps, ref allowed, .. } = self.traits;
        if let Some(reason) = self.traits.unfit(matches!(self.handles, Handles::Rsa(..))) {
            return unsuitable(reason);
        }
        let serves = |mechanism: &Mechanism| match (mechanism, self.handles) {
            (Mechanism::AesGcm, Handles::Aes(_)) => encrypts && decrypts,
            (Mechanism::AesKeyWrap | Mechanism::AesKeyWrapPad, Handles::Aes(_)) => wraps && unwraps,
            (Mechanism::RsaOaep, Handles::Rsa(_, public)) => decrypts && public.is_some(),
            _ => false,
        };
        let is_allowed = |mechanism: &Mechanism| allowed.as_ref().is_none_or(|all| all.contains(&mechanism.kind()));
        match (token.offers().into_iter().find(|mechanism| serves(mechanism) && is_allowed(mechanism)), self.handles) {
            (Some(mechanism), _) => Ok(mechanism),
            (None, Handles::Rsa(_, None)) => unsuitable("the token does not hold the public part to wrap with"),
            (None, _) if !((encrypts && decrypts) || (wraps && unwraps)) => {
                unsuitable("its attributes allow neither encrypting and decrypting nor wrapping and unwrapping")
            }
            (None, _) => Err(Pkcs11Error::NoMechanism { token: token.label.clone() }),
        }
    }
}

/// Token, label and id: enough to find it, and true for a copy of the token too.
fn reference_of(facts: &Pkcs11Uri) -> Pkcs11Uri {
    let mut uri = Pkcs11Uri::of_token(facts.token_label().unwrap_or_default());
    if let Some(label) = facts.object_label().filter(|label| !label.is_empty()) {
        uri = uri.object(label);
    }
    match facts.object_id() {
        Some(id) if !id.is_empty() => uri.id(id),
        _ => uri,
    }
}

/// The one key that a URI names.
fn find_one(token: &Token, session: &Session, uri: &Pkcs11Uri) -> Result<Found, Pkcs11Error> {
    if !matches!(uri.kind(), None | Some(Kind::SecretKey | Kind::Private)) {
        return Err(Pkcs11Error::KeyUnsuitable {
            key: uri.to_string(),
            reason: "type= is neither secret-key nor private",
        });
    }
    let mut found = find_all(token, session)?;
    found.retain(|key| uri.names(&key.facts));
    match (found.pop(), found.len()) {
        (None, _) => Err(Pkcs11Error::KeyNotFound { wanted: uri.to_string() }),
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(Pkcs11Error::KeyAmbiguous { wanted: uri.to_string(), count: others + 1 }),
    }
}

/// The AES and RSA keys of a token.
pub(super) fn find_all(token: &Token, session: &Session) -> Result<Vec<Found>, Pkcs11Error> {
    let of = |error: Error| token.fault(&error);
    let mut found = Vec::new();
    for (class, kind, word) in
        [(ObjectClass::SECRET_KEY, KeyType::AES, "secret-key"), (ObjectClass::PRIVATE_KEY, KeyType::RSA, "private")]
    {
        let template = [Attribute::Class(class), Attribute::KeyType(kind), Attribute::Token(true)];
        for handle in session.find_objects(&template).map_err(of)? {
            let (facts, traits) = read(session, handle, &token.facts).map_err(of)?;
            let handles = match kind {
                KeyType::RSA => Handles::Rsa(handle, public_part(session, &traits).map_err(of)?),
                _ => Handles::Aes(handle),
            };
            found.push(Found { facts: facts.with(Name::Type, word), handles, traits });
        }
    }
    Ok(found)
}

fn read(session: &Session, handle: ObjectHandle, token: &Pkcs11Uri) -> Result<(Pkcs11Uri, Traits), Error> {
    let mut facts = token.clone();
    let mut traits = Traits::default();
    // One by one: tokens that do not know one attribute are then still asked for the others.
    for kind in [
        AttributeType::Label,
        AttributeType::Id,
        AttributeType::Sensitive,
        AttributeType::Extractable,
        AttributeType::Encrypt,
        AttributeType::Decrypt,
        AttributeType::Wrap,
        AttributeType::Unwrap,
        AttributeType::AllowedMechanisms,
        AttributeType::ValueLen,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
    ] {
        match session.get_attributes(handle, &[kind])?.pop() {
            Some(Attribute::Label(label)) => facts = facts.object(&String::from_utf8_lossy(&label)),
            Some(Attribute::Id(id)) => facts = facts.id(&id),
            Some(Attribute::Sensitive(yes)) => traits.sensitive = yes,
            Some(Attribute::Extractable(yes)) => traits.extractable = yes,
            Some(Attribute::Encrypt(yes)) => traits.encrypts = yes,
            Some(Attribute::Decrypt(yes)) => traits.decrypts = yes,
            Some(Attribute::Wrap(yes)) => traits.wraps = yes,
            Some(Attribute::Unwrap(yes)) => traits.unwraps = yes,
            // None are said where all are allowed.
            Some(Attribute::AllowedMechanisms(all)) if !all.is_empty() => traits.allowed = Some(all),
            Some(Attribute::ValueLen(len)) => traits.bits = *len as usize * 8,
            Some(Attribute::Modulus(modulus)) if !modulus.is_empty() => {
                traits.bits = modulus.len() * 8;
                traits.modulus = Some(modulus);
            }
            Some(Attribute::PublicExponent(exponent)) if !exponent.is_empty() => traits.exponent = Some(exponent),
            _ => {}
        }
    }
    Ok((facts, traits))
}

/// The public part of a private key, by its numbers: by its id or label, it would be whatever someone without a PIN put there. The exponent counts too,
/// for with the exponent 1 nothing is encrypted.
fn public_part(session: &Session, private: &Traits) -> Result<Option<ObjectHandle>, Error> {
    let Some(modulus) = &private.modulus else { return Ok(None) };
    // Tokens before version 2.40 need not tell the private key's exponent; nearly all keys have this one.
    let exponent = private.exponent.clone().unwrap_or_else(|| RSA_EXPONENT.to_vec());
    let template = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(true),
        Attribute::Modulus(modulus.clone()),
        Attribute::PublicExponent(exponent),
    ];
    Ok(session.find_objects(&template)?.pop())
}

/// Has the token forgotten the session, the login or its objects? It then knows them again in a new session.
fn is_lost(error: &Error) -> bool {
    matches!(
        rv(error),
        Some(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::CryptokiNotInitialized
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::WrappingKeyHandleInvalid
                | RvError::UnwrappingKeyHandleInvalid
                | RvError::TokenNotPresent
                | RvError::DeviceRemoved
                | RvError::DeviceError
        )
    )
}

/// What NIST SP 800-131A allows.
const MIN_RSA_BITS: usize = 2_048;
const MIN_AES_BITS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_does_not_tell_is_taken_for_the_worse() {
        let told = Traits { sensitive: true, extractable: false, bits: 256, ..Traits::default() };
        assert_eq!(told.unfit(false), None);
        assert_eq!(Traits { bits: 2_048, ..told.clone() }.unfit(true), None);
        for (untold, word) in [
            (Traits::default(), "CKA_EXTRACTABLE"),
            (Traits { extractable: Traits::default().extractable, ..told.clone() }, "CKA_EXTRACTABLE"),
            (Traits { sensitive: Traits::default().sensitive, ..told.clone() }, "CKA_SENSITIVE"),
            (Traits { bits: Traits::default().bits, ..told.clone() }, "how long"),
        ] {
            for is_rsa in [false, true] {
                assert!(untold.unfit(is_rsa).is_some_and(|reason| reason.contains(word)), "{untold:?}");
            }
        }
        assert_eq!(Traits { bits: 192, ..told.clone() }.unfit(false), Some("it is shorter than 256 bits"));
        assert_eq!(Traits { bits: 2_040, ..told }.unfit(true), Some("it is shorter than 2048 bits"));
    }
}
