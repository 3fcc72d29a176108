//! What can go wrong with a token, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use cryptoki::error::{Error, RvError};
use fortress::external::ExternalKeyError;

use super::UriError;

/// Why a token did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Pkcs11Error {
    /// A text that is not a URI, or one that cannot name a key.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// Nobody said which module.
    #[error(
        "no PKCS #11 module is named: give the shared library of the token's maker, by ?module-path=… at the end of the URI, or otherwise"
    )]
    NoModule,
    /// `module-name` has a meaning on the machine where it was configured, and not here.
    #[error("module-name is not looked up; give the whole path of the PKCS #11 module as module-path")]
    ModuleName,
    /// The module cannot be loaded.
    #[error("the PKCS #11 module {} cannot be used: {reason}; check that it is the shared library of the token's maker", path.display())]
    Module {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No slot holds such a token.
    #[error("no token is there that {wanted} names; plug it in, or see what is there with `fortress hsm list`")]
    TokenNotFound {
        /// The URI.
        wanted: String,
    },
    /// More than one.
    #[error("{wanted} names {count} tokens; add serial=… to name one of them")]
    TokenAmbiguous {
        /// The URI.
        wanted: String,
        /// How many.
        count: usize,
    },
    /// It was there and is gone.
    #[error("the token {token:?} is gone: it was taken out or does not answer; put it back and try again")]
    TokenGone {
        /// Its label.
        token: String,
    },
    /// The token has no such key.
    #[error(
        "no key is there that {wanted} names; make one with `fortress hsm init-key`, or see what is there with `fortress hsm list`"
    )]
    KeyNotFound {
        /// The URI.
        wanted: String,
    },
    /// More than one.
    #[error("{wanted} names {count} keys; add id=… to name one of them")]
    KeyAmbiguous {
        /// The URI.
        wanted: String,
        /// How many.
        count: usize,
    },
    /// A key would get the label of another one.
    #[error("the token already has a key that {wanted} names; choose another label, or use the key that is there")]
    KeyExists {
        /// The URI.
        wanted: String,
    },
    /// A key that can leave its token, or does not wrap.
    #[error("the key {key} is not one to keep keys with: {reason}; make one with `fortress hsm init-key`")]
    KeyUnsuitable {
        /// The URI.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// The token offers none of the mechanisms that are used here.
    #[error(
        "the token {token:?} offers none of AES-GCM, AES key wrapping and RSA-OAEP in the way that is asked for; choose another mechanism or token"
    )]
    NoMechanism {
        /// Its label.
        token: String,
    },
    /// No PIN was given.
    #[error("no PIN for the token {token:?}: give it in a file, in the environment or at a terminal")]
    NoPin {
        /// Its label.
        token: String,
    },
    /// An empty PIN was given.
    #[error("the PIN for the token {token:?} is empty, and was not tried: look where it is taken from")]
    EmptyPin {
        /// Its label.
        token: String,
    },
    /// A `pin-source` that is not a file.
    // Whoever takes it for pin-value writes the PIN there: it is not repeated.
    #[error("the URI's pin-source is not used: it names a file by its whole path, as file:/etc/pin or /etc/pin")]
    PinSource,
    /// A PIN's file cannot be read.
    #[error("the PIN's file {} cannot be read: {reason}; check the path, and who may read it", path.display())]
    UnreadablePin {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A wrong PIN.
    #[error("the PIN for the token {token:?} is wrong{tries}")]
    WrongPin {
        /// Its label.
        token: String,
        /// What the token tells of the tries that are left.
        tries: Tries,
    },
    /// Too many wrong PINs.
    #[error("the token {token:?} has locked its PIN after too many wrong ones; its security officer can set a new one")]
    PinLocked {
        /// Its label.
        token: String,
    },
    /// A PIN that has to be set or changed first.
    #[error("the token {token:?} wants its PIN set anew before it is used; do that with its maker's tool")]
    PinNotUsable {
        /// Its label.
        token: String,
    },
    /// What was to be unwrapped is not what the key wrapped.
    #[error("the key {key} finds what it wrapped changed, or of another header")]
    NotAuthentic {
        /// The URI.
        key: String,
    },
    /// Anything else that the token reports.
    #[error("the token {token:?} reports {reason}; try again, and look into its log")]
    Token {
        /// Its label.
        token: String,
        /// What it reports.
        reason: String,
    },
    /// No randomness.
    #[error("the system's source of randomness failed")]
    Randomness,
}

/// What a token tells of the PIN tries that are left. It gives no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tries {
    /// Nothing: as many as at first, or it does not tell.
    Unknown,
    /// A wrong PIN was given before.
    Few,
    /// One more wrong PIN locks it.
    Last,
}

