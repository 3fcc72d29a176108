//! Shares, and the sets that they are of.

use alloc::{string::String, vec::Vec};
use core::{cmp::Ordering, fmt, iter};

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{SHARE_LEN, ShareError, ShareSetId, shamir};
use crate::{
    identity::text::Form,
    secret::{Secret, fill_random, redacted_debug},
};

/// A fresh share set, whole: what makes recipients and gives out shares. Wiped on drop, and nothing but its shares brings it back.
pub struct ShareSet {
    id: ShareSetId,
    threshold: u8,
    key: Secret,
    shares: Vec<Share>,
}

redacted_debug!(ShareSet);
redacted_debug!(Shares);

impl ShareSet {
    /// A set of `count` shares, of which any `threshold` open; at least 2.
    pub fn generate<R: TryCryptoRng + ?Sized>(threshold: u8, count: u8, rng: &mut R) -> Result<ShareSet, ShareError> {
        if threshold < 2 || threshold > count {
            return Err(ShareError::InvalidSet { threshold, count });
        }
        let mut id = ShareSetId([0; 8]);
        fill_random(rng, &mut id.0)?;
        let key = Secret::generate(rng)?;
        let points = shamir::split(&key, threshold, count, rng)?;
        let share = |point: &Zeroizing<Vec<u8>>| {
            let (&number, value) = point.split_first()?;
            Some(Share { set: id, threshold, number, value: Secret::from_slice(value)? })
        };
        let shares = points.iter().map(share).collect::<Option<_>>();
        Ok(ShareSet { id, threshold, key, shares: shares.ok_or(ShareError::InvalidSet { threshold, count })? })
    }

    /// Its id.
    pub fn id(&self) -> ShareSetId {
        self.id
    }

    /// How many shares open.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// All shares, by number. Give each to someone else.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    pub(crate) fn count(&self) -> u8 {
        // Never more than the `count` that it was made with.
        self.shares.len() as u8
    }

    /// What wraps file keys.
    pub(crate) fn key(&self) -> &Secret {
        &self.key
    }
}

/// One share of a set: worth nothing alone, and secret all the same. Wiped on drop.
#[derive(PartialEq, Eq)]
pub struct Share {
    set: ShareSetId,
    threshold: u8,
    number: u8,
    value: Secret,
}

impl Share {
    /// The share of its text, which starts with `FORTRESS-SHARE-1`.
    pub fn from_text(text: &str) -> Result<Share, ShareError> {
        let bytes = FORM.decode::<SHARE_LEN>(text).ok_or(ShareError::InvalidText)?;
        Share::from_bytes(&*bytes).ok_or(ShareError::InvalidText)
    }

    /// The text of the share, in the clear, to be kept where only its holder reads.
    pub fn expose_text(&self) -> Zeroizing<String> {
        FORM.encode(&*self.to_bytes())
    }

    /// The set that it is of.
    pub fn set(&self) -> ShareSetId {
        self.set
    }

    /// How many shares of the set open.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Its number in the set, from 1.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The bytes behind its text (spec Q-3).
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; SHARE_LEN]> {
        let mut bytes = Zeroizing::new([0; SHARE_LEN]);
        bytes[..8].copy_from_slice(&self.set.0);
        bytes[8] = self.threshold;
        bytes[9] = self.number;
        bytes[10..].copy_from_slice(self.value.expose());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Share> {
        let (&set, rest) = bytes.split_first_chunk()?;
        let (&[threshold, number], value) = rest.split_first_chunk()?;
        let value = Secret::from_slice(value)?;
        (threshold >= 2 && number >= 1).then_some(Share { set: ShareSetId(set), threshold, number, value })
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share(number {} of set {}, redacted)", self.number, self.set)
    }
}

/// Shares of one set, brought together to open something.
pub struct Shares(Vec<Share>);

impl Shares {
    /// Shares of one set, in any order. A share that is given twice counts once.
    pub fn new(shares: impl IntoIterator<Item = Share>) -> Result<Shares, ShareError> {
        let mut together: Vec<Share> = Vec::new();
        for share in shares {
            if let Some(first) = together.first()
                && first.set != share.set
            {
                return Err(ShareError::DifferentSets { first: first.set, other: share.set });
            }
            if together.first().is_some_and(|first| first.threshold != share.threshold) {
                return Err(ShareError::Conflicting { number: share.number });
            }
            match together.iter().find(|known| known.number == share.number) {
                Some(known) if *known == share => {}
                Some(_) => return Err(ShareError::Conflicting { number: share.number }),
                None => together.push(share),
            }
        }
        if together.is_empty() {
            return Err(ShareError::NoShares);
        }
        Ok(Shares(together))
    }

    /// The set that they are of.
    pub fn set(&self) -> ShareSetId {
        self.0[0].set
    }

    /// How many shares of the set open.
    pub fn threshold(&self) -> u8 {
        self.0[0].threshold
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The keys that the set may have: that of the first shares that are enough, which is the right one if none of those is wrong, and then
    /// those of others among them (spec Q-5). None where there are too few.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Secret> + '_ {
        let combined = |subset: Vec<usize>| {
            shamir::combine(subset.iter().map(|&at| (self.0[at].number, self.0[at].value.duplicate())))
        };
        subsets(self.count(), self.threshold().into()).take(MAX_TRIES).filter_map(combined)
    }
}

/// Subsets of this size of so many places: first those of neighbours, the last next to the first, among which is one without any single place;
/// then all.
pub(super) fn subsets(places: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let neighbours = match places.cmp(&size) {
        Ordering::Less => 0,
        Ordering::Equal => 1,
        Ordering::Greater => places,
    };
    let neighbours = (0..neighbours).map(move |first| (first..first + size).map(|place| place % places).collect());
    let first = (places > size).then(|| (0..size).collect());
    neighbours.chain(iter::successors(first, move |last: &Vec<usize>| following(last, places)))
}

/// The next subset in lexicographic order.
fn following(subset: &[usize], places: usize) -> Option<Vec<usize>> {
    let (head, moved) = (0..subset.len()).rev().find_map(|at| {
        let moved = subset[at] + 1;
        (moved + (subset.len() - at) <= places).then_some((&subset[..at], moved))
    })?;
    Some(head.iter().copied().chain(moved..moved + (subset.len() - head.len())).collect())
}

/// Ways to put shares together that are tried, at most: with those of up to 255 neighbours, enough for all of 256 ways.
pub(crate) const MAX_TRIES: usize = 511;
const FORM: Form = Form::secret("fortress-share-");
