//! Share sets: which shares open, their texts, and what cannot be put together.

use alloc::{format, string::ToString, vec::Vec};

use getrandom::SysRng;
use proptest::prelude::*;

use super::*;
use crate::{identity::IdentityId, keyring::tests::Broken};

fn set(threshold: u8, count: u8) -> ShareSet {
    ShareSet::generate(threshold, count, &mut SysRng).unwrap()
}

/// The shares of these numbers, as their holders bring them.
fn brought(set: &ShareSet, numbers: impl IntoIterator<Item = u8>) -> Result<Shares, ShareError> {
    let share = |number: u8| Share::from_text(&set.shares()[usize::from(number) - 1].expose_text()).unwrap();
    Shares::new(numbers.into_iter().map(share))
}

fn opens(set: &ShareSet, numbers: impl IntoIterator<Item = u8>) -> bool {
    brought(set, numbers).unwrap().keys().next().as_ref() == Some(set.key())
}

#[test]
fn any_three_of_five_open_and_no_two() {
    let set = set(3, 5);
    for a in 1..=5 {
        for b in (1..=5).filter(|&b| b != a) {
            assert!(brought(&set, [a, b]).unwrap().keys().next().is_none());
            for c in (1..=5).filter(|&c| c != a && c != b) {
                assert!(opens(&set, [a, b, c]), "{a} {b} {c}");
            }
        }
    }
    assert!(opens(&set, [5, 4, 3, 2, 1]), "more than enough");
    assert!(opens(&set, [5, 5, 4, 4, 3]), "a share that is given twice counts once");
    assert_eq!(brought(&set, [5, 5, 5]).unwrap().count(), 1);
}

#[test]
fn the_largest_sets() {
    let set_of_all = set(255, 255);
    assert!(opens(&set_of_all, 1..=255));
    assert!(brought(&set_of_all, 1..=254).unwrap().keys().next().is_none());
    assert!(opens(&set(2, 255), [254, 255]));
}

#[test]
fn sets_that_cannot_be() {
    for (threshold, count) in [(0, 0), (0, 3), (1, 1), (1, 3), (3, 2), (255, 254), (2, 0)] {
        let error = ShareSet::generate(threshold, count, &mut SysRng).err();
        assert_eq!(error, Some(ShareError::InvalidSet { threshold, count }));
    }
    assert_eq!(ShareSet::generate(2, 3, &mut Broken).err(), Some(RandomnessError.into()));
}

#[test]
fn what_does_not_belong_together() {
    let (a, b) = (set(2, 3), set(2, 3));
    let share = |set: &ShareSet, at: usize| Share::from_bytes(&*set.shares()[at].to_bytes()).unwrap();
    let different = ShareError::DifferentSets { first: a.id(), other: b.id() };
    assert_eq!(Shares::new([share(&a, 0), share(&b, 1)]).err(), Some(different));
    assert_eq!(Shares::new([share(&a, 0), share(&a, 1), share(&b, 1)]).err(), Some(different));
    assert_eq!(Shares::new([]).err(), Some(ShareError::NoShares));
    let mut wrong = a.shares()[0].to_bytes();
    wrong[41] ^= 1;
    let wrong = || Share::from_bytes(&*wrong).unwrap();
    assert_eq!(Shares::new([share(&a, 0), wrong()]).err(), Some(ShareError::Conflicting { number: 1 }));
    let key = Shares::new([wrong(), share(&a, 1)]).unwrap().keys().next();
    assert!(key.is_some() && key.as_ref() != Some(a.key()), "a wrong share gives another key");
}

/// Two shares of one set that do not agree on how many it takes cannot both be right.
#[test]
fn shares_agree_on_their_threshold() {
    let set = set(2, 3);
    let mut other = set.shares()[1].to_bytes();
    other[8] = 3;
    let shares = [&*set.shares()[0].to_bytes(), &*other].map(|bytes| Share::from_bytes(bytes).unwrap());
    assert_eq!(Shares::new(shares).err(), Some(ShareError::Conflicting { number: 2 }));
}

#[test]
fn a_share_has_one_text() {
    let set = set(2, 3);
    let text = set.shares()[1].expose_text();
    assert_eq!(text.len(), 90);
    let share = Share::from_text(&text).unwrap();
    assert_eq!(share, set.shares()[1]);
    assert_eq!((share.set(), share.threshold(), share.number()), (set.id(), 2, 2));
    for wrong in [
        "",
        "FORTRESS-SHARE-1",
        &text[1..],
        &text[..89],
        &text.to_lowercase(),
        &format!("{}\n", *text),
        &format!("{}Q", *text),
        &text.replace("SHARE", "SHORE"),
    ] {
        assert_eq!(Share::from_text(wrong).err(), Some(ShareError::InvalidText), "{wrong}");
    }
    for at in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        changed[at] = if changed[at] == b'Q' { b'P' } else { b'Q' };
        let changed = core::str::from_utf8(&changed).unwrap();
        assert_eq!(Share::from_text(changed).err(), Some(ShareError::InvalidText), "{at}");
    }
}

