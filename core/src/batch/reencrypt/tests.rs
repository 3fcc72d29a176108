//! Rows and columns of a former version, brought up to date whole or not at all.

use alloc::{vec, vec::Vec};

use getrandom::SysRng;

use super::*;
use crate::{
    KeyId, Timestamp,
    batch::tests::{ROW, context, failures, keyring, names},
    group::{HEADER_LEN, Header, MAX_MEMBERS},
    keyring::tests::Broken,
    token::TokenError,
};

const VALUES: [&[u8]; 3] = [b"a", b"", &[7; 300]];

/// A keyring whose first version is no longer its primary one, with that version's id.
fn rotated(mut keyring: Keyring) -> (Keyring, KeyId) {
    let former = keyring.primary();
    keyring.rotate(Timestamp(1_790_000_001), &mut SysRng).unwrap();
    (keyring, former)
}

fn contexts() -> [Context; 3] {
    ["1", "2", "3"].map(context)
}

fn reencrypt_row(
    keyring: &Keyring,
    fields: &Batch,
    header: Option<&[u8]>,
    row: &str,
) -> Result<EncryptedRow, BatchError> {
    keyring.reencrypt_row(names(fields), header, &context(row), &mut SysRng)
}

fn header_of(row: &EncryptedRow, layout: Layout) -> Option<&[u8]> {
    (layout == Layout::Hoisted).then_some(&row.header[..])
}

#[test]
fn rows_keep_their_layout_and_values() {
    for layout in [Layout::Whole, Layout::Hoisted] {
        let keyring = keyring();
        let old = keyring.encrypt_row(ROW, &context("1"), layout, &mut SysRng).unwrap();
        let (mut keyring, former) = rotated(keyring);
        assert!(!keyring.is_current(&old.header).unwrap());
        let new = reencrypt_row(&keyring, &old.fields, header_of(&old, layout), "1").unwrap();
        assert!(keyring.is_current(&new.header).unwrap());
        for ((_, value), member) in ROW.iter().zip(new.fields.iter()) {
            assert_eq!(member.len(), value.len() + layout.overhead());
            assert_eq!(member.starts_with(&new.header), layout == Layout::Whole);
        }
        keyring.destroy_version(former).unwrap();
        let values = keyring.decrypt_row(names(&new.fields), header_of(&new, layout), &context("1")).unwrap();
        assert!(values.iter().eq(ROW.map(|(_, value)| value)));
        let gone = reencrypt_row(&keyring, &old.fields, header_of(&old, layout), "1").err();
        assert_eq!(failures(gone), [0, 1, 2].map(|position| (position, TokenError::KeyDestroyed(former))));
    }
}

/// A row whose fields were written at different times, under different versions and in both layouts, becomes one group.
#[test]
fn a_mixed_row_becomes_one_group() {
    let keyring = keyring();
    let old = keyring.encrypt_row(ROW, &context("1"), Layout::Hoisted, &mut SysRng).unwrap();
    let (keyring, _) = rotated(keyring);
    let changed = keyring.encrypt_row([("email", &b"new"[..])], &context("1"), Layout::Whole, &mut SysRng).unwrap();
    let fields = [("name", old.fields.get(0).unwrap()), ("email", changed.fields.get(0).unwrap())];
    let new = keyring.reencrypt_row(fields, Some(&old.header), &context("1"), &mut SysRng).unwrap();
    assert!(new.fields.iter().all(|member| member[0] == 3));
    let fields = ["name", "email"].into_iter().zip(new.fields.iter());
    let values = keyring.decrypt_row(fields, Some(&new.header), &context("1")).unwrap();
    assert!(values.iter().eq([&b"Ada"[..], b"new"]));
}

