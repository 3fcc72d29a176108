//! Keyrings: versions, scopes, sealing, and the verbs of tokens and columns.

use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fortress::{
    KeyId, Keyring, Profile, Timestamp,
    envelope::{Metadata, ReadLimits},
    grant::Terms,
    group::Layout,
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple, PyType},
};
use zeroize::Zeroize;

use crate::{
    arrow::Lender,
    buffer::Bytes,
    columns::{self, Reading},
    detached,
    failure::Failure,
    grants::{self, SigningKeyHandle},
    parties::Parties,
    random::Pool,
    rewrap, text, tokens,
};

/// A keyring; `fortress.Keyring` is the class that people meet.
#[pyclass(name = "Keyring", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct KeyringHandle(RwLock<Option<Keyring>>);

/// A keyring on its way into an object of the caller's class.
#[pyclass(frozen)]
pub(crate) struct Seed(Mutex<Option<Keyring>>);

#[pymethods]
impl KeyringHandle {
    #[new]
    #[pyo3(signature = (seed=None, /))]
    fn new(seed: Option<&Bound<'_, PyAny>>) -> PyResult<KeyringHandle> {
        let seed = seed.and_then(|seed| seed.cast::<Seed>().ok());
        let keyring = seed.and_then(|seed| seed.get().0.lock().unwrap_or_else(PoisonError::into_inner).take());
        match keyring {
            Some(keyring) => Ok(KeyringHandle(RwLock::new(Some(keyring)))),
            None => Err(PyTypeError::new_err("make a keyring with Keyring.generate() or Keyring.open()")),
        }
    }

