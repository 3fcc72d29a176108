//! Grants, and the keys that sign them.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use fortress::{
    Timestamp,
    envelope::ReadLimits,
    grant::{self, Actions, Algorithm, Grant, GrantId, SigningKey, Terms, VerifyingKey},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyType},
};

use crate::{
    buffer::Bytes,
    failure::Failure,
    keyring::{self, KeyringHandle},
    parties::Parties,
    random::Pool,
    sharing::Held,
    text,
};

/// A key that signs grants; `fortress.SigningKey` is the class that people meet.
#[pyclass(name = "SigningKey", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct SigningKeyHandle(Held<SigningKey>);

#[pymethods]
impl SigningKeyHandle {
    /// The key of a secret text, or a fresh one of an algorithm.
    #[new]
    #[pyo3(signature = (secret=None, algorithm=None))]
    fn new(secret: Option<&Bound<'_, PyAny>>, algorithm: Option<&str>) -> PyResult<SigningKeyHandle> {
        let key = match secret {
            Some(secret) => SigningKey::from_text(text::utf8(text::string(secret, "a signing key")?)?),
            None => SigningKey::generate(algorithm.map(parse_algorithm).transpose()?.unwrap_or_default(), &mut Pool),
        };
        Ok(SigningKeyHandle(Held::new(key.map_err(Failure::from)?)))
    }

    /// What others verify by.
    #[getter]
    fn verifying_key(&self) -> PyResult<String> {
        Ok(self.lend()?.verifying_key().to_string())
    }

    /// What tells granters apart.
    #[getter]
    fn id(&self) -> PyResult<String> {
        Ok(self.lend()?.verifying_key().id().to_string())
    }

    /// By which algorithms it signs.
    #[getter]
    fn algorithm(&self) -> PyResult<&'static str> {
        Ok(self.lend()?.algorithm().short_name())
    }

    /// The secret text, in the clear.
    fn expose_secret(&self) -> PyResult<String> {
        Ok(self.lend()?.expose_text().to_string())
    }

    /// Wipes it.
    fn close(&self) {
        self.0.close();
    }
}

impl SigningKeyHandle {
    fn lend(&self) -> Result<Arc<SigningKey>, Failure> {
        self.0.lend("signing key")
    }
}

/// An opened grant; `fortress.Grant` is the class that people meet.
#[pyclass(name = "Grant", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct GrantHandle(Held<Grant>);

#[pymethods]
impl GrantHandle {
    /// Opens a grant of one of the `trusted` granters, that is valid `now`.
    #[new]
    #[pyo3(signature = (sealed, identities, trusted, now))]
    fn new(
        py: Python<'_>,
        sealed: &Bound<'_, PyAny>,
        identities: &Bound<'_, PyAny>,
        trusted: Vec<Bound<'_, PyAny>>,
        now: u64,
    ) -> PyResult<GrantHandle> {
        let trusted = trusted.iter().map(verifying_key).collect::<PyResult<Vec<_>>>()?;
        let sealed = Bytes::of(sealed, "a grant")?;
        let sealed = sealed.as_slice();
        let grant = Parties::of(identities)?.opening(py, sealed, |identities| {
            Ok(grant::open(sealed, identities, &trusted, Timestamp(now), &ReadLimits::default())?)
        })?;
        Ok(GrantHandle(Held::new(grant)))
    }

