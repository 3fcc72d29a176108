//! Who may open an envelope, and what opens it (spec ).

mod external;
mod identity;
mod info;
mod keyring;
mod opening;
mod passphrase;
mod scope;
mod shares;

use alloc::vec::Vec;

use rand_core::TryCryptoRng;

use super::{
    EnvelopeError, Header,
    header::{MAX_RECIPIENTS, RecipientKind, Wrapped},
};
use crate::{
    external::ExternalKey,
    keyring::Keyring,
    passphrase::{Argon2Limits, Argon2Params, Passphrase},
    secret::Secret,
    suite::Suite,
};
#[cfg(feature = "statements")]
use crate::{grant::contents::GrantContents, keyring::Timestamp};
#[cfg(feature = "sharing")]
use crate::{
    identity::{PublicIdentity, PublicRecipient, ScopeIdentity, SecretIdentity},
    shares::{ShareSet, Shares},
};

pub use info::RecipientInfo;
#[cfg(feature = "sharing")]
pub(crate) use opening::held_shares;
pub(crate) use opening::unwrap;
pub(super) use opening::{external_requests, is_for, opens_at_hand};

/// Passphrase recipients of an envelope, at most: each may cost a reader a second.
pub const MAX_PASSPHRASES: usize = 8;
/// References that one external key is asked for, at most (spec R-7): each may be a call to somewhere.
pub const MAX_EXTERNAL_TRIES: usize = 4;

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
impl<'r> From<&'r PublicRecipient> for Recipient<'r> {
    fn from(recipient: &'r PublicRecipient) -> Recipient<'r> {
        match recipient {
            PublicRecipient::Identity(identity) => Recipient::Identity(identity),
            PublicRecipient::Scope(identity) => Recipient::Scope(identity),
        }
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
    /// What a grant holds, and the time. Where it gives no keyring then, others are tried all the same, and why it gives none is told when none
    /// of them opens (spec A-8, L-5).
    #[cfg(feature = "statements")]
    Grant(&'i GrantContents, Timestamp),
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

/// Wraps a file key for each recipient. What they are together is [checked](check_for_writing) before.
pub(crate) fn wrap_all<R: TryCryptoRng + ?Sized>(
    header: &Header,
    recipients: &[Recipient<'_>],
    file_key: &Secret,
    rng: &mut R,
) -> Result<Vec<Wrapped>, EnvelopeError> {
    let wrap = |recipient: &Recipient<'_>| match *recipient {
        Recipient::Keyring(keyring) => keyring::wrap(keyring, file_key, rng),
        Recipient::Passphrase(passphrase, params) => passphrase::wrap(passphrase, params, file_key, rng),
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
        RecipientKind::Keyring => keyring::is_of_layout(&wrapped.body),
        RecipientKind::Passphrase => wrapped.body.len() == passphrase::BODY_LEN,
        RecipientKind::Identity => wrapped.body.len() == identity::BODY_LEN,
        RecipientKind::Shares => shares::is_of_layout(&wrapped.body),
        RecipientKind::External => external::Body::parse(&wrapped.body).is_some(),
        RecipientKind::Scope => wrapped.body.len() == scope::BODY_LEN,
        RecipientKind::Other(_) => true,
    };
    if recipients.is_empty() || !recipients.iter().all(of_layout) {
        return Err(EnvelopeError::NonCanonical);
    }
    check_counts(
        recipients.len(),
        recipients.iter().filter(|wrapped| wrapped.kind == RecipientKind::Passphrase).count(),
    )
}

/// Refuses recipients that together a reader would refuse (spec R-4, L-2), or that give someone two shares of a set: those that stay, and
/// those that are to come.
pub(crate) fn check_for_writing(kept: &[Wrapped], recipients: &[Recipient<'_>]) -> Result<(), EnvelopeError> {
    let passphrases = kept.iter().filter(|wrapped| wrapped.kind == RecipientKind::Passphrase);
    let kept_costs = passphrases.filter_map(|wrapped| passphrase::Body::parse(&wrapped.body)).map(|body| body.params);
    let costs = recipients.iter().filter_map(|recipient| match recipient {
        Recipient::Passphrase(_, params) => Some(*params),
        _ => None,
    });
    check_counts(kept.len() + recipients.len(), kept_costs.clone().count() + costs.clone().count())?;
    #[cfg(feature = "sharing")]
    shares::check_holders(kept, recipients)?;
    Argon2Limits::check_for_writing(costs.clone())?;
    Ok(Argon2Limits::default().check_all(kept_costs.chain(costs))?)
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

/// File keys are wrapped in the suite that most libraries read.
const WRAPPING_SUITE: Suite = Suite::Aes256Gcm;
const FILE_KEY_LEN: usize = 32;
