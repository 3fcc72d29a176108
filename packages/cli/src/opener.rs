//! What opens files, sealed keyrings and grants.

use fortress::envelope::{Identity, Recipient, RecipientInfo};
use fortress::external::ExternalKey;
use fortress::{Argon2Params, Keyring, Passphrase};

use crate::people::People;

/// A keyring, an external key, what people bring, or a passphrase.
pub(crate) enum Opener {
    Keyring(Keyring),
    People(People),
    Passphrase(Passphrase),
    External(Box<dyn ExternalKey>),
}

impl Opener {
    pub(crate) fn identities(&self) -> Vec<Identity<'_>> {
        match self {
            Opener::Keyring(keyring) => vec![keyring.into()],
            Opener::People(people) => people.identities(),
            Opener::Passphrase(passphrase) => vec![passphrase.into()],
            Opener::External(key) => vec![Identity::External(&**key)],
        }
    }

    /// Those of the header's recipients that it seals for again, with these costs of a passphrase.
    pub(crate) fn recipients(&self, of: &[RecipientInfo], params: Argon2Params) -> Vec<Recipient<'_>> {
        match self {
            Opener::Keyring(keyring) => vec![keyring.into()],
            Opener::People(people) => people.recipients(of),
            Opener::Passphrase(passphrase) => vec![Recipient::Passphrase(passphrase, params)],
            Opener::External(key) => vec![Recipient::External(&**key)],
        }
    }

    /// How many of a header's recipients are its own.
    pub(crate) fn count(&self, of: &[&RecipientInfo]) -> usize {
        let own = of.iter().filter(|info| match (self, info) {
            (Opener::Passphrase(_), RecipientInfo::Passphrase { .. }) => true,
            (Opener::Keyring(keyring), RecipientInfo::Keyring { key_id } | RecipientInfo::Scope { key_id }) => {
                keyring.versions().any(|version| version.id == *key_id)
            }
            (Opener::External(key), RecipientInfo::External { reference }) => key.opens(reference),
            (Opener::People(people), info) => people.include(info),
            _ => false,
        });
        // A header does not tell passphrases apart: one of them was the right one.
        own.count().min(if let Opener::Passphrase(_) = self { 1 } else { usize::MAX })
    }
}
