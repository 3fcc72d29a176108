//! Grouped tokens: one derivation, many members, and nothing that passes for another.

use alloc::vec;

use getrandom::SysRng;
use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    KeyId, Profile, SuiteError, Timestamp,
    token::{encode_text, text_len},
};

fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut SysRng).unwrap()
}

fn context(row: &str) -> Context {
    Context::new([("row", row)]).unwrap()
}

fn field(name: &str) -> Context {
    Context::of_field(name).unwrap()
}

fn seal(group: &mut GroupEncryptor, value: &[u8], context: &Context, layout: Layout) -> Vec<u8> {
    let mut out = Vec::new();
    group.encrypt_into(value, context, layout, &mut out).unwrap();
    assert_eq!(out.len(), value.len() + layout.overhead());
    out
}

fn open(group: &GroupDecryptor, member: &[u8], context: &Context) -> Result<Vec<u8>, TokenError> {
    let mut out = b"before".to_vec();
    let opened = group.decrypt_into(member, context, &mut out);
    let out = out.strip_prefix(b"before").unwrap().to_vec();
    assert!(opened.is_ok() || out.is_empty(), "a failure leaves nothing behind");
    opened.map(|()| out)
}

#[test]
fn the_layouts_are_those_of_the_specification() {
    let keyring = keyring();
    for suite in Suite::ALL {
        let mut group = keyring.encrypt_group_with(suite, &context("1"), &mut SysRng).unwrap();
        let header = *group.header();
        assert_eq!(header[0], 2);
        assert_eq!(header[1..3], suite.id().to_be_bytes());
        assert_eq!(header[3..7], keyring.primary().0);
        let whole = seal(&mut group, b"first", &field("a"), Layout::Whole);
        let hoisted = seal(&mut group, b"second", &field("b"), Layout::Hoisted);
        assert_eq!(whole[..63], header);
        assert_eq!(whole[63..67], [0; 4]);
        assert_eq!(hoisted[..5], [3, 0, 0, 0, 1]);
        assert_eq!((whole.len(), hoisted.len()), (5 + 83, 6 + 21));
        assert_eq!(group.remaining(), MAX_MEMBERS - 2);
        let reader = keyring.decrypt_group(&header, &context("1")).unwrap();
        assert_eq!(open(&reader, &whole, &field("a")).unwrap(), b"first");
        assert_eq!(open(&reader, &hoisted, &field("b")).unwrap(), b"second");
        let as_hoisted = [&[3], &whole[63..]].concat();
        assert_eq!(open(&reader, &as_hoisted, &field("a")).unwrap(), b"first", "the layouts hold the same member");
    }
}

/// The construction written out: key and base nonce as a message's, nonce XOR index, the member's context as associated data (spec G-2, G-3).
#[test]
fn a_member_is_the_aead_of_its_parts() {
    use crate::aead::{Cipher, Nonce};
    let keyring = keyring();
    for suite in Suite::ALL {
        let mut group = keyring.encrypt_group_with(suite, &context("1"), &mut SysRng).unwrap();
        let header = *group.header();
        seal(&mut group, b"", &field("a"), Layout::Hoisted);
        let member = seal(&mut group, b"value", &field("b"), Layout::Hoisted);
        let key = keyring.decryption_key(keyring.primary(), Purpose::Field).unwrap();
        let prefix = header[7..].try_into().unwrap();
        let derived = Derived::open(suite, key, prefix, [&header[..7], context("1").canonical()]).unwrap();
        let (key, base_nonce) = derived.into_raw();
        let mut nonce = base_nonce.as_slice().to_vec();
        *nonce.last_mut().unwrap() ^= 1;
        let mut sealed = [0; 5];
        let mut tag = [0; TAG_LEN];
        let aad = field("b");
        Cipher::new(suite, &key).seal(&Nonce::base(&nonce), aad.canonical(), b"value", &mut sealed, &mut tag).unwrap();
        assert_eq!(member[5..], [&sealed[..], &tag].concat());
    }
}

#[test]
fn members_do_not_pass_for_each_other() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let a = seal(&mut group, b"a", &field("a"), Layout::Hoisted);
    let b = seal(&mut group, b"b", &field("b"), Layout::Hoisted);
    let mut other = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let foreign = seal(&mut other, b"a", &field("a"), Layout::Hoisted);
    let foreign_whole = seal(&mut other, b"b", &field("b"), Layout::Whole);
    let reader = keyring.decrypt_group(group.header(), &context("1")).unwrap();
    assert_eq!(open(&reader, &a, &field("b")), Err(TokenError::AuthenticationFailed));
    assert_eq!(open(&reader, &a, &Context::empty()), Err(TokenError::AuthenticationFailed));
    assert_eq!(open(&reader, &foreign, &field("a")), Err(TokenError::AuthenticationFailed));
    assert_eq!(open(&reader, &foreign_whole, &field("b")), Err(TokenError::WrongGroup));
    let renumbered = [&a[..4], &[1], &a[5..]].concat();
    assert_eq!(open(&reader, &renumbered, &field("a")), Err(TokenError::AuthenticationFailed));
    let mixed = [&a[..5], &b[5..]].concat();
    assert_eq!(open(&reader, &mixed, &field("b")), Err(TokenError::AuthenticationFailed));
}

