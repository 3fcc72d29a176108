//! Recipients of type 4: share sets (spec R-6).

use crate::shares::ShareSetId;

pub(super) use body::{Outline, is_of_layout};
#[cfg(feature = "sharing")]
pub(super) use sealed::{check_holders, held, unwrap, wrap};

/// What a body says without a key, and how long it may be.
mod body {
    use super::ShareSetId;
    use crate::{
        chunked::MESSAGE_PREFIX_LEN, envelope::recipient::FILE_KEY_LEN, identity::SEALED_OVERHEAD, shares::SHARE_LEN,
    };

    /// What a body says of its set.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Outline {
        pub(in super::super) set: ShareSetId,
        pub(in super::super) threshold: u8,
        pub(in super::super) count: u8,
    }

    impl Outline {
        pub(in super::super) fn of(body: &[u8]) -> Option<Outline> {
            let &[s0, s1, s2, s3, s4, s5, s6, s7, threshold, count] = body.first_chunk::<HEAD_LEN>()?;
            Some(Outline { set: ShareSetId([s0, s1, s2, s3, s4, s5, s6, s7]), threshold, count })
        }
    }

    /// Is a body's length one that allow for its set?
    pub(in super::super) fn is_of_layout(body: &[u8]) -> bool {
        let Some((outline, held)) = Outline::of(body).zip(body.len().checked_sub(LEN_WITHOUT_HOLDERS)) else {
            return false;
        };
        let possible = 2 <= outline.threshold && outline.threshold <= outline.count;
        possible && held.is_multiple_of(HELD_LEN) && held / HELD_LEN <= outline.count.into()
    }

    /// Set, threshold and count.
    pub(super) const HEAD_LEN: usize = 10;
    pub(in super::super) const LEN_WITHOUT_HOLDERS: usize =
        HEAD_LEN + MESSAGE_PREFIX_LEN + FILE_KEY_LEN + crate::aead::TAG_LEN;
    pub(super) const ID_LEN: usize = 8;
    pub(super) const HELD_LEN: usize = ID_LEN + SHARE_LEN + SEALED_OVERHEAD;
}

#[cfg(feature = "sharing")]
mod sealed {
    use alloc::vec::Vec;

    use rand_core::TryCryptoRng;
    use zeroize::Zeroizing;

    use super::{
        super::{super::header::RecipientKind, EnvelopeError, Recipient, WRAPPING_SUITE, Wrapped},
        body::{HEAD_LEN, HELD_LEN, ID_LEN, LEN_WITHOUT_HOLDERS, Outline},
    };
    use crate::{
        chunked::{Derived, encrypt_message},
        identity::{IdentityId, PublicIdentity, Sealing, SecretIdentity},
        kdf::Prk,
        secret::Secret,
        shares::{MAX_TRIES, Share, ShareError, ShareSet, ShareSetId, Shares},
    };

    /// The first holder's identity gets the first share, and so on.
    pub(in super::super) fn wrap<R: TryCryptoRng + ?Sized>(
        set: &ShareSet,
        holders: &[PublicIdentity],
        file_key: &Secret,
        rng: &mut R,
    ) -> Result<Wrapped, EnvelopeError> {
        if holders.len() > set.shares().len() {
            return Err(ShareError::TooManyHolders { holders: holders.len(), count: set.count() }.into());
        }
        let mut body = Vec::with_capacity(LEN_WITHOUT_HOLDERS + holders.len() * HELD_LEN);
        body.extend_from_slice(&set.id().0);
        body.extend_from_slice(&[set.threshold(), set.count()]);
        let derived = Derived::generate(WRAPPING_SUITE, &Prk::new(set.key()), [&body, &[]], rng)?;
        body.extend_from_slice(derived.prefix());
        encrypt_message(&derived.into_message_key(), file_key.expose(), &mut body)?;
        for (holder, share) in holders.iter().zip(set.shares()) {
            body.extend_from_slice(&holder.id().0);
            holder.seal(Sealing::Share, &*share.to_bytes(), rng, &mut body)?;
        }
        Ok(Wrapped { kind: RecipientKind::Shares, body })
    }

