//! Recipients and identities, gathered for one call.

use std::cell::RefCell;
use std::rc::Rc;

use fortress::{Argon2Params, Keyring, Passphrase, envelope::Identity, envelope::Recipient};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{frame, keyring::KeyringHandle};

/// Who may open an envelope, or what opens it.
#[wasm_bindgen]
#[derive(Default)]
pub struct Parties(Vec<Party>);

enum Party {
    Keyring(Rc<RefCell<Keyring>>),
    Passphrase(Passphrase, Argon2Params),
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
            })
            .collect();
        body(&borrowed)
    }
}

enum Borrowed<'p> {
    Keyring(std::cell::Ref<'p, Keyring>),
    Passphrase(&'p Passphrase, Argon2Params),
}