#[test]
fn a_group_is_bound_to_its_key_scope_and_context() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let header = *group.header();
    assert!(matches!(keyring.decrypt_group(&header, &context("2")), Err(TokenError::AuthenticationFailed)));
    let (scope, another) = (keyring.scope(["users"]).unwrap(), self::keyring());
    assert!(matches!(scope.decrypt_group(&header, &context("1")), Err(TokenError::AuthenticationFailed)));
    assert_eq!(another.decrypt_group(&header, &context("1")).err(), Some(TokenError::UnknownKey(keyring.primary())));
    for at in 7..HEADER_LEN {
        let mut changed = header;
        changed[at] ^= 0x10;
        assert_eq!(keyring.decrypt_group(&changed, &context("1")).err(), Some(TokenError::AuthenticationFailed));
    }
    let member = seal(&mut group, b"value", &field("a"), Layout::Whole);
    let mut rotated = keyring;
    let id = rotated.primary();
    rotated.rotate(Timestamp(2), &mut SysRng).unwrap();
    let reader = rotated.decrypt_group(&header, &context("1")).unwrap();
    assert_eq!(open(&reader, &member, &field("a")).unwrap(), b"value");
    rotated.destroy_version(id).unwrap();
    assert_eq!(rotated.decrypt_group(&header, &context("1")).err(), Some(TokenError::KeyDestroyed(id)));
}

#[test]
fn headers_and_members_are_checked_against_their_layout() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let header = *group.header();
    let error = |header: &[u8]| keyring.decrypt_group(header, &context("1")).err().unwrap();
    let with = |at: usize, byte: u8| {
        let mut header = header;
        header[at] = byte;
        error(&header)
    };
    assert_eq!(error(&[]), TokenError::Truncated { got: 0 });
    assert_eq!(error(&header[..6]), TokenError::Truncated { got: 6 });
    assert_eq!(error(&header[..62]), TokenError::Truncated { got: 62 });
    assert_eq!(error(&[&header[..], &[0]].concat()), TokenError::WrongGroup, "a member is no header");
    assert_eq!(with(0, 1), TokenError::WrongGroup);
    assert_eq!(with(0, 3), TokenError::WrongGroup);
    assert_eq!(with(0, 0), TokenError::UnknownVersion(0));
    assert_eq!(with(1, 0xFF), TokenError::Suite(SuiteError::Private(0xFF00 | u16::from(header[2]))));
    let id = keyring.primary().0;
    assert_eq!(with(3, !id[0]), TokenError::UnknownKey(KeyId([!id[0], id[1], id[2], id[3]])));

    let reader = keyring.decrypt_group(&header, &context("1")).unwrap();
    let whole = seal(&mut group, b"value", &field("a"), Layout::Whole);
    let hoisted = seal(&mut group, b"value", &field("a"), Layout::Hoisted);
    assert_eq!(open(&reader, &[], &field("a")), Err(TokenError::Truncated { got: 0 }));
    for member in [&whole, &hoisted] {
        let shortest = member.len() - 5;
        assert_eq!(
            open(&reader, &member[..shortest - 1], &field("a")),
            Err(TokenError::Truncated { got: shortest - 1 })
        );
        assert_eq!(open(&reader, &member[..shortest], &field("a")), Err(TokenError::AuthenticationFailed));
    }
    let version = |byte| open(&reader, &[&[byte], &hoisted[1..]].concat(), &field("a"));
    assert_eq!(version(0), Err(TokenError::UnknownVersion(0)));
    assert_eq!(version(1), Err(TokenError::WrongGroup));
    assert_eq!(version(4), Err(TokenError::UnknownVersion(4)));
    let indexed = |index: u32| open(&reader, &[&[3], &index.to_be_bytes()[..], &hoisted[5..]].concat(), &field("a"));
    assert_eq!(indexed(MAX_MEMBERS - 1), Err(TokenError::AuthenticationFailed));
    assert_eq!(indexed(MAX_MEMBERS), Err(TokenError::IndexTooLarge(MAX_MEMBERS)));
    assert_eq!(indexed(u32::MAX), Err(TokenError::IndexTooLarge(u32::MAX)));
}