    /// What it says.
    fn _terms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let grant = self.lend()?;
        describe(py, grant.id(), grant.granter(), grant.path(), grant.terms())
    }

    /// Fails unless it is valid now.
    fn _check(&self, now: u64) -> PyResult<()> {
        Ok(self.lend()?.check(Timestamp(now)).map_err(Failure::from)?)
    }

    /// A keyring of its scope, or of one below it that is named from the root, as an object of `cls`.
    fn _scope<'py>(
        &self,
        cls: &Bound<'py, PyType>,
        path: Option<Vec<Bound<'py, PyAny>>>,
        now: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let grant = self.lend()?;
        let path = match &path {
            None => grant.path().iter().map(String::as_str).collect(),
            Some(path) => keyring::segments(path)?,
        };
        keyring::object(cls, grant.scope(&path, Timestamp(now)).map_err(Failure::from)?)
    }

    /// The identity of its scope.
    fn _scope_identity(&self, now: u64) -> PyResult<String> {
        Ok(self.lend()?.scope_identity(Timestamp(now)).map_err(Failure::from)?.to_string())
    }

    /// Wipes its keys.
    fn close(&self) {
        self.0.close();
    }
}

impl GrantHandle {
    pub(crate) fn lend(&self) -> Result<Arc<Grant>, Failure> {
        self.0.lend("grant")
    }
}

/// What a grant says, whether or not its granter is one to trust and it is valid now.
#[pyfunction]
pub(crate) fn read_grant<'py>(
    sealed: &Bound<'py, PyAny>,
    identities: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = sealed.py();
    let sealed = Bytes::of(sealed, "a grant")?;
    let sealed = sealed.as_slice();
    let signed = Parties::of(identities)?
        .opening(py, sealed, |identities| Ok(grant::read(sealed, identities, &ReadLimits::default())?))?;
    describe(py, signed.id(), signed.granter(), signed.path(), signed.terms())
}

/// Makes a grant of a keyring's scope.
pub(crate) fn seal<'py>(
    keyring: &Bound<'py, KeyringHandle>,
    recipients: &Bound<'py, PyAny>,
    granter: &Bound<'py, SigningKeyHandle>,
    terms: &Terms,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = keyring.py();
    let granter = granter.get().lend()?;
    let draft = grant::draft(&mut Pool).map_err(Failure::from)?;
    let sealed = Parties::of(recipients)?.sealing(py, keyring.get(), draft, |draft, keyring, recipients| {
        Ok(grant::seal_draft(draft, keyring, terms, &granter, recipients, &mut Pool)?)
    })?;
    Ok(PyBytes::new(py, &sealed))
}

/// The actions of a name.
pub(crate) fn actions(name: &str) -> Result<Actions, Failure> {
    Actions::from_name(name)
        .ok_or_else(|| Failure::argument(format!("actions are \"encrypt\", \"decrypt\" or \"both\", got {name:?}")))
}

/// The time, for a grant that stands among the parties of a call. A clock before 1970 is before every grant.
pub(crate) fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

fn describe<'py>(
    py: Python<'py>,
    id: GrantId,
    granter: &VerifyingKey,
    path: &[String],
    terms: &Terms,
) -> PyResult<Bound<'py, PyDict>> {
    let answer = PyDict::new(py);
    answer.set_item("id", id.to_string())?;
    answer.set_item("granter", granter.to_string())?;
    answer.set_item("granter_id", granter.id().to_string())?;
    answer.set_item("algorithm", granter.algorithm().short_name())?;
    answer.set_item("granter_name", &terms.granter_name)?;
    answer.set_item("recipient_name", &terms.recipient_name)?;
    answer.set_item("path", path)?;
    answer.set_item("actions", terms.actions.name())?;
    answer.set_item("valid_from", terms.from.0)?;
    answer.set_item("valid_until", terms.until.0)?;
    answer.set_item("purpose", &terms.purpose)?;
    Ok(answer)
}

fn verifying_key(key: &Bound<'_, PyAny>) -> PyResult<VerifyingKey> {
    Ok(text::utf8(text::string(key, "a verifying key that is trusted")?)?.parse().map_err(Failure::from)?)
}

fn parse_algorithm(name: &str) -> Result<Algorithm, Failure> {
    Algorithm::from_short_name(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::short_name).join(", ");
        Failure::argument(format!("there is no algorithm {name:?} for signing keys; there are {known}"))
    })
}