#[test]
fn columns_of_both_layouts_become_either() {
    let (keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let values = || VALUES.into_iter().zip(&contexts);
    let whole = keyring.encrypt_column(values(), &column, &mut SysRng).unwrap();
    let hoisted = keyring.encrypt_column_hoisted(values(), &column, &mut SysRng).unwrap();
    let (mut keyring, former) = rotated(keyring);
    let mut whole_ones = Vec::new();
    let mut hoisted_ones = Vec::new();
    for (members, header) in [(&whole, None), (&hoisted.members, Some(&hoisted.header[..]))] {
        let members = || members.iter().zip(&contexts);
        whole_ones.push(keyring.reencrypt_column(members(), header, &column, &mut SysRng).unwrap());
        hoisted_ones.push(keyring.reencrypt_column_hoisted(members(), header, &column, &mut SysRng).unwrap());
    }
    keyring.destroy_version(former).unwrap();
    let check = |members: &Batch, header: Option<&[u8]>, layout: Layout| {
        for (value, member) in VALUES.iter().zip(members.iter()) {
            assert_eq!(member.len(), value.len() + layout.overhead());
        }
        let read = keyring.decrypt_column(members.iter().zip(&contexts), header, &column).unwrap();
        assert!(read.iter().eq(VALUES));
    };
    for members in &whole_ones {
        assert!(members.iter().all(|member| keyring.is_current(&member[..HEADER_LEN]).unwrap()));
        check(members, None, Layout::Whole);
    }
    for column in &hoisted_ones {
        assert!(keyring.is_current(&column.header).unwrap());
        check(&column.members, Some(&column.header), Layout::Hoisted);
    }
    let none = keyring.reencrypt_column([], None, &column, &mut SysRng).unwrap();
    assert!(none.is_empty());
}

/// Members of several versions and groups stand in one column, as rows that were added over time do.
#[test]
fn a_column_of_many_versions_becomes_one_group() {
    let (mut keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let mut members = Vec::new();
    for (value, context) in VALUES.into_iter().zip(&contexts) {
        let made = keyring.encrypt_column([(value, context)], &column, &mut SysRng).unwrap();
        members.push(made.get(0).unwrap().to_vec());
        keyring = rotated(keyring).0;
    }
    let stored = members.iter().map(Vec::as_slice).zip(&contexts);
    let new = keyring.reencrypt_column(stored, None, &column, &mut SysRng).unwrap();
    let headers: Vec<&[u8]> = new.iter().map(|member| &member[..HEADER_LEN]).collect();
    assert!(headers.iter().all(|header| *header == headers[0]));
    assert!(keyring.is_current(headers[0]).unwrap());
    assert!(keyring.decrypt_column(new.iter().zip(&contexts), None, &column).unwrap().iter().eq(VALUES));
}

/// What is encrypted in parts under one header, as a caller does whose column is larger than a call.
#[test]
fn a_hoisted_column_comes_in_parts() {
    let (keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let old = keyring.encrypt_column_hoisted(VALUES.into_iter().zip(&contexts), &column, &mut SysRng).unwrap();
    let (keyring, _) = rotated(keyring);
    let mut group = keyring.encrypt_group(&column, &mut SysRng).unwrap();
    let header: Header = *group.header();
    let mut anew = keyring.group_reencryptor(column.clone(), Some(&old.header), Layout::Hoisted);
    let mut stored = old.members.iter().zip(&contexts);
    let first = group.reencrypt_all(stored.by_ref().take(1), &mut anew).unwrap();
    let rest = group.reencrypt_all(stored, &mut anew).unwrap();
    let added = group.encrypt_all([(&b"added"[..], &contexts[0])], Layout::Hoisted).unwrap();
    assert_eq!((group.remaining(), first.len(), rest.len()), (MAX_MEMBERS - 4, 1, 2));
    let members = first.iter().chain(rest.iter()).chain(added.iter()).zip(contexts.iter().chain(&contexts[..1]));
    let read = keyring.decrypt_column(members, Some(&header), &column).unwrap();
    assert!(read.iter().eq(VALUES.into_iter().chain([&b"added"[..]])));
}

#[test]
fn every_damaged_member_is_named_and_nothing_else_is_returned() {
    let (keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let old = keyring.encrypt_column_hoisted(VALUES.into_iter().zip(&contexts), &column, &mut SysRng).unwrap();
    let whole = keyring.encrypt_column(VALUES.into_iter().zip(&contexts), &column, &mut SysRng).unwrap();
    let single = keyring.encrypt(b"a", &contexts[0], &mut SysRng).unwrap();
    let mut flipped = old.members.get(2).unwrap().to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let members: [&[u8]; 6] =
        [old.members.get(0).unwrap(), &flipped, &single, &[], &flipped[..9], whole.get(0).unwrap()];
    let own = [&contexts[0], &contexts[2], &contexts[0], &contexts[0], &contexts[2], &contexts[0]];
    let expected = [
        (1, TokenError::AuthenticationFailed),
        (2, TokenError::WrongGroup),
        (3, TokenError::Truncated { got: 0 }),
        (4, TokenError::Truncated { got: 9 }),
    ];
    let stored = || members.into_iter().zip(own);
    let header = Some(&old.header[..]);
    assert_eq!(failures(keyring.reencrypt_column(stored(), header, &column, &mut SysRng).err()), expected);
    assert_eq!(failures(keyring.reencrypt_column_hoisted(stored(), header, &column, &mut SysRng).err()), expected);
    let fields = keyring.encrypt_row(ROW, &context("1"), Layout::Whole, &mut SysRng).unwrap().fields;
    let named = [("name", fields.get(0).unwrap()), ("email", fields.get(2).unwrap()), ("note", &single[..])];
    assert_eq!(
        failures(keyring.reencrypt_row(named, None, &context("1"), &mut SysRng).err()),
        [(1, TokenError::AuthenticationFailed), (2, TokenError::WrongGroup)]
    );
}

#[test]
fn wrong_contexts_headers_and_keyrings_fail() {
    let (keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let old = keyring.encrypt_column_hoisted(VALUES.into_iter().zip(&contexts), &column, &mut SysRng).unwrap();
    let all = |error: TokenError| vec![(0, error), (1, error), (2, error)];
    let reencrypt = |keyring: &Keyring, column: &Context, header: Option<&[u8]>| {
        let members = old.members.iter().zip(&contexts);
        failures(keyring.reencrypt_column_hoisted(members, header, column, &mut SysRng).err())
    };
    let header = Some(&old.header[..]);
    let refused = all(TokenError::AuthenticationFailed);
    assert_eq!(reencrypt(&keyring, &context("another"), header), refused);
    assert_eq!(reencrypt(&keyring.scope(["users"]).unwrap(), &column, header), refused);
    assert_eq!(reencrypt(&keyring, &column, None), all(TokenError::WrongGroup));
    assert_eq!(reencrypt(&keyring, &column, Some(&old.header[..62])), all(TokenError::Truncated { got: 62 }));
    let other = crate::batch::tests::keyring();
    assert_eq!(reencrypt(&other, &column, header), all(TokenError::UnknownKey(keyring.primary())));
    let moved = old.members.iter().zip(contexts.iter().rev());
    let moved = failures(keyring.reencrypt_column(moved, header, &column, &mut SysRng).err());
    assert_eq!(moved, [(0, TokenError::AuthenticationFailed), (2, TokenError::AuthenticationFailed)]);
    let row = keyring.encrypt_row(ROW, &context("1"), Layout::Whole, &mut SysRng).unwrap();
    assert_eq!(failures(reencrypt_row(&keyring, &row.fields, None, "2").err()), refused);
    let swapped = ["email", "name", "note"].into_iter().zip(row.fields.iter());
    let swapped = failures(keyring.reencrypt_row(swapped, None, &context("1"), &mut SysRng).err());
    assert_eq!(swapped, [(0, TokenError::AuthenticationFailed), (1, TokenError::AuthenticationFailed)]);
    let twice = [("name", row.fields.get(0).unwrap()); 2];
    let twice = keyring.reencrypt_row(twice, None, &context("1"), &mut SysRng).err().unwrap();
    assert_eq!((twice.failures()[0].0, twice.code()), (1, "invalid_context"));
}

#[test]
fn without_randomness_nothing_is_encrypted() {
    let (keyring, contexts, column) = (keyring(), contexts(), context("column"));
    let old = keyring.encrypt_column(VALUES.into_iter().zip(&contexts), &column, &mut SysRng).unwrap();
    let members = || old.iter().zip(&contexts);
    let error = keyring.reencrypt_column(members(), None, &column, &mut Broken).err().unwrap();
    assert_eq!(error.code(), "randomness");
    let error = keyring.reencrypt_column_hoisted(members(), None, &column, &mut Broken).err().unwrap();
    assert_eq!(error.code(), "randomness");
    let row = keyring.encrypt_row(ROW, &context("1"), Layout::Whole, &mut SysRng).unwrap();
    let error = keyring.reencrypt_row(names(&row.fields), None, &context("1"), &mut Broken).err().unwrap();
    assert_eq!(error.code(), "randomness");
}
