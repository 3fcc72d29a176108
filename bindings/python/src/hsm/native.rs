//! Keys as `fortress-sdk-hsm` has them.

use std::{env, path::PathBuf, sync::Arc, time::Duration};

use fortress::external::MAX_DATA_KEY_USES;
use fortress_hsm::{
    DataKeyLimits, DataKeys, OpenError,
    cloud::Patience,
    pkcs11::{Access, Pin, PinRequest, Pkcs11Error, Tries},
};
use pyo3::{exceptions::PyTypeError, prelude::*};

use super::{NativeKey, Options, raised};
use crate::{failure::Failure, numbers, text};

pub(super) fn open(py: Python<'_>, uri: &Bound<'_, PyAny>, options: Options<'_, '_>) -> PyResult<Arc<NativeKey>> {
    let Options { pin, pin_file, module, timeout, tries } = options;
    let uri = text::utf8(text::string(uri, "the URI of a key")?)?;
    let access = match module.or_else(|| env::var_os(MODULE).map(PathBuf::from)) {
        Some(module) => asking(pin, pin_file)?.module(module),
        None => asking(pin, pin_file)?,
    };
    let patience = patience(timeout, tries)?;
    match py.detach(|| raised::listening(|| fortress_hsm::open(uri, &access, patience))) {
        (_, Some(error)) => Err(error),
        (opened, None) => Ok(opened.map(Arc::from).map_err(told)?),
    }
}

/// Data keys of a key that was opened.
pub(super) fn data_keys(
    key: Arc<NativeKey>,
    max_age: Option<f64>,
    max_uses: Option<&Bound<'_, PyAny>>,
) -> PyResult<Arc<NativeKey>> {
    let mut limits = DataKeyLimits::default();
    if let Some(age) = max_age {
        limits.age = seconds(age, "max_age")?;
    }
    if let Some(uses) = max_uses {
        limits.uses = numbers::of(uses, "max_uses", 1..=MAX_DATA_KEY_USES)?;
    }
    Ok(Arc::new(DataKeys::new(Box::new(key), limits)))
}

fn asking(pin: Option<&Bound<'_, PyAny>>, pin_file: Option<PathBuf>) -> PyResult<Access> {
    let access = Access::new();
    Ok(match (pin, pin_file) {
        (Some(_), Some(_)) => return Err(Failure::argument("give pin or pin_file, not both").into()),
        (None, Some(path)) => access.ask(move |_| Pin::from_file(&path)),
        (Some(pin), None) if pin.is_callable() => {
            let ask = pin.clone().unbind();
            access.ask(move |request| Python::attach(|py| asked(ask.bind(py), request)))
        }
        (Some(pin), None) => {
            let pin = Pin::new(text::utf8(text::string(pin, "a PIN")?)?);
            access.ask(move |_| Ok(pin.clone()))
        }
        (None, None) => access.ask(|request| match env::var(PIN) {
            Ok(pin) => Ok(Pin::new(pin)),
            Err(_) => Err(Pkcs11Error::NoPin { token: request.token.clone() }),
        }),
    })
}

/// The PIN that a function of the caller's gives. What it raises is kept, for the one who waits for the key.
fn asked(ask: &Bound<'_, PyAny>, request: &PinRequest) -> Result<Pin, Pkcs11Error> {
    let tries = match request.tries {
        Tries::Few => "few",
        Tries::Last => "last",
        _ => "unknown",
    };
    let answer = ask
        .py()
        .import("fortress.hsm")
        .and_then(|module| module.getattr("PinRequest")?.call1((request.token.as_str(), tries)))
        .and_then(|request| ask.call1((request,)))
        .and_then(|pin| {
            let pin = text::string(&pin, "what gives a PIN must return str; the PIN").map_err(|_| {
                PyTypeError::new_err(format!("a PIN must be str, and {} was returned", text::type_name(&pin)))
            })?;
            Ok(Pin::new(text::utf8(pin)?))
        });
    answer.map_err(|error| {
        raised::keep(error);
        Pkcs11Error::NoPin { token: request.token.clone() }
    })
}

fn patience(timeout: Option<f64>, tries: Option<&Bound<'_, PyAny>>) -> PyResult<Patience> {
    let mut patience = Patience::default();
    if let Some(timeout) = timeout {
        patience.timeout = seconds(timeout, "timeout")?;
    }
    if let Some(tries) = tries {
        patience.tries = numbers::of(tries, "tries", 1..=u32::MAX)?;
    }
    Ok(patience)
}

/// A time, in seconds; `what` names it in messages.
fn seconds(given: f64, what: &str) -> Result<Duration, Failure> {
    let time = Duration::try_from_secs_f64(given).ok().filter(|time| !time.is_zero());
    time.ok_or_else(|| Failure::argument(format!("{what} must be seconds above 0, got {given}")))
}

/// With what this way in calls the things that are missing.
fn told(error: OpenError) -> Failure {
    let advice = match &error {
        OpenError::Pkcs11(Pkcs11Error::NoModule) => ", such as module= or FORTRESS_PKCS11_MODULE",
        OpenError::Pkcs11(Pkcs11Error::NoPin { .. }) => ": pin=, pin_file= or FORTRESS_PIN",
        _ => "",
    };
    Failure { code: error.code(), text: format!("{error}{advice}") }
}

/// Where the command looks too.
const MODULE: &str = "FORTRESS_PKCS11_MODULE";
const PIN: &str = "FORTRESS_PIN";
