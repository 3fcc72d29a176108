//! Keys that stay somewhere else, named by URIs: how a command is told of them, and how they are reached.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use fortress::external::ExternalKey;

use crate::failure::Failure;

/// The URI of an external key. What can be known of it without reaching it is checked.
#[derive(Clone, Debug)]
pub(crate) struct KeyUri(String);

/// What opens files in place of a keyring.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OpenBy {
    /// Open by a key in a hardware module, pkcs11:…, or in a service, vault:MOUNT/KEY or awskms:KEY, as the file's header names it
    #[arg(long, value_name = "URI", value_parser = parse, conflicts_with = "keyring")]
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

const SCHEMES: [&str; 3] = ["pkcs11", "vault", "awskms"];

#[cfg(feature = "hsm")]
mod reached {
    use std::env;
    use std::path::PathBuf;

    use clap::Subcommand;
    use fortress_hsm::cloud::{AwsKmsKey, CloudError, Patience, TransitKey};
    use fortress_hsm::pkcs11::{Access, Mechanism, Pin, PinRequest, Pkcs11Error, Pkcs11Key, Pkcs11Uri, Tries};

    use super::{ExternalKey, Failure, Hardware, KeyUri, scheme};
    use crate::failure::Exit;
    use crate::tty;

    const MODULE: &str = "FORTRESS_PKCS11_MODULE";
    const PIN: &str = "FORTRESS_PIN";

    #[derive(Debug, Subcommand)]
    pub(crate) enum HsmCommand {
        /// List the tokens that a PKCS #11 module sees, or the keys in one
        List {
            /// The token whose keys are listed, such as pkcs11:token=vault; without it, tokens are listed
            #[arg(value_name = "URI", value_parser = parse_pkcs11)]
            uri: Option<Pkcs11Uri>,
        },
        /// Make a key in a token, to encrypt for with --recipient
        ///
        /// The key is made in the token and cannot be taken out of it: what was encrypted for it alone is lost with it.
        InitKey {
            /// Token and label of the new key, such as "pkcs11:token=vault;object=kek"
            #[arg(value_name = "URI", value_parser = parse_pkcs11)]
            uri: Pkcs11Uri,
            /// By what it wraps: aes-gcm, aes-key-wrap, aes-key-wrap-pad or rsa-oaep [default: the first of them that the token offers]
            #[arg(long, value_name = "NAME", value_parser = parse_mechanism)]
            mechanism: Option<Mechanism>,
        },
    }

    impl Hardware {
        /// The key that a URI names, ready for use.
        pub(crate) fn open(&self, KeyUri(text): &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            match scheme(text) {
                Some("vault") => return Ok(Box::new(TransitKey::from_env(text, Patience::default())?)),
                Some("awskms") => return Ok(Box::new(AwsKmsKey::from_env(text, Patience::default())?)),
                _ => {}
            }
            let uri = text.parse().map_err(Pkcs11Error::from)?;
            Ok(Box::new(Pkcs11Key::open(&uri, &self.access())?))
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

    /// For clap: an external key's URI.
    pub(crate) fn parse(text: &str) -> Result<KeyUri, String> {
        match scheme(text) {
            Some("vault") if TransitKey::is_uri(text) => {}
            Some("vault") => return Err("write vault:MOUNT/KEY, such as vault:transit/kek".to_owned()),
            Some("awskms") if AwsKmsKey::is_uri(text) => {}
            Some("awskms") => return Err("write awskms: and the key's ARN, its id, or alias/ and its alias".to_owned()),
            Some(_) => return parse_pkcs11(text).map(|_| KeyUri(text.to_owned())),
            None => return Err("a key's URI starts with pkcs11:, vault: or awskms:".to_owned()),
        }
        Ok(KeyUri(text.to_owned()))
    }

    fn parse_pkcs11(text: &str) -> Result<Pkcs11Uri, String> {
        text.parse().map_err(|error: fortress_hsm::pkcs11::UriError| error.to_string())
    }

    fn parse_mechanism(name: &str) -> Result<Mechanism, String> {
        let known = Mechanism::ALL.map(Mechanism::name).join(", ");
        Mechanism::from_name(name).ok_or_else(|| format!("the mechanisms are {known}"))
    }

    impl From<CloudError> for Failure {
        fn from(error: CloudError) -> Failure {
            let exit = match &error {
                CloudError::Uri { .. } | CloudError::Missing { .. } | CloudError::Address { .. } => Exit::Usage,
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
pub(crate) use reached::{HsmCommand, parse};

/// A program that was built without them says so.
#[cfg(not(feature = "hsm"))]
mod missing {
    use super::{ExternalKey, Failure, Hardware, KeyUri};
    use crate::failure::Exit;

    const WHY: &str = "this program was built without hardware keys; build it with the feature hsm";

    impl Hardware {
        pub(crate) fn open(&self, KeyUri(uri): &KeyUri) -> Result<Box<dyn ExternalKey>, Failure> {
            Err(Failure::new(Exit::Unsupported, "unsupported", format!("{uri}: {WHY}")))
        }
    }

    pub(crate) fn parse(_: &str) -> Result<KeyUri, String> {
        Err(WHY.to_owned())
    }
}

#[cfg(not(feature = "hsm"))]
pub(crate) use missing::parse;