    /// The file key, by the bodies among these that are of the shares' set; `None` where there is none. A wrong share is passed over where
    /// enough others are there, in as many ways as are tried of a header that has these bodies in all (spec Q-5).
    pub(in super::super) fn unwrap<'b>(
        shares: &Shares,
        bodies: impl Iterator<Item = &'b [u8]>,
        in_header: impl Iterator<Item = &'b [u8]>,
    ) -> Result<Option<Secret>, EnvelopeError> {
        let set = shares.set();
        let is_of_set = |body: &&[u8]| Outline::of(body).is_some_and(|outline| outline.set == set);
        let bodies: Vec<&[u8]> = bodies.filter(is_of_set).collect();
        if bodies.is_empty() {
            return Ok(None);
        }
        let (needed, got) = (shares.threshold(), shares.count());
        if got < usize::from(needed) {
            return Err(EnvelopeError::NotEnoughShares { set, needed, got });
        }
        // However many bodies a stranger's header has for the set: each is tried once, and all together hardly more often than one alone.
        let tries = MAX_TRIES.div_ceil(in_header.filter(is_of_set).count().max(1));
        for key in shares.keys().take(tries) {
            let key = Prk::new(&key);
            for body in &bodies {
                match opened(&key, body) {
                    Err(EnvelopeError::AuthenticationFailed) => {}
                    opened => return opened.map(Some),
                }
            }
        }
        Err(EnvelopeError::WrongShares { set, needed, got })
    }

    fn opened(key: &Prk, body: &[u8]) -> Result<Secret, EnvelopeError> {
        let (head, rest) = body.split_at_checked(HEAD_LEN).ok_or(EnvelopeError::NonCanonical)?;
        let (prefix, rest) = rest.split_first_chunk().ok_or(EnvelopeError::NonCanonical)?;
        let chunk = rest.get(..LEN_WITHOUT_HOLDERS - HEAD_LEN - prefix.len()).ok_or(EnvelopeError::NonCanonical)?;
        let derived =
            Derived::open(WRAPPING_SUITE, key, prefix, [head, &[]]).map_err(|_| EnvelopeError::AuthenticationFailed)?;
        let file_key = Zeroizing::new(derived.into_message_key().decrypt_message(chunk)?);
        Secret::from_slice(&file_key).ok_or(EnvelopeError::NonCanonical)
    }

    /// Refuses two shares of a set for one identity, in one recipient or in several (spec R-6).
    pub(in super::super) fn check_holders(kept: &[Wrapped], recipients: &[Recipient<'_>]) -> Result<(), EnvelopeError> {
        let kept = kept.iter().filter(|wrapped| wrapped.kind == RecipientKind::Shares).flat_map(|wrapped| {
            let set = Outline::of(&wrapped.body).map(|outline| outline.set);
            let held = wrapped.body.get(LEN_WITHOUT_HOLDERS..).unwrap_or_default().chunks_exact(HELD_LEN);
            held.filter_map(|held| held.first_chunk().copied().map(IdentityId)).enumerate().map(move |held| (set, held))
        });
        let new = recipients.iter().filter_map(|recipient| match recipient {
            Recipient::Shares(set, holders) => Some((Some(set.id()), *holders)),
            _ => None,
        });
        let new = new
            .flat_map(|(set, holders)| holders.iter().map(PublicIdentity::id).enumerate().map(move |held| (set, held)));
        let mut held: Vec<(Option<ShareSetId>, (usize, IdentityId))> = Vec::new();
        for (set, (place, holder)) in kept.chain(new) {
            let twice = |other: &(_, (usize, IdentityId))| (other.0, other.1.1) == (set, holder) && other.1.0 != place;
            if held.iter().any(twice) {
                return Err(ShareError::HoldsTwo { holder }.into());
            }
            held.push((set, (place, holder)));
        }
        Ok(())
    }

    /// The shares that a body holds for an identity.
    pub(in super::super) fn held(secret: &SecretIdentity, body: &[u8]) -> Result<Vec<Share>, EnvelopeError> {
        let outline = Outline::of(body).ok_or(EnvelopeError::NonCanonical)?;
        let mut shares = Vec::new();
        for held in body[LEN_WITHOUT_HOLDERS..].chunks(HELD_LEN) {
            let (id, sealed) = held.split_at(ID_LEN);
            if id != secret.public().id().0 {
                continue;
            }
            let share = secret.open(Sealing::Share, sealed).ok_or(EnvelopeError::AuthenticationFailed)?;
            let share = Share::from_bytes(&share).ok_or(EnvelopeError::NonCanonical)?;
            // It says of itself what it is of: a server cannot make it one of another set.
            if share.set() != outline.set || share.threshold() != outline.threshold {
                return Err(EnvelopeError::AuthenticationFailed);
            }
            shares.push(share);
        }
        Ok(shares)
    }
}
