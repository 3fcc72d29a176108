//! Grants: keys of a scope for someone, signed by who gives them, for a time (spec A-1 to A-9).
//!
//! A grant is an envelope for its recipients. It holds the keys of a scope, and says who granted them, what may be done with them, from when until
//! when and what for; the granter's signature covers all of that, and the envelope's header with the recipients. Who opens it names the
//! granters that are trusted, and the time.
//!
//! A grant *to encrypt* holds no key that decrypts. A grant *to decrypt* holds symmetric keys, and those could encrypt too: that they do not
//! is the word of this library, and nothing that an opponent has to keep to. The same holds for the time: who has opened a grant has its keys. To end one
//! before its time, [rotate](Keyring::rotate) the keyring, so that what is encrypted afterwards is out of its reach.
//!
//! ```
//! use fortress::{Context, Keyring, Profile, Timestamp, grant::{self, Actions, SigningKey, Terms}, identity::SecretIdentity};
//! # let mut rng = getrandom::SysRng;
//! # let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
//! # let ada = SecretIdentity::generate(&mut rng)?;
//! let grace = SigningKey::generate(Default::default(), &mut rng)?;
//! let email = keyring.scope(["acme", "users", "email"])?;
//! let terms = Terms {
//!     actions: Actions::Decrypt,
//!     from: Timestamp(1_790_000_000),
//!     until: Timestamp(1_790_604_800),
//!     purpose: "answering tickets".into(),
//!     granter_name: "Grace".into(),
//!     recipient_name: "Ada".into(),
//! };
//! let sealed = grant::seal(&email, &terms, &grace, &[ada.public().into()], &mut rng)?;
//!
//! let (now, trusted) = (Timestamp(1_790_100_000), [grace.verifying_key().clone()]);
//! let opened = grant::open(&sealed, &[(&ada).into()], &trusted, now, &Default::default())?;
//! let token = email.encrypt(b"ada@example.org", &Context::empty(), &mut rng)?;
//! assert_eq!(opened.keyring(now)?.decrypt(&token, &Context::empty())?, b"ada@example.org");
//! assert!(opened.keyring(now)?.encrypt(b"", &Context::empty(), &mut rng).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod signing;
mod terms;

use alloc::{string::String, vec::Vec};

use minicbor::Decoder;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

pub use error::{GrantError, SigningKeyError};
pub use signing::{Algorithm, GranterId, SigningKey, VerifyingKey};
pub use terms::{Actions, GrantId, MAX_NAME_LEN, MAX_PURPOSE_LEN, Terms};

use crate::{
    cbor::{self, NotCanonical},
    chunked::MESSAGE_PREFIX_LEN,
    context::Context,
    envelope::{self, Content, EnvelopeError, Identity, Metadata, ReadLimits, Recipient},
    hazmat::Draft,
    identity::ScopeIdentity,
    keyring::{Granted, Keyring, Timestamp},
    secret::redacted_debug,
    suite::Suite,
};
use terms::Statement;

/// Bytes of a grant's payload, at most.
pub const MAX_PAYLOAD_LEN: usize = 1 << 20;

