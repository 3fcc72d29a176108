//! Words on the command line that mean more than text: scopes, `key=value`, ranges, Argon2id costs.

use fortress::grant::Actions;
use fortress::{Argon2Params, KeyId, Suite, Timestamp};

use crate::failure::printable;
use crate::random;

/// The segments of a scope. A slash within a segment is written `%2F`, a percent sign `%25`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope(pub(crate) Vec<String>);

pub(crate) fn parse_scope(text: &str) -> Result<Scope, String> {
    text.split('/').map(parse_segment).collect::<Result<_, _>>().map(Scope)
}

/// The way back, for a terminal.
pub(crate) fn written(path: &[String]) -> String {
    let segments: Vec<String> = path.iter().map(|segment| segment.replace('%', "%25").replace('/', "%2F")).collect();
    printable(&segments.join("/")).into_owned()
}

fn parse_segment(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(
            "a scope is segments with a slash between them, none of them empty, such as acme/users/email".into()
        );
    }
    let mut parts = text.split('%');
    let mut segment = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (character, rest) = match (part.get(..2), part.get(2..)) {
            (Some("2F" | "2f"), Some(rest)) => ('/', rest),
            (Some("25"), Some(rest)) => ('%', rest),
            _ => return Err("in a scope, write %25 for a percent sign and %2F for a slash within a segment".into()),
        };
        segment.push(character);
        segment.push_str(rest);
    }
    Ok(segment)
}

pub(crate) fn parse_entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.into(), value.into())),
        _ => Err("expected KEY=VALUE".into()),
    }
}

/// A range of the plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// From the first up to, not including, the second; or to the end.
    From(u64, Option<u64>),
    /// So many at the end.
    Last(u64),
}

pub(crate) fn parse_range(text: &str) -> Result<Bytes, String> {
    let explained = || "expected START-END, START- or -LAST, such as 1000-2000: byte 1000 up to, not including, 2000";
    let number = |text: &str| match text.parse::<u64>() {
        Ok(number) if !text.starts_with('+') => Ok(number),
        _ => Err(explained().to_owned()),
    };
    match text.split_once('-').ok_or_else(explained)? {
        ("", last) => Ok(Bytes::Last(number(last)?)),
        (start, "") => Ok(Bytes::From(number(start)?, None)),
        (start, end) => {
            let (start, end) = (number(start)?, number(end)?);
            if start > end {
                return Err(format!("the range starts at {start}, after its end at {end}"));
            }
            Ok(Bytes::From(start, Some(end)))
        }
    }
}

pub(crate) fn parse_actions(text: &str) -> Result<Actions, String> {
    Actions::from_name(text).ok_or_else(|| "expected encrypt, decrypt or both".into())
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Time(Timestamp),
    /// So many seconds after it began.
    After(u64),
}

impl Until {
    pub(crate) fn of(self, from: Timestamp) -> Timestamp {
        match self {
            Until::Time(time) => time,
            Until::After(seconds) => Timestamp(from.0.saturating_add(seconds)),
        }
    }
}

/// `30d`, `12h`, `90m`, or a time.
pub(crate) fn parse_until(text: &str) -> Result<Until, String> {
    let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
    let length = units.into_iter().find_map(|(unit, seconds)| {
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        Some(Until::After(u64::from(number) * seconds))
    });
    match length {
        Some(length) => Ok(length),
        None => parse_time(text)
            .map(Until::Time)
            .map_err(|_| "expected a time, such as 2027-01-31, or a length, such as 30d or 12h".into()),
    }
}

/// `2027-01-31` or `2027-01-31T08:00:00Z` (RFC 3339), in UTC.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let explained = || "expected a date or a time in UTC, such as 2027-01-31 or 2027-01-31T08:00:00Z".to_owned();
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = whole.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    };
    let parts = || -> Option<u64> {
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 {
            return None;
        }
        // Years that begin in March, so that leap days come last; 719,468 days lie before 1970.
        let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
        Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
    };
    // What is not written back as it was given is no time: a 30th of February, a 25th hour, other marks.
    let time = parts().map(Timestamp).ok_or_else(explained)?;
    if random::written(time) == whole { Ok(time) } else { Err(explained()) }
}

/// `2/3`: shares that open, and shares in all. What cannot be, the core refuses.
pub(crate) fn parse_shares(text: &str) -> Result<(u8, u8), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    numbers.ok_or_else(|| "expected K/N, such as 2/3: any 2 of 3 shares open".into())
}

