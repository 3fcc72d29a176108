//! PKCS #11 URIs (RFC 7512): by what people and headers name tokens and keys.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::Pin;

/// A PKCS #11 URI, parsed.
///
/// What it says twice, or in a way that RFC 7512 does not allow, is refused. [`Display`](fmt::Display) prints its path attributes alone, in one
/// order and one way of escaping: what may stand in a header. Neither a PIN nor where one is found, nor the module, is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Uri {
    text: BTreeMap<Name, String>,
    id: Option<Vec<u8>>,
    vendor: BTreeMap<String, String>,
    pub(super) query: Query,
}

/// Attributes of the path whose values are text (RFC 7512, 2.3), in the order in which they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    LibraryManufacturer,
    LibraryDescription,
    LibraryVersion,
    SlotManufacturer,
    SlotDescription,
    SlotId,
    Manufacturer,
    Model,
    Serial,
    Token,
    Object,
    Type,
}

/// What the URI says of how the token is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) pin_source: Option<String>,
    pub(super) pin_value: Option<Pin>,
    pub(super) module_name: Option<String>,
    pub(super) module_path: Option<PathBuf>,
}

/// What kind of object a URI names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A secret key.
    SecretKey,
    /// The private part of a key pair.
    Private,
    /// The public part of a key pair.
    Public,
    /// A certificate.
    Certificate,
    /// Data.
    Data,
}

/// Why a text is not a PKCS #11 URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Another scheme.
    #[error("a PKCS #11 URI starts with \"pkcs11:\"")]
    Scheme,
    /// An attribute without a value, or a character that belongs to no attribute.
    #[error("the PKCS #11 URI has {0:?} where an attribute=value belongs")]
    Malformed(String),
    /// The same attribute twice.
    #[error("the PKCS #11 URI says {0} twice")]
    Repeated(String),
    /// A value that its attribute cannot have.
    #[error(
        "the PKCS #11 URI has a value of {0} that it cannot have; mind that everything but letters, digits and a few signs is written %XX"
    )]
    Value(String),
    /// A key is to be made, and the URI gives it no label.
    #[error("the PKCS #11 URI gives the key no label; add object=…, such as pkcs11:token=vault;object=kek")]
    NoObject,
    /// A PIN, and where to find one.
    #[error("the PKCS #11 URI has both pin-value and pin-source; give one of them")]
    TwoPins,
}

impl Pkcs11Uri {
    /// A URI for the token with this label.
    pub fn of_token(label: &str) -> Pkcs11Uri {
        Pkcs11Uri::default().with(Name::Token, label)
    }

    /// The same, for the object with this label.
    pub fn object(self, label: &str) -> Pkcs11Uri {
        self.with(Name::Object, label)
    }

    /// The same, for the object with this id.
    pub fn id(mut self, id: &[u8]) -> Pkcs11Uri {
        self.id = Some(id.to_vec());
        self
    }

    /// The same, for the token with this serial number.
    pub fn serial(self, number: &str) -> Pkcs11Uri {
        self.with(Name::Serial, number)
    }

    pub(super) fn with(mut self, name: Name, value: &str) -> Pkcs11Uri {
        self.text.insert(name, value.to_owned());
        self
    }

    /// The token's label.
    pub fn token_label(&self) -> Option<&str> {
        self.text(Name::Token)
    }

    /// The object's label, `CKA_LABEL`.
    pub fn object_label(&self) -> Option<&str> {
        self.text(Name::Object)
    }

    /// The object's id, `CKA_ID`.
    pub fn object_id(&self) -> Option<&[u8]> {
        self.id.as_deref()
    }

    /// The kind of object, `CKA_CLASS`.
    pub fn kind(&self) -> Option<Kind> {
        let word = self.text(Name::Type)?;
        KINDS.into_iter().find(|(known, _)| *known == word).map(|(_, kind)| kind)
    }

    pub(super) fn text(&self, name: Name) -> Option<&str> {
        self.text.get(&name).map(String::as_str)
    }

