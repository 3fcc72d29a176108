//! Envelopes in two steps, for a host that cannot wait for an external key in the middle of a call, as JavaScript cannot.
//!
//! To write, the host takes a draft, has each external key wrap the draft's file key, and finishes the draft with an [`AnsweredKey`] in each one's
//! place. To read, it gets from [`external_requests`] what to ask, and opens with the answers.

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use super::{
    Content, EnvelopeError, EnvelopeKeys, Header, Identity, NewEnvelope, Options, Prefix, ReadLimits, Recipient,
    RewrapOptions, Unlocked, default_suite, header::Wrapped, recipient,
};
use crate::{
    chunked::Derived,
    context::Context,
    external::AnsweredKey,
    secret::{Secret, redacted_debug},
    suite::Suite,
};

/// An envelope that is yet to get its recipients.
pub struct Draft {
    header: HeaderDraft,
    suite: Suite,
    context: Context,
}

redacted_debug!(Draft);
redacted_debug!(RewrapDraft);

impl Draft {
    /// A draft of an envelope of data. Where the options name no suite, it follows from these recipients, which need not be all.
    pub fn new<R: TryCryptoRng + ?Sized>(
        recipients: &[Recipient<'_>],
        options: &Options,
        rng: &mut R,
    ) -> Result<Draft, EnvelopeError> {
        Draft::of(Content::Data, recipients, options, rng)
    }

    pub(crate) fn of<R: TryCryptoRng + ?Sized>(
        content: Content,
        recipients: &[Recipient<'_>],
        options: &Options,
        rng: &mut R,
    ) -> Result<Draft, EnvelopeError> {
        let suite = options.suite.unwrap_or_else(|| default_suite(recipients));
        let file_key = Secret::generate(rng)?;
        let header = Header::new(suite, options.metadata.clone(), content);
        let header = HeaderDraft { header, kept: Vec::new(), keys: EnvelopeKeys::new(&file_key), file_key };
        Ok(Draft { header, suite, context: options.context.clone() })
    }

    /// What an external key is given with the file key (spec X-1).
    pub fn associated_data(&self) -> [u8; 32] {
        self.header.header.associated_data()
    }

    /// The file key, for external keys to wrap. Who has it reads the message, now and for ever.
    pub fn expose_file_key(&self) -> &[u8; 32] {
        self.header.file_key.expose()
    }

    /// Starts the envelope, as [`create`](super::create) does.
    pub fn create<R: TryCryptoRng + ?Sized>(
        self,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<NewEnvelope, EnvelopeError> {
        self.create_as(Content::Data, recipients, rng)
    }

    /// Starts the envelope of a draft that was made for this content.
    pub(crate) fn create_as<R: TryCryptoRng + ?Sized>(
        self,
        content: Content,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<NewEnvelope, EnvelopeError> {
        self.header.header.require(content)?;
        self.start(recipients, rng)
    }

    /// Starts the envelope, whatever its content.
    pub(super) fn start<R: TryCryptoRng + ?Sized>(
        self,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<NewEnvelope, EnvelopeError> {
        let Draft { header, suite, context } = self;
        let mut prefix = header.authenticated(recipients, rng)?;
        let derived =
            Derived::generate(suite, &header.keys.payload, [&suite.id().to_be_bytes(), context.canonical()], rng)?;
        prefix.extend_from_slice(derived.prefix());
        Ok(NewEnvelope { prefix, derived })
    }
}

/// An envelope whose header is open and yet to get its new recipients (spec E-6).
pub struct RewrapDraft(HeaderDraft);

impl RewrapDraft {
    /// Opens the header of an envelope of data; the arguments are those of [`rewrap`](super::rewrap).
    pub fn new(
        prefix: &[u8],
        identities: &[Identity<'_>],
        options: &RewrapOptions<'_>,
    ) -> Result<RewrapDraft, EnvelopeError> {
        RewrapDraft::of(Content::Data, prefix, identities, options)
    }

    pub(crate) fn of(
        content: Content,
        prefix: &[u8],
        identities: &[Identity<'_>],
        options: &RewrapOptions<'_>,
    ) -> Result<RewrapDraft, EnvelopeError> {
        let unlocked = unlocked_to_write(content, prefix, identities, &options.limits)?;
        if let Some(context) = options.context {
            unlocked.derive(context)?;
        }
        let Unlocked { prefix: Prefix { header, .. }, file_key, keys } = unlocked;
        let kept = options.keep.of(&header, identities, &options.limits)?;
        Ok(RewrapDraft(HeaderDraft { header, kept, file_key, keys }))
    }

    /// What an external key is given with the file key (spec X-1).
    pub fn associated_data(&self) -> [u8; 32] {
        self.0.header.associated_data()
    }

    /// The file key, for external keys to wrap. Who has it reads the message, now and for ever.
    pub fn expose_file_key(&self) -> &[u8; 32] {
        self.0.file_key.expose()
    }

    /// Writes the header, as [`rewrap`](super::rewrap) does.
    pub fn finish<R: TryCryptoRng + ?Sized>(
        self,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        self.0.authenticated(recipients, rng)
    }
}

/// As [`Unlocked::new`], and not by a keyring that may only decrypt: who may write nothing says nothing about who reads (spec A-8).
fn unlocked_to_write<'p>(
    content: Content,
    prefix: &'p [u8],
    identities: &[Identity<'_>],
    limits: &ReadLimits,
) -> Result<Unlocked<'p>, EnvelopeError> {
    let refusal = |identity: &Identity<'_>| match identity {
        Identity::Keyring(keyring) => keyring.require_encrypting().err(),
        #[cfg(feature = "statements")]
        Identity::Grant(contents, now) => contents.keyring(*now).ok()?.require_encrypting().err(),
        _ => None,
    };
    let writing: Vec<Identity<'_>> =
        identities.iter().filter(|identity| refusal(identity).is_none()).copied().collect();
    let unlocked = Unlocked::new(content.clone(), prefix, &writing, limits);
    match identities.iter().find_map(refusal) {
        Some(refusal) if unlocked.is_err() && Unlocked::new(content, prefix, identities, limits).is_ok() => {
            Err(refusal.into())
        }
        _ => unlocked,
    }
}

/// A header whose new recipients are to come.
struct HeaderDraft {
    header: Header,
    kept: Vec<Wrapped>,
    file_key: Secret,
    keys: EnvelopeKeys,
}

impl HeaderDraft {
    fn authenticated<R: TryCryptoRng + ?Sized>(
        &self,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        recipient::check_for_writing(&self.kept, recipients)?;
        let mut wrapped = self.kept.clone();
        wrapped.extend(recipient::wrap_all(&self.header, recipients, &self.file_key, rng)?);
        self.keys.authenticated(&self.header.clone().with_recipients(wrapped))
    }
}

/// What an external key is to be asked: to unwrap a file key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRequest {
    /// The key's reference, as a stranger may have written it.
    pub reference: String,
    /// What to unwrap.
    pub wrapped: Vec<u8>,
    /// What goes with it (spec X-1).
    pub associated: [u8; 32],
}

impl ExternalRequest {
    /// The key, asked: what it unwrapped, or why it did not.
    pub fn answered(
        self,
        file_key: Result<zeroize::Zeroizing<Vec<u8>>, crate::external::ExternalKeyError>,
    ) -> AnsweredKey {
        AnsweredKey::unwrapped(self.reference, self.wrapped, self.associated, file_key)
    }
}

/// What may be asked of external keys to open an envelope or a sealed keyring, of which the prefix is enough: one request for each reference
/// (spec R-7), and none where a keyring, an identity or shares among `identities` open it without.
pub fn external_requests(prefix: &[u8], identities: &[Identity<'_>]) -> Result<Vec<ExternalRequest>, EnvelopeError> {
    let header = Prefix::parse(prefix)?.header;
    if recipient::opens_at_hand(&header, identities) {
        return Ok(Vec::new());
    }
    Ok(recipient::external_requests(&header))
}
