//! Fortress for Python: the extension module `fortress._fortress`.
//!
//! It converts Python's objects, calls the core and converts back. The package around it (`packages/python`) gives the API
//! its shape; nothing is decided here.
//!
//! No lock is held while Python objects are made or the interpreter is waited for: either may run other Python code,
//! which may want the same lock.

mod arrow;
mod buffer;
mod columns;
mod cores;
mod external;
mod failure;
mod grants;
mod hsm;
mod inspect;
mod keyring;
mod numbers;
mod parties;
mod random;
mod rewrap;
mod sharing;
mod streams;
mod text;
mod tokens;

use pyo3::prelude::*;

/// The module that `fortress` stands on. The wheel is for the stable ABI, which has no build without the global lock yet; built from
/// source for one, the module asks for the lock, since nothing here has been tested without it.
#[pymodule(gil_used = true)]
mod _fortress {
    #[pymodule_export]
    use crate::{
        arrow::ArrowColumn,
        grants::{GrantHandle, SigningKeyHandle, read_grant},
        hsm::{DataKeysHandle, KeyHandle, OpenedHandle},
        inspect::{inspect, prefix_len},
        keyring::{KeyringHandle, Seed},
        parties::PassphraseHandle,
        rewrap::rewrap,
        sharing::{IdentityHandle, ShareSetHandle, SharesHandle},
        streams::{Decryptor, Encryptor, Ranges, decrypt_envelope, encrypt_envelope, open_envelope},
        tokens::{decode_token, encode_token},
    };

    #[pymodule_export]
    const PREAMBLE_LEN: usize = fortress::envelope::PREAMBLE_LEN;
}

/// From this many bytes on the interpreter is released while they are worked on: below, releasing it costs more.
const LONG_WORK: usize = 16 * 1024;

/// Runs `work` on `len` bytes, without the interpreter when that pays.
pub(crate) fn detached<T: Send>(py: Python<'_>, len: usize, work: impl FnOnce() -> T + Send) -> T {
    if len < LONG_WORK { work() } else { py.detach(work) }
}