    /// Does a token of which all this is known have what the URI says of tokens?
    pub(super) fn names_token(&self, facts: &Pkcs11Uri) -> bool {
        let of_token = |name: &Name| !matches!(name, Name::Object | Name::Type);
        self.text.iter().all(|(name, value)| !of_token(name) || facts.text(*name) == Some(value))
    }

    /// Does an object of which all this is known have all that the URI says?
    pub fn names(&self, facts: &Pkcs11Uri) -> bool {
        // Nothing has an attribute whose meaning is not known here (RFC 7512, 2.5).
        self.vendor.is_empty()
            && self.names_token(facts)
            && [Name::Object, Name::Type]
                .into_iter()
                .all(|name| self.text(name).is_none_or(|text| facts.text(name) == Some(text)))
            && self.id.as_ref().is_none_or(|id| facts.id.as_ref() == Some(id))
    }

    /// Does it say nothing of how the token is reached?
    pub(super) fn is_bare(&self) -> bool {
        self.query == Query::default()
    }
}

impl FromStr for Pkcs11Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Pkcs11Uri, UriError> {
        // A scheme's case does not matter (RFC 3986, 3.1).
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pkcs11") {
            return Err(UriError::Scheme);
        }
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let mut uri = Pkcs11Uri::default();
        for attribute in path.split(';').filter(|_| !path.is_empty()) {
            uri.add_to_path(attribute)?;
        }
        for attribute in query.unwrap_or_default().split('&').filter(|_| query.is_some_and(|query| !query.is_empty())) {
            uri.query.add(attribute)?;
        }
        if uri.query.pin_source.is_some() && uri.query.pin_value.is_some() {
            return Err(UriError::TwoPins);
        }
        Ok(uri)
    }
}

impl Pkcs11Uri {
    fn add_to_path(&mut self, attribute: &str) -> Result<(), UriError> {
        let (word, value) = split(attribute)?;
        let decoded = decode(word, value, |byte| is_common(byte) || byte == b'&')?;
        if word == "id" {
            return set(&mut self.id, decoded, word);
        }
        let text = String::from_utf8(decoded).map_err(|_| UriError::Value(word.to_owned()))?;
        let Some((_, name)) = NAMES.into_iter().find(|(known, _)| *known == word) else {
            return insert(&mut self.vendor, word.to_owned(), text, word);
        };
        let allowed = match name {
            Name::Type => KINDS.iter().any(|(known, _)| *known == text),
            Name::SlotId => is_number(&text),
            Name::LibraryVersion => match text.split_once('.') {
                Some((major, minor)) => is_number(major) && is_number(minor),
                None => is_number(&text),
            },
            _ => true,
        };
        if !allowed {
            return Err(UriError::Value(word.to_owned()));
        }
        insert(&mut self.text, name, text, word)
    }
}

impl Query {
    fn add(&mut self, attribute: &str) -> Result<(), UriError> {
        // It may be a part of a PIN with a sign in it that was not escaped.
        let (word, value) = split(attribute).map_err(|_| UriError::Malformed("?…".to_owned()))?;
        let text = decode(word, value, |byte| is_common(byte) || matches!(byte, b'/' | b'?' | b'|'))?;
        let text = String::from_utf8(text).map_err(|_| UriError::Value(word.to_owned()))?;
        match word {
            "pin-source" => set(&mut self.pin_source, text, word),
            "pin-value" => set(&mut self.pin_value, Pin::new(text), word),
            "module-name" => set(&mut self.module_name, text, word),
            "module-path" => set(&mut self.module_path, text.into(), word),
            // A vendor's, for a vendor's own program: it chooses no other key (RFC 7512, 2.4).
            _ => Ok(()),
        }
    }
}

