//! Keys that stay somewhere else, named by URIs: how a command is told of them, and how they are reached.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use fortress::external::ExternalKey;

use crate::failure::Failure;

/// The URI of an external key. It is read where it is used and not by clap, which would repeat one that is wrong with its PIN.
#[derive(Clone)]
pub(crate) struct KeyUri(String);

impl KeyUri {
    /// What may be shown of it: not the query, in which a PIN may stand.
    fn shown(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

impl From<String> for KeyUri {
    fn from(text: String) -> KeyUri {
        KeyUri(text)
    }
}

impl fmt::Debug for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUri({:?})", self.shown())
    }
}

/// What opens files in place of a keyring.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OpenBy {
    /// Open by a key in a hardware module, pkcs11:…, or in a service, vault:…, awskms:…, gcpkms:… or azurekv:…, as the file's header names it
    #[arg(long, value_name = "URI", conflicts_with_all = ["keyring", "identity", "share"])]
    pub(crate) key: Option<KeyUri>,
}

/// How hardware modules are reached.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Hardware {
    /// The PKCS #11 module, the shared library that the maker of a hardware module provides
    ///
    /// Without it: ?module-path=… at the end of the URI, then the environment variable FORTRESS_PKCS11_MODULE.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Hardware keys")]
    pkcs11_module: Option<PathBuf>,

    /// Read the PIN of a hardware module from FILE
    ///
    /// Without it: ?pin-source=… at the end of the URI, then the environment variable FORTRESS_PIN, then the terminal.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Hardware keys")]
    pin_file: Option<PathBuf>,
}

/// A recipient, or what opens a keyring: a file, unless it is a URI.
pub(crate) fn as_uri(path: &Path) -> Option<KeyUri> {
    path.to_str().filter(|text| scheme(text).is_some()).map(|text| KeyUri(text.to_owned()))
}

