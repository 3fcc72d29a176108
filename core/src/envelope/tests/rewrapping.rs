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
        let header = rewrap_keeping(
            Keep::Everybody,
            &older,
            &[(&mine).into()],
            Some(&context()),
            &added,
            &ReadLimits::default(),
            &mut SysRng,
        );
        let envelope = [&header.unwrap(), &older[rewrapped_len(&older).unwrap()..]].concat();
        Shared { mine, other, phrases, envelope }
    }

    fn rewrapped(&self, keep: Keep, by: Identity<'_>, recipients: &[Recipient<'_>]) -> Result<Vec<u8>, EnvelopeError> {
        let limits = ReadLimits::default();
        let header = rewrap_keeping(keep, &self.envelope, &[by], None, recipients, &limits, &mut SysRng)?;
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
fn those_who_stay_count() {
    let shared = Shared::new();
    let phrases: Vec<Passphrase> = (0..7).map(|number| passphrase(&number.to_string())).collect();
    let recipients: Vec<Recipient<'_>> = phrases.iter().map(|phrase| Recipient::Passphrase(phrase, CHEAP)).collect();
    let error = shared.rewrapped(Keep::Everybody, (&shared.mine).into(), &recipients).unwrap_err();
    assert_eq!(error, EnvelopeError::TooManyRecipients { recipients: 12, passphrases: 9 });
    assert!(shared.rewrapped(Keep::Everybody, (&shared.mine).into(), &recipients[1..]).is_ok());
    assert_eq!(shared.rewrapped(Keep::Everybody, (&shared.mine).into(), &[]), Err(EnvelopeError::NoRecipient));
    assert!(matches!(
        shared.rewrapped(Keep::Everybody, (&keyring()).into(), &recipients),
        Err(EnvelopeError::WrongRecipient { .. })
    ));
}