/// As it may stand in a header: the path, in one way of writing.
impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pkcs11:")?;
        let mut first = true;
        let mut attribute = |f: &mut fmt::Formatter<'_>, word: &str, value: &dyn fmt::Display| {
            if !std::mem::take(&mut first) {
                f.write_char(';')?;
            }
            write!(f, "{word}={value}")
        };
        for (name, value) in &self.text {
            let word = NAMES.iter().find(|(_, known)| known == name).map_or("", |(word, _)| word);
            attribute(f, word, &percent_encode(value.as_bytes(), ESCAPED))?;
        }
        if let Some(id) = &self.id {
            // Bytes are all escaped, as RFC 7512, 2.3 recommends.
            let escaped: String = id.iter().map(|byte| format!("%{byte:02X}")).collect();
            attribute(f, "id", &escaped)?;
        }
        for (word, value) in &self.vendor {
            attribute(f, word, &percent_encode(value.as_bytes(), ESCAPED))?;
        }
        Ok(())
    }
}

fn split(attribute: &str) -> Result<(&str, &str), UriError> {
    let malformed = || UriError::Malformed(attribute.chars().take(40).collect());
    let (word, value) = attribute.split_once('=').ok_or_else(malformed)?;
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if word.is_empty() || !word.bytes().all(named) {
        return Err(malformed());
    }
    Ok((word, value))
}

/// The bytes of a value: `%XX`, and characters that stand for themselves.
fn decode(word: &str, value: &str, plain: impl Fn(u8) -> bool) -> Result<Vec<u8>, UriError> {
    let wrong = || UriError::Value(word.to_owned());
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let (digits, after) = after.split_at_checked(2).ok_or_else(wrong)?;
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or_else(wrong);
            bytes.push((digit(digits[0])? * 16 + digit(digits[1])?) as u8);
            rest = after;
        } else if plain(byte) {
            bytes.push(byte);
            rest = after;
        } else {
            return Err(wrong());
        }
    }
    Ok(bytes)
}

/// `unreserved` of RFC 3986, and `pk11-res-avail` of RFC 7512, 2.3.
fn is_common(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:[]@!$'()*+,=".contains(&byte)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn set<T>(place: &mut Option<T>, value: T, word: &str) -> Result<(), UriError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Repeated(word.to_owned())),
    }
}

fn insert<K: Ord>(map: &mut BTreeMap<K, String>, key: K, value: String, word: &str) -> Result<(), UriError> {
    match map.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(UriError::Repeated(word.to_owned())),
    }
}

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const NAMES: [(&str, Name); 12] = [
    ("library-manufacturer", Name::LibraryManufacturer),
    ("library-description", Name::LibraryDescription),
    ("library-version", Name::LibraryVersion),
    ("slot-manufacturer", Name::SlotManufacturer),
    ("slot-description", Name::SlotDescription),
    ("slot-id", Name::SlotId),
    ("manufacturer", Name::Manufacturer),
    ("model", Name::Model),
    ("serial", Name::Serial),
    ("token", Name::Token),
    ("object", Name::Object),
    ("type", Name::Type),
];