#[test]
fn bytes_that_are_no_share() {
    let bytes = set(2, 3).shares()[0].to_bytes();
    assert!(Share::from_bytes(&*bytes).is_some());
    for (at, value) in [(8, 0), (8, 1), (9, 0)] {
        let mut changed = bytes.clone();
        changed[at] = value;
        assert!(Share::from_bytes(&*changed).is_none(), "{at} {value}");
    }
    for len in 0..SHARE_LEN {
        assert!(Share::from_bytes(&bytes[..len]).is_none());
    }
    assert!(Share::from_bytes(&[&bytes[..], &[0]].concat()).is_none());
}

/// The first k come first, alone where there are no others; and no single share is in all of the first ways.
#[test]
fn ways_to_put_shares_together() {
    let all = |places, size| share::subsets(places, size).collect::<Vec<_>>();
    assert_eq!(all(2, 3), [[0_usize; 0]; 0]);
    assert_eq!(all(3, 3), [[0, 1, 2]]);
    let neighbours = [[0, 1], [1, 2], [2, 3], [3, 0]];
    assert_eq!(all(4, 2), [&neighbours[..], &[[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]].concat());
    for (places, size, ways) in [(10, 5, 252), (23, 2, 253), (12, 9, 220), (255, 254, 255)] {
        let all = all(places, size);
        assert_eq!(all.len(), places + ways);
        assert!(all.len() <= MAX_TRIES || places == 255);
        let mut different: Vec<_> = all[places..].to_vec();
        different.dedup();
        assert_eq!(different.len(), ways);
        assert!(different.iter().all(|way| way.len() == size && way.is_sorted() && way[size - 1] < places));
        assert!((0..places).all(|place| all[..places].iter().any(|way| !way.contains(&place))));
    }
    assert_eq!(brought(&set(10, 20), 1..=20).unwrap().keys().count(), MAX_TRIES);
}

#[test]
fn debug_shows_no_secret() {
    let set = set(2, 3);
    assert_eq!(format!("{set:?}"), "ShareSet { .. }");
    assert_eq!(format!("{:?}", set.shares()[0]), format!("Share(number 1 of set {}, redacted)", set.id()));
    assert_eq!(format!("{:?}", brought(&set, [1]).unwrap()), "Shares { .. }");
    assert_eq!(format!("{:?}", ShareSetId([0xAB; 8])), "ShareSetId(abababababababab)");
}

#[test]
fn errors_say_what_to_do() {
    let shown = [
        ShareError::InvalidText,
        ShareError::InvalidSet { threshold: 4, count: 3 },
        ShareError::TooManyHolders { holders: 4, count: 3 },
        ShareError::HoldsTwo { holder: IdentityId([3; 8]) },
        ShareError::NoShares,
        ShareError::DifferentSets { first: ShareSetId([1; 8]), other: ShareSetId([2; 8]) },
        ShareError::Conflicting { number: 2 },
        ShareError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        (
            "invalid_share",
            "not a share: expected \"FORTRESS-SHARE-1\" and 74 more uppercase characters; was all of it copied?",
        ),
        (
            "invalid_share_set",
            "a share set needs 2 to 255 shares, and at least 2 and at most all of them to open; this one has 3, 4 to open",
        ),
        ("invalid_share_set", "there are 4 identities to hold a share each, and only 3 shares"),
        (
            "invalid_share_set",
            "identity 0303030303030303 would hold two shares of one set, and count twice; give each share to someone else",
        ),
        ("not_enough_shares", "no shares were given"),
        (
            "different_share_sets",
            "the shares are of different sets, 0101010101010101 and 0202020202020202; bring shares of one set",
        ),
        ("invalid_share", "share number 2 contradicts another one of its set; one of them is wrong"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_k_of_any_set_open(
        threshold in 2..20_u8, more in 0..20_u8, order in any::<u64>(),
    ) {
        let set = set(threshold, threshold + more);
        let mut numbers: Vec<u8> = (1..=threshold + more).collect();
        numbers.sort_by_key(|&number| order.wrapping_mul(u64::from(number) * 2 + 1).rotate_left(number.into()));
        numbers.truncate(threshold.into());
        prop_assert!(opens(&set, numbers.iter().copied()));
        numbers.pop();
        prop_assert!(brought(&set, numbers).unwrap().keys().next().is_none());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(FORTRESS-SHARE-1|)[\\PC]{0,90}") {
        prop_assert!(Share::from_text(&text).is_err());
    }
}
