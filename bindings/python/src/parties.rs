//! Recipients and identities, gathered for one call.

use std::sync::{RwLock, RwLockReadGuard};

use fortress::{
    Argon2Params, Keyring, Passphrase,
    envelope::{Identity, Recipient},
};
use pyo3::{exceptions::PyTypeError, prelude::*};

use crate::{
    failure::Failure,
    keyring::{KeyringHandle, read, write},
    text,
};

/// A passphrase, with the cost of guessing it where it becomes a recipient.
#[pyclass(name = "Passphrase", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct PassphraseHandle(RwLock<Option<Costed>>);

/// A passphrase and its costs.
type Costed = (Passphrase, Argon2Params);

#[pymethods]
impl PassphraseHandle {
    #[new]
    #[pyo3(signature = (text, *, passes=None, memory_kib=None, lanes=None))]
    fn new(
        text: &Bound<'_, PyAny>,
        passes: Option<u32>,
        memory_kib: Option<u32>,
        lanes: Option<u32>,
    ) -> PyResult<PassphraseHandle> {
        let passphrase = Passphrase::new(text::utf8(text::string(text, "a passphrase")?)?).map_err(Failure::from)?;
        let usual = Argon2Params::default();
        let params = Argon2Params {
            passes: passes.unwrap_or(usual.passes),
            memory_kib: memory_kib.unwrap_or(usual.memory_kib),
            lanes: lanes.unwrap_or(usual.lanes),
        };
        Ok(PassphraseHandle(RwLock::new(Some((passphrase, params)))))
    }

    /// Wipes it.
    fn close(&self, py: Python<'_>) {
        py.detach(|| *write(&self.0) = None);
    }
}

/// Who may open an envelope, or what opens it.
pub(crate) struct Parties(Vec<Party>);

enum Party {
    Keyring(Py<KeyringHandle>),
    Passphrase(Py<PassphraseHandle>),
}

impl Parties {
    /// The keyrings and passphrases of an iterable.
    pub(crate) fn of(parties: &Bound<'_, PyAny>) -> PyResult<Parties> {
        parties.try_iter()?.map(|party| Party::of(&party?)).collect::<PyResult<_>>().map(Parties)
    }

    /// Lends all of them as recipients, without the interpreter.
    pub(crate) fn as_recipients<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&[Recipient<'_>]) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| Lent::new(&[self]).with_recipients(0, work))
    }

    /// Lends a keyring and all of them as recipients of it, without the interpreter.
    pub(crate) fn sealing<T: Send>(
        &self,
        keyring: &KeyringHandle,
        py: Python<'_>,
        work: impl FnOnce(&Keyring, &[Recipient<'_>]) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| {
            let lists = [self];
            let lent = Lent::with(Some(keyring), &lists);
            let sealed = lent.keyring(keyring)?;
            lent.with_recipients(0, |recipients| work(sealed, recipients))
        })
    }

    /// Lends all of them as identities, without the interpreter.
    pub(crate) fn as_identities<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&[Identity<'_>]) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| Lent::new(&[self]).with_identities(0, work))
    }

    /// Lends these as identities and those as recipients, without the interpreter.
    pub(crate) fn with_recipients<T: Send>(
        &self,
        recipients: &Parties,
        py: Python<'_>,
        work: impl FnOnce(&[Identity<'_>], &[Recipient<'_>]) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| {
            let lists = [self, recipients];
            let lent = Lent::new(&lists);
            lent.with_identities(0, |identities| lent.with_recipients(1, |recipients| work(identities, recipients)))
        })
    }
}

impl Party {
    fn of(party: &Bound<'_, PyAny>) -> PyResult<Party> {
        if let Ok(keyring) = party.cast::<KeyringHandle>() {
            return Ok(Party::Keyring(keyring.clone().unbind()));
        }
        if let Ok(passphrase) = party.cast::<PassphraseHandle>() {
            return Ok(Party::Passphrase(passphrase.clone().unbind()));
        }
        let got = text::type_name(party);
        Err(PyTypeError::new_err(format!("expected a Keyring or a Passphrase, got {got}")))
    }
}