const KINDS: [(&str, Kind); 5] = [
    ("secret-key", Kind::SecretKey),
    ("private", Kind::Private),
    ("public", Kind::Public),
    ("cert", Kind::Certificate),
    ("data", Kind::Data),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Pkcs11Uri {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// RFC 7512, 3.
    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(parsed("pkcs11:"), Pkcs11Uri::default());
        let uri = parsed("pkcs11:object=my-pubkey;type=public");
        assert_eq!((uri.object_label(), uri.kind()), (Some("my-pubkey"), Some(Kind::Public)));
        let uri = parsed("pkcs11:object=my-key;type=private?pin-source=file:/etc/token");
        assert_eq!(uri.query.pin_source.as_deref(), Some("file:/etc/token"));
        let uri = parsed(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;\
             object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
        );
        assert_eq!(uri.token_label(), Some("The Software PKCS#11 Softtoken"));
        assert_eq!(uri.text(Name::Manufacturer), Some("Snake Oil, Inc."));
        assert_eq!(uri.object_id(), Some(&b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91"[..]));
        assert_eq!((uri.text(Name::Serial), uri.kind()), (Some(""), Some(Kind::Certificate)));
        let uri = parsed("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11");
        assert_eq!(uri.query.module_name.as_deref(), Some("mypkcs11"));
        let uri = parsed("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1");
        assert_eq!(uri.query.module_path, Some("/mnt/libmypkcs11.so.1".into()));
        let uri =
            parsed("pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?pin-value=the-pin");
        assert_eq!(uri.query.pin_value, Some(Pin::new("the-pin")));
        assert_eq!(parsed("pkcs11:slot-description=Sun%20Metaslot").text(Name::SlotDescription), Some("Sun Metaslot"));
        let uri = parsed(
            "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
        );
        assert_eq!(uri.text(Name::LibraryVersion), Some("1.23"));
        let uri = parsed("pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3?pin-source=|prog");
        assert_eq!(uri.token_label(), Some("My token% created by Joe"));
        let uri = parsed("pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert");
        assert_eq!(uri.token_label(), Some("A name with a substring %;"));
        let uri =
            parsed("pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate;type=cert");
        assert_eq!(uri.token_label(), Some("Name with a small A with acute: á"));
        let uri = parsed(
            "pkcs11:token=my-token;object=my-certificate;type=cert;vendor-aaa=value-a?pin-source=file:/etc/token_pin&vendor-bbb=value-b",
        );
        assert_eq!(uri.vendor["vendor-aaa"], "value-a");
        assert!(!uri.names(&uri), "nothing is known to have it");
    }

    #[test]
    fn what_is_not_one() {
        for text in ["", "pkcs11", "token=a", "http:token=a", "pkcs12:token=a"] {
            assert_eq!(text.parse::<Pkcs11Uri>(), Err(UriError::Scheme), "{text}");
        }
        for text in [
            "pkcs11:token",
            "pkcs11:=a",
            "pkcs11:token=a;",
            "pkcs11:;",
            "pkcs11:to ken=a",
            "pkcs11:token=a?pin",
            "pkcs11:?a&",
        ] {
            assert!(matches!(text.parse::<Pkcs11Uri>(), Err(UriError::Malformed(_))), "{text}");
        }
        for text in [
            "pkcs11:token=a;token=a",
            "pkcs11:id=%01;id=%01",
            "pkcs11:x-a=1;x-a=2",
            "pkcs11:?module-path=/a&module-path=/a",
        ] {
            assert!(matches!(text.parse::<Pkcs11Uri>(), Err(UriError::Repeated(_))), "{text}");
        }
        for text in [
            "pkcs11:token=a b",
            "pkcs11:token=a/b",
            "pkcs11:token=%",
            "pkcs11:token=%4",
            "pkcs11:token=%+4",
            "pkcs11:token=%zz",
            "pkcs11:token=%ff",
            "pkcs11:token=á",
            "pkcs11:token=a#b",
            "pkcs11:type=key",
            "pkcs11:type=",
            "pkcs11:slot-id=-1",
            "pkcs11:slot-id=",
            "pkcs11:library-version=1.",
            "pkcs11:library-version=1.2.3",
            "pkcs11:?pin-source=a b",
            "pkcs11:?module-path=%ff",
        ] {
            assert!(matches!(text.parse::<Pkcs11Uri>(), Err(UriError::Value(_))), "{text}");
        }
        assert_eq!("pkcs11:?pin-value=1&pin-source=/a".parse::<Pkcs11Uri>(), Err(UriError::TwoPins));
    }

    #[test]
    fn pins_and_paths_are_not_printed() {
        let uri = parsed("PKCS11:id=%00%ff;object=a%20b?pin-value=sesame&module-path=/opt/p11.so");
        assert_eq!(uri.to_string(), "pkcs11:object=a%20b;id=%00%FF");
        assert!(!format!("{uri:?}").contains("sesame"));
        let cut = "pkcs11:token=a?pin-value=open&sesame".parse::<Pkcs11Uri>().unwrap_err();
        assert!(!cut.to_string().contains("sesame"), "{cut}");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(token: String, object: String, id: Vec<u8>) {
            let uri = Pkcs11Uri::of_token(&token).object(&object).id(&id);
            prop_assert_eq!(parsed(&uri.to_string()), uri);
        }

        #[test]
        fn nothing_panics(text: String) {
            let _ = format!("pkcs11:{text}").parse::<Pkcs11Uri>();
        }
    }
}
