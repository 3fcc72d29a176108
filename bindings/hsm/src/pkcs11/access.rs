//! How a token is reached: its module, and its PIN.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{Pkcs11Error, Pkcs11Uri, Tries};

/// A token's PIN. Wiped when dropped, shown nowhere.
#[derive(Clone)]
pub struct Pin(SecretString);

impl Pin {
    /// A PIN, as people type it.
    pub fn new(text: impl Into<String>) -> Pin {
        Pin(SecretString::from(text.into()))
    }

    /// The PIN in a file: its text without a line break at its end.
    pub fn from_file(path: &Path) -> Result<Pin, Pkcs11Error> {
        let unreadable =
            |error: io::Error| Pkcs11Error::UnreadablePin { path: path.to_owned(), reason: error.kind().to_string() };
        let file = File::open(path).map_err(unreadable)?;
        // Reserved whole, so that growing leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_LEN));
        file.take(MAX_FILE_LEN as u64).read_to_string(&mut text).map_err(unreadable)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Pin::new(text.strip_suffix('\r').unwrap_or(text)))
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(***)")
    }
}

impl PartialEq for Pin {
    fn eq(&self, other: &Pin) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.0.expose_secret().as_bytes(), other.0.expose_secret().as_bytes()).into()
    }
}

impl Eq for Pin {}

/// Which PIN is asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PinRequest {
    /// The token's label.
    pub token: String,
    /// What the token tells of the tries that are left.
    pub tries: Tries,
}

type Ask = dyn Fn(&PinRequest) -> Result<Pin, Pkcs11Error> + Send + Sync;

/// How tokens are reached, where a URI does not say it.
#[derive(Clone, Default)]
pub struct Access {
    module: Option<PathBuf>,
    ask: Option<Arc<Ask>>,
}

impl Access {
    /// By what URIs say alone.
    pub fn new() -> Access {
        Access::default()
    }

    /// By this module, a shared library that the token's maker provides, where a URI has no `module-path`.
    pub fn module(mut self, path: impl Into<PathBuf>) -> Access {
        self.module = Some(path.into());
        self
    }

    /// By the PIN that this gives, where a URI has neither `pin-source` nor `pin-value`. It is asked once for each key that is opened, and what it
    /// gives is kept as long as the key, for sessions that have to be opened again.
    pub fn ask(mut self, ask: impl Fn(&PinRequest) -> Result<Pin, Pkcs11Error> + Send + Sync + 'static) -> Access {
        self.ask = Some(Arc::new(ask));
        self
    }

    pub(super) fn module_for(&self, uri: &Pkcs11Uri) -> Result<PathBuf, Pkcs11Error> {
        if uri.query.module_name.is_some() && uri.query.module_path.is_none() {
            return Err(Pkcs11Error::ModuleName);
        }
        uri.query.module_path.clone().or_else(|| self.module.clone()).ok_or(Pkcs11Error::NoModule)
    }

    pub(super) fn pin_for(&self, uri: &Pkcs11Uri, request: &PinRequest) -> Result<Pin, Pkcs11Error> {
        let pin = match (&uri.query.pin_value, &uri.query.pin_source, &self.ask) {
            (Some(pin), _, _) => pin.clone(),
            (None, Some(source), _) => from_source(source)?,
            (None, None, Some(ask)) => ask(request)?,
            (None, None, None) => return Err(Pkcs11Error::NoPin { token: request.token.clone() }),
        };
        // It is nobody's, and trying it would cost one of few tries.
        if pin.secret().expose_secret().is_empty() {
            return Err(Pkcs11Error::EmptyPin { token: request.token.clone() });
        }
        Ok(pin)
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("module", &self.module).finish_non_exhaustive()
    }
}

/// The PIN that `pin-source` names.
fn from_source(source: &str) -> Result<Pin, Pkcs11Error> {
    // RFC 7512, 2.4: a file URI, or a path; `|` would start a program, which a URI that someone sent must not.
    let path = match source.strip_prefix("file:") {
        Some(path) => path.strip_prefix("//").unwrap_or(path),
        None => source,
    };
    let path = Path::new(path);
    if !path.is_absolute() {
        return Err(Pkcs11Error::PinSource);
    }
    Pin::from_file(path)
}

/// Longer files hold no PIN.
const MAX_FILE_LEN: usize = 4_096;
