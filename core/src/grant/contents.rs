//! What a grant gives to its recipients, in its time and for what it allows (spec ).

use alloc::{string::String, vec::Vec};

use super::{Actions, GrantError, GrantId, Terms};
use crate::{
    cbor::NotCanonical,
    envelope::{Identity, Recipient},
    identity::ScopeIdentity,
    keyring::{Granted, Keyring, Timestamp},
    secret::redacted_debug,
};

/// What a grant holds. Each use asks for the time.
pub struct GrantContents {
    pub(super) id: GrantId,
    pub(super) path: Vec<String>,
    pub(super) terms: Terms,
    pub(super) keys: Keys,
}

redacted_debug!(GrantContents);

impl GrantContents {
    /// Its id.
    pub fn id(&self) -> GrantId {
        self.id
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
        self.check(now)?;
        let is_own = |(own, _): &(&[S], &[S])| own.iter().map(AsRef::as_ref).eq(self.path.iter());
        let split = path.split_at_checked(self.path.len()).filter(is_own);
        let (_, below) = split.ok_or_else(|| GrantError::outside_scope(path, &self.path))?;
        let keyring = self.keyring(now)?;
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

    /// What opens envelopes by this grant. Beside others that open them it may have expired.
    pub fn identity(&self, now: Timestamp) -> Identity<'_> {
        Identity::Grant(self, now)
    }

    fn refusal(&self, wanted: Actions) -> GrantError {
        GrantError::ActionNotGranted { wanted, granted: self.terms.actions }
    }
}

/// The keys of a grant: as many as its actions need, and no more.
pub(super) enum Keys {
    Keyring(Keyring),
    Identity(ScopeIdentity),
}

impl Keys {
    pub(super) fn parse(actions: Actions, path: &[String], bytes: &[u8]) -> Result<Keys, NotCanonical> {
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
