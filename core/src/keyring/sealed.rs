//! Sealed keyrings: a keyring's canonical CBOR in an envelope (spec S-1 to S-3).

use alloc::{string::String, vec::Vec};

use minicbor::{Decoder, data::Type};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{Keyring, MAX_VERSIONS, Timestamp, Version, VersionInfo, VersionState, check_path, version::KeyId};
use crate::{
    cbor::{self, NotCanonical},
    context::Context,
    envelope::{self, Content, EnvelopeError, Identity, Metadata, ReadLimits, Recipient, RewrapOptions},
    hazmat::{Draft, RewrapDraft},
    profile::Profile,
    secret::Secret,
    suite::Suite,
};

/// Bytes of a sealed keyring's payload, at most.
pub const MAX_SEALED_PAYLOAD_LEN: usize = 1 << 20;

impl Keyring {
    /// Seals this keyring, with all its versions, for one or more recipients. The result can be stored anywhere. A keyring that comes from a grant
    /// is for whom it was granted, and is not sealed.
    pub fn seal<R: TryCryptoRng + ?Sized>(
        &self,
        recipients: &[Recipient<'_>],
        metadata: Metadata,
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        self.seal_draft(Keyring::draft(metadata, rng)?, recipients, rng)
    }

    /// A draft of a sealed keyring, for external keys to wrap its file key.
    pub fn draft<R: TryCryptoRng + ?Sized>(metadata: Metadata, rng: &mut R) -> Result<Draft, EnvelopeError> {
        let options = envelope::Options { suite: Some(Suite::Aes256Gcm), context: Context::empty(), metadata };
        Draft::of(Content::Keyring, &[], &options, rng)
    }

    /// As [`seal`](Keyring::seal), in a draft that was made for it.
    pub fn seal_draft<R: TryCryptoRng + ?Sized>(
        &self,
        draft: Draft,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        self.require_own()?;
        let payload = Zeroizing::new(encode(self));
        draft.create_as(Content::Keyring, recipients, rng)?.encrypt_all(&payload)
    }

    /// Opens a sealed keyring by any one of `identities`.
    pub fn open(sealed: &[u8], identities: &[Identity<'_>], limits: &ReadLimits) -> Result<Keyring, EnvelopeError> {
        let envelope = envelope::open_as(Content::Keyring, sealed, identities, &Context::empty(), limits)?;
        let payload = Zeroizing::new(envelope.decrypt_all(sealed)?);
        if payload.len() > MAX_SEALED_PAYLOAD_LEN {
            return Err(EnvelopeError::NonCanonical);
        }
        let keyring =
            cbor::read_canonical(&payload, decode, encode).map_err(|NotCanonical| EnvelopeError::NonCanonical)?;
        Ok(keyring)
    }

    /// A sealed keyring for other recipients: its header is rewritten, its payload stays (spec E-6). By what `options` keeps, people are added
    /// and taken out one by one, without the others; the context of a sealed keyring is empty, and is checked without being given.
    ///
    /// Whoever could open it before can still open a copy from before, and has its keys if they ever did; [rotate](Keyring::rotate) the keyring and
    /// seal it anew, so that what is encrypted afterwards is out of their reach, and re-encrypt what must leave it.
    pub fn rewrap<R: TryCryptoRng + ?Sized>(
        sealed: &[u8],
        identities: &[Identity<'_>],
        recipients: &[Recipient<'_>],
        options: &RewrapOptions<'_>,
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let mut rewrapped = Keyring::rewrap_draft(sealed, identities, options)?.finish(recipients, rng)?;
        rewrapped.extend_from_slice(&sealed[envelope::rewrapped_len(sealed)?..]);
        Ok(rewrapped)
    }

    /// The header of a sealed keyring, open, for external keys to wrap its file key. What finishes it takes the place of the first
    /// [`rewrapped_len`](envelope::rewrapped_len) bytes.
    pub fn rewrap_draft(
        sealed: &[u8],
        identities: &[Identity<'_>],
        options: &RewrapOptions<'_>,
    ) -> Result<RewrapDraft, EnvelopeError> {
        let empty = Context::empty();
        let options = RewrapOptions { context: Some(options.context.unwrap_or(&empty)), ..*options };
        RewrapDraft::of(Content::Keyring, sealed, identities, &options)
    }
}

pub(crate) fn encode(keyring: &Keyring) -> Vec<u8> {
    // Reserved whole, so that growing leaves no secret behind.
    let path: usize = keyring.path.iter().map(|segment| segment.len() + 3).sum();
    let mut out = Vec::with_capacity(64 + path + keyring.versions.len() * 64);
    cbor::put_map(&mut out, 3);
    cbor::put_unsigned(&mut out, KEY_PROFILE);
    cbor::put_text(&mut out, keyring.profile.name());
    cbor::put_unsigned(&mut out, KEY_PATH);
    cbor::put_array(&mut out, keyring.path.len());
    for segment in &keyring.path {
        cbor::put_text(&mut out, segment);
    }
    cbor::put_unsigned(&mut out, KEY_VERSIONS);
    cbor::put_array(&mut out, keyring.versions.len());
    for version in &keyring.versions {
        let info = version.info();
        cbor::put_array(&mut out, 4);
        cbor::put_bytes(&mut out, &info.id.0);
        cbor::put_unsigned(&mut out, info.created.0);
        cbor::put_unsigned(&mut out, state_number(info.state));
        match version.secret() {
            Some(secret) => cbor::put_bytes(&mut out, secret.expose()),
            None => cbor::put_null(&mut out),
        }
    }
    out
}

pub(crate) fn decode(decoder: &mut Decoder<'_>) -> Result<Keyring, NotCanonical> {
    let (mut profile, mut path, mut versions) = (None, None, None);
    for _ in 0..cbor::map_len(decoder)? {
        match decoder.u64()? {
            KEY_PROFILE => profile = Some(Profile::from_name(decoder.str()?).ok_or(NotCanonical)?),
            KEY_PATH => path = Some(decode_path(decoder)?),
            KEY_VERSIONS => versions = Some(decode_versions(decoder)?),
            _ => return Err(NotCanonical),
        }
    }
    let (Some(profile), Some(path), Some((versions, primary))) = (profile, path, versions) else {
        return Err(NotCanonical);
    };
    Ok(Keyring { profile, path, versions, primary, granted: None })
}

fn decode_path(decoder: &mut Decoder<'_>) -> Result<Vec<String>, NotCanonical> {
    let mut path = Vec::new();
    for _ in 0..cbor::array_len(decoder)? {
        path.push(String::from(decoder.str()?));
    }
    check_path(&path).map_err(|_| NotCanonical)?;
    Ok(path)
}

/// The versions, and which of them is primary.
fn decode_versions(decoder: &mut Decoder<'_>) -> Result<(Vec<Version>, usize), NotCanonical> {
    let mut versions: Vec<Version> = Vec::new();
    let mut primary = None;
    for position in 0..cbor::array_len(decoder)? {
        let version = decode_version(decoder)?;
        if position >= MAX_VERSIONS as u64 || versions.iter().any(|other| other.id() == version.id()) {
            return Err(NotCanonical);
        }
        if version.info().state == VersionState::Primary && primary.replace(versions.len()).is_some() {
            return Err(NotCanonical);
        }
        versions.push(version);
    }
    Ok((versions, primary.ok_or(NotCanonical)?))
}

fn decode_version(decoder: &mut Decoder<'_>) -> Result<Version, NotCanonical> {
    if cbor::array_len(decoder)? != 4 {
        return Err(NotCanonical);
    }
    let id = KeyId(decoder.bytes()?.try_into().map_err(|_| NotCanonical)?);
    let created = Timestamp(decoder.u64()?);
    let state = state_from_number(decoder.u64()?)?;
    let secret = match decoder.datatype()? {
        Type::Null => {
            decoder.null()?;
            None
        }
        _ => Some(Secret::from_slice(decoder.bytes()?).ok_or(NotCanonical)?),
    };
    let destroyed = state == VersionState::Destroyed;
    if created.0 > Timestamp::MAX || destroyed != secret.is_none() {
        return Err(NotCanonical);
    }
    Ok(Version::new(VersionInfo { id, created, state }, secret))
}

fn state_number(state: VersionState) -> u64 {
    match state {
        VersionState::Primary => 1,
        VersionState::DecryptOnly => 2,
        VersionState::Destroyed => 3,
    }
}

fn state_from_number(number: u64) -> Result<VersionState, NotCanonical> {
    match number {
        1 => Ok(VersionState::Primary),
        2 => Ok(VersionState::DecryptOnly),
        3 => Ok(VersionState::Destroyed),
        _ => Err(NotCanonical),
    }
}

const KEY_PROFILE: u64 = 1;
const KEY_PATH: u64 = 2;
const KEY_VERSIONS: u64 = 3;
