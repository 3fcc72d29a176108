//! Tokens: found by a URI, logged into, and what they offer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{self, Slot};

use super::error::rv;
use super::uri::Name;
use super::{Access, Mechanism, Pin, PinRequest, Pkcs11Error, Pkcs11Uri, Tries};

/// A token in its slot.
#[derive(Debug)]
pub(super) struct Token {
    module: Pkcs11,
    slot: Slot,
    pub(super) label: String,
    /// All that a URI can say of it.
    pub(super) facts: Pkcs11Uri,
}

impl Token {
    /// The one token that a URI names.
    pub(super) fn find(uri: &Pkcs11Uri, access: &Access) -> Result<Token, Pkcs11Error> {
        let mut found = Token::all(&access.module_for(uri)?)?;
        found.retain(|token| uri.names_token(&token.facts));
        match (found.pop(), found.len()) {
            (None, _) => Err(Pkcs11Error::TokenNotFound { wanted: uri.to_string() }),
            (Some(token), 0) => Ok(token),
            (Some(_), others) => Err(Pkcs11Error::TokenAmbiguous { wanted: uri.to_string(), count: others + 1 }),
        }
    }

    /// All that a module sees.
    pub(super) fn all(path: &Path) -> Result<Vec<Token>, Pkcs11Error> {
        let unusable = |error: Error| Pkcs11Error::Module { path: path.to_owned(), reason: error.to_string() };
        let module = load(path)?;
        let library = module.get_library_info().map_err(unusable)?;
        let mut tokens = Vec::new();
        for slot in module.get_slots_with_token().map_err(unusable)? {
            // A token that is pulled out just now is not there.
            let (Ok(place), Ok(info)) = (module.get_slot_info(slot), module.get_token_info(slot)) else { continue };
            if !info.token_initialized() {
                continue;
            }
            let facts = Pkcs11Uri::of_token(info.label())
                .with(Name::Manufacturer, info.manufacturer_id())
                .with(Name::Model, info.model())
                .with(Name::Serial, info.serial_number())
                .with(Name::SlotManufacturer, place.manufacturer_id())
                .with(Name::SlotDescription, place.slot_description())
                .with(Name::SlotId, &slot.id().to_string())
                .with(Name::LibraryManufacturer, library.manufacturer_id())
                .with(Name::LibraryDescription, library.library_description())
                .with(Name::LibraryVersion, &library.library_version().to_string());
            tokens.push(Token { module: module.clone(), slot, label: info.label().to_owned(), facts });
        }
        Ok(tokens)
    }

    /// A session in which the user is logged in. The PIN is asked for unless it is at hand, and stays there unless it is wrong.
    pub(super) fn session(
        &self,
        uri: &Pkcs11Uri,
        access: &Access,
        at_hand: &mut Option<Pin>,
        writing: Writing,
    ) -> Result<Session, Pkcs11Error> {
        let of = |error: Error| self.fault(&error);
        let session = match writing {
            Writing::No => self.module.open_ro_session(self.slot),
            Writing::Yes => self.module.open_rw_session(self.slot),
        };
        let session = session.map_err(of)?;
        let info = self.info()?;
        let state = session.get_session_info().map_err(of)?.session_state();
        // All sessions of a process are logged in together (PKCS #11, 5.6).
        if !info.login_required() || matches!(state, SessionState::RoUser | SessionState::RwUser) {
            return Ok(session);
        }
        if info.user_pin_locked() {
            return Err(Pkcs11Error::PinLocked { token: self.label.clone() });
        }
        let pin = match at_hand.take() {
            _ if info.protected_authentication_path() => None,
            Some(pin) => Some(pin),
            None => Some(access.pin_for(uri, &PinRequest { token: self.label.clone(), tries: tries(&info) })?),
        };
        let login = match session.login(UserType::User, pin.as_ref().map(Pin::secret)) {
            Err(error) if rv(&error) != Some(RvError::UserAlreadyLoggedIn) => Err(self.login_fault(&error)),
            _ => Ok(session),
        };
        // Any other fault may pass, and the PIN is not asked for again.
        if !matches!(login, Err(Pkcs11Error::WrongPin { .. } | Pkcs11Error::PinLocked { .. })) {
            *at_hand = pin;
        }
        login
    }

    /// What the token offers of the mechanisms that are used here, best first.
    pub(super) fn offers(&self) -> Vec<Mechanism> {
        Mechanism::ALL.into_iter().filter(|mechanism| self.offers_one(*mechanism)).collect()
    }

    pub(super) fn info(&self) -> Result<slot::TokenInfo, Pkcs11Error> {
        self.module.get_token_info(self.slot).map_err(|error| self.fault(&error))
    }

    pub(super) fn fault(&self, error: &Error) -> Pkcs11Error {
        Pkcs11Error::of_call(error, &self.label)
    }

    fn offers_one(&self, mechanism: Mechanism) -> bool {
        let info = self.module.get_mechanism_info(self.slot, mechanism.kind());
        info.is_ok_and(|info| match mechanism {
            Mechanism::AesGcm | Mechanism::RsaOaep => info.encrypt() && info.decrypt(),
            Mechanism::AesKeyWrap | Mechanism::AesKeyWrapPad => info.wrap() && info.unwrap(),
        })
    }

    /// Why logging in failed, with what the token now tells of the tries that are left.
    fn login_fault(&self, error: &Error) -> Pkcs11Error {
        match self.fault(error) {
            Pkcs11Error::WrongPin { token, .. } => match self.info() {
                Ok(info) if info.user_pin_locked() => Pkcs11Error::PinLocked { token },
                Ok(info) => Pkcs11Error::WrongPin { token, tries: tries(&info) },
                Err(_) => Pkcs11Error::WrongPin { token, tries: Tries::Unknown },
            },
            other => other,
        }
    }
}

/// Is something going to be written to the token?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    No,
    Yes,
}

pub(super) fn tries(info: &slot::TokenInfo) -> Tries {
    match (info.user_pin_final_try(), info.user_pin_count_low()) {
        (true, _) => Tries::Last,
        (false, true) => Tries::Few,
        (false, false) => Tries::Unknown,
    }
}

/// A module, initialised. It has one state in a process, whoever loads it (PKCS #11, 5.4), so it is loaded once and stays.
fn load(path: &Path) -> Result<Pkcs11, Pkcs11Error> {
    static LOADED: OnceLock<Mutex<HashMap<PathBuf, Pkcs11>>> = OnceLock::new();
    let unusable = |error: Error| Pkcs11Error::Module { path: path.to_owned(), reason: error.to_string() };
    let mut loaded = LOADED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let module = match loaded.get(path) {
        Some(module) => module.clone(),
        None => Pkcs11::new(path).map_err(unusable)?,
    };
    // Every time: another user of the module may have finalised it, and a forked process starts without.
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => {}
        Err(error) if rv(&error) == Some(RvError::CryptokiAlreadyInitialized) => {}
        Err(error) => return Err(unusable(error)),
    }
    loaded.insert(path.to_owned(), module.clone());
    Ok(module)
}
