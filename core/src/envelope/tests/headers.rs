//! Headers that are refused, and in which order: written by hand, with a MAC that is right where that is not the point.

use super::*;
use crate::{cbor, keyring::Purpose};

/// An envelope whose header says what the test wants, made with a file key that the test knows.
struct Forge {
    file_key: Secret,
    keyring: Keyring,
}

impl Forge {
    fn new() -> Forge {
        Forge { file_key: Secret::copied(&[0x42; 32]), keyring: keyring() }
    }

    /// A recipient of type 1 that unwraps to the file key.
    fn recipient(&self) -> Vec<u8> {
        let recipients = [Recipient::from(&self.keyring)];
        recipient::wrap_all(&bare(), &recipients, &self.file_key, &mut SysRng).unwrap().remove(0).body
    }

    /// Magic, version, length, this header, its MAC, and a message of suite 2.
    fn envelope(&self, header: &[u8]) -> Vec<u8> {
        let keys = EnvelopeKeys::new(&self.file_key);
        let mut envelope = [b"FTRS\x01", &(header.len() as u32).to_be_bytes()[..], header].concat();
        let mac = keys.header.mac(&envelope);
        envelope.extend(mac);
        let bound = [&2_u16.to_be_bytes()[..], context().canonical()].concat();
        let derived = Derived::generate(Suite::Aes256Gcm, &keys.payload, [&bound, &[]], &mut SysRng).unwrap();
        envelope.extend(derived.prefix());
        encrypt_message(&derived.into_message_key(), b"forged", &mut envelope).unwrap();
        envelope
    }

    fn open(&self, header: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        open_by(&self.envelope(header), &[(&self.keyring).into()])
    }
}

/// A header of entries that are CBOR already.
fn map(entries: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_map(&mut out, entries.len());
    for (key, value) in entries {
        cbor::put_unsigned(&mut out, *key);
        out.extend(value);
    }
    out
}

fn unsigned(n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_unsigned(&mut out, n);
    out
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_text(&mut out, text);
    out
}