pub(crate) fn parse_key_id(text: &str) -> Result<KeyId, String> {
    KeyId::from_hex(text).ok_or_else(|| "a key id is 8 hexadecimal digits; `fortress keyring show` lists them".into())
}

pub(crate) fn parse_suite(text: &str) -> Result<Suite, String> {
    let known = Suite::ALL.into_iter().find(|suite| suite.title().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("the suites are {}", Suite::ALL.map(Suite::title).join(", ")))
}

/// `t=3,m=65536,p=4`: passes, KiB of memory, lanes. What is left out is as recommended.
pub(crate) fn parse_argon2(text: &str) -> Result<Argon2Params, String> {
    let mut params = Argon2Params::RECOMMENDED;
    for entry in text.split(',') {
        let explained = || "expected t=PASSES,m=KIB,p=LANES, such as t=3,m=65536,p=4".to_owned();
        let (key, value) = entry.split_once('=').ok_or_else(explained)?;
        let value = value.parse().map_err(|_| explained())?;
        match key {
            "t" => params.passes = value,
            "m" => params.memory_kib = value,
            "p" => params.lanes = value,
            _ => return Err(explained()),
        }
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        let scope = |text: &str| parse_scope(text).map(|scope| scope.0);
        assert_eq!(scope("acme/users"), Ok(vec!["acme".into(), "users".into()]));
        assert_eq!(scope("a%2Fb/100%25"), Ok(vec!["a/b".into(), "100%".into()]));
        for bad in ["", "/a", "a/", "a//b", "100%", "%2", "%zz", "%é"] {
            assert!(scope(bad).is_err(), "{bad}");
        }
        assert_eq!(written(&["a/b".into(), "100%".into()]), "a%2Fb/100%25");
    }

    #[test]
    fn times() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2026-09-21T14:13:20Z", 1_790_000_000),
            ("2100-03-01", 4_107_542_400),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse_time(text), Ok(Timestamp(seconds)), "{text}");
        }
        for bad in [
            "",
            "2026",
            "2026-02-30",
            "2100-02-29",
            "2026-01-01T24:00:00Z",
            "2026-01-01 08:00:00Z",
            "2026-1-1",
            "1969-12-31",
            "+026-01-01",
            "2026-01-01T08:00:00+01:00",
        ] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
        let from = Timestamp(1_000);
        assert_eq!(parse_until("2d").map(|until| until.of(from)), Ok(Timestamp(173_800)));
        assert_eq!(parse_until("90m").map(|until| until.of(from)), Ok(Timestamp(6_400)));
        assert_eq!(parse_until("1970-01-02").map(|until| until.of(from)), Ok(Timestamp(86_400)));
        for bad in ["d", "-1d", "1w", "1.5h", "99999999999d"] {
            assert!(parse_until(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_and_actions() {
        assert_eq!(parse_shares("2/3"), Ok((2, 3)));
        for bad in ["", "2", "2/", "/3", "2/256", "a/b", "2/3/4"] {
            assert!(parse_shares(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_actions("both"), Ok(Actions::Both));
        assert!(parse_actions("read").is_err());
    }

    #[test]
    fn entries() {
        assert_eq!(parse_entry("row=42=x"), Ok(("row".into(), "42=x".into())));
        assert_eq!(parse_entry("empty="), Ok(("empty".into(), String::new())));
        assert!(parse_entry("row").is_err() && parse_entry("=x").is_err());
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("1000-2000"), Ok(Bytes::From(1000, Some(2000))));
        assert_eq!(parse_range("5-"), Ok(Bytes::From(5, None)));
        assert_eq!(parse_range("-100"), Ok(Bytes::Last(100)));
        for bad in ["", "-", "5", "2-1", "a-b", "1-2-3", "+1-2", "1-+2", "0-18446744073709551616"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn costs_and_suites() {
        assert_eq!(parse_argon2("t=1,m=8192"), Ok(Argon2Params { passes: 1, memory_kib: 8192, lanes: 4 }));
        assert!(parse_argon2("t=1,x=2").is_err() && parse_argon2("").is_err());
        assert_eq!(parse_suite("aegis-256x2"), Ok(Suite::Aegis256X2));
        assert!(parse_suite("aes").unwrap_err().contains("ChaCha20-Poly1305"));
    }
}
