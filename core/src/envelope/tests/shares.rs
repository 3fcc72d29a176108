//! Envelopes for share sets: recovery, holders, and what a header that lies comes to.

use proptest::prelude::*;

use super::*;
use crate::{
    identity::{PublicIdentity, SecretIdentity},
    shares::{Share, ShareSet, Shares},
};

fn set(threshold: u8, count: u8) -> ShareSet {
    ShareSet::generate(threshold, count, &mut SysRng).unwrap()
}

fn copy(share: &Share) -> Share {
    Share::from_text(&share.expose_text()).unwrap()
}

fn brought(set: &ShareSet, numbers: &[usize]) -> Shares {
    Shares::new(numbers.iter().map(|number| copy(&set.shares()[number - 1]))).unwrap()
}

/// Another value under the same number.
fn wrong(share: &Share) -> Share {
    let mut bytes = share.to_bytes();
    bytes[20] ^= 0x55;
    Share::from_bytes(&*bytes).unwrap()
}

#[test]
fn enough_shares_open_among_others() {
    let (set, other) = (set(2, 3), set(2, 2));
    let (keyring, phrase) = (keyring(), passphrase("one"));
    let envelope =
        seal(b"recovered", &[Recipient::Passphrase(&phrase, CHEAP), (&set).into(), (&keyring).into(), (&other).into()]);
    for numbers in [&[1, 2][..], &[3, 1], &[2, 3, 1]] {
        assert_eq!(open_by(&envelope, &[(&brought(&set, numbers)).into()]).unwrap(), b"recovered");
    }
    assert_eq!(open_by(&envelope, &[(&brought(&other, &[1, 2])).into()]).unwrap(), b"recovered");
    let few = EnvelopeError::NotEnoughShares { set: set.id(), needed: 2, got: 1 };
    assert_eq!(open_by(&envelope, &[(&brought(&set, &[3])).into()]), Err(few.clone()));
    let both = [brought(&set, &[1]), brought(&other, &[2, 1])];
    assert_eq!(open_by(&envelope, &[(&both[0]).into(), (&both[1]).into()]).unwrap(), b"recovered");
    let wrong = passphrase("two");
    assert_eq!(open_by(&envelope, &[(&brought(&set, &[3])).into(), (&wrong).into()]), Err(few));

    let stranger = self::set(2, 2);
    let error = open_by(&envelope, &[(&brought(&stranger, &[1, 2])).into()]).unwrap_err();
    let kinds = alloc::format!("passphrase, 2 shares of set {}, keyring, 2 shares of set {}", set.id(), other.id());
    let bring = "the passphrase, or as many shares of its set, which their holders have or their identities take out of it, or a keyring \
                 that holds its key";
    assert_eq!(error, EnvelopeError::WrongRecipient { kinds, bring: bring.into() });
}

#[test]
fn a_wrong_share_is_not_authentic() {
    let set = set(2, 3);
    let envelope = seal(b"", &[(&set).into()]);
    let shares = Shares::new([wrong(&set.shares()[0]), copy(&set.shares()[1])]).unwrap();
    let error = EnvelopeError::WrongShares { set: set.id(), needed: 2, got: 2 };
    assert_eq!(open_by(&envelope, &[(&shares).into()]), Err(error.clone()));
    assert_eq!(error.code(), "authentication_failed");
    let expected = alloc::format!(
        "the 2 shares of set {} do not open this envelope: one of them is wrong, or the envelope was changed; bring other shares, beside \
         these or in their place: of more than 2 a wrong one is passed over",
        set.id()
    );
    assert_eq!(alloc::format!("{error}"), expected);
    let all_wrong = Shares::new(set.shares().iter().map(wrong)).unwrap();
    let error = EnvelopeError::WrongShares { set: set.id(), needed: 2, got: 3 };
    assert_eq!(open_by(&envelope, &[(&all_wrong).into()]), Err(error));
}

#[test]
fn a_wrong_share_among_enough_right_ones_is_passed_over() {
    let set = set(2, 4);
    let (envelope, [a, b, c, _]) = (seal(b"recovered", &[(&set).into()]), [0, 1, 2, 3].map(|at| &set.shares()[at]));
    for shares in [[wrong(a), copy(b), copy(c)], [copy(b), wrong(a), copy(c)], [copy(b), copy(c), wrong(a)]] {
        let shares = Shares::new(shares).unwrap();
        assert_eq!(open_by(&envelope, &[(&shares).into()]).unwrap(), b"recovered");
        let left = RewrapOptions { keep: Keep::Others, ..Default::default() };
        let rewrapped = rewrap(&envelope, &[(&shares).into()], &[], &left, &mut SysRng);
        assert_eq!(rewrapped.err(), Some(EnvelopeError::NoRecipient), "they open it, and are not others");
    }
}

