//! Recipients and identities, gathered for one call.

use std::cell::RefCell;
use std::rc::Rc;

use fortress::{
    Argon2Params, Keyring, Passphrase,
    envelope::{ExternalRequest, Identity, Recipient},
    external::{AnsweredKey, ExternalKeyError},
    identity::{IdentityError, PublicIdentity, PublicRecipient, SecretIdentity},
    shares::{Share, ShareSet, Shares},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader},
    grants::{GrantAt, GrantHandle},
    keyring::KeyringHandle,
    sharing::{IdentityHandle, ShareSetHandle},
};

/// Who may open an envelope, or what opens it.
#[wasm_bindgen]
#[derive(Default)]
pub struct Parties(Vec<Party>);

enum Party {
    Keyring(Rc<RefCell<Keyring>>),
    Passphrase(Passphrase, Argon2Params),
    /// An external key that JavaScript has asked.
    External(AnsweredKey),
    /// As a recipient, its public part.
    Identity(Rc<SecretIdentity>),
    /// Someone else's, or a scope's: a recipient only.
    Public(PublicRecipient),
    /// For what it allows.
    Grant(GrantAt),
    /// A recipient only, and who holds its first shares.
    ShareSet(Rc<ShareSet>, Vec<PublicIdentity>),
    /// An identity only.
    Shares(Shares),
}