/// Several lists of parties, each lock among them taken once and in one order, so that two calls cannot wait for each other.
struct Lent<'p> {
    keyrings: Vec<(*const KeyringHandle, RwLockReadGuard<'p, Option<Keyring>>)>,
    passphrases: Vec<(*const PassphraseHandle, RwLockReadGuard<'p, Option<Costed>>)>,
    lists: &'p [&'p Parties],
}

impl<'p> Lent<'p> {
    fn new(lists: &'p [&'p Parties]) -> Lent<'p> {
        Lent::with(None, lists)
    }

    /// As [`new`](Lent::new), with a keyring that is no party.
    fn with(keyring: Option<&'p KeyringHandle>, lists: &'p [&'p Parties]) -> Lent<'p> {
        let parties = || lists.iter().flat_map(|list| &list.0);
        let mut keyrings: Vec<&KeyringHandle> = parties()
            .filter_map(|party| if let Party::Keyring(keyring) = party { Some(keyring.get()) } else { None })
            .chain(keyring)
            .collect();
        let mut passphrases: Vec<&PassphraseHandle> = parties()
            .filter_map(|party| if let Party::Passphrase(passphrase) = party { Some(passphrase.get()) } else { None })
            .collect();
        keyrings.sort_by_key(|keyring| std::ptr::from_ref(*keyring));
        keyrings.dedup_by_key(|keyring| std::ptr::from_ref(*keyring));
        passphrases.sort_by_key(|passphrase| std::ptr::from_ref(*passphrase));
        passphrases.dedup_by_key(|passphrase| std::ptr::from_ref(*passphrase));
        Lent {
            keyrings: keyrings.into_iter().map(|keyring| (std::ptr::from_ref(keyring), keyring.lend())).collect(),
            passphrases: passphrases
                .into_iter()
                .map(|passphrase| (std::ptr::from_ref(passphrase), read(&passphrase.0)))
                .collect(),
            lists,
        }
    }

    fn with_recipients<T>(
        &self,
        list: usize,
        work: impl FnOnce(&[Recipient<'_>]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let recipients = self.parties(list, |party| {
            Ok(match party {
                Party::Keyring(keyring) => Recipient::Keyring(self.keyring(keyring.get())?),
                Party::Passphrase(passphrase) => {
                    let (passphrase, params) = self.passphrase(passphrase.get())?;
                    Recipient::Passphrase(passphrase, *params)
                }
            })
        })?;
        work(&recipients)
    }

    fn with_identities<T>(
        &self,
        list: usize,
        work: impl FnOnce(&[Identity<'_>]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let identities = self.parties(list, |party| {
            Ok(match party {
                Party::Keyring(keyring) => Identity::Keyring(self.keyring(keyring.get())?),
                Party::Passphrase(passphrase) => Identity::Passphrase(&self.passphrase(passphrase.get())?.0),
            })
        })?;
        work(&identities)
    }

    fn parties<'s, T>(
        &'s self,
        list: usize,
        convert: impl FnMut(&'s Party) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        self.lists.get(list).map_or(&[][..], |list| &list.0).iter().map(convert).collect()
    }

    fn keyring(&self, handle: &KeyringHandle) -> Result<&Keyring, Failure> {
        let lent = self.keyrings.iter().find(|(at, _)| std::ptr::eq(*at, handle));
        lent.and_then(|(_, guard)| guard.as_ref()).ok_or_else(|| Failure::closed("keyring"))
    }

    fn passphrase(&self, handle: &PassphraseHandle) -> Result<&Costed, Failure> {
        let lent = self.passphrases.iter().find(|(at, _)| std::ptr::eq(*at, handle));
        lent.and_then(|(_, guard)| guard.as_ref()).ok_or_else(|| Failure::closed("passphrase"))
    }
}
