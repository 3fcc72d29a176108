//! Who stays when an envelope is rewrapped.

use super::*;

/// An envelope for a keyring, its own older version, another keyring and two passphrases; and what opens them.
struct Shared {
    mine: Keyring,
    other: Keyring,
    phrases: [Passphrase; 2],
    envelope: Vec<u8>,
}

impl Shared {
    fn new() -> Shared {
        let (mut mine, other) = (keyring(), keyring());
        let phrases = ["one", "two"].map(passphrase);
        let older = seal(b"shared", &[(&mine).into()]);
        mine.rotate(Timestamp(1_790_000_001), &mut SysRng).unwrap();
        let [one, two] = &phrases;
        let added =
            [(&mine).into(), (&other).into(), Recipient::Passphrase(one, CHEAP), Recipient::Passphrase(two, CHEAP)];
        let context = context();
        let options = RewrapOptions { keep: Keep::Everybody, context: Some(&context), ..Default::default() };
        let header = rewrap(&older, &[(&mine).into()], &added, &options, &mut SysRng);
        let envelope = [&header.unwrap(), &older[rewrapped_len(&older).unwrap()..]].concat();
        Shared { mine, other, phrases, envelope }
    }

    fn rewrapped(
        &self,
        keep: Keep<'_>,
        by: Identity<'_>,
        recipients: &[Recipient<'_>],
    ) -> Result<Vec<u8>, EnvelopeError> {
        let options = RewrapOptions { keep, ..Default::default() };
        let header = rewrap(&self.envelope, &[by], recipients, &options, &mut SysRng)?;
        Ok([&header, &self.envelope[rewrapped_len(&self.envelope).unwrap()..]].concat())
    }

    /// Which of mine, the other keyring and the passphrases open it.
    fn openers(&self, envelope: &[u8]) -> [bool; 4] {
        let identities: [Identity<'_>; 4] =
            [(&self.mine).into(), (&self.other).into(), (&self.phrases[0]).into(), (&self.phrases[1]).into()];
        identities.map(|identity| open_by(envelope, &[identity]).is_ok_and(|plaintext| plaintext == b"shared"))
    }
}

fn recipients_of(envelope: &[u8]) -> usize {
    crate::inspect::envelope(envelope, None).unwrap().header.unwrap().recipient_infos().len()
}

#[test]
fn everybody_stays_or_nobody() {
    let shared = Shared::new();
    let new = keyring();
    assert_eq!((recipients_of(&shared.envelope), shared.openers(&shared.envelope)), (5, [true; 4]));
    let all = shared.rewrapped(Keep::Everybody, (&shared.other).into(), &[(&new).into()]).unwrap();
    assert_eq!((recipients_of(&all), shared.openers(&all)), (6, [true; 4]));
    assert!(open_by(&all, &[(&new).into()]).is_ok());
    let alone = shared.rewrapped(Keep::Nobody, (&shared.other).into(), &[(&new).into()]).unwrap();
    assert_eq!((recipients_of(&alone), shared.openers(&alone)), (1, [false; 4]));
    assert!(open_by(&alone, &[(&new).into()]).is_ok());
}

#[test]
fn the_others_stay() {
    let shared = Shared::new();
    let new = keyring();
    let by = |identity| shared.rewrapped(Keep::Others, identity, &[(&new).into()]).unwrap();
    // All versions of a keyring are replaced by its one successor.
    let replaced = by((&shared.mine).into());
    assert_eq!((recipients_of(&replaced), shared.openers(&replaced)), (4, [false, true, true, true]));
    let replaced = by((&shared.phrases[1]).into());
    assert_eq!((recipients_of(&replaced), shared.openers(&replaced)), (5, [true, true, true, false]));
    assert!(open_by(&replaced, &[(&new).into()]).is_ok());
}

#[test]
fn a_header_keeps_its_length_where_like_replaces_like() {
    let shared = Shared::new();
    let new = keyring();
    let same = shared.rewrapped(Keep::Others, (&shared.other).into(), &[(&new).into()]).unwrap();
    assert_eq!(same.len(), shared.envelope.len());
}

#[test]
fn those_at_their_places_stay() {
    // 0 and 1 are versions of mine, 2 the other keyring, 3 and 4 the passphrases.
    let shared = Shared::new();
    let by_other =
        |keep: Keep<'_>, recipients: &[Recipient<'_>]| shared.rewrapped(keep, (&shared.other).into(), recipients);
    let only = |places: &[usize]| by_other(Keep::Only(places), &[]).unwrap();
    for (places, count, openers) in [
        (&[0, 1, 2, 3, 4][..], 5, [true; 4]),
        (&[4, 2, 2, 4], 2, [false, true, false, true]),
        (&[1], 1, [true, false, false, false]),
        (&[3], 1, [false, false, true, false]),
    ] {
        let envelope = only(places);
        assert_eq!((recipients_of(&envelope), shared.openers(&envelope)), (count, openers), "{places:?}");
    }
    assert_eq!(only(&[0, 1, 2, 3, 4])[9..], shared.envelope[9..], "as it was");
    let new = keyring();
    let replaced = by_other(Keep::Only(&[0, 1, 3, 4]), &[(&new).into()]).unwrap();
    assert_eq!((recipients_of(&replaced), shared.openers(&replaced)), (5, [true, false, true, true]));
    assert!(open_by(&replaced, &[(&new).into()]).is_ok());
    let beyond = EnvelopeError::NoSuchRecipient { place: 5, recipients: 5 };
    assert_eq!(by_other(Keep::Only(&[0, 5]), &[]), Err(beyond));
    assert_eq!(by_other(Keep::Only(&[]), &[]), Err(EnvelopeError::NoRecipient));
    assert_eq!(recipients_of(&shared.rewrapped(Keep::Others, (&shared.other).into(), &[]).unwrap()), 4, "one leaves");
}

#[test]
fn people_come_to_a_sealed_keyring_and_go() {
    let (ada, bob, phrase) = (keyring(), keyring(), passphrase("one"));
    let (shared, limits) = (keyring(), ReadLimits::default());
    let opens = |sealed: &[u8], identity: Identity<'_>| Keyring::open(sealed, &[identity], &limits).is_ok();
    let change = |keep: Keep<'_>, sealed: &[u8], recipients: &[Recipient<'_>]| {
        let options = RewrapOptions { keep, ..Default::default() };
        Keyring::rewrap(sealed, &[(&ada).into()], recipients, &options, &mut SysRng)
    };
    let for_ada = shared.seal(&[(&ada).into()], Metadata::new([("team", "a")]), &mut SysRng).unwrap();
    let with_bob = change(Keep::Everybody, &for_ada, &[(&bob).into(), Recipient::Passphrase(&phrase, CHEAP)]).unwrap();
    assert!(opens(&with_bob, (&ada).into()) && opens(&with_bob, (&bob).into()) && opens(&with_bob, (&phrase).into()));
    let without_bob = change(Keep::Only(&[0, 2]), &with_bob, &[]).unwrap();
    assert!(opens(&without_bob, (&ada).into()) && opens(&without_bob, (&phrase).into()));
    assert!(!opens(&without_bob, (&bob).into()));
    assert_eq!(Keyring::open(&without_bob, &[(&phrase).into()], &limits).unwrap().primary(), shared.primary());
    assert_eq!(with_bob[rewrapped_len(&with_bob).unwrap()..], for_ada[rewrapped_len(&for_ada).unwrap()..]);
    let all = RewrapOptions { keep: Keep::Everybody, ..Default::default() };
    let error = Keyring::rewrap(&for_ada, &[(&bob).into()], &[], &all, &mut SysRng);
    assert!(matches!(error, Err(EnvelopeError::WrongRecipient { .. })));
    assert!(matches!(
        change(Keep::Everybody, &seal(b"", &[(&ada).into()]), &[]),
        Err(EnvelopeError::WrongContent { .. })
    ));
}

#[test]
fn those_who_stay_count() {
    let shared = Shared::new();
    let phrases: Vec<Passphrase> = (0..7).map(|number| passphrase(&number.to_string())).collect();
    let recipients: Vec<Recipient<'_>> = phrases.iter().map(|phrase| Recipient::Passphrase(phrase, CHEAP)).collect();
    let error = shared.rewrapped(Keep::Everybody, (&shared.mine).into(), &recipients).unwrap_err();
    assert_eq!(error, EnvelopeError::TooManyRecipients { recipients: 12, passphrases: 9 });
    assert!(shared.rewrapped(Keep::Everybody, (&shared.mine).into(), &recipients[1..]).is_ok());
    assert_eq!(shared.rewrapped(Keep::Nobody, (&shared.mine).into(), &[]), Err(EnvelopeError::NoRecipient));
    assert!(matches!(
        shared.rewrapped(Keep::Everybody, (&keyring()).into(), &recipients),
        Err(EnvelopeError::WrongRecipient { .. })
    ));
}
