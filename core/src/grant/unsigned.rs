//! Grants before they are signed and before their signatures are verified: where the algorithms are not in the same place as the keys (spec ).

use alloc::vec::Vec;

use minicbor::Decoder;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{
    Actions, GrantError, GrantId, Terms,
    contents::{GrantContents, Keys},
    terms::Statement,
};
use crate::{
    cbor::{self, NotCanonical},
    chunked::MESSAGE_PREFIX_LEN,
    context::Context,
    envelope::{self, Content, EnvelopeError, Identity, Metadata, NewEnvelope, ReadLimits, Recipient},
    hazmat::Draft,
    keyring::Keyring,
    secret::redacted_debug,
    suite::Suite,
};

/// Bytes of a grant's payload, at most.
pub const MAX_PAYLOAD_LEN: usize = 1 << 20;

/// A grant that is yet to be signed.
pub struct UnsignedGrant {
    envelope: NewEnvelope,
    statement: Zeroizing<Vec<u8>>,
}

redacted_debug!(UnsignedGrant);

impl UnsignedGrant {
    /// A draft of a grant, for external keys to wrap its file key.
    pub fn draft<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Draft, GrantError> {
        let options = envelope::Options {
            suite: Some(Suite::Aes256Gcm),
            context: Context::empty(),
            metadata: Metadata::default(),
        };
        Ok(Draft::of(Content::Grant, &[], &options, rng)?)
    }

    /// The keys of a keyring that is narrowed to a scope, for these recipients and on these terms. `granter` is the verifying key of whoever is
    /// going to sign, by its bytes (spec A-1).
    pub fn new<R: TryCryptoRng + ?Sized>(
        draft: Draft,
        keyring: &Keyring,
        terms: &Terms,
        granter: &[u8],
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<UnsignedGrant, GrantError> {
        terms.check()?;
        if keyring.path().is_empty() {
            return Err(GrantError::NotScoped);
        }
        keyring.require_own().map_err(EnvelopeError::from)?;
        let keys = match terms.actions {
            Actions::Encrypt => Zeroizing::new(keyring.scope_identity()?.to_bytes().to_vec()),
            Actions::Decrypt | Actions::Both => keyring.to_payload().map_err(EnvelopeError::from)?,
        };
        let statement = Statement {
            id: GrantId::generate(rng)?,
            granter: granter.to_vec(),
            path: keyring.path().to_vec(),
            terms: terms.clone(),
            keys,
        };
        let statement = Zeroizing::new(statement.encode());
        Ok(UnsignedGrant { envelope: draft.create_as(Content::Grant, recipients, rng)?, statement })
    }

    /// What is to be signed. The granted keys are in it, in the clear.
    pub fn expose_message(&self) -> Zeroizing<Vec<u8>> {
        let prefix = self.envelope.prefix();
        signed(&prefix[..prefix.len() - MESSAGE_PREFIX_LEN], &self.statement)
    }

    /// The grant, with the signature of its message.
    pub fn seal(self, signature: Vec<u8>) -> Result<Vec<u8>, GrantError> {
        let payload = Payload { statement: self.statement, signature }.encode();
        Ok(self.envelope.encrypt_all(&payload)?)
    }
}

/// A grant that is open, and whose signature is yet to be verified.
pub struct UnverifiedGrant {
    statement: Statement,
    message: Zeroizing<Vec<u8>>,
    signature: Vec<u8>,
}

redacted_debug!(UnverifiedGrant);

impl UnverifiedGrant {
    /// Opens the envelope and reads what is in it.
    pub fn read(
        sealed: &[u8],
        identities: &[Identity<'_>],
        limits: &ReadLimits,
    ) -> Result<UnverifiedGrant, GrantError> {
        let envelope = envelope::open_as(Content::Grant, sealed, identities, &Context::empty(), limits)?;
        let header = &sealed[..envelope::rewrapped_len(sealed)?];
        let payload = Zeroizing::new(envelope.decrypt_all(sealed)?);
        if payload.len() > MAX_PAYLOAD_LEN {
            return Err(EnvelopeError::NonCanonical.into());
        }
        let Payload { statement: bytes, signature } = Payload::parse(&payload).map_err(malformed)?;
        let statement = Statement::parse(&bytes).map_err(malformed)?;
        Ok(UnverifiedGrant { statement, message: signed(header, &bytes), signature })
    }

    /// The verifying key of whoever it says has signed it, by its bytes. They may be no key.
    pub fn granter(&self) -> &[u8] {
        &self.statement.granter
    }

    /// What the signature is of. The granted keys are in it, in the clear.
    pub fn expose_message(&self) -> &[u8] {
        &self.message
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What it holds, for a caller who has verified the signature; and, before it gives out a key, that the granter is trusted.
    pub fn verified(self) -> Result<GrantContents, GrantError> {
        let Statement { id, path, terms, keys, .. } = self.statement;
        let keys = Keys::parse(terms.actions, &path, &keys).map_err(malformed)?;
        Ok(GrantContents { id, path, terms, keys })
    }
}

fn malformed(_: NotCanonical) -> EnvelopeError {
    EnvelopeError::NonCanonical
}

/// What the envelope holds: the statement's bytes, and the signature (spec A-6).
pub(super) struct Payload {
    pub(super) statement: Zeroizing<Vec<u8>>,
    pub(super) signature: Vec<u8>,
}

impl Payload {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Reserved whole, so that growing leaves no secret behind.
        let mut out = Zeroizing::new(Vec::with_capacity(16 + self.statement.len() + self.signature.len()));
        cbor::put_array(&mut out, 2);
        cbor::put_bytes(&mut out, &self.statement);
        cbor::put_bytes(&mut out, &self.signature);
        out
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Payload, NotCanonical> {
        let decode = |decoder: &mut Decoder<'_>| {
            cbor::array_len(decoder)?;
            let statement = Zeroizing::new(decoder.bytes()?.to_vec());
            Ok(Payload { statement, signature: decoder.bytes()?.to_vec() })
        };
        cbor::read_canonical(bytes, decode, |payload| core::mem::take(&mut *payload.encode()))
    }
}

/// What the signature is of: the envelope up to its message, with all recipients and the MAC, and the statement (spec A-6).
pub(super) fn signed(header: &[u8], statement: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(LABEL.len() + header.len() + statement.len()));
    message.extend_from_slice(LABEL);
    message.extend_from_slice(header);
    message.extend_from_slice(statement);
    message
}

pub(super) const LABEL: &[u8] = b"fortress-sdk/grant@v1\0";
