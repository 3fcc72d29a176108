//! The header of an envelope: what stands in it, and its bytes (spec E-1, E-2).

use alloc::{
    collections::{BTreeMap, BinaryHeap},
    string::String,
    vec::Vec,
};
use core::cmp::Ordering;

use minicbor::Decoder;

use super::{EnvelopeError, recipient::RecipientInfo};
use crate::{
    cbor::{self, NotCanonical},
    context,
    kdf::Prk,
    suite::Suite,
};

/// Bytes of a header, at most.
pub const MAX_HEADER_LEN: usize = 1 << 20;
/// Recipients of an envelope, at most.
pub const MAX_RECIPIENTS: usize = 1_024;

pub(crate) const MAGIC: &[u8; 4] = b"FTRS";
const VERSION: u8 = 1;
/// Bytes of magic, version and the header's length (spec E-1): enough for [`prefix_len`](super::prefix_len).
pub const PREAMBLE_LEN: usize = 9;
pub(crate) const MAC_LEN: usize = 32;

/// Public metadata: readable without a key, authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The metadata of these entries; of a repeated key the last one counts.
    pub fn new<K: Into<String>, V: Into<String>>(entries: impl IntoIterator<Item = (K, V)>) -> Metadata {
        let mut metadata = BTreeMap::new();
        // One after the other: to collect them would sort them first, by an algorithm that weighs kilobytes in WebAssembly.
        for (key, value) in entries {
            metadata.insert(key.into(), value.into());
        }
        Metadata(metadata)
    }

    /// All entries.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Data,
    Keyring,
    #[cfg(feature = "statements")]
    Grant,
    /// A content that this version does not know.
    Other(String),
}

impl Content {
    pub(crate) fn name(&self) -> &str {
        match self {
            Content::Data => "data",
            Content::Keyring => "keyring",
            #[cfg(feature = "statements")]
            Content::Grant => "grant",
            Content::Other(name) => name,
        }
    }

    fn from_name(name: &str) -> Content {
        match name {
            "keyring" => Content::Keyring,
            #[cfg(feature = "statements")]
            "grant" => Content::Grant,
            other => Content::Other(other.into()),
        }
    }
}

/// The type of a recipient (spec R-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipientKind {
    Keyring,
    Passphrase,
    Identity,
    Shares,
    External,
    Scope,
    Other(u64),
}

impl RecipientKind {
    fn from_number(number: u64) -> RecipientKind {
        match number {
            1 => RecipientKind::Keyring,
            2 => RecipientKind::Passphrase,
            3 => RecipientKind::Identity,
            4 => RecipientKind::Shares,
            5 => RecipientKind::External,
            6 => RecipientKind::Scope,
            other => RecipientKind::Other(other),
        }
    }

    pub(crate) fn number(self) -> u64 {
        match self {
            RecipientKind::Keyring => 1,
            RecipientKind::Passphrase => 2,
            RecipientKind::Identity => 3,
            RecipientKind::Shares => 4,
            RecipientKind::External => 5,
            RecipientKind::Scope => 6,
            RecipientKind::Other(number) => number,
        }
    }
}

/// A recipient as the header holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrapped {
    pub(crate) kind: RecipientKind,
    pub(crate) body: Vec<u8>,
}

/// The header of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    suite_id: u16,
    recipients: Vec<Wrapped>,
    metadata: Metadata,
    content: Content,
}

impl Header {
    /// A header that is yet to get its recipients.
    pub(crate) fn new(suite: Suite, metadata: Metadata, content: Content) -> Header {
        Header { suite_id: suite.id(), recipients: Vec::new(), metadata, content }
    }

    pub(crate) fn with_recipients(self, recipients: Vec<Wrapped>) -> Header {
        Header { recipients, ..self }
    }

    /// The suite of the message.
    pub fn suite(&self) -> Result<Suite, EnvelopeError> {
        Ok(Suite::from_id(self.suite_id)?)
    }

    /// The suite's registry number, known or not.
    pub fn suite_id(&self) -> u16 {
        self.suite_id
    }

    /// What anyone may read.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// `"data"`, `"keyring"`, `"grant"`, or the name of a content that this version does not know.
    pub fn content(&self) -> &str {
        self.content.name()
    }

    /// What can be told of the recipients without a key.
    pub fn recipient_infos(&self) -> impl ExactSizeIterator<Item = RecipientInfo> {
        self.recipients.iter().map(RecipientInfo::of)
    }

    pub(crate) fn recipients(&self) -> &[Wrapped] {
        &self.recipients
    }

    /// What stands for this header, whoever its recipients are, where an external key wraps its file key (spec X-1).
    pub(crate) fn associated_data(&self) -> [u8; 32] {
        let bound = [EXTERNAL_LABEL, &encode_with(self, None)].concat();
        Prk::from_bytes(&[0; 32]).mac(&bound)
    }

    pub(crate) fn require(&self, content: Content) -> Result<(), EnvelopeError> {
        if self.content == content {
            return Ok(());
        }
        Err(EnvelopeError::WrongContent { expected: content.name().into(), got: self.content.name().into() })
    }

