//! New recipients for an envelope: its header is written anew, its message stays (spec E-6).

use alloc::vec::Vec;
use core::slice;

use rand_core::TryCryptoRng;

use super::{
    Content, EnvelopeError, Identity, MAC_LEN, PREAMBLE_LEN, ReadLimits, Recipient, Unlocked,
    header::{self, Wrapped},
    recipient,
};
use crate::context::Context;

/// Which of its recipients an envelope keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// None: the new ones take the place of all.
    #[default]
    Nobody,
    /// Those that the given identities do not open: the new ones take the place of whoever rewraps.
    Others,
    /// All: the new ones are added.
    Everybody,
}

/// Writes the header of an envelope of data for other recipients (spec E-6). Returns the bytes that take the place of the first
/// [`rewrapped_len`] of the envelope; the message stays as it is.
///
/// Give the `context` when the recipients are others than those who can open the envelope now: it proves that this is the envelope
/// that you mean, and not another one that a server put in its place. Without it, keys are exchanged on whatever the bytes are.
pub fn rewrap<R: TryCryptoRng + ?Sized>(
    prefix: &[u8],
    identities: &[Identity<'_>],
    context: Option<&Context>,
    recipients: &[Recipient<'_>],
    limits: &ReadLimits,
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    rewrap_keeping(Keep::Nobody, prefix, identities, context, recipients, limits, rng)
}

/// As [`rewrap`], and some of the recipients that there are stay. They keep the bytes that they have: nobody needs their keys.
pub fn rewrap_keeping<R: TryCryptoRng + ?Sized>(
    keep: Keep,
    prefix: &[u8],
    identities: &[Identity<'_>],
    context: Option<&Context>,
    recipients: &[Recipient<'_>],
    limits: &ReadLimits,
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    let unlocked = Unlocked::new(Content::Data, prefix, identities, limits)?;
    let kept = keep.of(unlocked.prefix.header.recipients(), identities, limits)?;
    unlocked.rewrap(kept, context, recipients, rng)
}

/// As [`rewrap`], for an envelope of this content: one that holds a keyring is never rewrapped as if it were a file.
pub(crate) fn rewrap_as<R: TryCryptoRng + ?Sized>(
    content: Content,
    prefix: &[u8],
    identities: &[Identity<'_>],
    context: Option<&Context>,
    recipients: &[Recipient<'_>],
    limits: &ReadLimits,
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    Unlocked::new(content, prefix, identities, limits)?.rewrap(Vec::new(), context, recipients, rng)
}

/// Bytes of an envelope before its message, from its prefix: what [`rewrap`] replaces.
pub fn rewrapped_len(prefix: &[u8]) -> Result<usize, EnvelopeError> {
    let header_len = header::announced_len(prefix)?.ok_or(EnvelopeError::Truncated)?;
    Ok(PREAMBLE_LEN + header_len + MAC_LEN)
}

impl Unlocked<'_> {
    fn rewrap<R: TryCryptoRng + ?Sized>(
        self,
        kept: Vec<Wrapped>,
        context: Option<&Context>,
        recipients: &[Recipient<'_>],
        rng: &mut R,
    ) -> Result<Vec<u8>, EnvelopeError> {
        if let Some(context) = context {
            self.derive(context)?;
        }
        let mut wrapped = kept;
        wrapped.extend(recipient::wrap_all(recipients, &self.file_key, rng)?);
        recipient::check_for_writing(&wrapped)?;
        self.keys.authenticated(&self.prefix.header.with_recipients(wrapped))
    }
}

impl Keep {
    fn of(
        self,
        recipients: &[Wrapped],
        identities: &[Identity<'_>],
        limits: &ReadLimits,
    ) -> Result<Vec<Wrapped>, EnvelopeError> {
        match self {
            Keep::Nobody => Ok(Vec::new()),
            Keep::Everybody => Ok(recipients.to_vec()),
            Keep::Others => {
                let other = |wrapped: &Wrapped| Ok((!opens(identities, wrapped, limits)?).then(|| wrapped.clone()));
                recipients.iter().filter_map(|wrapped| other(wrapped).transpose()).collect()
            }
        }
    }
}

fn opens(identities: &[Identity<'_>], wrapped: &Wrapped, limits: &ReadLimits) -> Result<bool, EnvelopeError> {
    match recipient::unwrap(slice::from_ref(wrapped), identities, limits) {
        Ok(_) => Ok(true),
        // It was not found out.
        Err(EnvelopeError::Passphrase(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}
