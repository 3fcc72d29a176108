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
    let (days, seconds) = (time.0 / 86_400, time.0 % 86_400);
    // Days since 0000-03-01, when leap days come last in their year, in eras of 400 years.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + carry;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_790_000_000, "2026-09-21T14:13:20Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(written(Timestamp(seconds)), text);
        }
    }
}
