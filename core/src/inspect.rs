//! What can be told of a ciphertext without a key, laid out byte by byte.
//!
//! Nothing here is authenticated: it is what the bytes claim.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    aead::TAG_LEN,
    chunked::{self, COMMITMENT_LEN, ChunkedError, MESSAGE_PREFIX_LEN, SALT_LEN},
    envelope::{EnvelopeError, Header, MAC_LEN, PREAMBLE_LEN, Prefix, RecipientInfo, prefix_len},
    group::{self, HOISTED, INDEX_LEN, WHOLE},
    keyring::KeyId,
    suite::Suite,
    token::{HEAD_LEN, Head, TokenError},
};

/// What a ciphertext is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A single field token.
    Token,
    /// The header of a group of tokens.
    GroupHeader,
    /// A member of a group, with its header.
    WholeMember,
    /// A member of a group, without.
    HoistedMember,
    /// An envelope.
    Envelope,
}

impl Kind {
    /// `token`, `group-header`, `whole-member`, `hoisted-member` or `envelope`.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Token => "token",
            Kind::GroupHeader => "group-header",
            Kind::WholeMember => "whole-member",
            Kind::HoistedMember => "hoisted-member",
            Kind::Envelope => "envelope",
        }
    }
}

/// A run of bytes and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it starts.
    pub offset: u64,
    /// How many bytes it has; none for the last chunk of an envelope that is cut off.
    pub len: u64,
    /// What the specification calls it.
    pub name: &'static str,
    /// What it says, for people; empty where the bytes speak for themselves.
    pub value: String,
}

/// What can be told of a ciphertext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// What it is.
    pub kind: Kind,
    /// Its suite's registry number; `None` for a hoisted member.
    pub suite_id: Option<u16>,
    /// The key that it names, where it names one.
    pub key_id: Option<KeyId>,
    /// Bytes of its plaintext, where they follow from its length.
    pub plaintext_len: Option<u64>,
    /// Is its end missing, for no message has its length? One that was cut elsewhere looks whole: only decrypting it tells.
    pub cut_off: bool,
    /// The header of an envelope.
    pub header: Option<Header>,
    /// All its bytes, in order and without gaps, as far as they were given.
    pub fields: Vec<Field>,
}

/// Inspects a token, a group header or a member.
pub fn token(bytes: &[u8]) -> Result<Inspection, TokenError> {
    if bytes.first() == Some(&HOISTED) {
        return hoisted_member(bytes);
    }
    let head = match Head::parse(bytes) {
        Err(TokenError::Suite(_)) => return of_unknown_suite(bytes),
        head => head?,
    };
    let mut layout = Layout::default();
    layout.add(1, "version", head.version.to_string());
    layout.add(2, "suite", suite_text(head.suite.id()));
    layout.add(4, "key id", head.key_id.to_string());
    layout.add(SALT_LEN, "salt", String::new());
    layout.add(COMMITMENT_LEN, "commitment", String::new());
    let (kind, plaintext_len) = if head.version != WHOLE {
        Head::parse_single(bytes)?;
        let plaintext_len =
            layout.add_chunks((bytes.len() - HEAD_LEN) as u64).ok_or(TokenError::Truncated { got: bytes.len() })?;
        (Kind::Token, Some(plaintext_len))
    } else if bytes.len() == group::HEADER_LEN {
        (Kind::GroupHeader, None)
    } else {
        (Kind::WholeMember, Some(layout.add_member(bytes)?))
    };
    Ok(Inspection {
        kind,
        suite_id: Some(head.suite.id()),
        key_id: Some(head.key_id),
        plaintext_len,
        cut_off: false,
        header: None,
        fields: layout.fields,
    })
}

/// Inspects an envelope from its prefix, or all of it; `len` is the whole envelope's length where that is known.
pub fn envelope(bytes: &[u8], len: Option<u64>) -> Result<Inspection, EnvelopeError> {
    let prefix_len = prefix_len(bytes)?.ok_or(EnvelopeError::Truncated)?;
    let prefix = bytes.get(..prefix_len).ok_or(EnvelopeError::Truncated)?;
    let header = Prefix::parse(prefix)?.header;
    let header_len = prefix_len - PREAMBLE_LEN - MAC_LEN - MESSAGE_PREFIX_LEN;
    let mut layout = Layout::default();
    layout.add(4, "magic", "FTRS".into());
    layout.add(1, "version", "1".into());
    layout.add(4, "header length", header_len.to_string());
    layout.add(header_len, "header", describe(&header));
    layout.add(MAC_LEN, "header MAC", String::new());
    layout.add(SALT_LEN, "salt", String::new());
    layout.add(COMMITMENT_LEN, "commitment", String::new());
    let mut plaintext_len = None;
    let mut cut_off = false;
    if let Some(len) = len {
        let chunks_len = len.checked_sub(prefix_len as u64).ok_or(EnvelopeError::Truncated)?;
        let message_len = chunks_len.saturating_add(MESSAGE_PREFIX_LEN as u64);
        plaintext_len = layout.add_chunks(message_len);
        cut_off = chunked::plaintext_len(message_len) == Err(ChunkedError::Truncated);
        if cut_off {
            layout.add_cut_chunks(chunks_len);
        }
    }
    let key_id = header.recipient_infos().find_map(|info| match info {
        RecipientInfo::Keyring { key_id } => Some(key_id),
        _ => None,
    });
    Ok(Inspection {
        kind: Kind::Envelope,
        suite_id: Some(header.suite_id()),
        key_id,
        plaintext_len,
        cut_off,
        header: Some(header),
        fields: layout.fields,
    })
}

