//! Identities, share sets and shares.

use std::sync::{Arc, Mutex, PoisonError};

use fortress::{
    envelope,
    identity::{PublicIdentity, SecretIdentity},
    shares::{Share, ShareSet, Shares},
};
use pyo3::prelude::*;

use crate::{buffer::Bytes, failure::Failure, random::Pool, text};

/// Something secret that its holder can close. Whatever uses it then goes on; the last of them wipes it.
pub(crate) struct Held<T: ?Sized>(Mutex<Option<Arc<T>>>);

impl<T> Held<T> {
    pub(crate) fn new(secret: T) -> Held<T> {
        Held::shared(Arc::new(secret))
    }
}

impl<T: ?Sized> Held<T> {
    /// One that others may hold too.
    pub(crate) fn shared(secret: Arc<T>) -> Held<T> {
        Held(Mutex::new(Some(secret)))
    }

    /// The secret, for as long as it is used; `what` names it once it is closed.
    pub(crate) fn lend(&self, what: &str) -> Result<Arc<T>, Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| Failure::closed(what))
    }

    pub(crate) fn close(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Not while it is locked: what is dropped may be Python's, and run its code.
        drop(held);
    }
}

/// A key pair; `fortress.Identity` is the class that people meet.
#[pyclass(name = "Identity", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct IdentityHandle(Held<SecretIdentity>);

#[pymethods]
impl IdentityHandle {
    /// The identity of a secret text, or a fresh one.
    #[new]
    #[pyo3(signature = (secret=None))]
    fn new(secret: Option<&Bound<'_, PyAny>>) -> PyResult<IdentityHandle> {
        let identity = match secret {
            Some(secret) => SecretIdentity::from_text(text::utf8(text::string(secret, "a secret identity")?)?),
            None => SecretIdentity::generate(&mut Pool),
        };
        Ok(IdentityHandle(Held::new(identity.map_err(Failure::from)?)))
    }

    /// What others encrypt for.
    #[getter]
    fn public(&self) -> PyResult<String> {
        Ok(self.lend()?.public().to_string())
    }

    /// What stands for it in headers.
    #[getter]
    fn id(&self) -> PyResult<String> {
        Ok(self.lend()?.public().id().to_string())
    }

    /// The secret text, in the clear.
    fn expose_secret(&self) -> PyResult<String> {
        Ok(self.lend()?.expose_text().to_string())
    }

    /// The texts of the shares that an envelope or a sealed keyring holds for it.
    fn held_shares(&self, py: Python<'_>, sealed: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let sealed = Bytes::of(sealed, "an envelope")?;
        let (identity, sealed) = (self.lend()?, sealed.as_slice());
        let shares = py.detach(|| envelope::held_shares(sealed, &identity)).map_err(Failure::from)?;
        Ok(exposed(&shares))
    }

    /// Wipes it.
    fn close(&self) {
        self.0.close();
    }
}

impl IdentityHandle {
    pub(crate) fn lend(&self) -> Result<Arc<SecretIdentity>, Failure> {
        self.0.lend("identity")
    }
}

/// A share set, and the identities that find their shares in the header.
pub(crate) struct HeldSet {
    pub(crate) set: ShareSet,
    pub(crate) holders: Vec<PublicIdentity>,
}

/// A fresh share set; `fortress.ShareSet` is the class that people meet.
#[pyclass(name = "ShareSet", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct ShareSetHandle(Held<HeldSet>);

#[pymethods]
impl ShareSetHandle {
    /// Any `threshold` of `count` shares open; `holders` are public identities.
    #[new]
    fn new(threshold: u8, count: u8, holders: Vec<String>) -> PyResult<ShareSetHandle> {
        let holders = holders.iter().map(|holder| holder.parse()).collect::<Result<_, _>>().map_err(Failure::from)?;
        let set = ShareSet::generate(threshold, count, &mut Pool).map_err(Failure::from)?;
        Ok(ShareSetHandle(Held::new(HeldSet { set, holders })))
    }

    /// Its id.
    #[getter]
    fn id(&self) -> PyResult<String> {
        Ok(self.lend()?.set.id().to_string())
    }

    /// How many shares open.
    #[getter]
    fn threshold(&self) -> PyResult<u8> {
        Ok(self.lend()?.set.threshold())
    }

    /// The texts of all shares, in the clear.
    fn expose_shares(&self) -> PyResult<Vec<String>> {
        Ok(exposed(self.lend()?.set.shares()))
    }

    /// Wipes it.
    fn close(&self) {
        self.0.close();
    }
}

impl ShareSetHandle {
    pub(crate) fn lend(&self) -> Result<Arc<HeldSet>, Failure> {
        self.0.lend("share set")
    }
}

/// Shares that were brought together; `fortress.Shares` is the class that people meet.
#[pyclass(name = "Shares", module = "fortress._fortress", subclass, frozen)]
pub(crate) struct SharesHandle(Held<Shares>);

#[pymethods]
impl SharesHandle {
    /// The shares of these texts.
    #[new]
    fn new(texts: Vec<Bound<'_, PyAny>>) -> PyResult<SharesHandle> {
        let share = |share: &Bound<'_, PyAny>| -> PyResult<Share> {
            Ok(Share::from_text(text::utf8(text::string(share, "a share")?)?).map_err(Failure::from)?)
        };
        let shares = Shares::new(texts.iter().map(share).collect::<PyResult<Vec<_>>>()?).map_err(Failure::from)?;
        Ok(SharesHandle(Held::new(shares)))
    }

    /// The id of their set.
    #[getter]
    fn set_id(&self) -> PyResult<String> {
        Ok(self.lend()?.set().to_string())
    }

    /// How many shares of the set open.
    #[getter]
    fn threshold(&self) -> PyResult<u8> {
        Ok(self.lend()?.threshold())
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(self.lend()?.count())
    }

    /// Wipes them.
    fn close(&self) {
        self.0.close();
    }
}

impl SharesHandle {
    pub(crate) fn lend(&self) -> Result<Arc<Shares>, Failure> {
        self.0.lend("list of shares")
    }
}

fn exposed(shares: &[Share]) -> Vec<String> {
    shares.iter().map(|share| share.expose_text().to_string()).collect()
}