#[wasm_bindgen]
impl Parties {
    /// Nobody yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Parties {
        Parties::default()
    }

    /// Adds a keyring.
    pub fn add_keyring(&mut self, keyring: &KeyringHandle) {
        self.0.push(Party::Keyring(keyring.shared()));
    }

    /// Adds a passphrase, with the core's Argon2 parameters. Frame: the passphrase, in Normalization Form C.
    pub fn add_passphrase(&mut self, len: usize) -> i32 {
        self.add(len, Argon2Params::default())
    }

    /// Adds a passphrase with these Argon2 parameters. Frame: the passphrase, in Normalization Form C.
    pub fn add_passphrase_with(&mut self, len: usize, passes: u32, memory_kib: u32, lanes: u32) -> i32 {
        self.add(len, Argon2Params { passes, memory_kib, lanes })
    }

    /// Adds an external key that wrapped the file key. Frame: its reference, what it wrapped, the associated data.
    pub fn add_wrapped(&mut self, len: usize) -> i32 {
        frame::call(len, |input, _| {
            let request = request(input)?;
            let key = AnsweredKey::wrapped(request.reference, request.wrapped, request.associated);
            self.0.push(Party::External(key));
            Ok(())
        })
    }

    /// Adds an external key that was asked to unwrap. Frame: its reference, what it was asked to unwrap, the associated data; then the file key, or
    /// where it `failed` why.
    pub fn add_unwrapped(&mut self, len: usize, failed: bool) -> i32 {
        frame::call(len, |input, _| {
            let request = request(input)?;
            let answer = if failed {
                let (reference, reason) = (request.reference.clone(), input.rest_text()?.into());
                Err(ExternalKeyError::Refused { reference, reason })
            } else {
                Ok(input.rest().to_vec().into())
            };
            self.0.push(Party::External(request.answered(answer)));
            Ok(())
        })
    }

    /// Adds an identity.
    pub fn add_identity(&mut self, identity: &IdentityHandle) {
        self.0.push(Party::Identity(identity.shared()));
    }

    /// Adds someone's public identity, or a scope's. Frame: its text.
    pub fn add_public(&mut self, len: usize) -> i32 {
        frame::call(len, |input, _| {
            self.0.push(Party::Public(input.rest_text()?.parse()?));
            Ok(())
        })
    }

    /// Adds a grant, at this moment.
    pub fn add_grant(&mut self, grant: &GrantHandle, now: f64) {
        self.0.push(Party::Grant(grant.at(now)));
    }

    /// Adds a share set. Frame: list of the texts of public identities, which hold its first shares.
    pub fn add_share_set(&mut self, set: &ShareSetHandle, len: usize) -> i32 {
        frame::call(len, |input, _| {
            let holders = input.texts()?.into_iter().map(str::parse).collect::<Result<_, IdentityError>>()?;
            self.0.push(Party::ShareSet(set.shared(), holders));
            Ok(())
        })
    }

    /// Adds shares of one set. Frame: list of their texts.
    pub fn add_shares(&mut self, len: usize) -> i32 {
        frame::call(len, |input, _| {
            let shares = input.texts()?.into_iter().map(Share::from_text).collect::<Result<Vec<_>, _>>()?;
            self.0.push(Party::Shares(Shares::new(shares)?));
            Ok(())
        })
    }

    fn add(&mut self, len: usize, params: Argon2Params) -> i32 {
        frame::call(len, |input, _| {
            let passphrase = Passphrase::from_nfc(input.rest_text()?)?;
            self.0.push(Party::Passphrase(passphrase, params));
            Ok(())
        })
    }

    /// Lends all of them as recipients.
    pub(crate) fn recipients<T, E>(&self, body: impl FnOnce(&[Recipient<'_>]) -> Result<T, E>) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        self.borrowed(|borrowed| {
            let mut recipients = Vec::with_capacity(borrowed.len());
            for party in borrowed {
                recipients.push(match party {
                    Borrowed::Keyring(keyring) => Recipient::Keyring(keyring),
                    Borrowed::Party(Party::Passphrase(passphrase, params)) => {
                        Recipient::Passphrase(passphrase, *params)
                    }
                    Borrowed::Party(Party::External(key)) => Recipient::External(key),
                    Borrowed::Party(Party::Identity(identity)) => Recipient::Identity(identity.public()),
                    Borrowed::Party(Party::Public(recipient)) => recipient.into(),
                    Borrowed::Party(Party::Grant(grant)) => grant.recipient()?,
                    Borrowed::Party(Party::ShareSet(set, holders)) => Recipient::Shares(set, holders),
                    Borrowed::Party(Party::Shares(_) | Party::Keyring(_)) => {
                        return Err(Failure::argument(
                            "shares open what is encrypted for their set, and are no recipients",
                        ));
                    }
                });
            }
            Ok(body(&recipients)?)
        })
    }

    /// Lends all of them as identities.
    pub(crate) fn identities<T, E>(&self, body: impl FnOnce(&[Identity<'_>]) -> Result<T, E>) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        self.borrowed(|borrowed| {
            let mut identities = Vec::with_capacity(borrowed.len());
            for party in borrowed {
                identities.push(match party {
                    Borrowed::Keyring(keyring) => Identity::Keyring(keyring),
                    Borrowed::Party(Party::Passphrase(passphrase, _)) => Identity::Passphrase(passphrase),
                    Borrowed::Party(Party::External(key)) => Identity::External(key),
                    Borrowed::Party(Party::Identity(identity)) => Identity::Identity(identity),
                    Borrowed::Party(Party::Shares(shares)) => Identity::Shares(shares),
                    Borrowed::Party(Party::Grant(grant)) => grant.identity(),
                    Borrowed::Party(Party::Public(_)) => return Err(IdentityError::PublicForSecret.into()),
                    Borrowed::Party(Party::ShareSet(..) | Party::Keyring(_)) => {
                        return Err(Failure::argument("a share set is opened by its shares: bring { shares }"));
                    }
                });
            }
            Ok(body(&identities)?)
        })
    }

    fn borrowed<T>(&self, body: impl FnOnce(&[Borrowed<'_>]) -> T) -> T {
        let borrowed: Vec<Borrowed<'_>> = self
            .0
            .iter()
            .map(|party| match party {
                Party::Keyring(keyring) => Borrowed::Keyring(keyring.borrow()),
                other => Borrowed::Party(other),
            })
            .collect();
        body(&borrowed)
    }
}

enum Borrowed<'p> {
    Keyring(std::cell::Ref<'p, Keyring>),
    /// Any other.
    Party(&'p Party),
}

/// What an external key was asked.
fn request(input: &mut Reader<'_>) -> Result<ExternalRequest, Failure> {
    let (reference, wrapped) = (input.text()?.into(), input.bytes()?.to_vec());
    let associated = input.bytes()?;
    let associated = associated.try_into().map_err(|_| Failure::argument("associated data has 32 bytes"))?;
    Ok(ExternalRequest { reference, wrapped, associated })
}
