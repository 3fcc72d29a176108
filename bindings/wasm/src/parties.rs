//! Recipients and identities, gathered for one call.

use std::cell::RefCell;
use std::rc::Rc;

use fortress::{
    Argon2Params, Keyring, Passphrase,
    envelope::{ExternalRequest, Identity, Recipient},
    external::{AnsweredKey, ExternalKeyError},
};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    failure::Failure,
    frame::{self, Reader},
    keyring::KeyringHandle,
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

    fn add(&mut self, len: usize, params: Argon2Params) -> i32 {
        frame::call(len, |input, _| {
            let passphrase = Passphrase::from_nfc(input.rest_text()?)?;
            self.0.push(Party::Passphrase(passphrase, params));
            Ok(())
        })
    }

    /// Lends all of them as recipients.
    pub(crate) fn recipients<T>(&self, body: impl FnOnce(&[Recipient<'_>]) -> T) -> T {
        self.borrowed(|borrowed| {
            let recipients: Vec<Recipient<'_>> = borrowed
                .iter()
                .map(|party| match party {
                    Borrowed::Keyring(keyring) => Recipient::Keyring(keyring),
                    Borrowed::Passphrase(passphrase, params) => Recipient::Passphrase(passphrase, *params),
                    Borrowed::External(key) => Recipient::External(*key),
                })
                .collect();
            body(&recipients)
        })
    }

    /// Lends all of them as identities.
    pub(crate) fn identities<T>(&self, body: impl FnOnce(&[Identity<'_>]) -> T) -> T {
        self.borrowed(|borrowed| {
            let identities: Vec<Identity<'_>> = borrowed
                .iter()
                .map(|party| match party {
                    Borrowed::Keyring(keyring) => Identity::Keyring(keyring),
                    Borrowed::Passphrase(passphrase, _) => Identity::Passphrase(passphrase),
                    Borrowed::External(key) => Identity::External(*key),
                })
                .collect();
            body(&identities)
        })
    }

    fn borrowed<T>(&self, body: impl FnOnce(&[Borrowed<'_>]) -> T) -> T {
        let borrowed: Vec<Borrowed<'_>> = self
            .0
            .iter()
            .map(|party| match party {
                Party::Keyring(keyring) => Borrowed::Keyring(keyring.borrow()),
                Party::Passphrase(passphrase, params) => Borrowed::Passphrase(passphrase, *params),
                Party::External(key) => Borrowed::External(key),
            })
            .collect();
        body(&borrowed)
    }
}

enum Borrowed<'p> {
    Keyring(std::cell::Ref<'p, Keyring>),
    Passphrase(&'p Passphrase, Argon2Params),
    External(&'p AnsweredKey),
}

/// What an external key was asked.
fn request(input: &mut Reader<'_>) -> Result<ExternalRequest, Failure> {
    let (reference, wrapped) = (input.text()?.into(), input.bytes()?.to_vec());
    let associated = input.bytes()?;
    let associated = associated.try_into().map_err(|_| Failure::argument("associated data has 32 bytes"))?;
    Ok(ExternalRequest { reference, wrapped, associated })
}