/// A token whose suite is not known here: what follows its head is not either.
fn of_unknown_suite(bytes: &[u8]) -> Result<Inspection, TokenError> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_LEN>().ok_or(TokenError::Truncated { got: bytes.len() })?;
    let &[version, s0, s1, k0, k1, k2, k3] = head;
    let (suite_id, key_id) = (u16::from_be_bytes([s0, s1]), KeyId([k0, k1, k2, k3]));
    let mut layout = Layout::default();
    layout.add(1, "version", version.to_string());
    layout.add(2, "suite", suite_text(suite_id));
    layout.add(4, "key id", key_id.to_string());
    layout.add(rest.len(), "ciphertext", String::new());
    let kind = match version {
        WHOLE if bytes.len() == group::HEADER_LEN => Kind::GroupHeader,
        WHOLE => Kind::WholeMember,
        _ => Kind::Token,
    };
    Ok(Inspection {
        kind,
        suite_id: Some(suite_id),
        key_id: Some(key_id),
        plaintext_len: None,
        cut_off: false,
        header: None,
        fields: layout.fields,
    })
}

fn hoisted_member(bytes: &[u8]) -> Result<Inspection, TokenError> {
    let mut layout = Layout::default();
    layout.add(1, "version", HOISTED.to_string());
    let plaintext_len = layout.add_member(bytes)?;
    Ok(Inspection {
        kind: Kind::HoistedMember,
        suite_id: None,
        key_id: None,
        plaintext_len: Some(plaintext_len),
        cut_off: false,
        header: None,
        fields: layout.fields,
    })
}

/// Fields one after the other.
#[derive(Default)]
struct Layout {
    fields: Vec<Field>,
    end: u64,
}

impl Layout {
    fn add(&mut self, len: usize, name: &'static str, value: String) {
        self.add_long(len as u64, name, value);
    }

    fn add_long(&mut self, len: u64, name: &'static str, value: String) {
        if len > 0 {
            self.fields.push(Field { offset: self.end, len, name, value });
            self.end += len;
        }
    }

    /// Index, ciphertext and tag of a member; returns the length of its value.
    fn add_member(&mut self, bytes: &[u8]) -> Result<u64, TokenError> {
        let (_, (index, sealed)) = group::split_member(bytes)?;
        let value_len = sealed.len() - TAG_LEN;
        self.add(INDEX_LEN, "index", index.to_string());
        self.add(value_len, "ciphertext", format!("{value_len} bytes"));
        self.add(TAG_LEN, "tag", String::new());
        Ok(value_len as u64)
    }

    /// The chunks of a message that is `message_len` bytes long; returns the length of its plaintext, `None` when it is cut off.
    fn add_chunks(&mut self, message_len: u64) -> Option<u64> {
        let plaintext_len = chunked::plaintext_len(message_len).ok()?;
        let full = plaintext_len / chunked::CHUNK_LEN as u64;
        let last = plaintext_len % chunked::CHUNK_LEN as u64;
        self.add_full_chunks(full);
        self.add_long(last, "last chunk", format!("{last} bytes"));
        self.add(TAG_LEN, "tag", String::new());
        Some(plaintext_len)
    }

    /// Chunks that end before the last one, or in what may be its start (spec N-9).
    fn add_cut_chunks(&mut self, len: u64) {
        const CHUNK: u64 = chunked::ENCRYPTED_CHUNK_LEN as u64;
        self.add_full_chunks(len / CHUNK);
        let value = String::from("cut off: the end of the message is missing");
        self.fields.push(Field { offset: self.end, len: len % CHUNK, name: "last chunk", value });
    }

    fn add_full_chunks(&mut self, count: u64) {
        let value = format!("{count} of {} bytes, each with its tag", chunked::CHUNK_LEN);
        self.add_long(count * chunked::ENCRYPTED_CHUNK_LEN as u64, "full chunks", value);
    }
}

fn describe(header: &Header) -> String {
    let mut text = format!("suite {}, content {}", suite_text(header.suite_id()), header.content());
    for info in header.recipient_infos() {
        text.push_str(&match info {
            RecipientInfo::Keyring { key_id } => format!("; recipient keyring, key id {key_id}"),
            RecipientInfo::Passphrase { params } => format!("; recipient passphrase, Argon2id {params}"),
            RecipientInfo::Identity { id } => format!("; recipient identity {id}"),
            RecipientInfo::Shares { set, threshold, count } => {
                format!("; recipient share set {set}, {threshold} of {count} shares")
            }
            RecipientInfo::External { reference } => format!("; recipient external key {reference:?}"),
            RecipientInfo::Scope { key_id } => format!("; recipient keyring by its scope's identity, key id {key_id}"),
            RecipientInfo::Other { kind } => format!("; recipient of type {kind}"),
        });
    }
    for (key, value) in header.metadata().iter() {
        text.push_str(&format!("; {key:?}: {value:?}"));
    }
    text
}

fn suite_text(id: u16) -> String {
    match Suite::from_id(id) {
        Ok(suite) => format!("{id} {}", suite.name()),
        Err(_) => format!("{id}, not known to this version"),
    }
}

#[cfg(test)]
mod tests;
