//! Who may open an envelope, and what opens it (spec ).

mod external;
mod identity;
mod scope;
mod shares;

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{
    EnvelopeError, ExternalRequest, Header, ReadLimits, header::MAX_RECIPIENTS, header::RecipientKind, header::Wrapped,
};
use crate::{
    chunked::{Derived, MESSAGE_PREFIX_LEN, encrypt_message},
    context::Context,
    external::ExternalKey,
    identity::{IdentityId, SEALED_OVERHEAD},
    kdf::Prk,
    keyring::{KeyId, KeyLookupError, Keyring, Purpose},
    passphrase::{ARGON2_SALT_LEN, Argon2Limits, Argon2Params, Passphrase, PassphraseError},
    secret::{Secret, fill_random},
    shares::ShareSetId,
    suite::Suite,
    token::{self, Head, TokenError},
};
#[cfg(feature = "sharing")]
use crate::{
    identity::{PublicIdentity, ScopeIdentity, SecretIdentity},
    shares::{Share, ShareSet, Shares},
};

/// Passphrase recipients of an envelope, at most: each may cost a reader a second.
pub const MAX_PASSPHRASES: usize = 8;

/// Who may open an envelope.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Recipient<'r> {
    /// Holders of a keyring, at the scope that it is narrowed to.
    Keyring(&'r Keyring),
    /// Whoever knows a passphrase.
    Passphrase(&'r Passphrase, Argon2Params),
    /// Whoever may use an external key.
    External(&'r dyn ExternalKey),
    /// The holder of an identity.
    #[cfg(feature = "sharing")]
    Identity(&'r PublicIdentity),
    /// Holders of a keyring at the scope that this is the identity of. Who encrypts needs nothing that decrypts.
    #[cfg(feature = "sharing")]
    Scope(&'r ScopeIdentity),
    /// Any so many holders of a share set's shares. The first identity finds the first share in the header, sealed for it, and so on; the
    /// shares beyond are given out by other ways.
    #[cfg(feature = "sharing")]
    Shares(&'r ShareSet, &'r [PublicIdentity]),
}

impl<'r> From<&'r Keyring> for Recipient<'r> {
    fn from(keyring: &'r Keyring) -> Recipient<'r> {
        Recipient::Keyring(keyring)
    }
}

impl<'r> From<&'r Passphrase> for Recipient<'r> {
    fn from(passphrase: &'r Passphrase) -> Recipient<'r> {
        Recipient::Passphrase(passphrase, Argon2Params::RECOMMENDED)
    }
}

#[cfg(feature = "sharing")]
impl<'r> From<&'r PublicIdentity> for Recipient<'r> {
    fn from(identity: &'r PublicIdentity) -> Recipient<'r> {
        Recipient::Identity(identity)
    }
}

#[cfg(feature = "sharing")]
impl<'r> From<&'r ScopeIdentity> for Recipient<'r> {
    fn from(identity: &'r ScopeIdentity) -> Recipient<'r> {
        Recipient::Scope(identity)
    }
}

#[cfg(feature = "sharing")]
impl<'r> From<&'r ShareSet> for Recipient<'r> {
    fn from(set: &'r ShareSet) -> Recipient<'r> {
        Recipient::Shares(set, &[])
    }
}

impl<'r> From<&'r dyn ExternalKey> for Recipient<'r> {
    fn from(key: &'r dyn ExternalKey) -> Recipient<'r> {
        Recipient::External(key)
    }
}

/// What opens an envelope.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Identity<'i> {
    /// A keyring, at the scope that the envelope was made for.
    Keyring(&'i Keyring),
    /// A passphrase.
    Passphrase(&'i Passphrase),
    /// An external key.
    External(&'i dyn ExternalKey),
    /// A secret identity.
    #[cfg(feature = "sharing")]
    Identity(&'i SecretIdentity),
    /// Shares of a share set.
    #[cfg(feature = "sharing")]
    Shares(&'i Shares),
}

impl<'i> From<&'i Keyring> for Identity<'i> {
    fn from(keyring: &'i Keyring) -> Identity<'i> {
        Identity::Keyring(keyring)
    }
}

impl<'i> From<&'i Passphrase> for Identity<'i> {
    fn from(passphrase: &'i Passphrase) -> Identity<'i> {
        Identity::Passphrase(passphrase)
    }
}

#[cfg(feature = "sharing")]
impl<'i> From<&'i SecretIdentity> for Identity<'i> {
    fn from(identity: &'i SecretIdentity) -> Identity<'i> {
        Identity::Identity(identity)
    }
}

#[cfg(feature = "sharing")]
impl<'i> From<&'i Shares> for Identity<'i> {
    fn from(shares: &'i Shares) -> Identity<'i> {
        Identity::Shares(shares)
    }
}

impl<'i> From<&'i dyn ExternalKey> for Identity<'i> {
    fn from(key: &'i dyn ExternalKey) -> Identity<'i> {
        Identity::External(key)
    }
}

/// What can be told of a recipient without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientInfo {
    /// A keyring's version.
    Keyring {
        /// Its key id.
        key_id: KeyId,
    },
    /// A passphrase.
    Passphrase {
        /// Its costs.
        params: Argon2Params,
    },
    /// An identity.
    Identity {
        /// What stands for its public key.
        id: IdentityId,
    },
    /// A share set.
    Shares {
        /// Its id.
        set: ShareSetId,
        /// Shares that open.
        threshold: u8,
        /// Shares in all.
        count: u8,
    },
    /// An external key.
    External {
        /// What it is known by.
        reference: String,
    },
    /// The identity of a keyring's scope.
    Scope {
        /// The key id of the keyring's version.
        key_id: KeyId,
    },
    /// A type that this version does not know, or one whose body is not of its layout.
    Other {
        /// Its number.
        kind: u64,
    },
}

impl RecipientInfo {
    pub(crate) fn of(wrapped: &Wrapped) -> RecipientInfo {
        let other = RecipientInfo::Other { kind: wrapped.kind.number() };
        match wrapped.kind {
            RecipientKind::Keyring => key_id(&wrapped.body).map_or(other, |key_id| RecipientInfo::Keyring { key_id }),
            RecipientKind::Passphrase => PassphraseBody::parse(&wrapped.body)
                .map_or(other, |body| RecipientInfo::Passphrase { params: body.params }),
            RecipientKind::Identity => identity::id(&wrapped.body).map_or(other, |id| RecipientInfo::Identity { id }),
            RecipientKind::Shares => {
                let info = |body: shares::Outline| RecipientInfo::Shares {
                    set: body.set,
                    threshold: body.threshold,
                    count: body.count,
                };
                shares::Outline::of(&wrapped.body).map_or(other, info)
            }
            RecipientKind::External => external::Body::parse(&wrapped.body)
                .map_or(other, |body| RecipientInfo::External { reference: body.reference.into() }),
            RecipientKind::Scope => {
                scope::key_id(&wrapped.body).map_or(other, |key_id| RecipientInfo::Scope { key_id })
            }
            RecipientKind::Other(_) => other,
        }
    }
}

/// Wraps a file key for each recipient. What they are together is [checked](check_for_writing) before.
pub(crate) fn wrap_all<R: TryCryptoRng + ?Sized>(
    header: &Header,
    recipients: &[Recipient<'_>],
    file_key: &Secret,
    rng: &mut R,
) -> Result<Vec<Wrapped>, EnvelopeError> {
    let wrap = |recipient: &Recipient<'_>| match *recipient {
        Recipient::Keyring(keyring) => wrap_for_keyring(keyring, file_key, rng),
        Recipient::Passphrase(passphrase, params) => wrap_for_passphrase(passphrase, params, file_key, rng),
        Recipient::External(key) => external::wrap(key, file_key, &header.associated_data()),
        #[cfg(feature = "sharing")]
        Recipient::Identity(public) => identity::wrap(public, file_key, rng),
        #[cfg(feature = "sharing")]
        Recipient::Scope(public) => scope::wrap(public, file_key, rng),
        #[cfg(feature = "sharing")]
        Recipient::Shares(set, holders) => shares::wrap(set, holders, file_key, rng),
    };
    recipients.iter().map(wrap).collect()
}

/// Checks what say of the recipients together and of each body's layout.
pub(crate) fn check(recipients: &[Wrapped]) -> Result<(), EnvelopeError> {
    let of_layout = |wrapped: &Wrapped| match wrapped.kind {
        RecipientKind::Keyring => wrapped.body.len() == KEYRING_BODY_LEN && wrapped.body[0] == token::SINGLE,
        RecipientKind::Passphrase => wrapped.body.len() == PASSPHRASE_BODY_LEN,
        RecipientKind::Identity => wrapped.body.len() == IDENTITY_BODY_LEN,
        RecipientKind::Shares => shares::is_of_layout(&wrapped.body),
        RecipientKind::External => external::Body::parse(&wrapped.body).is_some(),
        RecipientKind::Scope => wrapped.body.len() == scope::BODY_LEN,
        RecipientKind::Other(_) => true,
    };
    if !recipients.iter().all(of_layout) {
        return Err(EnvelopeError::NonCanonical);
    }
    check_counts(
        recipients.len(),
        recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Passphrase).count(),
    )
}

/// Refuses recipients that together a reader would refuse (spec R-4, L-2): those that stay, and those that are to come.
pub(crate) fn check_for_writing(kept: &[Wrapped], recipients: &[Recipient<'_>]) -> Result<(), EnvelopeError> {
    let passphrases = kept.iter().filter(|wrapped| wrapped.kind == RecipientKind::Passphrase);
    let kept_costs = passphrases.filter_map(|wrapped| PassphraseBody::parse(&wrapped.body)).map(|body| body.params);
    let costs = recipients.iter().filter_map(|recipient| match recipient {
        Recipient::Passphrase(_, params) => Some(*params),
        _ => None,
    });
    check_counts(kept.len() + recipients.len(), kept_costs.clone().count() + costs.clone().count())?;
    Argon2Limits::check_for_writing(costs.clone())?;
    Ok(Argon2Limits::default().check_all(kept_costs.chain(costs))?)
}

/// The file key, by the first recipient that one of the identities opens.
pub(crate) fn unwrap(
    header: &Header,
    recipients: &[Wrapped],
    identities: &[Identity<'_>],
    limits: &ReadLimits,
) -> Result<Secret, EnvelopeError> {
    let mut failure = EnvelopeError::WrongRecipient { kinds: kinds(recipients) };
    // The cheap ones first: keyrings and shares cost nothing to try, identities a third of a millisecond, external keys a call
    // to somewhere, passphrases a second.
    for keyring in identities
        .iter()
        .filter_map(|identity| if let Identity::Keyring(keyring) = identity { Some(*keyring) } else { None })
    {
        for wrapped in recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Keyring) {
            match unwrap_by_keyring(keyring, &wrapped.body) {
                Ok(Some(file_key)) => return Ok(file_key),
                Ok(None) => {}
                Err(error) => failure = failure.or_weightier(error),
            }
        }
        #[cfg(feature = "sharing")]
        for wrapped in recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Scope) {
            match scope::unwrap(keyring, &wrapped.body) {
                Ok(Some(file_key)) => return Ok(file_key),
                Ok(None) => {}
                Err(error) => failure = failure.or_weightier(error),
            }
        }
    }
    #[cfg(feature = "sharing")]
    for secret in identities
        .iter()
        .filter_map(|identity| if let Identity::Identity(secret) = identity { Some(*secret) } else { None })
    {
        for wrapped in recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Identity) {
            match identity::unwrap(secret, &wrapped.body) {
                Ok(Some(file_key)) => return Ok(file_key),
                Ok(None) => {}
                Err(error) => failure = failure.or_weightier(error),
            }
        }
    }
    #[cfg(feature = "sharing")]
    for brought in identities
        .iter()
        .filter_map(|identity| if let Identity::Shares(shares) = identity { Some(*shares) } else { None })
    {
        for wrapped in recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Shares) {
            match shares::unwrap(brought, &wrapped.body) {
                Ok(Some(file_key)) => return Ok(file_key),
                Ok(None) => {}
                Err(error) => failure = failure.or_weightier(error),
            }
        }
    }
    let external_keys =
        identities.iter().filter_map(|identity| if let Identity::External(key) = identity { Some(*key) } else { None });
    for key in external_keys {
        let bodies = recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::External);
        let bodies = bodies.filter_map(|wrapped| external::Body::parse(&wrapped.body));
        let mut tried: Vec<&str> = Vec::new();
        for body in bodies.filter(|body| key.opens(body.reference)) {
            // A stranger's header cannot ask for a thousand calls, by one reference or by as many ways to write it.
            if tried.contains(&body.reference) {
                continue;
            }
            if tried.len() == MAX_EXTERNAL_TRIES {
                break;
            }
            tried.push(body.reference);
            match external::unwrap(key, &body, &header.associated_data()) {
                Ok(file_key) => return Ok(file_key),
                Err(error) => failure = failure.or_weightier(error),
            }
        }
    }
    let passphrases = identities
        .iter()
        .filter_map(|identity| if let Identity::Passphrase(passphrase) = identity { Some(*passphrase) } else { None });
    for passphrase in passphrases {
        let bodies = recipients
            .iter()
            .filter(|wrapped| wrapped.kind == RecipientKind::Passphrase)
            .map(|wrapped| PassphraseBody::parse(&wrapped.body));
        let bodies: Vec<PassphraseBody<'_>> = bodies.collect::<Option<_>>().ok_or(EnvelopeError::NonCanonical)?;
        // All of them before the first: a header that asks for too much costs nothing.
        limits.argon2.check_all(bodies.iter().map(|body| body.params))?;
        for body in bodies {
            match body.unwrap(passphrase)? {
                Some(file_key) => return Ok(file_key),
                None => failure = failure.or_weightier(EnvelopeError::WrongPassphrase),
            }
        }
    }
    Err(failure)
}

/// Does a keyring, an identity or a share set open it, at no cost but some computing?
pub(super) fn opens_at_hand(header: &Header, identities: &[Identity<'_>]) -> bool {
    let elsewhere = |identity: &Identity<'_>| matches!(identity, Identity::External(_) | Identity::Passphrase(_));
    let at_hand: Vec<Identity<'_>> = identities.iter().copied().filter(|identity| !elsewhere(identity)).collect();
    unwrap(header, header.recipients(), &at_hand, &ReadLimits::default()).is_ok()
}

/// What external keys may be asked for, of each reference the first.
pub(super) fn external_requests(header: &Header) -> Vec<ExternalRequest> {
    let associated = header.associated_data();
    let mut requests: Vec<ExternalRequest> = Vec::new();
    let bodies = header.recipients().iter().filter(|wrapped| wrapped.kind == RecipientKind::External);
    for body in bodies.filter_map(|wrapped| external::Body::parse(&wrapped.body)) {
        if requests.iter().all(|request| request.reference != body.reference) {
            let (reference, wrapped) = (body.reference.into(), body.wrapped.to_vec());
            requests.push(ExternalRequest { reference, wrapped, associated });
        }
    }
    requests
}

/// The shares that recipients hold for an identity.
#[cfg(feature = "sharing")]
pub(crate) fn held_shares(recipients: &[Wrapped], secret: &SecretIdentity) -> Result<Vec<Share>, EnvelopeError> {
    let mut held = Vec::new();
    for wrapped in recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Shares) {
        held.extend(shares::held(secret, &wrapped.body)?);
    }
    if held.is_empty() {
        return Err(EnvelopeError::WrongRecipient { kinds: kinds(recipients) });
    }
    Ok(held)
}

fn wrap_for_keyring<R: TryCryptoRng + ?Sized>(
    keyring: &Keyring,
    file_key: &Secret,
    rng: &mut R,
) -> Result<Wrapped, EnvelopeError> {
    let (id, key) = keyring.encryption_key(Purpose::Wrap)?;
    let mut body = Vec::with_capacity(KEYRING_BODY_LEN);
    token::seal(WRAPPING_SUITE, id, key, file_key.expose(), &Context::empty(), rng, &mut body)?;
    Ok(Wrapped { kind: RecipientKind::Keyring, body })
}

/// Is it a recipient that this key opens, by its reference?
pub(super) fn is_for(key: &dyn ExternalKey, wrapped: &Wrapped) -> bool {
    external::Body::parse(&wrapped.body).is_some_and(|body| key.opens(body.reference))
}

/// `None` when the keyring does not hold the key.
fn unwrap_by_keyring(keyring: &Keyring, body: &[u8]) -> Result<Option<Secret>, EnvelopeError> {
    // The key id is looked up before the suite: another keyring's recipient may use one that is not known here.
    let id = key_id(body).ok_or(EnvelopeError::NonCanonical)?;
    let key = match keyring.decryption_key(id, Purpose::Wrap) {
        Ok(key) => key,
        Err(KeyLookupError::Unknown(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let head = Head::parse_single(body)?;
    let file_key = Zeroizing::new(token::open(key, head, body, &Context::empty())?);
    Secret::from_slice(&file_key).map(Some).ok_or(EnvelopeError::NonCanonical)
}

/// The key id in the body of a keyring recipient, whatever its suite.
fn key_id(body: &[u8]) -> Option<KeyId> {
    let &[_, _, _, k0, k1, k2, k3] = body.first_chunk::<{ token::HEAD_LEN }>()?;
    Some(KeyId([k0, k1, k2, k3]))
}

fn wrap_for_passphrase<R: TryCryptoRng + ?Sized>(
    passphrase: &Passphrase,
    params: Argon2Params,
    file_key: &Secret,
    rng: &mut R,
) -> Result<Wrapped, EnvelopeError> {
    let mut salt = [0; ARGON2_SALT_LEN];
    fill_random(rng, &mut salt)?;
    let key = Prk::new(&passphrase.derive_key(&salt, params)?);
    let derived = Derived::generate(WRAPPING_SUITE, &key, NO_CONTEXT, rng)?;
    let mut body = Vec::with_capacity(PASSPHRASE_BODY_LEN);
    body.extend_from_slice(&salt);
    for number in [params.passes, params.memory_kib, params.lanes] {
        body.extend_from_slice(&number.to_be_bytes());
    }
    body.extend_from_slice(derived.prefix());
    encrypt_message(&derived.into_message_key(), file_key.expose(), &mut body)?;
    Ok(Wrapped { kind: RecipientKind::Passphrase, body })
}

/// The body of a passphrase recipient (spec R-3).
struct PassphraseBody<'b> {
    salt: &'b [u8; ARGON2_SALT_LEN],
    params: Argon2Params,
    prefix: &'b [u8; MESSAGE_PREFIX_LEN],
    chunk: &'b [u8],
}

impl<'b> PassphraseBody<'b> {
    fn parse(body: &'b [u8]) -> Option<PassphraseBody<'b>> {
        let (salt, rest) = body.split_first_chunk()?;
        let (passes, rest) = rest.split_first_chunk()?;
        let (memory_kib, rest) = rest.split_first_chunk()?;
        let (lanes, rest) = rest.split_first_chunk()?;
        let (prefix, chunk) = rest.split_first_chunk()?;
        let number = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
        let params = Argon2Params { passes: number(passes), memory_kib: number(memory_kib), lanes: number(lanes) };
        Some(PassphraseBody { salt, params, prefix, chunk })
    }

    /// `None` when the passphrase is another one.
    fn unwrap(&self, passphrase: &Passphrase) -> Result<Option<Secret>, PassphraseError> {
        let key = Prk::new(&passphrase.derive_key(self.salt, self.params)?);
        let opened = Derived::open(WRAPPING_SUITE, &key, self.prefix, NO_CONTEXT)
            .ok()
            .and_then(|derived| derived.into_message_key().decrypt_message(self.chunk).ok());
        Ok(opened.map(Zeroizing::new).and_then(|file_key| Secret::from_slice(&file_key)))
    }
}

fn check_counts(recipients: usize, passphrases: usize) -> Result<(), EnvelopeError> {
    if recipients == 0 {
        return Err(EnvelopeError::NoRecipient);
    }
    if recipients > MAX_RECIPIENTS || passphrases > MAX_PASSPHRASES {
        return Err(EnvelopeError::TooManyRecipients { recipients, passphrases });
    }
    Ok(())
}

/// The types of recipients, for an error that names them: a few, for they are a stranger's.
fn kinds(recipients: &[Wrapped]) -> String {
    let mut names: Vec<String> = Vec::new();
    for wrapped in recipients {
        let name = match wrapped.kind {
            RecipientKind::Keyring => "keyring".into(),
            RecipientKind::Passphrase => "passphrase".into(),
            RecipientKind::Identity => match identity::id(&wrapped.body) {
                Some(id) => alloc::format!("identity {id}"),
                None => "identity".into(),
            },
            RecipientKind::Shares => match shares::Outline::of(&wrapped.body) {
                Some(body) => alloc::format!("{} shares of set {}", body.threshold, body.set),
                None => "shares".into(),
            },
            RecipientKind::External => match external::Body::parse(&wrapped.body) {
                Some(body) => alloc::format!("external key {:?}", body.shown()),
                None => "external key".into(),
            },
            RecipientKind::Scope => "keyring, by its scope's identity".into(),
            RecipientKind::Other(kind) => alloc::format!("type {kind}, not known to this version"),
        };
        if names.contains(&name) {
            continue;
        }
        if names.len() == NAMED_KINDS {
            return names.join(", ") + " and others";
        }
        names.push(name);
    }
    names.join(", ")
}

impl From<KeyLookupError> for EnvelopeError {
    fn from(error: KeyLookupError) -> EnvelopeError {
        TokenError::from(error).into()
    }
}

/// File keys are wrapped in the suite that most libraries read.
const WRAPPING_SUITE: Suite = Suite::Aes256Gcm;
const NO_CONTEXT: [&[u8]; 2] = [&[], &[]];
const NAMED_KINDS: usize = 4;
/// Different references that one key is asked for (spec R-7).
const MAX_EXTERNAL_TRIES: usize = 4;
const FILE_KEY_LEN: usize = 32;
const KEYRING_BODY_LEN: usize = token::OVERHEAD + FILE_KEY_LEN;
const IDENTITY_BODY_LEN: usize = identity::ID_LEN + SEALED_OVERHEAD + FILE_KEY_LEN;
const PASSPHRASE_BODY_LEN: usize = ARGON2_SALT_LEN + 12 + MESSAGE_PREFIX_LEN + FILE_KEY_LEN + crate::aead::TAG_LEN;