/// 128 of 255, one wrong: beyond all ways, and within those of neighbours.
#[test]
fn one_wrong_share_never_hinders() {
    let set = set(128, 255);
    let envelope = seal(b"recovered", &[(&set).into()]);
    let brought = set.shares()[..129].iter().map(|share| if share.number() == 70 { wrong(share) } else { copy(share) });
    let shares = Shares::new(brought).unwrap();
    assert_eq!(open_by(&envelope, &[(&shares).into()]).unwrap(), b"recovered");
}

#[test]
fn nobody_holds_two_shares_of_a_set() {
    let [ada, grace] = [(); 2].map(|()| SecretIdentity::generate(&mut SysRng).unwrap().public().clone());
    let (one, other, keyring) = (set(2, 3), set(2, 3), keyring());
    let seal = |recipients: &[Recipient<'_>]| keyring.seal(recipients, Metadata::default(), &mut SysRng);
    let refusal = Some(EnvelopeError::Shares(ShareError::HoldsTwo { holder: ada.id() }));
    let twice = [ada.clone(), grace.clone(), ada.clone()];
    assert_eq!(seal(&[Recipient::Shares(&one, &twice)]).err(), refusal);
    let (first, second) = ([ada.clone(), grace.clone()], [grace.clone(), ada.clone()]);
    assert!(
        seal(&[Recipient::Shares(&one, &first), Recipient::Shares(&one, &second)]).is_err(),
        "in two recipients of one set"
    );
    let kept = seal(&[Recipient::Shares(&one, &first), (&keyring).into()]).unwrap();
    assert!(seal(&[Recipient::Shares(&one, &first), Recipient::Shares(&other, &second)]).is_ok(), "two sets");
    assert!(seal(&[Recipient::Shares(&one, &first), Recipient::Shares(&one, &first)]).is_ok(), "the same share");
    let rewrap = |holders: &[PublicIdentity]| {
        let options = RewrapOptions { keep: Keep::Everybody, ..Default::default() };
        let recipients = [Recipient::Shares(&one, holders)];
        Keyring::rewrap(&kept, &[(&keyring).into()], &recipients, &options, &mut SysRng)
    };
    assert!(rewrap(&first).is_ok());
    assert_eq!(rewrap(&[grace, ada]).map(|_| ()).map_err(|error| error.code()), Err("invalid_share_set"));
}

#[test]
fn holders_find_their_shares_in_the_header() {
    let holders = [(); 3].map(|()| SecretIdentity::generate(&mut SysRng).unwrap());
    let publics = [&holders[0], &holders[1], &holders[2]].map(|holder| holder.public().clone());
    let (set, keyring, limits) = (set(2, 4), keyring(), ReadLimits::default());
    let sealed = keyring.seal(&[Recipient::Shares(&set, &publics)], Metadata::default(), &mut SysRng).unwrap();
    let held = |holder: &SecretIdentity| held_shares(&sealed, holder).unwrap().remove(0);
    for (holder, share) in holders.iter().zip(set.shares()) {
        assert_eq!(held(holder), *share);
        assert!(Keyring::open(&sealed, &[holder.into()], &limits).is_err(), "a holder alone opens nothing");
    }
    let together = Shares::new([held(&holders[2]), held(&holders[0])]).unwrap();
    assert_eq!(Keyring::open(&sealed, &[(&together).into()], &limits).unwrap().primary(), keyring.primary());
    let given_out = Shares::new([held(&holders[1]), copy(&set.shares()[3])]).unwrap();
    assert!(Keyring::open(&sealed, &[(&given_out).into()], &limits).is_ok());

    let stranger = SecretIdentity::generate(&mut SysRng).unwrap();
    let kinds = alloc::format!("2 shares of set {}", set.id());
    let bring = "as many shares of its set, which their holders have or their identities take out of it".into();
    assert_eq!(held_shares(&sealed, &stranger).err(), Some(EnvelopeError::WrongRecipient { kinds, bring }));
    let infos: Vec<RecipientInfo> = Prefix::parse(&sealed).unwrap().header.recipient_infos().collect();
    assert_eq!(infos, [RecipientInfo::Shares { set: set.id(), threshold: 2, count: 4 }]);

    let many: Vec<_> = [(); 5].map(|()| SecretIdentity::generate(&mut SysRng).unwrap().public().clone()).into();
    let error = keyring.seal(&[Recipient::Shares(&set, &many)], Metadata::default(), &mut SysRng).err();
    assert_eq!(error, Some(EnvelopeError::Shares(ShareError::TooManyHolders { holders: 5, count: 4 })));
}

/// What a server writes into a header without a key: another set, another threshold, a share where another belongs.
#[test]
fn a_header_that_lies() {
    let (ada, grace) = (SecretIdentity::generate(&mut SysRng).unwrap(), SecretIdentity::generate(&mut SysRng).unwrap());
    let set = set(2, 3);
    let holders = [ada.public().clone(), grace.public().clone()];
    let file_key = Secret::copied(&[0x42; 32]);
    let wrapped =
        recipient::wrap_all(&bare(), &[Recipient::Shares(&set, &holders)], &file_key, &mut SysRng).unwrap().remove(0);
    let shares = brought(&set, &[1, 2]);
    let limits = ReadLimits::default();
    let open = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut wrapped = wrapped.clone();
        change(&mut wrapped.body);
        let opened = recipient::unwrap(&bare(), core::slice::from_ref(&wrapped), &[(&shares).into()], &limits);
        (opened.map(|key| key == file_key), recipient::held_shares(&[wrapped], &ada).map(|held| held.len()))
    };
    assert_eq!(open(&|_| ()), (Ok(true), Ok(1)));
    let failed = EnvelopeError::AuthenticationFailed;
    let unopened = EnvelopeError::WrongShares { set: set.id(), needed: 2, got: 2 };
    assert_eq!(open(&|body| body[8] = 3), (Err(unopened.clone()), Err(failed.clone())), "threshold");
    assert_eq!(open(&|body| body[9] = 9), (Err(unopened.clone()), Ok(1)), "count");
    assert_eq!(open(&|body| body[60] ^= 1).0, Err(unopened), "commitment");
    let (another_set, held) = open(&|body| body[0] ^= 1);
    assert!(matches!(another_set, Err(EnvelopeError::WrongRecipient { .. })) && held == Err(failed.clone()));
    let to_ada = |body: &mut Vec<u8>| body.copy_within(114..122, 114 + 1_186);
    assert_eq!(open(&to_ada), (Ok(true), Err(failed)), "a share that is sealed for someone else");
}