#[test]
fn limits_of_values_and_members() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let reader = keyring.decrypt_group(group.header(), &context("1")).unwrap();
    let largest = vec![7; MAX_MEMBER_VALUE_LEN];
    let member = seal(&mut group, &largest, &field("a"), Layout::Hoisted);
    assert!(open(&reader, &member, &field("a")).unwrap() == largest);
    let mut out = Vec::new();
    let limit = TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got: MAX_MEMBER_VALUE_LEN + 1 };
    assert_eq!(group.encrypt_into(&[0; 16_384], &field("a"), Layout::Whole, &mut out), Err(limit));
    assert_eq!(open(&reader, &[&member[..], &[0]].concat(), &field("a")), Err(limit));

    let (left, before) = (group.remaining(), group.0.next);
    assert_eq!(left, MAX_MEMBERS - 1, "a refused value takes no index");
    group.0.next = before + left - 1;
    let last = seal(&mut group, b"last", &field("a"), Layout::Hoisted);
    assert_eq!(open(&reader, &last, &field("a")).unwrap(), b"last");
    assert_eq!(group.remaining(), 0);
    assert_eq!(group.encrypt_into(b"", &field("a"), Layout::Whole, &mut out), Err(TokenError::GroupFull));
    assert!(out.is_empty());
}

#[test]
fn parts_share_a_group_and_no_index() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let reader = keyring.decrypt_group(group.header(), &context("1")).unwrap();
    let mut first = group.part(2).unwrap();
    let mut second = group.part(3).unwrap();
    let mut indexes = alloc::collections::BTreeSet::new();
    let mut check = |member: &[u8], value: &[u8], layout: Layout| {
        assert_eq!(
            (value_len(member), text_value_len(encode_text(member).as_bytes())),
            (Ok(value.len()), Ok(value.len()))
        );
        assert_eq!(open(&reader, member, &field("a")).unwrap(), value);
        assert!(indexes.insert(member[layout.overhead() - TAG_LEN - INDEX_LEN..][..INDEX_LEN].to_vec()));
    };
    let own = seal(&mut group, b"own", &field("a"), Layout::Whole);
    check(&own, b"own", Layout::Whole);
    let values: [&[u8]; 3] = [b"a", b"", b"ccc"];
    for part in [&mut second, &mut first] {
        for (value, layout) in values.into_iter().zip([Layout::Whole, Layout::Hoisted, Layout::Whole]) {
            if part.remaining() == 0 {
                continue;
            }
            let mut out = vec![0xA5; value.len() + layout.overhead()];
            part.encrypt_to(value, &field("a"), layout, &mut out).unwrap();
            check(&out, value, layout);
        }
        assert_eq!(part.remaining(), 0);
        assert_eq!(part.encrypt_to(b"", &field("a"), Layout::Whole, &mut [0; 83]), Err(TokenError::GroupFull));
    }
    assert_eq!(group.remaining(), MAX_MEMBERS - 6);
    assert!(matches!(group.part(MAX_MEMBERS - 5), Err(TokenError::GroupFull)));
    assert_eq!(group.part(MAX_MEMBERS - 6).unwrap().remaining(), MAX_MEMBERS - 6);
    assert_eq!(group.remaining(), 0);
}

#[test]
fn buffers_of_another_length_are_refused() {
    let keyring = keyring();
    let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
    let reader = keyring.decrypt_group(group.header(), &context("1")).unwrap();
    let member = seal(&mut group, b"value", &field("a"), Layout::Whole);
    let text = encode_text(&member);
    assert_eq!(text_value_len(&text.as_bytes()[..text_len(70)]), Err(TokenError::Truncated { got: 70 }));
    assert_eq!(text_value_len(&[b'A'; 5]), Err(TokenError::InvalidText));
    assert_eq!(text_value_len(b"AQ"), Err(TokenError::WrongGroup));
    assert_eq!(text_value_len(b"CQ"), Err(TokenError::UnknownVersion(9)));
    assert_eq!(text_value_len(b""), Err(TokenError::Truncated { got: 0 }));
    let long = encode_text(&[&member[..], &[0; 16_384]].concat());
    let limit = TokenError::ValueTooLarge { limit: MAX_MEMBER_VALUE_LEN, got: 16_389 };
    assert_eq!(text_value_len(long.as_bytes()), Err(limit));
    let mut part = group.part(1).unwrap();
    for got in [0, 4, 6] {
        let error = Err(TokenError::WrongLength { expected: 5, got });
        assert_eq!(reader.decrypt_to(&member, &field("a"), &mut vec![0; got]), error);
        let mut any = keyring.group_reader(context("1"));
        assert_eq!(any.decrypt_to(None, &member, &field("a"), &mut vec![0; got]), error);
        let error = Err(TokenError::WrongLength { expected: 88, got: 83 + got });
        assert_eq!(part.encrypt_to(b"value", &field("a"), Layout::Whole, &mut vec![0; 83 + got]), error);
    }
    assert_eq!(part.remaining(), 1, "a refused buffer takes no index");
    let mut out = [0xA5; 5];
    assert_eq!(reader.decrypt_to(&member, &field("b"), &mut out), Err(TokenError::AuthenticationFailed));
    assert_eq!(out, [0; 5], "nothing of the value is left");
    reader.decrypt_to(&member, &field("a"), &mut out).unwrap();
    assert_eq!(&out, b"value");
}

