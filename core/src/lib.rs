#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod aead;
mod cbor;
mod context;
mod kdf;
mod profile;
mod secret;
mod suite;

pub mod batch;
pub mod chunked;
pub mod envelope;
pub mod external;
#[cfg(feature = "statements")]
pub mod grant;
pub mod group;
pub mod hazmat;
pub mod identity;
pub mod inspect;
pub mod keyring;
pub mod passphrase;
pub mod shares;
pub mod token;

pub use context::{Context, ContextError, MAX_CONTEXT_ENTRIES, MAX_CONTEXT_LEN};
pub use keyring::{KeyId, Keyring, KeyringError, Timestamp, VersionState};
pub use passphrase::{Argon2Limits, Argon2Params, Passphrase, PassphraseError};
pub use profile::{Platform, Profile};
pub use secret::RandomnessError;
pub use suite::{Suite, SuiteError};
