//! The system's randomness, and its clock.

use std::time::SystemTime;

use fortress::Timestamp;
use getrandom::SysRng;

use crate::failure::{Exit, Failure};

/// The generator that the core is given.
pub(crate) fn generator() -> SysRng {
    SysRng
}

/// Random bytes for names.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes).map_err(|error| {
        Failure::new(Exit::Other, "randomness", format!("the system gave no randomness: {error}; try again"))
    })
}

/// Now, in whole seconds; the epoch for a clock that is set before it.
pub(crate) fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_secs()))
}

/// A time as RFC 3339 writes it, in UTC.
pub(crate) fn written(time: Timestamp) -> String {
    time.to_string()
}
