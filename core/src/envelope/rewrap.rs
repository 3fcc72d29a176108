//! New recipients for an envelope: its header is written anew, its message stays (spec E-6).

use alloc::vec::Vec;
use core::slice;

use rand_core::TryCryptoRng;

use super::{
    EnvelopeError, Header, Identity, MAC_LEN, PREAMBLE_LEN, ReadLimits, Recipient,
    draft::RewrapDraft,
    header::{self, RecipientKind, Wrapped},
    recipient,
};
use crate::context::Context;

/// Which of its recipients an envelope keeps.
///
/// Who is not kept loses the way through this header, and nothing that they took from it before: a copy of the old header still opens the
/// message for them, and so does a file key that they kept. To put something out of their reach, encrypt it anew, or
/// [rotate](crate::Keyring::rotate) the keyring and seal it for those who stay: what is encrypted from then on is beyond them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep<'k> {
    /// None: the new ones take the place of all.
    #[default]
    Nobody,
    /// Those that the given identities do not open: the new ones take the place of whoever rewraps.
    Others,
    /// All: the new ones are added.
    Everybody,
    /// Those at these places in the header, counted from 0 as [`Header::recipient_infos`](super::Header::recipient_infos) lists them.
    /// They stay in the header's order, before the new ones.
    Only(&'k [usize]),
}

/// How to rewrap.
#[derive(Clone, Copy, Debug, Default)]
pub struct RewrapOptions<'a> {
    /// Those who stay keep the bytes that they have: nobody needs their keys. There need not be new ones then.
    pub keep: Keep<'a>,
    /// Give it when the recipients are others than those who can open the envelope now: it proves that this is the envelope that you mean, and
    /// not another one that a server put in its place. Without it, keys are exchanged on whatever the bytes are.
    pub context: Option<&'a Context>,
    /// What to do for the envelope at most.
    pub limits: ReadLimits,
}

/// Writes the header of an envelope of data for other recipients (spec E-6). Returns the bytes that take the place of the first
/// [`rewrapped_len`] of the envelope; the message stays as it is.
pub fn rewrap<R: TryCryptoRng + ?Sized>(
    prefix: &[u8],
    identities: &[Identity<'_>],
    recipients: &[Recipient<'_>],
    options: &RewrapOptions<'_>,
    rng: &mut R,
) -> Result<Vec<u8>, EnvelopeError> {
    RewrapDraft::new(prefix, identities, options)?.finish(recipients, rng)
}

/// Bytes of an envelope before its message, from its prefix: what [`rewrap`] replaces.
pub fn rewrapped_len(prefix: &[u8]) -> Result<usize, EnvelopeError> {
    let header_len = header::announced_len(prefix)?.ok_or(EnvelopeError::Truncated)?;
    Ok(PREAMBLE_LEN + header_len + MAC_LEN)
}

impl Keep<'_> {
    pub(super) fn of(
        self,
        header: &Header,
        identities: &[Identity<'_>],
        limits: &ReadLimits,
    ) -> Result<Vec<Wrapped>, EnvelopeError> {
        let recipients = header.recipients();
        match self {
            Keep::Nobody => Ok(Vec::new()),
            Keep::Everybody => Ok(recipients.to_vec()),
            Keep::Others => {
                let other =
                    |wrapped: &Wrapped| Ok((!opens(header, identities, wrapped, limits)?).then(|| wrapped.clone()));
                recipients.iter().filter_map(|wrapped| other(wrapped).transpose()).collect()
            }
            Keep::Only(places) => {
                if let Some(&place) = places.iter().find(|&&place| place >= recipients.len()) {
                    return Err(EnvelopeError::NoSuchRecipient { place, recipients: recipients.len() });
                }
                let kept = |(place, wrapped): (usize, &Wrapped)| places.contains(&place).then(|| wrapped.clone());
                Ok(recipients.iter().enumerate().filter_map(kept).collect())
            }
        }
    }
}

/// An external key is told by its reference: whether it would really open is a call to a service, and no reason to keep it.
fn opens(
    header: &Header,
    identities: &[Identity<'_>],
    wrapped: &Wrapped,
    limits: &ReadLimits,
) -> Result<bool, EnvelopeError> {
    if wrapped.kind == RecipientKind::External {
        let own =
            |identity: &Identity<'_>| matches!(identity, Identity::External(key) if recipient::is_for(*key, wrapped));
        return Ok(identities.iter().any(own));
    }
    match recipient::unwrap(header, slice::from_ref(wrapped), identities, limits) {
        Ok(_) => Ok(true),
        // It was not found out.
        Err(error @ EnvelopeError::Passphrase(_)) => Err(error),
        Err(_) => Ok(false),
    }
}
