//! Grants with their signatures: making, reading and trusting them (spec ).

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::{
    GrantError, GrantId, SigningKey, Terms, VerifyingKey,
    contents::GrantContents,
    unsigned::{LABEL, UnsignedGrant, UnverifiedGrant},
};
use crate::{
    envelope::{EnvelopeError, Identity, ReadLimits, Recipient},
    hazmat::Draft,
    identity::ScopeIdentity,
    keyring::{Keyring, Timestamp},
    secret::redacted_debug,
};

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
    UnsignedGrant::draft(rng)
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
    let unsigned = UnsignedGrant::new(draft, keyring, terms, &granter.verifying_key().to_bytes(), recipients, rng)?;
    let signature = granter.sign(&unsigned.expose_message(), rng)?;
    unsigned.seal(signature)
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
    let unverified = UnverifiedGrant::read(sealed, identities, limits)?;
    let granter = verify_grant(unverified.granter(), unverified.expose_message(), unverified.signature())?;
    Ok(SignedGrant(Grant { granter, contents: unverified.verified()? }))
}

/// The signature of what [`UnsignedGrant::expose_message`] gave, and of nothing else.
pub fn sign_grant<R: TryCryptoRng + ?Sized>(
    granter: &SigningKey,
    message: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, GrantError> {
    if !message.starts_with(LABEL) {
        return Err(EnvelopeError::NonCanonical.into());
    }
    Ok(granter.sign(message, rng)?)
}

/// The granter, if the signature of what [`UnverifiedGrant::expose_message`] gave is theirs. Whether that is someone to trust is yet to be said.
pub fn verify_grant(granter: &[u8], message: &[u8], signature: &[u8]) -> Result<VerifyingKey, GrantError> {
    let granter = VerifyingKey::from_bytes(granter).map_err(|_| EnvelopeError::NonCanonical)?;
    if !granter.verify(message, signature) {
        return Err(GrantError::Forged { granter: granter.id() });
    }
    Ok(granter)
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
        self.0.id()
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
        self.0.granter.require_among(trusted)?;
        self.0.check(now)?;
        Ok(self.0)
    }
}

/// An opened grant, of a trusted granter. Each use asks for the time.
pub struct Grant {
    granter: VerifyingKey,
    contents: GrantContents,
}

redacted_debug!(Grant);

impl Grant {
    /// Its id.
    pub fn id(&self) -> GrantId {
        self.contents.id()
    }

    /// Who granted it.
    pub fn granter(&self) -> &VerifyingKey {
        &self.granter
    }

    /// The scope that it is for.
    pub fn path(&self) -> &[String] {
        self.contents.path()
    }

    /// What it says.
    pub fn terms(&self) -> &Terms {
        self.contents.terms()
    }

    /// Is it valid now?
    pub fn check(&self, now: Timestamp) -> Result<(), GrantError> {
        self.contents.check(now)
    }

    /// The keyring of the grant's scope. It refuses what the grant does not allow; with a grant to encrypt there is none.
    pub fn keyring(&self, now: Timestamp) -> Result<&Keyring, GrantError> {
        self.contents.keyring(now)
    }

    /// The grant's keyring narrowed to a scope, which is named from the root: the grant's own, or one below it.
    pub fn scope<S: AsRef<str>>(&self, path: &[S], now: Timestamp) -> Result<Keyring, GrantError> {
        self.contents.scope(path, now)
    }

    /// The identity of the grant's scope, by which envelopes are encrypted for those who hold its keyring; with a grant to decrypt there is
    /// none.
    pub fn scope_identity(&self, now: Timestamp) -> Result<ScopeIdentity, GrantError> {
        self.contents.scope_identity(now)
    }

    /// What envelopes are encrypted for by this grant.
    pub fn recipient(&self, now: Timestamp) -> Result<Recipient<'_>, GrantError> {
        self.contents.recipient(now)
    }

    /// What opens envelopes by this grant. Beside others that open them it may have expired.
    pub fn identity(&self, now: Timestamp) -> Identity<'_> {
        self.contents.identity(now)
    }
}