fn recipients(list: &[(u64, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_array(&mut out, list.len());
    for (kind, body) in list {
        cbor::put_array(&mut out, 2);
        cbor::put_unsigned(&mut out, *kind);
        cbor::put_bytes(&mut out, body);
    }
    out
}

fn pairs(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::put_map(&mut out, entries.len());
    for (key, value) in entries {
        cbor::put_text(&mut out, key);
        cbor::put_text(&mut out, value);
    }
    out
}

#[test]
fn what_e_2_describes_opens() {
    let forge = Forge::new();
    let own = forge.recipient();
    let good = [(1, unsigned(2)), (2, recipients(&[(1, &own)]))];
    assert_eq!(forge.open(&map(&good)).unwrap(), b"forged");
    let with_metadata = [&good[..], &[(3, pairs(&[("b", "2"), ("aa", "1")]))]].concat();
    assert_eq!(forge.open(&map(&with_metadata)).unwrap(), b"forged");
    let unknown_first = [(1, unsigned(2)), (2, recipients(&[(77, b""), (u64::MAX, b"any"), (1, &own)]))];
    assert_eq!(forge.open(&map(&unknown_first)).unwrap(), b"forged", "types that are not known are skipped");
    let header = map(&with_metadata);
    assert_eq!(Header::parse(&header).unwrap().to_bytes().unwrap()[PREAMBLE_LEN..], header);
}

#[test]
fn anything_else_is_not_canonical() {
    let forge = Forge::new();
    let own = forge.recipient();
    let suite = || (1, unsigned(2));
    let list = || (2, recipients(&[(1, &own)]));
    let good = map(&[suite(), list()]);
    let body_110 = &own[..110];
    let body_112 = [&own[..], &[0]].concat();
    let grouped = [&[2], &own[1..]].concat();
    let refused = [
        ("no suite", map(&[list()])),
        ("no recipients", map(&[suite()])),
        ("nothing", map(&[])),
        ("another order", map(&[list(), suite()])),
        ("a repeated key", map(&[suite(), suite(), list()])),
        ("key 0", map(&[(0, unsigned(0)), suite(), list()])),
        ("key 5", map(&[suite(), list(), (5, unsigned(0))])),
        ("a suite beyond 16 bits", map(&[(1, unsigned(65_536)), list()])),
        ("a suite in text", map(&[(1, text("2")), list()])),
        ("empty metadata", map(&[suite(), list(), (3, pairs(&[]))])),
        ("metadata out of order", map(&[suite(), list(), (3, pairs(&[("aa", "1"), ("b", "2")]))])),
        ("metadata that repeats a key", map(&[suite(), list(), (3, pairs(&[("a", "1"), ("a", "2")]))])),
        ("metadata of numbers", map(&[suite(), list(), (3, b"\xa1\x61a\x01".to_vec())])),
        ("text that is not UTF-8", map(&[suite(), list(), (3, b"\xa1\x61\xff\x61a".to_vec())])),
        ("a content in bytes", map(&[suite(), list(), (4, b"\x47keyring".to_vec())])),
        ("something after it", [&good[..], &[0]].concat()),
        ("an indefinite map", [b"\xbf", &good[1..], b"\xff"].concat()),
        ("a long integer", [b"\xa2\x18\x01", &good[2..]].concat()),
        ("a tag", [b"\xc0", &good[..]].concat()),
        ("an array", b"\x82\x01\x02".to_vec()),
        ("no CBOR", b"\xff\xff".to_vec()),
        ("no bytes", Vec::new()),
        ("a recipient of three", map(&[suite(), (2, b"\x81\x83\x01\x40\x00".to_vec())])),
        ("a recipient of one", map(&[suite(), (2, b"\x81\x81\x18\x4d".to_vec())])),
        ("a keyring recipient cut", map(&[suite(), (2, recipients(&[(1, body_110)]))])),
        ("one extended", map(&[suite(), (2, recipients(&[(1, &body_112)]))])),
        ("one of another token kind", map(&[suite(), (2, recipients(&[(1, &grouped)]))])),
        ("an empty one", map(&[suite(), (2, recipients(&[(1, &[])]))])),
        ("a passphrase recipient cut", map(&[suite(), (2, recipients(&[(1, &own), (2, &[0; 131])]))])),
        ("a huge announced array", map(&[suite(), (2, b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec())])),
        ("a huge announced body", map(&[suite(), (2, b"\x81\x82\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec())])),
        ("a huge announced map", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
    ];
    assert!(forge.open(&good).is_ok());
    for (what, header) in refused {
        assert_eq!(forge.open(&header), Err(EnvelopeError::NonCanonical), "{what}");
    }
    for cut in 0..good.len() {
        assert_eq!(forge.open(&good[..cut]), Err(EnvelopeError::NonCanonical), "cut at {cut}");
    }
}

#[test]
fn conditions_have_their_own_codes() {
    let forge = Forge::new();
    let own = forge.recipient();
    let with = |suite: u64, list: &[(u64, &[u8])]| map(&[(1, unsigned(suite)), (2, recipients(list))]);
    assert_eq!(forge.open(&with(99, &[(1, &own)])), Err(EnvelopeError::Suite(SuiteError::Unknown(99))));
    assert_eq!(forge.open(&with(65_535, &[(1, &own)])), Err(EnvelopeError::Suite(SuiteError::Private(65_535))));
    assert_eq!(forge.open(&with(29, &[(1, &own)])), Err(EnvelopeError::AuthenticationFailed), "the suite is bound");
    assert_eq!(forge.open(&with(2, &[])), Err(EnvelopeError::NonCanonical));
    let many = vec![(1_u64, &own[..]); MAX_RECIPIENTS + 1];
    let error = EnvelopeError::TooManyRecipients { recipients: 1025, passphrases: 0 };
    assert_eq!(forge.open(&with(2, &many)), Err(error));
    let phrases = vec![(2_u64, &[0; 132][..]); MAX_PASSPHRASES + 1];
    let error = EnvelopeError::TooManyRecipients { recipients: 9, passphrases: 9 };
    assert_eq!(forge.open(&with(2, &phrases)), Err(error));
    let mut of_unknown_suite = own.clone();
    of_unknown_suite[1] = 0x7F;
    let header = with(2, &[(1, &of_unknown_suite)]);
    assert_eq!(forge.open(&header), Err(EnvelopeError::Suite(SuiteError::Unknown(0x7F02))));
    let shown = Header::parse(&header).unwrap().recipient_infos().next();
    assert_eq!(
        shown,
        Some(RecipientInfo::Keyring { key_id: forge.keyring.primary() }),
        "its key is named all the same"
    );
    let expected = wrong_recipient("type 77, not known to this version", "a newer version of Fortress");
    assert_eq!(forge.open(&with(2, &[(77, b"")])), Err(expected));
    let content = |name| map(&[(1, unsigned(2)), (2, recipients(&[(1, &own)])), (4, text(name))]);
    for name in ["keyring", "grant", "data", ""] {
        let error = EnvelopeError::WrongContent { expected: "data".into(), got: name.into() };
        assert_eq!(forge.open(&content(name)), Err(error));
    }
}

/// Nobody writes an error of a megabyte by naming a thousand types of recipients.
#[test]
fn an_error_names_a_few_kinds() {
    let forge = Forge::new();
    let list: Vec<(u64, &[u8])> = (100..1_124).map(|kind| (kind, &[][..])).collect();
    let error = forge.open(&map(&[(1, unsigned(2)), (2, recipients(&list))])).unwrap_err();
    let EnvelopeError::WrongRecipient { kinds, bring } = &error else { panic!("{error}") };
    assert!(kinds.len() < 300 && kinds.starts_with("type 100, ") && kinds.ends_with(" and others"), "{kinds}");
    assert_eq!(bring, "a newer version of Fortress");
}

#[test]
fn the_start_is_checked_byte_by_byte() {
    let forge = Forge::new();
    let own = forge.recipient();
    let envelope = forge.envelope(&map(&[(1, unsigned(2)), (2, recipients(&[(1, &own)]))]));
    let identity = [Identity::from(&forge.keyring)];
    let prefix = prefix_len(&envelope).unwrap().unwrap();
    for cut in 0..envelope.len() {
        let expected = if cut < prefix + 16 { EnvelopeError::Truncated } else { EnvelopeError::AuthenticationFailed };
        assert_eq!(open_by(&envelope[..cut], &identity), Err(expected), "cut at {cut}");
        assert_eq!(prefix_len(&envelope[..cut]), Ok((cut >= PREAMBLE_LEN).then_some(prefix)));
    }
    for (at, error) in [(0, EnvelopeError::NotFortress), (3, EnvelopeError::NotFortress)] {
        let mut wrong = envelope.clone();
        wrong[at] ^= 0x20;
        assert_eq!(open_by(&wrong, &identity), Err(error.clone()));
        assert_eq!(prefix_len(&wrong[..=at]), Err(error.clone()), "seen as soon as it is there");
        assert_eq!(rewrapped_len(&wrong), Err(error));
    }
    assert_eq!(prefix_len(b"FTRS\x02"), Err(EnvelopeError::UnknownVersion(2)));
    assert_eq!(prefix_len(b"FTRS\x01\x00\x10\x00\x01"), Err(EnvelopeError::HeaderTooLarge { got: 1_048_577 }));
    assert_eq!(prefix_len(b"FTRS\x01\xff\xff\xff\xff"), Err(EnvelopeError::HeaderTooLarge { got: u32::MAX.into() }));
    assert_eq!(prefix_len(b"FTRS\x01\x00\x10\x00\x00"), Ok(Some(9 + 1_048_576 + 32 + 56)));
    assert_eq!(rewrapped_len(b"FTRS\x01\x00"), Err(EnvelopeError::Truncated));
}

/// A recipient that unwraps to another file key is a failure of the envelope, whatever recipients follow (spec R-1).
#[test]
fn a_foreign_file_key_is_not_passed_over() {
    let forge = Forge::new();
    let own = forge.recipient();
    let foreign = Forge { file_key: Secret::copied(&[0x43; 32]), keyring: keyring() };
    let both = [Recipient::from(&forge.keyring)];
    let other = recipient::wrap_all(&bare(), &both, &foreign.file_key, &mut SysRng).unwrap().remove(0).body;
    let header = map(&[(1, unsigned(2)), (2, recipients(&[(1, &other), (1, &own)]))]);
    assert_eq!(forge.open(&header), Err(EnvelopeError::AuthenticationFailed));
    let changed = [&own[..110], &[own[110] ^ 1]].concat();
    let header = map(&[(1, unsigned(2)), (2, recipients(&[(1, &changed), (1, &own)]))]);
    assert_eq!(forge.open(&header).unwrap(), b"forged", "one that unwraps to nothing is");
}

/// A wrapped file key is a token under the wrap key, not the field key (spec R-2, K-7).
#[test]
fn a_field_token_is_no_recipient() {
    let forge = Forge::new();
    let token = forge.keyring.encrypt_with(Suite::Aes256Gcm, forge.file_key.expose(), &Context::empty(), &mut SysRng);
    let header = map(&[(1, unsigned(2)), (2, recipients(&[(1, &token.unwrap())]))]);
    assert_eq!(forge.open(&header), Err(EnvelopeError::AuthenticationFailed));
    assert!(forge.keyring.decrypt(&forge.recipient(), &Context::empty()).is_err());
    let (id, key) = forge.keyring.encryption_key(Purpose::Wrap).unwrap();
    for suite in Suite::ALL {
        let mut body = Vec::new();
        let empty = Context::empty();
        crate::token::seal(suite, id, key, forge.file_key.expose(), &empty, &mut SysRng, &mut body).unwrap();
        let header = map(&[(1, unsigned(2)), (2, recipients(&[(1, &body)]))]);
        assert_eq!(forge.open(&header).unwrap(), b"forged", "a reader accepts every suite that it knows");
    }
}

/// A header cannot ask for 64 GiB: parameters are checked before memory is taken, all before the first.
#[test]
fn hostile_argon2_parameters_cost_nothing() {
    let forge = Forge::new();
    let phrase = passphrase("one");
    let cheap = recipient::wrap_all(&bare(), &[Recipient::Passphrase(&phrase, CHEAP)], &forge.file_key, &mut SysRng);
    let cheap = cheap.unwrap().remove(0).body;
    for (passes, memory_kib, lanes) in [
        (3, u32::MAX, 4),
        (u32::MAX, 65_536, 4),
        (3, 65_536, u32::MAX),
        (0, 65_536, 4),
        (3, 0, 4),
        (3, 65_536, 0),
        (1, 262_145, 1),
    ] {
        let mut hostile = cheap.clone();
        for (at, number) in [(16, passes), (20, memory_kib), (24, lanes)] {
            hostile[at..at + 4].copy_from_slice(&u32::to_be_bytes(number));
        }
        let header = map(&[(1, unsigned(2)), (2, recipients(&[(2, &cheap), (2, &hostile)]))]);
        let opened = open_by(&forge.envelope(&header), &[(&phrase).into()]);
        let params = Argon2Params { passes, memory_kib, lanes };
        assert_eq!(opened, Err(EnvelopeError::Passphrase(PassphraseError::Parameters(params))));
    }
    let header = map(&[(1, unsigned(2)), (2, recipients(&[(2, &cheap)]))]);
    let envelope = forge.envelope(&header);
    assert_eq!(open_by(&envelope, &[(&phrase).into()]).unwrap(), b"forged");
    let frugal = ReadLimits { argon2: Argon2Limits { memory_kib: 4_096, ..Default::default() } };
    let opened = decrypt(&envelope, &[(&phrase).into()], &context(), &frugal);
    assert_eq!(opened, Err(EnvelopeError::Passphrase(PassphraseError::Parameters(CHEAP))));
}

/// A recipient for a reader of tomorrow survives a rewrap by one of today, byte by byte, or is taken out by its place.
#[test]
fn unknown_recipients_stay_through_a_rewrap() {
    let forge = Forge::new();
    let unknown = [0x82, 0x18, 99, 0x43, 1, 2, 3];
    let mine = [&[0x82, 1, 0x58, 111][..], &forge.recipient()].concat();
    let header = [&[0xA2, 1, 2, 2, 0x82][..], &unknown, &mine].concat();
    let envelope = forge.envelope(&header);
    let rewrapped = |keep, recipients: &[Recipient<'_>]| {
        let context = context();
        let options = RewrapOptions { keep, context: Some(&context), ..Default::default() };
        let start = rewrap(&envelope, &[(&forge.keyring).into()], recipients, &options, &mut SysRng);
        [&start.unwrap(), &envelope[rewrapped_len(&envelope).unwrap()..]].concat()
    };
    assert_eq!(rewrapped(Keep::Everybody, &[]), envelope);
    let replaced = rewrapped(Keep::Only(&[0]), &[(&forge.keyring).into()]);
    assert_eq!(replaced[14..21], unknown);
    assert_eq!(open_by(&replaced, &[(&forge.keyring).into()]).unwrap(), b"forged");
    let without = rewrapped(Keep::Only(&[1]), &[]);
    assert_eq!(without.len(), envelope.len() - unknown.len());
    assert_eq!(open_by(&without, &[(&forge.keyring).into()]).unwrap(), b"forged");
    let bring = "a newer version of Fortress, or a keyring that holds its key";
    let expected = wrong_recipient("type 99, not known to this version, keyring", bring);
    assert_eq!(open_by(&replaced, &[]), Err(expected));
}
