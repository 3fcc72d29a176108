//! Keyrings: versions, scopes, sealing.

use std::cell::RefCell;
use std::rc::Rc;

#[cfg(feature = "envelopes")]
use fortress::envelope::Metadata;
use fortress::{KeyId, Keyring, Profile, Timestamp, hazmat};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame,
    json::{self, Json},
    random::Pool,
};

/// A keyring. Dropping the last holder wipes it.
#[wasm_bindgen]
pub struct KeyringHandle {
    keyring: Rc<RefCell<Keyring>>,
    /// Public metadata of the sealed keyring that it was opened from, as JSON.
    metadata: String,
}

#[wasm_bindgen]
impl KeyringHandle {
    /// A fresh keyring, created `now` (seconds since 1970). Frame: the profile's name, empty for the default.
    pub fn generate(len: usize, now: f64) -> Option<KeyringHandle> {
        frame::make(len, |input, _| {
            let profile = match input.rest_text()? {
                "" => Profile::default(),
                name => Profile::from_name(name).ok_or_else(|| unknown_profile(name))?,
            };
            Ok(KeyringHandle::new(Keyring::generate(profile, timestamp(now), &mut Pool)?))
        })
    }

    /// Narrows it to a scope. Frame: the number of segments, then each.
    pub fn scope(&self, len: usize) -> Option<KeyringHandle> {
        frame::make(len, |input, _| Ok(KeyringHandle::new(self.keyring.borrow().scope(input.path()?)?)))
    }

    /// Adds a fresh primary version, created `now`. Result: its key id.
    pub fn rotate(&self, now: f64) -> i32 {
        frame::call(0, |_, out| {
            let id = self.keyring.borrow_mut().rotate(timestamp(now), &mut Pool)?;
            out.extend_from_slice(id.to_string().as_bytes());
            Ok(())
        })
    }

    /// Wipes a version. Frame: its key id.
    pub fn destroy_version(&self, len: usize) -> i32 {
        frame::call(len, |input, _| {
            let text = input.rest_text()?;
            let id = KeyId::from_hex(text)
                .ok_or_else(|| Failure::argument(format!("a key id has 8 hexadecimal digits, got {text:?}")))?;
            Ok(self.keyring.borrow_mut().destroy_version(id)?)
        })
    }

    /// Should the primary version be rotated?
    pub fn rotation_due(&self, now: f64) -> bool {
        self.keyring.borrow().rotation_due(timestamp(now))
    }

    /// Everything in it, in the clear, for a keyring in another instance to be [made from](KeyringHandle::adopt).
    pub fn expose(&self) -> i32 {
        frame::call(0, |_, out| {
            out.extend_from_slice(&self.with(hazmat::expose_keyring)?);
            Ok(())
        })
    }

    /// The keyring that another instance [exposed](KeyringHandle::expose). Frame: what that gave.
    pub fn adopt(len: usize) -> Option<KeyringHandle> {
        frame::make(len, |input, _| {
            let keyring = hazmat::adopt_keyring(input.rest());
            Ok(KeyringHandle::new(keyring.ok_or_else(|| Failure::argument("these bytes are not a keyring"))?))
        })
    }

    /// What it is: profile, path, primary and versions, without secrets. Result: JSON.
    pub fn describe(&self) -> i32 {
        frame::call(0, |_, out| {
            describe(&self.keyring.borrow(), &self.metadata, out);
            Ok(())
        })
    }
}

impl KeyringHandle {
    pub(crate) fn new(keyring: Keyring) -> KeyringHandle {
        KeyringHandle { keyring: Rc::new(RefCell::new(keyring)), metadata: String::from("{}") }
    }

    /// One that was sealed with this metadata.
    #[cfg(feature = "envelopes")]
    pub(crate) fn opened(keyring: Keyring, metadata: Option<&Metadata>) -> KeyringHandle {
        let mut json = Vec::new();
        json::map(&mut json, metadata.iter().flat_map(|metadata| metadata.iter()));
        KeyringHandle { metadata: String::from_utf8(json).unwrap_or_default(), ..KeyringHandle::new(keyring) }
    }

    /// A second holder.
    #[cfg(feature = "envelopes")]
    pub(crate) fn shared(&self) -> Rc<RefCell<Keyring>> {
        Rc::clone(&self.keyring)
    }

    pub(crate) fn with<T>(&self, body: impl FnOnce(&Keyring) -> T) -> T {
        body(&self.keyring.borrow())
    }
}

fn describe(keyring: &Keyring, metadata: &str, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    object.key("metadata").extend_from_slice(metadata.as_bytes());
    json::string(object.key("profile"), keyring.profile().name());
    json::string(object.key("primary"), &keyring.primary().to_string());
    describe_path(keyring.path(), object.key("path"));
    let mut versions = Json::array(object.key("versions"));
    for info in keyring.versions() {
        let mut version = Json::object(versions.element());
        json::string(version.key("id"), &info.id.to_string());
        json::number(version.key("created"), info.created.0);
        json::string(version.key("state"), info.state.name());
        version.end();
    }
    versions.end();
    object.end();
}

pub(crate) fn describe_path(path: &[String], out: &mut Vec<u8>) {
    let mut segments = Json::array(out);
    for segment in path {
        json::string(segments.element(), segment);
    }
    segments.end();
}

/// Fractions of seconds are dropped; times before 1970 count as 1970.
pub(crate) fn timestamp(seconds: f64) -> Timestamp {
    Timestamp(seconds as u64)
}

fn unknown_profile(name: &str) -> Failure {
    let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
    Failure::argument(format!("there is no profile {name:?}; the profiles are {}", known.join(", ")))
}
