//! Words on the command line that mean more than text: scopes, `key=value`, ranges, Argon2id costs.

use fortress::{Argon2Params, KeyId, Suite};

use crate::failure::printable;

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