impl fmt::Display for Tries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tries::Unknown => "; check it before you try again, for tokens lock after a few wrong ones",
            Tries::Few => "; few tries are left before the token locks: check it before you try again",
            Tries::Last => "; ONE try is left before the token locks: be sure of it before you try again",
        })
    }
}

impl Pkcs11Error {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Pkcs11Error::Uri(_) => "invalid_external_key",
            Pkcs11Error::NoModule | Pkcs11Error::ModuleName => "no_module",
            Pkcs11Error::Module { .. } => "module_unusable",
            Pkcs11Error::TokenNotFound { .. } => "token_not_found",
            Pkcs11Error::TokenAmbiguous { .. } => "token_ambiguous",
            Pkcs11Error::TokenGone { .. } => "token_gone",
            Pkcs11Error::KeyNotFound { .. } => "external_key_not_found",
            Pkcs11Error::KeyAmbiguous { .. } => "external_key_ambiguous",
            Pkcs11Error::KeyExists { .. } => "external_key_exists",
            Pkcs11Error::KeyUnsuitable { .. } => "external_key_unsuitable",
            Pkcs11Error::NoMechanism { .. } => "no_mechanism",
            Pkcs11Error::NoPin { .. } | Pkcs11Error::EmptyPin { .. } => "no_pin",
            Pkcs11Error::PinSource | Pkcs11Error::UnreadablePin { .. } => "unreadable_pin",
            Pkcs11Error::WrongPin { .. } => "wrong_pin",
            Pkcs11Error::PinLocked { .. } => "pin_locked",
            Pkcs11Error::PinNotUsable { .. } => "pin_not_usable",
            Pkcs11Error::NotAuthentic { .. } => "authentication_failed",
            Pkcs11Error::Token { .. } => "token_failed",
            Pkcs11Error::Randomness => "randomness",
        }
    }

    /// As the core has it, for the key of this reference.
    pub(crate) fn for_core(self, reference: &str) -> ExternalKeyError {
        let reference = reference.to_owned();
        match &self {
            Pkcs11Error::NotAuthentic { .. } => ExternalKeyError::NotAuthentic { reference },
            Pkcs11Error::NoModule
            | Pkcs11Error::ModuleName
            | Pkcs11Error::Module { .. }
            | Pkcs11Error::TokenNotFound { .. }
            | Pkcs11Error::TokenAmbiguous { .. }
            | Pkcs11Error::TokenGone { .. }
            | Pkcs11Error::Token { .. }
            | Pkcs11Error::Randomness => ExternalKeyError::Unavailable { reference, reason: self.to_string() },
            Pkcs11Error::Uri(_)
            | Pkcs11Error::KeyNotFound { .. }
            | Pkcs11Error::KeyAmbiguous { .. }
            | Pkcs11Error::KeyExists { .. }
            | Pkcs11Error::KeyUnsuitable { .. }
            | Pkcs11Error::NoMechanism { .. }
            | Pkcs11Error::NoPin { .. }
            | Pkcs11Error::EmptyPin { .. }
            | Pkcs11Error::PinSource
            | Pkcs11Error::UnreadablePin { .. }
            | Pkcs11Error::WrongPin { .. }
            | Pkcs11Error::PinLocked { .. }
            | Pkcs11Error::PinNotUsable { .. } => ExternalKeyError::Refused { reference, reason: self.to_string() },
        }
    }

    /// What a call of PKCS #11 reports, of the token with this label.
    pub(super) fn of_call(error: &Error, token: &str) -> Pkcs11Error {
        let token = token.to_owned();
        match rv(error) {
            Some(
                RvError::TokenNotPresent
                | RvError::DeviceRemoved
                | RvError::TokenNotRecognized
                | RvError::SlotIdInvalid,
            ) => Pkcs11Error::TokenGone { token },
            Some(RvError::PinLocked) => Pkcs11Error::PinLocked { token },
            Some(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange) => {
                Pkcs11Error::WrongPin { token, tries: Tries::Unknown }
            }
            Some(RvError::PinExpired | RvError::UserPinNotInitialized) => Pkcs11Error::PinNotUsable { token },
            // The name of the constant, which people can look up.
            Some(code) => Pkcs11Error::Token { token, reason: format!("{code:?}") },
            None => Pkcs11Error::Token { token, reason: error.to_string() },
        }
    }
}

/// What the module returned, if the error is of a call.
pub(super) fn rv(error: &Error) -> Option<RvError> {
    match error {
        Error::Pkcs11(code, _) => Some(*code),
        _ => None,
    }
}