    /// A fresh keyring, created `now` (seconds since 1970).
    #[classmethod]
    fn _generate<'py>(cls: &Bound<'py, PyType>, profile: Option<&str>, now: u64) -> PyResult<Bound<'py, PyAny>> {
        let profile = match profile {
            None => Profile::default(),
            Some(name) => Profile::from_name(name).ok_or_else(|| unknown_profile(name))?,
        };
        let keyring = Keyring::generate(profile, Timestamp(now), &mut Pool).map_err(Failure::from)?;
        object(cls, keyring)
    }

    /// Opens a sealed keyring.
    #[classmethod]
    fn _open<'py>(
        cls: &Bound<'py, PyType>,
        sealed: &Bound<'py, PyAny>,
        identities: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let sealed = Bytes::of(sealed, "a sealed keyring")?;
        let sealed = sealed.as_slice();
        let keyring = Parties::of(identities)?
            .opening(cls.py(), sealed, |ids| Ok(Keyring::open(sealed, ids, &ReadLimits::default())?))?;
        object(cls, keyring)
    }

    /// Seals it.
    fn _seal<'py>(
        slf: &Bound<'py, KeyringHandle>,
        recipients: &Bound<'py, PyAny>,
        metadata: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let py = slf.py();
        let metadata = Metadata::new(text::Entries::of(metadata, "metadata")?.pairs()?);
        let draft = Keyring::draft(metadata, &mut Pool).map_err(Failure::from)?;
        let sealed = Parties::of(recipients)?.sealing(py, slf.get(), draft, |draft, keyring, recipients| {
            Ok(keyring.seal_draft(draft, recipients, &mut Pool)?)
        })?;
        Ok(PyBytes::new(py, &sealed))
    }

    /// Writes a sealed keyring's header for other recipients. Returns how many of its bytes that replaces, and what takes their place.
    #[staticmethod]
    fn _rewrap<'py>(
        sealed: &Bound<'py, PyAny>,
        identities: &Bound<'py, PyAny>,
        recipients: &Bound<'py, PyAny>,
        keep: &Bound<'py, PyAny>,
    ) -> PyResult<(usize, Bound<'py, PyBytes>)> {
        rewrap::header(sealed, (identities, recipients), None, keep, Keyring::rewrap_draft)
    }

    /// Narrows it to a scope.
    fn _scope<'py>(slf: &Bound<'py, KeyringHandle>, path: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let path: Vec<Bound<'py, PyAny>> = path.iter().collect();
        let path = segments(&path)?;
        object(&slf.get_type(), slf.get().with(slf.py(), 0, |keyring| Ok(keyring.scope(path)?))?)
    }

    /// The identity of its scope.
    fn scope_identity(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.with(py, 0, |keyring| Ok(keyring.scope_identity()?.to_string()))?)
    }

    /// Makes a grant of its scope. The times are seconds since 1970: from one until another. The texts are purpose, granter's name and
    /// recipient's name.
    fn _grant<'py>(
        slf: &Bound<'py, KeyringHandle>,
        recipients: &Bound<'py, PyAny>,
        granter: &Bound<'py, SigningKeyHandle>,
        actions: &str,
        times: (u64, u64),
        texts: (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>),
    ) -> PyResult<Bound<'py, PyBytes>> {
        let text = |text: &Bound<'py, PyAny>, what| Ok::<_, PyErr>(text::utf8(text::string(text, what)?)?.to_owned());
        let terms = Terms {
            actions: grants::actions(actions)?,
            from: Timestamp(times.0),
            until: Timestamp(times.1),
            purpose: text(&texts.0, "purpose")?,
            granter_name: text(&texts.1, "granter_name")?,
            recipient_name: text(&texts.2, "recipient_name")?,
        };
        grants::seal(slf, recipients, granter, &terms)
    }

    /// Adds a fresh primary version, created `now`; returns its key id.
    fn _rotate(&self, py: Python<'_>, now: u64) -> PyResult<String> {
        Ok(self.change(py, |keyring| Ok(keyring.rotate(Timestamp(now), &mut Pool)?.to_string()))?)
    }

    /// Wipes a version.
    fn _destroy_version(&self, py: Python<'_>, id: &str) -> PyResult<()> {
        let id = key_id(id)?;
        Ok(self.change(py, |keyring| Ok(keyring.destroy_version(id)?))?)
    }

    /// Should the primary version be rotated?
    fn _rotation_due(&self, py: Python<'_>, now: u64) -> PyResult<bool> {
        Ok(self.with(py, 0, |keyring| Ok(keyring.rotation_due(Timestamp(now))))?)
    }

    /// A version's secret, in the clear.
    fn _expose_secret<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let id = key_id(id)?;
        let mut secret = self.with(py, 0, |keyring| Ok(keyring.expose_secret(id).copied()))?;
        let exposed = secret.as_ref().map(|secret| PyBytes::new(py, secret));
        secret.zeroize();
        Ok(exposed)
    }

    /// Profile, path, primary key id, and each version's id, creation and state.
    #[allow(clippy::type_complexity, reason = "a tuple that one Python function takes apart")]
    fn _describe(
        &self,
        py: Python<'_>,
    ) -> PyResult<(&'static str, Vec<String>, String, Vec<(String, u64, &'static str)>)> {
        let versions = |keyring: &Keyring| {
            keyring.versions().map(|info| (info.id.to_string(), info.created.0, info.state.name())).collect()
        };
        Ok(self.with(py, 0, |keyring| {
            let (profile, path) = (keyring.profile().name(), keyring.path().to_vec());
            Ok((profile, path, keyring.primary().to_string(), versions(keyring)))
        })?)
    }

    /// Wipes its secrets. Whatever is using it finishes first.
    fn close(&self, py: Python<'_>) {
        py.detach(|| *write(&self.0) = None);
    }

    /// Encrypts a value into a token: str for str, bytes for bytes.
    #[pyo3(signature = (value, context=None))]
    fn encrypt<'py>(
        &self,
        value: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        tokens::encrypt(self, value, context)
    }

    /// Decrypts a token.
    #[pyo3(signature = (token, context=None))]
    fn decrypt<'py>(
        &self,
        token: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        tokens::decrypt(self, token, context, tokens::Form::Bytes)
    }

    /// Decrypts a token of text.
    #[pyo3(signature = (token, context=None))]
    fn decrypt_text<'py>(
        &self,
        token: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        tokens::decrypt(self, token, context, tokens::Form::Text)
    }

    /// Encrypts a token's value again under the primary version.
    #[pyo3(signature = (token, context=None))]
    fn reencrypt<'py>(
        &self,
        token: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        tokens::reencrypt(self, token, context)
    }

    /// Was this token made by the primary version?
    fn is_current(&self, token: &Bound<'_, PyAny>) -> PyResult<bool> {
        tokens::is_current(self, token)
    }

    /// Encrypts a tuple of str, bytes or None, each to a token of its own.
    fn _encrypt_all<'py>(
        &self,
        values: &Bound<'py, PyTuple>,
        contexts: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        columns::encrypt_all(self, values, contexts)
    }

    /// Decrypts a tuple of such tokens or None.
    fn _decrypt_all<'py>(
        &self,
        tokens: &Bound<'py, PyTuple>,
        contexts: Option<&Bound<'py, PyAny>>,
        text: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        columns::decrypt_all(self, tokens, contexts, tokens::Form::of(text))
    }

    /// Encrypts a row; with `hoisted` the members need the header that is returned with them.
    fn _encrypt_row<'py>(
        &self,
        row: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        hoisted: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyDict>)> {
        tokens::encrypt_row(self, row, context, layout(hoisted))
    }

    /// Decrypts a row.
    fn _decrypt_row<'py>(
        &self,
        row: &Bound<'py, PyAny>,
        header: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
        text: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        tokens::decrypt_row(self, row, header, context, tokens::Form::of(text))
    }

    /// Encrypts a row anew; with `header` as one whose members need the header that is returned with them.
    fn _reencrypt_row<'py>(
        &self,
        row: &Bound<'py, PyAny>,
        header: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyDict>)> {
        tokens::reencrypt_row(self, row, header, context)
    }

    /// Encrypts a tuple of str, bytes or None; with `hoisted` the tokens need the header that is returned with them.
    fn _encrypt_values<'py>(
        &self,
        values: &Bound<'py, PyTuple>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        hoisted: bool,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyList>)> {
        columns::encrypt_values(self, values, (context, contexts), layout(hoisted))
    }

    /// Decrypts a tuple of tokens or None.
    fn _decrypt_values<'py>(
        &self,
        tokens: &Bound<'py, PyTuple>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        header: Option<&Bound<'py, PyAny>>,
        text: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        columns::decrypt_values(self, tokens, (context, contexts), &Reading { header, form: tokens::Form::of(text) })
    }

    /// Encrypts a tuple of tokens or None anew; `header` as of a row.
    fn _reencrypt_values<'py>(
        &self,
        tokens: &Bound<'py, PyTuple>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        header: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyList>)> {
        columns::reencrypt_values(self, tokens, (context, contexts), header)
    }

    /// Encrypts a string or binary array that the Arrow PyCapsule interface gives; `hoisted` as above. With `lender`, a function that takes a size, and bytes of
    /// values up to which offsets have 32 bits, the result is the buffers of an array in memory that it gives.
    fn _encrypt_arrow<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        hoisted: bool,
        lender: Option<(Bound<'py, PyAny>, usize)>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyAny>)> {
        columns::encrypt_arrow(self, array, (context, contexts), layout(hoisted), lender.map(Lender::new))
    }

    /// Decrypts an array of tokens; `lender` as above.
    fn _decrypt_arrow<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        header: Option<&Bound<'py, PyAny>>,
        text: bool,
        lender: Option<(Bound<'py, PyAny>, usize)>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let reading = Reading { header, form: tokens::Form::of(text) };
        columns::decrypt_arrow(self, array, (context, contexts), &reading, lender.map(Lender::new))
    }

    /// Encrypts an array of tokens anew; `header` and `lender` as above.
    fn _reencrypt_arrow<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
        contexts: Option<&Bound<'py, PyAny>>,
        header: Option<&Bound<'py, PyAny>>,
        lender: Option<(Bound<'py, PyAny>, usize)>,
    ) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyAny>)> {
        columns::reencrypt_arrow(self, array, (context, contexts), header, lender.map(Lender::new))
    }
}

