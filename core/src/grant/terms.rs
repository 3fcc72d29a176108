//! What a grant says, and its deterministic CBOR (spec ).

use alloc::{string::String, vec::Vec};
use core::fmt;

use minicbor::Decoder;
use rand_core::TryCryptoRng;
#[cfg(feature = "grants")]
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::GrantError;
use crate::{
    cbor::{self, NotCanonical},
    keyring::{Timestamp, check_path},
    secret::fill_random,
};

/// Bytes of a name, at most.
pub const MAX_NAME_LEN: usize = 255;
/// Bytes of a purpose, at most.
pub const MAX_PURPOSE_LEN: usize = 1_024;

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actions {
    /// To encrypt. The grant holds no key that decrypts.
    Encrypt,
    /// To decrypt. Fortress refuses to encrypt by it; but a key that decrypts could encrypt, in other hands than Fortress's.
    Decrypt,
    /// To encrypt and decrypt.
    Both,
}

impl Actions {
    /// `encrypt`, `decrypt` or `both`.
    pub const fn name(self) -> &'static str {
        match self {
            Actions::Encrypt => "encrypt",
            Actions::Decrypt => "decrypt",
            Actions::Both => "both",
        }
    }

    /// The actions of this name.
    pub fn from_name(name: &str) -> Option<Actions> {
        [Actions::Encrypt, Actions::Decrypt, Actions::Both].into_iter().find(|actions| actions.name() == name)
    }

    /// Do these allow those?
    pub const fn allow(self, wanted: Actions) -> bool {
        self.number() & wanted.number() == wanted.number()
    }

    const fn number(self) -> u8 {
        match self {
            Actions::Encrypt => 1,
            Actions::Decrypt => 2,
            Actions::Both => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Actions> {
        match number {
            1 => Some(Actions::Encrypt),
            2 => Some(Actions::Decrypt),
            3 => Some(Actions::Both),
            _ => None,
        }
    }
}

/// In words: "encrypt", "decrypt" or "encrypt and decrypt".
impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Actions::Encrypt => "encrypt",
            Actions::Decrypt => "decrypt",
            Actions::Both => "encrypt and decrypt",
        })
    }
}

/// The id of a grant: 16 random bytes, by which a record of grants names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantId(pub [u8; 16]);

impl GrantId {
    pub(super) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<GrantId, GrantError> {
        let mut id = GrantId([0; 16]);
        fill_random(rng, &mut id.0)?;
        Ok(id)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({self})")
    }
}

/// What stands for a verifying key where it is too long: 8 bytes of its hash (spec A-3).
///
/// It tells keys apart for people. It proves nothing: trust is in the keys themselves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GranterId(pub [u8; 8]);

impl GranterId {
    #[cfg(feature = "grants")]
    pub(super) fn of(verifying_key: &[u8]) -> GranterId {
        let hash = Sha512::new().chain_update(GRANTER_LABEL).chain_update(verifying_key).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        GranterId(id)
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for GranterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for GranterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GranterId({self})")
    }
}

/// What a granter decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What is allowed.
    pub actions: Actions,
    /// From when on: the grant is valid at this very second.
    pub from: Timestamp,
    /// Until when: it has expired at this very second. Every grant ends.
    pub until: Timestamp,
    /// What it is for, in at most 1,024 bytes; may be empty.
    pub purpose: String,
    /// What the granter is called, in at most 255 bytes; may be empty. The signature says that the granter wrote it and not that it is true.
    pub granter_name: String,
    /// For whom it is, in at most 255 bytes; may be empty.
    pub recipient_name: String,
}

impl Terms {
    pub(super) fn check(&self) -> Result<(), GrantError> {
        if self.from >= self.until || self.until.0 > Timestamp::MAX {
            return Err(GrantError::InvalidTimes { from: self.from, until: self.until });
        }
        let texts = [
            ("purpose", &self.purpose, MAX_PURPOSE_LEN),
            ("granter's name", &self.granter_name, MAX_NAME_LEN),
            ("recipient's name", &self.recipient_name, MAX_NAME_LEN),
        ];
        match texts.into_iter().find(|(_, text, limit)| text.len() > *limit) {
            Some((what, text, limit)) => Err(GrantError::TextTooLong { what, limit, got: text.len() }),
            None => Ok(()),
        }
    }
}

/// What is signed: the terms, who grants, which scope, and the keys.
pub(super) struct Statement {
    pub(super) id: GrantId,
    /// The verifying key, by its bytes. What they are is seen when the signature is verified.
    pub(super) granter: Vec<u8>,
    pub(super) path: Vec<String>,
    pub(super) terms: Terms,
    /// The scope's identity, or the payload of its keyring.
    pub(super) keys: Zeroizing<Vec<u8>>,
}

