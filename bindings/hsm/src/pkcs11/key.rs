//! A key in a token, as an external key.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use fortress::external::{ExternalKey, ExternalKeyError};
use zeroize::Zeroizing;

use super::error::rv;
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
            state: Mutex::new(State { live: Some(live), pin }),
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

    /// Does something with the key, once more in a new session if the token has lost the one that was open.
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
        let live = self.reopen(&mut state.pin)?;
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

impl ExternalKey for Pkcs11Key {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn wrap(&self, file_key: &[u8; 32], associated: &[u8; 32]) -> Result<Vec<u8>, ExternalKeyError> {
        self.wrap_key(file_key, associated).map_err(|error| error.for_core(&self.reference))
    }

    fn unwrap(&self, wrapped: &[u8], associated: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, ExternalKeyError> {
        self.unwrap_key(wrapped, associated).map_err(|error| error.for_core(&self.reference))
    }

    /// By any URI that names the key and says nothing of how it is reached: a header must not choose a module or a PIN's file.
    fn opens(&self, reference: &str) -> bool {
        reference.parse::<Pkcs11Uri>().is_ok_and(|uri| uri.is_bare() && uri.names(&self.facts))
    }
}

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
    pub(super) bits: usize,
    traits: Traits,
}

/// What its attributes say of a secret or private key.
#[derive(Clone, Debug, Default)]
struct Traits {
    sensitive: bool,
    extractable: bool,
    encrypts: bool,
    decrypts: bool,
    wraps: bool,
    unwraps: bool,
    /// The mechanisms that it is kept to, if it is.
    allowed: Option<Vec<MechanismType>>,
}

impl Found {
    /// What a header calls it: the token and the key, and not where the token is.
    pub(super) fn reference(&self) -> Pkcs11Uri {
        reference_of(&self.facts)
    }

    /// The mechanism by which it wraps.
    pub(super) fn usable(&self, token: &Token) -> Result<Mechanism, Pkcs11Error> {
        let unsuitable = |reason| Err(Pkcs11Error::KeyUnsuitable { key: self.reference().to_string(), reason });
        let Traits { sensitive, extractable, encrypts, decrypts, wraps, unwraps, ref allowed } = self.traits;
        if extractable || !sensitive {
            return unsuitable("it may leave the token (CKA_EXTRACTABLE, CKA_SENSITIVE)");
        }
        match (self.handles, self.bits) {
            // Some tokens do not tell.
            (_, 0) | (Handles::Aes(_), 256..) | (Handles::Rsa(..), MIN_RSA_BITS..) => {}
            (Handles::Aes(_), _) => return unsuitable("it is shorter than 256 bits"),
            (Handles::Rsa(..), _) => return unsuitable("it is shorter than 2048 bits"),
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
            let (facts, traits, bits) = read(session, handle, &token.facts).map_err(of)?;
            let handles = match kind {
                KeyType::RSA => Handles::Rsa(handle, public_part(session, &facts).map_err(of)?),
                _ => Handles::Aes(handle),
            };
            found.push(Found { facts: facts.with(Name::Type, word), handles, bits, traits });
        }
    }
    Ok(found)
}

fn read(session: &Session, handle: ObjectHandle, token: &Pkcs11Uri) -> Result<(Pkcs11Uri, Traits, usize), Error> {
    let mut facts = token.clone();
    let mut traits = Traits::default();
    let mut bits = 0;
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
            Some(Attribute::ValueLen(len)) => bits = *len as usize * 8,
            Some(Attribute::Modulus(modulus)) => bits = modulus.len() * 8,
            _ => {}
        }
    }
    Ok((facts, traits, bits))
}

/// The public key with the id of a private one, or its label where it has no id.
fn public_part(session: &Session, facts: &Pkcs11Uri) -> Result<Option<ObjectHandle>, Error> {
    let same = match (facts.object_id(), facts.object_label()) {
        (Some(id), _) if !id.is_empty() => Attribute::Id(id.to_vec()),
        (_, Some(label)) if !label.is_empty() => Attribute::Label(label.as_bytes().to_vec()),
        _ => return Ok(None),
    };
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::KeyType(KeyType::RSA), same];
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