fn scheme(text: &str) -> Option<&str> {
    text.split_once(':')
        .map(|(scheme, _)| scheme)
        .filter(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

const SCHEMES: [&str; 5] = ["pkcs11", "vault", "awskms", "gcpkms", "azurekv"];

#[cfg(feature = "hsm")]
mod reached {
    use std::env;
    use std::path::PathBuf;

    use clap::Subcommand;
    use fortress_hsm::cloud::{CloudError, Patience};
    use fortress_hsm::pkcs11::{Access, Mechanism, Pin, PinRequest, Pkcs11Error, Pkcs11Uri, Tries};
    use fortress_hsm::{DataKeyLimits, DataKeys, OpenError};

    use super::{ExternalKey, Failure, Hardware, KeyUri};
    use crate::failure::Exit;
    use crate::tty;

    const MODULE: &str = "FORTRESS_PKCS11_MODULE";
    const PIN: &str = "FORTRESS_PIN";

    #[derive(Debug, Subcommand)]
    pub(crate) enum HsmCommand {
        /// List the tokens that a PKCS #11 module sees, or the keys in one
        List {
            /// The token whose keys are listed, such as pkcs11:token=vault; without it, tokens are listed
            #[arg(value_name = "URI")]
            uri: Option<KeyUri>,
        },
        /// Make a key in a token, to encrypt for with --recipient
        ///
        /// The key is made in the token and cannot be taken out of it: what was encrypted for it alone is lost with it.
        InitKey {
            /// Token and label of the new key, such as "pkcs11:token=vault;object=kek"
            #[arg(value_name = "URI")]
            uri: KeyUri,
            /// By what it wraps: aes-gcm, aes-key-wrap, aes-key-wrap-pad or rsa-oaep [default: the first of them that the token offers]
            #[arg(long, value_name = "NAME", value_parser = parse_mechanism)]
            mechanism: Option<Mechanism>,
        },
    }

    impl KeyUri {
        /// Does it name the key of a reference that stands in a header? A service's key it names by the same text alone.
        pub(crate) fn names(&self, reference: &str) -> bool {
            let (Ok(named), Ok(facts)) = (self.0.parse::<Pkcs11Uri>(), reference.parse::<Pkcs11Uri>()) else {
                return self.0 == reference;
            };
            // A token is not one key.
            (named.object_label().is_some() || named.object_id().is_some()) && named.names(&facts)
        }

        /// As one of PKCS #11.
        pub(crate) fn pkcs11(&self) -> Result<Pkcs11Uri, Failure> {
            let parsed = self.0.parse::<Pkcs11Uri>();
            parsed.map_err(|error| Failure::from(Pkcs11Error::from(error)).of(self.shown()))
        }
    }

    impl Hardware {
        /// The key that a URI names, ready for use.
        pub(crate) fn open(&self, uri: &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            Ok(self.key(uri)?)
        }

        /// The same, asked once for many files.
        pub(crate) fn open_for_many(&self, uri: &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            Ok(Box::new(DataKeys::new(self.key(uri)?, DataKeyLimits::default())))
        }

        fn key(&self, uri: &KeyUri) -> Result<fortress_hsm::Key, Failure> {
            fortress_hsm::open(&uri.0, &self.access(), Patience::default()).map_err(|error| match error {
                OpenError::Cloud(error) => error.into(),
                OpenError::Pkcs11(error @ Pkcs11Error::Uri(_)) => Failure::from(error).of(uri.shown()),
                OpenError::Pkcs11(error) => error.into(),
                other => Failure::usage(other.to_string()).of(uri.shown()),
            })
        }

        /// How tokens are reached where their URIs do not say it.
        pub(crate) fn access(&self) -> Access {
            let pin_file = self.pin_file.clone();
            let access = Access::new().ask(move |request| match &pin_file {
                Some(path) => Pin::from_file(path),
                None => ask(request),
            });
            match self.module() {
                Some(path) => access.module(path),
                None => access,
            }
        }

        pub(crate) fn module(&self) -> Option<PathBuf> {
            self.pkcs11_module.clone().or_else(|| env::var_os(MODULE).map(PathBuf::from))
        }
    }

    /// The PIN in the environment, or what is typed.
    fn ask(request: &PinRequest) -> Result<Pin, Pkcs11Error> {
        if let Ok(pin) = env::var(PIN) {
            return Ok(Pin::new(pin));
        }
        let warning = match request.tries {
            Tries::Few => " (few tries are left)",
            Tries::Last => " (the LAST try before it locks)",
            _ => "",
        };
        match tty::ask_hidden(&format!("PIN of the token {:?}{warning}: ", request.token)) {
            Ok(Some(pin)) => Ok(Pin::new(pin.as_str())),
            Ok(None) | Err(_) => Err(Pkcs11Error::NoPin { token: request.token.clone() }),
        }
    }

    fn parse_mechanism(name: &str) -> Result<Mechanism, String> {
        let known = Mechanism::ALL.map(Mechanism::name).join(", ");
        Mechanism::from_name(name).ok_or_else(|| format!("the mechanisms are {known}"))
    }

    impl From<CloudError> for Failure {
        fn from(error: CloudError) -> Failure {
            let exit = match &error {
                CloudError::Uri { .. }
                | CloudError::Missing { .. }
                | CloudError::Credentials { .. }
                | CloudError::Address { .. } => Exit::Usage,
                CloudError::NotAuthentic { .. } => Exit::NotAuthentic,
                _ => Exit::Unreadable,
            };
            Failure::new(exit, error.code(), error.to_string())
        }
    }

    impl From<Pkcs11Error> for Failure {
        fn from(error: Pkcs11Error) -> Failure {
            let (exit, advice) = match &error {
                Pkcs11Error::Uri(_) | Pkcs11Error::ModuleName | Pkcs11Error::KeyExists { .. } => (Exit::Usage, ""),
                Pkcs11Error::NoModule => (Exit::Usage, ", such as --pkcs11-module FILE or FORTRESS_PKCS11_MODULE"),
                Pkcs11Error::WrongPin { .. } | Pkcs11Error::PinLocked { .. } | Pkcs11Error::PinNotUsable { .. } => {
                    (Exit::WrongPassphrase, "")
                }
                Pkcs11Error::EmptyPin { .. } => (Exit::NoPassphrase, ""),
                Pkcs11Error::NoPin { .. } => (Exit::NoPassphrase, ": --pin-file FILE or FORTRESS_PIN"),
                Pkcs11Error::NoMechanism { .. } => (Exit::Unsupported, ""),
                Pkcs11Error::NotAuthentic { .. } => (Exit::NotAuthentic, ""),
                Pkcs11Error::Randomness => (Exit::Other, ""),
                // As a key file that cannot be read.
                _ => (Exit::Unreadable, ""),
            };
            Failure::new(exit, error.code(), format!("{error}{advice}"))
        }
    }
}

#[cfg(feature = "hsm")]
pub(crate) use reached::HsmCommand;

/// A program that was built without them says so.
#[cfg(not(feature = "hsm"))]
mod missing {
    use super::{ExternalKey, Failure, Hardware, KeyUri};
    use crate::failure::Exit;

    const WHY: &str = "this program was built without hardware keys; build it with the feature hsm";

    impl KeyUri {
        /// Does it name the key of a reference that stands in a header? Here, by the same text alone.
        pub(crate) fn names(&self, reference: &str) -> bool {
            self.0 == reference
        }
    }

    impl Hardware {
        pub(crate) fn open(&self, uri: &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            Err(Failure::new(Exit::Unsupported, "unsupported", WHY).of(uri.shown()))
        }

        pub(crate) fn open_for_many(&self, uri: &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            self.open(uri)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "hsm")]
    fn its_schemes_are_those_that_open() {
        assert_eq!(SCHEMES, fortress_hsm::SCHEMES);
    }

    #[test]
    fn a_pin_is_not_shown() {
        let uri = KeyUri::from("pkcs11:token=a;token=a?pin-value=sesame".to_owned());
        assert_eq!(format!("{uri:?}"), "KeyUri(\"pkcs11:token=a;token=a\")");
        // Neither where the URI is wrong, nor by a program that knows no such keys.
        let failure = Hardware::default().open(&uri).err().map(|failure| format!("{failure:?}")).unwrap_or_default();
        assert!(failure.contains("pkcs11:token=a;token=a: ") && !failure.contains("sesame"), "{failure}");
    }
}