impl Statement {
    pub(super) fn encode(&self) -> Vec<u8> {
        let Terms { actions, from, until, purpose, granter_name, recipient_name } = &self.terms;
        let path: usize = self.path.iter().map(|segment| segment.len() + 3).sum();
        let texts = purpose.len() + granter_name.len() + recipient_name.len();
        // Reserved whole, so that growing leaves no secret behind.
        let mut out = Vec::with_capacity(128 + self.granter.len() + path + texts + self.keys.len());
        cbor::put_map(&mut out, 9);
        cbor::put_unsigned(&mut out, KEY_ID);
        cbor::put_bytes(&mut out, &self.id.0);
        cbor::put_unsigned(&mut out, KEY_GRANTER);
        cbor::put_bytes(&mut out, &self.granter);
        cbor::put_unsigned(&mut out, KEY_ACTIONS);
        cbor::put_unsigned(&mut out, actions.number().into());
        cbor::put_unsigned(&mut out, KEY_PATH);
        cbor::put_array(&mut out, self.path.len());
        for segment in &self.path {
            cbor::put_text(&mut out, segment);
        }
        cbor::put_unsigned(&mut out, KEY_FROM);
        cbor::put_unsigned(&mut out, from.0);
        cbor::put_unsigned(&mut out, KEY_UNTIL);
        cbor::put_unsigned(&mut out, until.0);
        cbor::put_unsigned(&mut out, KEY_PURPOSE);
        cbor::put_text(&mut out, purpose);
        cbor::put_unsigned(&mut out, KEY_NAMES);
        cbor::put_array(&mut out, 2);
        cbor::put_text(&mut out, granter_name);
        cbor::put_text(&mut out, recipient_name);
        cbor::put_unsigned(&mut out, KEY_KEYS);
        cbor::put_bytes(&mut out, &self.keys);
        out
    }

    /// Reads what [`encode`](Statement::encode) writes, and nothing else.
    pub(super) fn parse(bytes: &[u8]) -> Result<Statement, NotCanonical> {
        let statement = cbor::read_canonical(bytes, Statement::decode, Statement::encode)?;
        let scoped = !statement.path.is_empty() && check_path(&statement.path).is_ok();
        if scoped && statement.terms.check().is_ok() { Ok(statement) } else { Err(NotCanonical) }
    }

    /// The map has its nine entries in this order, or it is not the deterministic encoding of a statement.
    fn decode(decoder: &mut Decoder<'_>) -> Result<Statement, NotCanonical> {
        cbor::map_len(decoder)?;
        expect(decoder, KEY_ID)?;
        let id = GrantId(decoder.bytes()?.try_into().map_err(|_| NotCanonical)?);
        expect(decoder, KEY_GRANTER)?;
        let granter = decoder.bytes()?.to_vec();
        expect(decoder, KEY_ACTIONS)?;
        let actions = Actions::from_number(decoder.u8()?).ok_or(NotCanonical)?;
        expect(decoder, KEY_PATH)?;
        let mut path = Vec::new();
        for _ in 0..cbor::array_len(decoder)? {
            path.push(String::from(decoder.str()?));
        }
        expect(decoder, KEY_FROM)?;
        let from = Timestamp(decoder.u64()?);
        expect(decoder, KEY_UNTIL)?;
        let until = Timestamp(decoder.u64()?);
        expect(decoder, KEY_PURPOSE)?;
        let purpose = String::from(decoder.str()?);
        expect(decoder, KEY_NAMES)?;
        cbor::array_len(decoder)?;
        let granter_name = String::from(decoder.str()?);
        let recipient_name = String::from(decoder.str()?);
        expect(decoder, KEY_KEYS)?;
        let keys = Zeroizing::new(decoder.bytes()?.to_vec());
        let terms = Terms { actions, from, until, purpose, granter_name, recipient_name };
        Ok(Statement { id, granter, path, terms, keys })
    }
}

fn expect(decoder: &mut Decoder<'_>, key: u64) -> Result<(), NotCanonical> {
    if decoder.u64()? == key { Ok(()) } else { Err(NotCanonical) }
}

const KEY_ID: u64 = 1;
const KEY_GRANTER: u64 = 2;
const KEY_ACTIONS: u64 = 3;
const KEY_PATH: u64 = 4;
const KEY_FROM: u64 = 5;
const KEY_UNTIL: u64 = 6;
const KEY_PURPOSE: u64 = 7;
const KEY_NAMES: u64 = 8;
const KEY_KEYS: u64 = 9;
#[cfg(feature = "grants")]
const GRANTER_LABEL: &[u8] = b"fortress-sdk/signing@v1\0id";