impl KeyringHandle {
    /// Lends the keyring for work on `len` bytes. `work` makes no Python object and calls nothing of Python's.
    pub(crate) fn with<T: Send>(
        &self,
        py: Python<'_>,
        len: usize,
        work: impl FnOnce(&Keyring) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        detached(py, len, || work(self.lend().as_ref().ok_or_else(|| Failure::closed("keyring"))?))
    }

    /// The keyring, or `None` once it is closed. The interpreter must not be waited for while this is held.
    pub(crate) fn lend(&self) -> RwLockReadGuard<'_, Option<Keyring>> {
        read(&self.0)
    }

    fn change<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Keyring) -> Result<T, Failure> + Send,
    ) -> Result<T, Failure> {
        py.detach(|| work(write(&self.0).as_mut().ok_or_else(|| Failure::closed("keyring"))?))
    }
}

/// Reads behind a lock. What a panic left there is still whole: the core changes a keyring last.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Writes behind a lock.
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// An object of `cls` around a keyring.
pub(crate) fn object<'py>(cls: &Bound<'py, PyType>, keyring: Keyring) -> PyResult<Bound<'py, PyAny>> {
    cls.call1((Seed(Mutex::new(Some(keyring))),))
}

/// The segments of a scope's path.
pub(crate) fn segments<'s>(path: &'s [Bound<'_, PyAny>]) -> PyResult<Vec<&'s str>> {
    path.iter().map(|segment| text::utf8(text::string(segment, "a scope segment")?)).collect()
}

fn layout(hoisted: bool) -> Layout {
    if hoisted { Layout::Hoisted } else { Layout::Whole }
}

fn key_id(hex: &str) -> Result<KeyId, Failure> {
    KeyId::from_hex(hex)
        .ok_or_else(|| Failure::argument(format!("a key id has 8 hexadecimal digits, got {} characters", hex.len())))
}

fn unknown_profile(name: &str) -> Failure {
    let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
    Failure::argument(format!("there is no profile {name:?}; the profiles are {}", known.join(", ")))
}
