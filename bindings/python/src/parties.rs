//! Recipients and identities, gathered for one call.

use std::sync::{Arc, RwLock, RwLockReadGuard};

use fortress::{
    Argon2Params, Keyring, Passphrase,
    envelope::{Identity, MAX_EXTERNAL_TRIES, Recipient, external_requests},
    external::AnsweredKey,
    grant::Grant,
    identity::{PublicRecipient, SecretIdentity},
    shares::Shares,
};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyString};

use crate::{
    external::{External, Wrappable},
    failure::Failure,
    grants::{self, GrantHandle},
    keyring::{KeyringHandle, read, write},
    numbers,
    sharing::{HeldSet, IdentityHandle, ShareSetHandle, SharesHandle},
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
        passes: Option<&Bound<'_, PyAny>>,
        memory_kib: Option<&Bound<'_, PyAny>>,
        lanes: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PassphraseHandle> {
        let passphrase = Passphrase::new(text::utf8(text::string(text, "a passphrase")?)?).map_err(Failure::from)?;
        let usual = Argon2Params::default();
        let params = Argon2Params {
            passes: cost(passes, "passes")?.unwrap_or(usual.passes),
            memory_kib: cost(memory_kib, "memory_kib")?.unwrap_or(usual.memory_kib),
            lanes: cost(lanes, "lanes")?.unwrap_or(usual.lanes),
        };
        Ok(PassphraseHandle(RwLock::new(Some((passphrase, params)))))
    }

    /// Wipes it.
    fn close(&self, py: Python<'_>) {
        py.detach(|| *write(&self.0) = None);
    }
}

fn cost(given: Option<&Bound<'_, PyAny>>, what: &str) -> PyResult<Option<u32>> {
    given.map(|given| numbers::of(given, what, 1..=u32::MAX)).transpose()
}

/// Who may open an envelope, or what opens it.
pub(crate) struct Parties(Vec<Party>);

enum Party {
    Keyring(Py<KeyringHandle>),
    Passphrase(Py<PassphraseHandle>),
    Identity(Arc<SecretIdentity>),
    Public(PublicRecipient),
    Grant(Arc<Grant>),
    ShareSet(Arc<HeldSet>),
    Shares(Arc<Shares>),
    External(External),
}

impl Parties {
    /// Those of an iterable.
    pub(crate) fn of(parties: &Bound<'_, PyAny>) -> PyResult<Parties> {
        parties.try_iter()?.map(|party| Party::of(&party?)).collect::<PyResult<_>>().map(Parties)
    }

