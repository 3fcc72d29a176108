//! Grants, and the identities of scopes. The keys that sign are in another module: what is signed goes there, and a signature comes back.

use std::rc::Rc;

use fortress::{
    Timestamp,
    envelope::{Identity, ReadLimits, Recipient},
    grant::{Actions, GrantError, Terms},
    hazmat::{GrantContents, UnsignedGrant, UnverifiedGrant},
    identity::ScopeIdentity,
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    draft::EnvelopeDraft,
    failure::Failure,
    frame,
    json::{self, Json},
    keyring::{self, KeyringHandle, timestamp},
    parties::Parties,
    random::Pool,
};

/// Reads the text of a scope's identity. Frame: the text. Result: JSON, the id of its key, and the text.
#[wasm_bindgen]
pub fn scope_identity(len: usize) -> i32 {
    frame::call(len, |input, out| {
        let identity: ScopeIdentity = input.rest_text()?.parse()?;
        let mut object = Json::object(out);
        json::string(object.key("keyId"), &identity.key_id().to_string());
        json::string(object.key("text"), &identity.to_string());
        object.end();
        Ok(())
    })
}

#[wasm_bindgen]
impl KeyringHandle {
    /// What others encrypt for, at its scope. Result: the text.
    pub fn scope_identity(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.with(|keyring| keyring.scope_identity())?.to_string().as_bytes());
            Ok(())
        })
    }
}

#[wasm_bindgen]
impl EnvelopeDraft {
    /// A draft of a grant.
    pub fn grant() -> Option<EnvelopeDraft> {
        frame::make(0, |_, _| Ok(EnvelopeDraft(UnsignedGrant::draft(&mut Pool)?)))
    }

    /// The grant for these recipients, yet to be signed. Frame: the granter's verifying key, the actions' name, purpose, granter's name,
    /// recipient's name.
    pub fn into_grant(
        self,
        keyring: &KeyringHandle,
        recipients: &Parties,
        from: f64,
        until: f64,
        len: usize,
    ) -> Option<UnsignedGrantHandle> {
        frame::make(len, |input, _| {
            let granter = input.bytes()?;
            let terms = Terms {
                actions: actions(input.text()?)?,
                from: timestamp(from),
                until: timestamp(until),
                purpose: input.text()?.into(),
                granter_name: input.text()?.into(),
                recipient_name: input.text()?.into(),
            };
            let unsigned = recipients.recipients(|recipients| {
                keyring.with(|keyring| UnsignedGrant::new(self.0, keyring, &terms, granter, recipients, &mut Pool))
            })?;
            Ok(UnsignedGrantHandle(unsigned))
        })
    }
}

/// A grant that is yet to be signed.
#[wasm_bindgen]
pub struct UnsignedGrantHandle(UnsignedGrant);

#[wasm_bindgen]
impl UnsignedGrantHandle {
    /// Result: what is to be signed, the granted keys in it in the clear.
    pub fn expose_message(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(&self.0.expose_message());
            Ok(())
        })
    }

    /// Frame: the signature. Result: the grant.
    pub fn seal(self, len: usize) -> i32 {
        frame::call(len, |input, out| {
            out.extend_from_slice(&self.0.seal(input.rest().to_vec())?);
            Ok(())
        })
    }
}

/// A grant that is open, and whose signature is yet to be verified.
#[wasm_bindgen]
pub struct UnverifiedGrantHandle(UnverifiedGrant);

#[wasm_bindgen]
impl UnverifiedGrantHandle {
    /// Opens a grant. Frame: its bytes.
    pub fn open(identities: &Parties, len: usize) -> Option<UnverifiedGrantHandle> {
        frame::make(len, |input, _| {
            let sealed = input.rest();
            let read = identities
                .identities(|identities| UnverifiedGrant::read(sealed, identities, &ReadLimits::default()))?;
            Ok(UnverifiedGrantHandle(read))
        })
    }

    /// Result: the frame of what verifies it: the granter's verifying key, the signature, and what was signed, the granted keys in it in the clear.
    pub fn expose(&self) -> i32 {
        frame::call(0, |_, out| {
            let (granter, signature, message) = (self.0.granter(), self.0.signature(), self.0.expose_message());
            // Reserved whole, so that growing leaves no secret behind.
            out.reserve_exact(8 + granter.len() + signature.len() + message.len());
            for part in [granter, signature] {
                out.extend_from_slice(&(part.len() as u32).to_le_bytes());
                out.extend_from_slice(part);
            }
            out.extend_from_slice(message);
            Ok(())
        })
    }

    /// What it holds. Its signature has been verified.
    pub fn verified(self) -> Option<GrantHandle> {
        frame::make(0, |_, _| Ok(GrantHandle(Rc::new(self.0.verified()?))))
    }
}

/// What a grant holds whose signature was verified. Dropping the last holder wipes it.
#[wasm_bindgen]
pub struct GrantHandle(Rc<GrantContents>);

#[wasm_bindgen]
impl GrantHandle {
    /// What it says. Result: JSON.
    pub fn describe(&self) -> i32 {
        frame::call(0, |_, out| {
            let Terms { actions, from, until, purpose, granter_name, recipient_name } = self.0.terms();
            let mut object = Json::object(out);
            json::string(object.key("id"), &self.0.id().to_string());
            keyring::describe_path(self.0.path(), object.key("path"));
            json::string(object.key("actions"), actions.name());
            json::number(object.key("from"), from.0);
            json::number(object.key("until"), until.0);
            json::string(object.key("purpose"), purpose);
            json::string(object.key("granterName"), granter_name);
            json::string(object.key("recipientName"), recipient_name);
            object.end();
            Ok(())
        })
    }

    /// Is it valid now?
    pub fn check(&self, now: f64) -> i32 {
        frame::call(0, |_, _| Ok(self.0.check(timestamp(now))?))
    }

    /// The keyring that it grants, at a scope that is named from the root. Frame: the number of segments, then each.
    pub fn scope(&self, now: f64, len: usize) -> Option<KeyringHandle> {
        frame::make(len, |input, _| Ok(KeyringHandle::new(self.0.scope(&input.path()?, timestamp(now))?)))
    }

    /// The identity of its scope. Result: the text.
    pub fn scope_identity(&self, now: f64) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(self.0.scope_identity(timestamp(now))?.to_string().as_bytes());
            Ok(())
        })
    }
}

/// A grant as who may open an envelope, or what opens it, at one moment.
pub(crate) struct GrantAt {
    contents: Rc<GrantContents>,
    now: Timestamp,
}

impl GrantAt {
    pub(crate) fn recipient(&self) -> Result<Recipient<'_>, GrantError> {
        self.contents.recipient(self.now)
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        self.contents.identity(self.now)
    }
}

impl GrantHandle {
    /// A second holder.
    pub(crate) fn at(&self, now: f64) -> GrantAt {
        GrantAt { contents: Rc::clone(&self.0), now: timestamp(now) }
    }
}

fn actions(name: &str) -> Result<Actions, Failure> {
    Actions::from_name(name)
        .ok_or_else(|| Failure::argument(format!("a grant's actions are encrypt, decrypt or both, got {name:?}")))
}