#[test]
fn bodies_that_are_none() {
    let set = set(2, 3);
    let file_key = Secret::copied(&[0x42; 32]);
    let body = recipient::wrap_all(&bare(), &[(&set).into()], &file_key, &mut SysRng).unwrap().remove(0).body;
    let check = |body: Vec<u8>| recipient::check(&[header::Wrapped { kind: header::RecipientKind::Shares, body }]);
    let with_held = |count: usize| [&body[..], &vec![0; count * 1_186]].concat();
    let changed = |threshold: u8, count: u8| [&body[..8], &[threshold, count], &body[10..]].concat();
    assert_eq!(body.len(), 114);
    for count in 0..=3 {
        assert_eq!(check(with_held(count)), Ok(()));
    }
    assert_eq!(check(changed(255, 255)), Ok(()));
    let wrong = [
        vec![],
        body[..9].to_vec(),
        body[..113].to_vec(),
        [&body[..], &[0]].concat(),
        with_held(1)[..1_299].to_vec(),
        with_held(4),
        changed(0, 3),
        changed(1, 3),
        changed(4, 3),
        changed(2, 0),
    ];
    for body in wrong {
        assert_eq!(check(body), Err(EnvelopeError::NonCanonical));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any k right shares open among wrong ones, wherever those are, while there are at most 256 ways to take k of all.
    #[test]
    fn right_shares_open_among_wrong_ones(
        (threshold, right, wrong) in prop::sample::select(
            &[(2, 2, 1), (2, 2, 8), (2, 5, 18), (3, 3, 4), (3, 4, 8), (4, 6, 4), (5, 5, 5), (9, 9, 3), (6, 7, 2)][..],
        ),
        order in any::<u64>(),
    ) {
        let [set, other] = [(); 2].map(|()| set(threshold, right + wrong));
        let envelope = seal(b"recovered", &[(&set).into()]);
        let mut numbers: Vec<u8> = (0..right + wrong).collect();
        numbers.sort_by_key(|&number| order.wrapping_mul(u64::from(number) * 2 + 1).rotate_left(number.into()));
        let brought = |right: u8| {
            let share = |(place, &number): (usize, &u8)| {
                let mut bytes = set.shares()[place].to_bytes();
                if number >= right {
                    bytes[10..].copy_from_slice(&other.shares()[place].to_bytes()[10..]);
                }
                Share::from_bytes(&*bytes).unwrap()
            };
            Shares::new(numbers.iter().enumerate().map(share)).unwrap()
        };
        prop_assert_eq!(open_by(&envelope, &[(&brought(right)).into()]).unwrap(), b"recovered");
        let error = open_by(&envelope, &[(&brought(threshold - 1)).into()]).unwrap_err();
        prop_assert!(matches!(error, EnvelopeError::WrongShares { .. }), "{}", error);
    }
}