/// Makes a grant: the keys of a keyring that is narrowed to a scope, for these recipients and on these terms.
///
/// The recipients cannot be changed afterwards, for the signature covers them: make another grant.
pub fn seal<R: TryCryptoRng + ?Sized>(
    keyring: &Keyring,
    terms: &Terms,
    granter: &SigningKey,
    recipients: &[Recipient<'_>],
    rng: &mut R,
) -> Result<Vec<u8>, GrantError> {
    seal_draft(draft(rng)?, keyring, terms, granter, recipients, rng)
}

/// A draft of a grant, for external keys to wrap its file key.
pub fn draft<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Draft, GrantError> {
    let options =
        envelope::Options { suite: Some(Suite::Aes256Gcm), context: Context::empty(), metadata: Metadata::default() };
    Ok(Draft::of(Content::Grant, &[], &options, rng)?)
}

/// As [`seal`], in a draft that was made for it.
pub fn seal_draft<R: TryCryptoRng + ?Sized>(
    draft: Draft,
    keyring: &Keyring,
    terms: &Terms,
    granter: &SigningKey,
    recipients: &[Recipient<'_>],
    rng: &mut R,
) -> Result<Vec<u8>, GrantError> {
    terms.check()?;
    if keyring.path().is_empty() {
        return Err(GrantError::NotScoped);
    }
    let keys = match terms.actions {
        Actions::Encrypt => Zeroizing::new(keyring.scope_identity()?.to_bytes().to_vec()),
        Actions::Decrypt | Actions::Both => keyring.to_payload().map_err(EnvelopeError::from)?,
    };
    let statement = Statement {
        id: GrantId::generate(rng)?,
        granter: granter.verifying_key().clone(),
        path: keyring.path().to_vec(),
        terms: terms.clone(),
        keys,
    };
    let statement = Zeroizing::new(statement.encode());
    let envelope = draft.create_as(Content::Grant, recipients, rng)?;
    let header = &envelope.prefix()[..envelope.prefix().len() - MESSAGE_PREFIX_LEN];
    let signature = granter.sign(&signed(header, &statement), rng)?;
    let payload = Payload { statement, signature }.encode();
    Ok(envelope.encrypt_all(&payload)?)
}

/// Opens a grant by any one of `identities`, if it is signed by one of the `trusted` granters and valid `now`.
pub fn open(
    sealed: &[u8],
    identities: &[Identity<'_>],
    trusted: &[VerifyingKey],
    now: Timestamp,
    limits: &ReadLimits,
) -> Result<Grant, GrantError> {
    read(sealed, identities, limits)?.trust(trusted, now)
}

/// As [`open`], up to the question of trust: what the grant says can be shown to whoever has to answer it.
pub fn read(sealed: &[u8], identities: &[Identity<'_>], limits: &ReadLimits) -> Result<SignedGrant, GrantError> {
    let envelope = envelope::open_as(Content::Grant, sealed, identities, &Context::empty(), limits)?;
    let header = &sealed[..envelope::rewrapped_len(sealed)?];
    let payload = Zeroizing::new(envelope.decrypt_all(sealed)?);
    let malformed = |NotCanonical| EnvelopeError::NonCanonical;
    if payload.len() > MAX_PAYLOAD_LEN {
        return Err(EnvelopeError::NonCanonical.into());
    }
    let Payload { statement: bytes, signature } = Payload::parse(&payload).map_err(malformed)?;
    let Statement { id, granter, path, terms, keys } = Statement::parse(&bytes).map_err(malformed)?;
    if !granter.verify(&signed(header, &bytes), &signature) {
        return Err(GrantError::Forged { granter: granter.id() });
    }
    let keys = Keys::parse(terms.actions, &path, &keys).map_err(malformed)?;
    Ok(SignedGrant(Grant { id, granter, path, terms, keys }))
}

/// A grant whose signature is that of the granter whom it names. Whether that is someone to trust is yet to be said.
pub struct SignedGrant(Grant);

redacted_debug!(SignedGrant);

impl SignedGrant {
    /// Whose signature it carries.
    pub fn granter(&self) -> &VerifyingKey {
        self.0.granter()
    }

    /// Its id.
    pub fn id(&self) -> GrantId {
        self.0.id
    }

    /// The scope that it is for.
    pub fn path(&self) -> &[String] {
        self.0.path()
    }

    /// What it says.
    pub fn terms(&self) -> &Terms {
        self.0.terms()
    }

    /// Is it valid now?
    pub fn check(&self, now: Timestamp) -> Result<(), GrantError> {
        self.0.check(now)
    }

    /// The grant, if its granter is one of the `trusted` and it is valid `now`.
    pub fn trust(self, trusted: &[VerifyingKey], now: Timestamp) -> Result<Grant, GrantError> {
        // Whole keys are compared: a granter with two algorithms is another one than either half.
        if !trusted.contains(&self.0.granter) {
            return Err(GrantError::UntrustedGranter { granter: self.0.granter.id() });
        }
        self.0.check(now)?;
        Ok(self.0)
    }
}

/// An opened grant, of a trusted granter. Each use asks for the time.
pub struct Grant {
    id: GrantId,
    granter: VerifyingKey,
    path: Vec<String>,
    terms: Terms,
    keys: Keys,
}

redacted_debug!(Grant);

impl Grant {
    /// Its id.
    pub fn id(&self) -> GrantId {
        self.id
    }

    /// Who granted it.
    pub fn granter(&self) -> &VerifyingKey {
        &self.granter
    }

    /// The scope that it is for.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// What it says.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Is it valid now?
    pub fn check(&self, now: Timestamp) -> Result<(), GrantError> {
        let Terms { from, until, .. } = self.terms;
        if now < from {
            return Err(GrantError::NotYetValid { from, now });
        }
        if now >= until { Err(GrantError::Expired { until, now }) } else { Ok(()) }
    }

    /// The keyring of the grant's scope. It refuses what the grant does not allow; with a grant to encrypt there is none.
    pub fn keyring(&self, now: Timestamp) -> Result<&Keyring, GrantError> {
        self.check(now)?;
        match &self.keys {
            Keys::Keyring(keyring) => Ok(keyring),
            Keys::Identity(_) => Err(self.refusal(Actions::Decrypt)),
        }
    }

    /// The grant's keyring narrowed to a scope, which is named from the root: the grant's own, or one below it.
    pub fn scope<S: AsRef<str>>(&self, path: &[S], now: Timestamp) -> Result<Keyring, GrantError> {
        let keyring = self.keyring(now)?;
        let (own, below) = path.split_at_checked(self.path.len()).ok_or(GrantError::OutsideScope)?;
        if !own.iter().map(AsRef::as_ref).eq(self.path.iter()) {
            return Err(GrantError::OutsideScope);
        }
        Ok(if below.is_empty() { keyring.duplicate() } else { keyring.scope(below)? })
    }

    /// The identity of the grant's scope, by which envelopes are encrypted for those who hold its keyring; with a grant to decrypt there is
    /// none.
    pub fn scope_identity(&self, now: Timestamp) -> Result<ScopeIdentity, GrantError> {
        self.check(now)?;
        match &self.keys {
            Keys::Keyring(_) if !self.terms.actions.allow(Actions::Encrypt) => Err(self.refusal(Actions::Encrypt)),
            Keys::Keyring(keyring) => Ok(keyring.scope_identity()?),
            Keys::Identity(identity) => Ok(identity.clone()),
        }
    }

    /// What envelopes are encrypted for by this grant.
    pub fn recipient(&self, now: Timestamp) -> Result<Recipient<'_>, GrantError> {
        self.check(now)?;
        match &self.keys {
            Keys::Keyring(_) if !self.terms.actions.allow(Actions::Encrypt) => Err(self.refusal(Actions::Encrypt)),
            Keys::Keyring(keyring) => Ok(Recipient::Keyring(keyring)),
            Keys::Identity(identity) => Ok(Recipient::Scope(identity)),
        }
    }

    /// What opens envelopes by this grant.
    pub fn identity(&self, now: Timestamp) -> Result<Identity<'_>, GrantError> {
        self.keyring(now).map(Identity::Keyring)
    }

    fn refusal(&self, wanted: Actions) -> GrantError {
        GrantError::ActionNotGranted { wanted, granted: self.terms.actions }
    }
}

/// The keys of a grant: as many as its actions need, and no more.
enum Keys {
    Keyring(Keyring),
    Identity(ScopeIdentity),
}

impl Keys {
    fn parse(actions: Actions, path: &[String], bytes: &[u8]) -> Result<Keys, NotCanonical> {
        let granted = match actions {
            Actions::Encrypt => {
                return ScopeIdentity::from_bytes(bytes).map(Keys::Identity).map_err(|_| NotCanonical);
            }
            Actions::Decrypt => Granted::Decrypt,
            Actions::Both => Granted::Both,
        };
        let keyring = Keyring::from_payload(bytes, granted)?;
        if keyring.path() == path { Ok(Keys::Keyring(keyring)) } else { Err(NotCanonical) }
    }
}

/// What the envelope holds: the statement's bytes, and the signature (spec A-6).
struct Payload {
    statement: Zeroizing<Vec<u8>>,
    signature: Vec<u8>,
}

impl Payload {
    fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Reserved whole, so that growing leaves no secret behind.
        let mut out = Zeroizing::new(Vec::with_capacity(16 + self.statement.len() + self.signature.len()));
        cbor::put_array(&mut out, 2);
        cbor::put_bytes(&mut out, &self.statement);
        cbor::put_bytes(&mut out, &self.signature);
        out
    }

    fn parse(bytes: &[u8]) -> Result<Payload, NotCanonical> {
        let decode = |decoder: &mut Decoder<'_>| {
            cbor::array_len(decoder)?;
            let statement = Zeroizing::new(decoder.bytes()?.to_vec());
            Ok(Payload { statement, signature: decoder.bytes()?.to_vec() })
        };
        cbor::read_canonical(bytes, decode, |payload| core::mem::take(&mut *payload.encode()))
    }
}

/// What the signature is of: the envelope up to its message, with all recipients and the MAC, and the statement (spec A-6).
fn signed(header: &[u8], statement: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(LABEL.len() + header.len() + statement.len()));
    message.extend_from_slice(LABEL);
    message.extend_from_slice(header);
    message.extend_from_slice(statement);
    message
}

const LABEL: &[u8] = b"fortress-sdk/grant@v1\0";

#[cfg(test)]
mod tests;