    /// Makes a draft, without the interpreter. External keys are no recipients yet.
    pub(crate) fn drafting<D: Send>(
        &self,
        py: Python<'_>,
        draft: impl FnOnce(&[Recipient<'_>]) -> Result<D, Failure> + Send,
    ) -> Result<D, Failure> {
        py.detach(|| Lent::new(self, None).with_recipients(&[], draft))
    }

    /// Has the external keys among them wrap a draft's file key, and lends all of them as recipients to what finishes it, without the
    /// interpreter.
    pub(crate) fn finishing<D: Wrappable + Send + Sync, T: Send>(
        &self,
        py: Python<'_>,
        draft: D,
        finish: impl FnOnce(D, &[Recipient<'_>]) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let wrapped = self.wrapping(py, &draft)?;
        Ok(py.detach(|| Lent::new(self, None).with_recipients(&wrapped, |recipients| finish(draft, recipients)))?)
    }

    /// As [`finishing`](Parties::finishing), of a draft that is made for a keyring.
    pub(crate) fn sealing<D: Wrappable + Send + Sync, T: Send>(
        &self,
        py: Python<'_>,
        keyring: &KeyringHandle,
        draft: D,
        finish: impl FnOnce(D, &Keyring, &[Recipient<'_>]) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let wrapped = self.wrapping(py, &draft)?;
        Ok(py.detach(|| {
            let lent = Lent::new(self, Some(keyring));
            let sealed = lent.keyring(keyring)?;
            lent.with_recipients(&wrapped, |recipients| finish(draft, sealed, recipients))
        })?)
    }

    /// Has the external keys among them unwrap what they may, unless another one opens the envelope, of which `prefix` is enough. Lends all of
    /// them as identities, without the interpreter.
    pub(crate) fn opening<T: Send>(
        &self,
        py: Python<'_>,
        prefix: &[u8],
        work: impl FnOnce(&[Identity<'_>]) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let (answers, trouble) = self.unwrapping(py, prefix)?;
        let opened = py.detach(|| Lent::new(self, None).with_identities(&answers, work));
        opened.map_err(|failure| match failure.code {
            "key_unavailable" | "key_refused" | "authentication_failed" => failure.caused_by(py, trouble),
            _ => failure.into(),
        })
    }

    fn external(&self) -> impl Iterator<Item = &External> {
        self.0.iter().filter_map(|party| if let Party::External(key) = party { Some(key) } else { None })
    }

    fn wrapping(&self, py: Python<'_>, draft: &(impl Wrappable + Sync)) -> PyResult<Vec<AnsweredKey>> {
        self.external().map(|key| key.wrapping(py, draft)).collect()
    }

    /// The answers, and the exception of the last key that had trouble.
    fn unwrapping(&self, py: Python<'_>, prefix: &[u8]) -> PyResult<(Vec<AnsweredKey>, Option<PyErr>)> {
        let (mut answers, mut trouble) = (Vec::new(), None);
        if self.external().next().is_none() {
            return Ok((answers, trouble));
        }
        let requests = py.detach(|| {
            Lent::new(self, None).with_identities(&[], |identities| Ok(external_requests(prefix, identities)?))
        })?;
        // What one key did not unwrap may be another one's: two services can know keys by the same name.
        let mut open = vec![false; requests.len()];
        for key in self.external() {
            let mut asked = 0;
            for (request, open) in requests.iter().zip(&mut open) {
                if *open || asked == MAX_EXTERNAL_TRIES || !key.opens(py, &request.reference)? {
                    continue;
                }
                asked += 1;
                let (answer, error) = key.unwrapping(py, request.clone())?;
                *open = answer.has_unwrapped();
                answers.push(answer);
                trouble = error.or(trouble);
            }
        }
        Ok((answers, trouble))
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
        if let Ok(identity) = party.cast::<IdentityHandle>() {
            return Ok(Party::Identity(identity.get().lend()?));
        }
        if let Ok(text) = party.cast::<PyString>() {
            return Ok(Party::Public(text::utf8(text)?.parse().map_err(Failure::from)?));
        }
        if let Ok(grant) = party.cast::<GrantHandle>() {
            return Ok(Party::Grant(grant.get().lend()?));
        }
        if let Ok(set) = party.cast::<ShareSetHandle>() {
            return Ok(Party::ShareSet(set.get().lend()?));
        }
        if let Ok(shares) = party.cast::<SharesHandle>() {
            return Ok(Party::Shares(shares.get().lend()?));
        }
        if let Some(key) = External::of(party)? {
            return Ok(Party::External(key));
        }
        let got = text::type_name(party);
        Err(PyTypeError::new_err(format!(
            "expected a Keyring, a Passphrase, an Identity or the text of a public one, a Grant, a ShareSet, Shares or an ExternalKey, got {got}"
        )))
    }
}

/// Parties, each lock among them taken once and in one order, so that two calls cannot wait for each other.
struct Lent<'p> {
    keyrings: Vec<(*const KeyringHandle, RwLockReadGuard<'p, Option<Keyring>>)>,
    passphrases: Vec<(*const PassphraseHandle, RwLockReadGuard<'p, Option<Costed>>)>,
    parties: &'p Parties,
}

impl<'p> Lent<'p> {
    /// Them, and a keyring that is none of them.
    fn new(parties: &'p Parties, keyring: Option<&'p KeyringHandle>) -> Lent<'p> {
        let mut keyrings: Vec<&KeyringHandle> = parties
            .0
            .iter()
            .filter_map(|party| if let Party::Keyring(keyring) = party { Some(keyring.get()) } else { None })
            .chain(keyring)
            .collect();
        let mut passphrases: Vec<&PassphraseHandle> = parties
            .0
            .iter()
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
            parties,
        }
    }

    /// All of them as recipients; of the external keys those in `wrapped`, which are in their order.
    fn with_recipients<T>(
        &self,
        wrapped: &[AnsweredKey],
        work: impl FnOnce(&[Recipient<'_>]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (mut wrapped, mut recipients) = (wrapped.iter(), Vec::new());
        for party in &self.parties.0 {
            recipients.extend(match party {
                Party::Keyring(keyring) => Some(Recipient::Keyring(self.keyring(keyring.get())?)),
                Party::Passphrase(passphrase) => {
                    let (passphrase, params) = self.passphrase(passphrase.get())?;
                    Some(Recipient::Passphrase(passphrase, *params))
                }
                Party::Identity(identity) => Some(Recipient::Identity(identity.public())),
                Party::Public(recipient) => Some(recipient.into()),
                Party::Grant(grant) => Some(grant.recipient(grants::now())?),
                Party::ShareSet(held) => Some(Recipient::Shares(&held.set, &held.holders)),
                Party::Shares(_) => {
                    return Err(Failure::argument("shares open; to encrypt for them, give the ShareSet"));
                }
                Party::External(_) => wrapped.next().map(|key| Recipient::External(key)),
            });
        }
        work(&recipients)
    }

    /// All of them as identities; for the external keys, what they answered.
    fn with_identities<T>(
        &self,
        answers: &[AnsweredKey],
        work: impl FnOnce(&[Identity<'_>]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut identities = Vec::new();
        for party in &self.parties.0 {
            identities.push(match party {
                Party::Keyring(keyring) => Identity::Keyring(self.keyring(keyring.get())?),
                Party::Passphrase(passphrase) => Identity::Passphrase(&self.passphrase(passphrase.get())?.0),
                Party::Identity(identity) => Identity::Identity(identity),
                Party::Shares(shares) => Identity::Shares(shares),
                Party::Grant(grant) => grant.identity(grants::now()),
                Party::Public(PublicRecipient::Scope(_)) => {
                    return Err(Failure::argument(
                        "the identity of a scope opens nothing; give the Keyring of the scope",
                    ));
                }
                Party::Public(PublicRecipient::Identity(_)) => {
                    return Err(Failure::argument("a public identity opens nothing; give the Identity that it is of"));
                }
                Party::ShareSet(_) => {
                    return Err(Failure::argument(
                        "a share set opens by its shares: give Shares(...) with enough of them",
                    ));
                }
                Party::External(_) => continue,
            });
        }
        identities.extend(answers.iter().map(|key| Identity::External(key)));
        work(&identities)
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