    /// Parses the header's CBOR.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Header, EnvelopeError> {
        let header = cbor::read_canonical(bytes, decode, encode).map_err(|NotCanonical| EnvelopeError::NonCanonical)?;
        super::recipient::check(&header.recipients)?;
        Ok(header)
    }

    /// Magic, version, length and CBOR: what the header MAC covers.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        let header = encode(self);
        if header.len() > MAX_HEADER_LEN {
            return Err(self.no_room(header.len()));
        }
        let mut bytes = Vec::with_capacity(PREAMBLE_LEN + header.len() + MAC_LEN);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&(header.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&header);
        Ok(bytes)
    }

    fn no_room(&self, got: usize) -> EnvelopeError {
        let recipients = self.recipients.len();
        let by_recipients = got - encode_with(self, Some(&[])).len();
        let room = (MAX_HEADER_LEN + by_recipients).saturating_sub(got);
        let fit = (room * recipients).checked_div(by_recipients).unwrap_or(0);
        EnvelopeError::NoRoomInHeader { got, by_recipients, recipients, fit }
    }
}

/// The length of the header's CBOR, from an envelope's first bytes; `None` when there are too few and they are not wrong yet.
pub(crate) fn announced_len(start: &[u8]) -> Result<Option<usize>, EnvelopeError> {
    let magic = start.len().min(MAGIC.len());
    if start[..magic] != MAGIC[..magic] {
        return Err(EnvelopeError::NotFortress);
    }
    match start.get(4) {
        Some(&version) if version != VERSION => return Err(EnvelopeError::UnknownVersion(version)),
        _ => {}
    }
    let Some(&[_, _, _, _, _, l0, l1, l2, l3]) = start.first_chunk::<PREAMBLE_LEN>() else {
        return Ok(None);
    };
    let len = u32::from_be_bytes([l0, l1, l2, l3]);
    if len as usize > MAX_HEADER_LEN {
        return Err(EnvelopeError::HeaderTooLarge { got: len.into() });
    }
    Ok(Some(len as usize))
}

fn encode(header: &Header) -> Vec<u8> {
    encode_with(header, Some(&header.recipients))
}

fn encode_with(header: &Header, recipients: Option<&[Wrapped]>) -> Vec<u8> {
    let mut out = Vec::new();
    let has_metadata = !header.metadata.0.is_empty();
    let has_content = header.content != Content::Data;
    let has_recipients = recipients.is_some();
    cbor::put_map(&mut out, 1 + usize::from(has_recipients) + usize::from(has_metadata) + usize::from(has_content));
    cbor::put_unsigned(&mut out, KEY_SUITE);
    cbor::put_unsigned(&mut out, header.suite_id.into());
    if let Some(recipients) = recipients {
        cbor::put_unsigned(&mut out, KEY_RECIPIENTS);
        cbor::put_array(&mut out, recipients.len());
        for recipient in recipients {
            cbor::put_array(&mut out, 2);
            cbor::put_unsigned(&mut out, recipient.kind.number());
            cbor::put_bytes(&mut out, &recipient.body);
        }
    }
    if has_metadata {
        cbor::put_unsigned(&mut out, KEY_METADATA);
        cbor::put_map(&mut out, header.metadata.0.len());
        // A heap sorts in little code; the keys are different ones.
        let entries: BinaryHeap<_> = header.metadata.iter().map(|(key, value)| Entry { key, value }).collect();
        for Entry { key, value } in entries.into_sorted_vec() {
            cbor::put_text(&mut out, key);
            cbor::put_text(&mut out, value);
        }
    }
    if has_content {
        cbor::put_unsigned(&mut out, KEY_CONTENT);
        cbor::put_text(&mut out, header.content.name());
    }
    out
}

/// An entry of the metadata, in the order in which they are written.
#[derive(PartialEq, Eq)]
struct Entry<'m> {
    key: &'m str,
    value: &'m str,
}

impl Ord for Entry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        context::order(self.key, other.key)
    }
}

impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads leniently: what is not deterministic does not survive the comparison with [`encode`].
fn decode(decoder: &mut Decoder<'_>) -> Result<Header, NotCanonical> {
    let mut header =
        Header { suite_id: 0, recipients: Vec::new(), metadata: Metadata::default(), content: Content::Data };
    for _ in 0..cbor::map_len(decoder)? {
        match decoder.u64()? {
            KEY_SUITE => header.suite_id = decoder.u16()?,
            KEY_RECIPIENTS => header.recipients = decode_recipients(decoder)?,
            KEY_METADATA => header.metadata = decode_metadata(decoder)?,
            KEY_CONTENT => header.content = Content::from_name(decoder.str()?),
            _ => return Err(NotCanonical),
        }
    }
    Ok(header)
}

fn decode_recipients(decoder: &mut Decoder<'_>) -> Result<Vec<Wrapped>, NotCanonical> {
    let mut recipients = Vec::new();
    for _ in 0..cbor::array_len(decoder)? {
        if cbor::array_len(decoder)? != 2 {
            return Err(NotCanonical);
        }
        recipients.push(Wrapped { kind: RecipientKind::from_number(decoder.u64()?), body: decoder.bytes()?.to_vec() });
    }
    Ok(recipients)
}

fn decode_metadata(decoder: &mut Decoder<'_>) -> Result<Metadata, NotCanonical> {
    let mut metadata = BTreeMap::new();
    for _ in 0..cbor::map_len(decoder)? {
        metadata.insert(decoder.str()?.into(), decoder.str()?.into());
    }
    Ok(Metadata(metadata))
}

const EXTERNAL_LABEL: &[u8] = b"fortress-sdk/external@v1\0";
const KEY_SUITE: u64 = 1;
const KEY_RECIPIENTS: u64 = 2;
const KEY_METADATA: u64 = 3;
const KEY_CONTENT: u64 = 4;
