//! What a header tells of its recipients to whoever has no key.

use alloc::string::String;

use super::{Wrapped, external, identity, keyring, passphrase, scope, shares};
use crate::{
    envelope::{EnvelopeError, header::RecipientKind},
    identity::IdentityId,
    keyring::KeyId,
    passphrase::Argon2Params,
    shares::ShareSetId,
};

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
            RecipientKind::Keyring => {
                keyring::key_id(&wrapped.body).map_or(other, |key_id| RecipientInfo::Keyring { key_id })
            }
            RecipientKind::Passphrase => passphrase::Body::parse(&wrapped.body)
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

/// None of them is of a kind and key that the reader has.
pub(super) fn wrong_recipient(recipients: &[Wrapped]) -> EnvelopeError {
    EnvelopeError::WrongRecipient { kinds: kinds(recipients), bring: advice(recipients) }
}

/// What would open it, of each kind that is there.
fn advice(recipients: &[Wrapped]) -> String {
    let mut advice: alloc::vec::Vec<&str> = alloc::vec::Vec::new();
    for wrapped in recipients {
        let line = match wrapped.kind {
            RecipientKind::Keyring | RecipientKind::Scope => "a keyring that holds its key",
            RecipientKind::Passphrase => "the passphrase",
            RecipientKind::Identity => "the secret identity",
            RecipientKind::Shares => {
                "as many shares of its set, which their holders have or their identities take out of it"
            }
            RecipientKind::External => "the external key",
            RecipientKind::Other(_) => "a newer version of Fortress",
        };
        if !advice.contains(&line) {
            advice.push(line);
        }
    }
    advice.join(", or ")
}

/// The types of recipients, for an error that names them: a few, for they are a stranger's.
fn kinds(recipients: &[Wrapped]) -> String {
    let mut names: alloc::vec::Vec<String> = alloc::vec::Vec::new();
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

const NAMED_KINDS: usize = 4;