#[test]
fn a_reader_follows_members_of_many_groups() {
    let keyring = keyring();
    let mut members = Vec::new();
    for i in 0..CACHED_GROUPS as u8 * 2 + 3 {
        let mut group = keyring.encrypt_group(&context("1"), &mut SysRng).unwrap();
        members.push((
            *group.header(),
            seal(&mut group, &[i], &field("a"), Layout::Whole),
            seal(&mut group, &[i], &field("a"), Layout::Hoisted),
            i,
        ));
    }
    let mut reader = keyring.group_reader(context("1"));
    for (header, whole, hoisted, i) in members.iter().chain(members.iter().rev()) {
        let mut out = Vec::new();
        reader.decrypt_into(None, whole, &field("a"), &mut out).unwrap();
        reader.decrypt_into(Some(header), hoisted, &field("a"), &mut out).unwrap();
        reader.decrypt_into(Some(&[]), whole, &field("a"), &mut out).unwrap();
        assert_eq!(out, [*i; 3], "a whole member brings its own header");
        assert_eq!(reader.decrypt_into(None, hoisted, &field("a"), &mut out), Err(TokenError::WrongGroup));
        assert_eq!(reader.decrypt_into(Some(&whole[..]), hoisted, &field("a"), &mut out), Err(TokenError::WrongGroup));
        assert_eq!(
            reader.decrypt_into(Some(&header[..9]), hoisted, &field("a"), &mut out),
            Err(TokenError::Truncated { got: 9 })
        );
        assert_eq!(out, [*i; 3]);
    }
    assert_eq!(reader.cached.len(), CACHED_GROUPS);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changed_bit_of_a_member_fails(
        suite in prop::sample::select(&Suite::ALL), at in any::<Index>(), len in 0..40_usize, whole in any::<bool>(),
    ) {
        let keyring = keyring();
        let mut group = keyring.encrypt_group_with(suite, &context("1"), &mut SysRng).unwrap();
        let header = *group.header();
        let mut member = seal(&mut group, &vec![5; len], &field("a"), if whole { Layout::Whole } else { Layout::Hoisted });
        let bit = at.index(member.len() * 8);
        member[bit / 8] ^= 1 << (bit % 8);
        let mut out = Vec::new();
        let mut reader = keyring.group_reader(context("1"));
        prop_assert!(reader.decrypt_into(Some(&header), &member, &field("a"), &mut out).is_err());
        prop_assert!(out.is_empty());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(first in 0..5_u8, header in prop::collection::vec(any::<u8>(), 0..70), rest in prop::collection::vec(any::<u8>(), 0..120)) {
        let keyring = keyring();
        let mut reader = keyring.group_reader(Context::empty());
        let mut out = Vec::new();
        prop_assert!(reader.decrypt_into(Some(&header), &[&[first], &rest[..]].concat(), &Context::empty(), &mut out).is_err());
        let group = keyring.encrypt_group(&Context::empty(), &mut SysRng).unwrap();
        prop_assert!(reader.decrypt_into(Some(group.header()), &[&[3], &rest[..]].concat(), &Context::empty(), &mut out).is_err());
        prop_assert!(reader.decrypt_into(None, &[&group.header()[..], &rest].concat(), &Context::empty(), &mut out).is_err());
        prop_assert!(out.is_empty());
    }
}

#[test]
fn every_byte_of_a_header_is_compared() {
    let header: Header = core::array::from_fn(|n| n as u8);
    assert!(is_same(&header, &header));
    for at in 0..HEADER_LEN {
        let mut other = header;
        other[at] ^= 0x80;
        assert!(!is_same(&header, &other), "byte {at}");
    }
    assert!(!is_same(&header, &header[1..]));
    assert!(!is_same(&header, &[&header[..], &[0]].concat()));
}
