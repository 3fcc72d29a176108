//! Rows, columns and batches of single tokens.

use alloc::{string::ToString, vec};

use getrandom::SysRng;

use super::*;
use crate::{Profile, Timestamp, group::MAX_MEMBER_VALUE_LEN, keyring::tests::Broken};

pub(super) const ROW: [(&str, &[u8]); 3] = [("name", b"Ada"), ("email", b"ada@example.org"), ("note", b"")];

pub(super) fn keyring() -> Keyring {
    Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut SysRng).unwrap()
}

pub(super) fn context(row: &str) -> Context {
    Context::new([("row", row)]).unwrap()
}

fn encrypt_row(keyring: &Keyring, layout: Layout) -> EncryptedRow {
    keyring.encrypt_row(ROW, &context("1"), layout, &mut SysRng).unwrap()
}

pub(super) fn names(fields: &Batch) -> impl Iterator<Item = (&str, &[u8])> {
    ROW.iter().map(|(name, _)| *name).zip(fields.iter())
}

pub(super) fn failures(error: Option<BatchError>) -> Vec<(usize, TokenError)> {
    error.unwrap().failures().to_vec()
}

#[test]
fn rows_in_both_layouts() {
    let keyring = keyring();
    for layout in [Layout::Whole, Layout::Hoisted] {
        let row = encrypt_row(&keyring, layout);
        assert_eq!(row.fields.len(), 3);
        for ((_, value), member) in ROW.iter().zip(row.fields.iter()) {
            assert_eq!(member.len(), value.len() + layout.overhead());
        }
        let values = keyring.decrypt_row(names(&row.fields), Some(&row.header), &context("1")).unwrap();
        assert!(values.iter().eq(ROW.map(|(_, value)| value)));
        let alone = keyring.decrypt_row(names(&row.fields), None, &context("1"));
        assert_eq!(alone.is_ok(), layout == Layout::Whole);
    }
}

#[test]
fn fields_do_not_change_places_or_rows() {
    let keyring = keyring();
    let row = encrypt_row(&keyring, Layout::Whole);
    let swapped = [
        ("email", row.fields.get(0).unwrap()),
        ("name", row.fields.get(1).unwrap()),
        ("note", row.fields.get(2).unwrap()),
    ];
    let refused = keyring.decrypt_row(swapped, None, &context("1")).err();
    assert_eq!(failures(refused), [(0, TokenError::AuthenticationFailed), (1, TokenError::AuthenticationFailed)]);
    let moved = keyring.decrypt_row(names(&row.fields), None, &context("2")).err();
    assert_eq!(failures(moved).len(), 3);
    let single = keyring.encrypt(b"Ada", &context("1"), &mut SysRng).unwrap();
    let mixed = keyring.decrypt_row([("name", &single[..])], Some(&row.header), &context("1")).err();
    assert_eq!(failures(mixed), [(0, TokenError::WrongGroup)]);
}

/// A changed field is written under a header of its own, and reads beside the others (spec G-6).
#[test]
fn a_rows_fields_may_have_different_headers() {
    let keyring = keyring();
    let row = encrypt_row(&keyring, Layout::Hoisted);
    let changed = keyring.encrypt_row([("email", &b"new"[..])], &context("1"), Layout::Whole, &mut SysRng).unwrap();
    let fields = [("name", row.fields.get(0).unwrap()), ("email", changed.fields.get(0).unwrap())];
    let values = keyring.decrypt_row(fields, Some(&row.header), &context("1")).unwrap();
    assert!(values.iter().eq([&b"Ada"[..], b"new"]));
}

#[test]
fn columns_start_another_group_when_one_is_full() {
    let keyring = keyring();
    let contexts = ["1", "2", "3"].map(context);
    let values = [&b"a"[..], b"", b"c"];
    let column = keyring.encrypt_column(values.into_iter().zip(&contexts), &Context::empty(), &mut SysRng).unwrap();
    let read = keyring.decrypt_column(column.iter().zip(&contexts), None, &Context::empty()).unwrap();
    assert!(read.iter().eq(values));
    let exchanged = keyring.decrypt_column(column.iter().zip(contexts.iter().rev()), None, &Context::empty()).err();
    assert_eq!(failures(exchanged), [(0, TokenError::AuthenticationFailed), (2, TokenError::AuthenticationFailed)]);
    let elsewhere = keyring.decrypt_column(column.iter().zip(&contexts), None, &context("other column")).err();
    assert_eq!(failures(elsewhere).len(), 3);
    let none = keyring.encrypt_column([], &Context::empty(), &mut SysRng).unwrap();
    assert!(none.is_empty() && none.bytes().is_empty());
}

#[test]
fn single_tokens_in_one_buffer() {
    let keyring = keyring();
    let contexts = ["1", "2"].map(context);
    let tokens = keyring.encrypt_all([&b"a"[..], b"bc"].into_iter().zip(&contexts), &mut SysRng).unwrap();
    assert_eq!(tokens.ends(), [80, 161]);
    assert_eq!(tokens.bytes().len(), 161);
    for ((token, context), value) in tokens.iter().zip(&contexts).zip([&b"a"[..], b"bc"]) {
        assert_eq!(keyring.decrypt(token, context).unwrap(), value);
    }
    let values = keyring.decrypt_all(tokens.iter().zip(&contexts)).unwrap();
    assert!(values.iter().eq([&b"a"[..], b"bc"]));
    assert_eq!(tokens.get(2), None);
}

#[test]
fn every_failure_is_named_and_nothing_else_is_returned() {
    let keyring = keyring();
    let row = context("1");
    let good = keyring.encrypt(b"a", &row, &mut SysRng).unwrap();
    let tokens = [(&good[..], &row), (&good[..9], &row), (&good[..], &row), (&[][..], &row)];
    let error = keyring.decrypt_all(tokens).err().unwrap();
    assert_eq!(error.failures(), [(1, TokenError::Truncated { got: 9 }), (3, TokenError::Truncated { got: 0 })]);
    assert_eq!(error.code(), "truncated");
    assert_eq!(
        error.to_string(),
        "2 of the values failed, the first at position 1: the token is cut off: it has 9 bytes, fewer than its layout needs; is there room for it where it is stored?"
    );
    let long = vec![0; MAX_MEMBER_VALUE_LEN + 1];
    let fields = [("a", &b"1"[..]), ("b", &long[..])];
    let refused = keyring.encrypt_row(fields, &row, Layout::Whole, &mut SysRng).err();
    assert_eq!(failures(refused), [(1, TokenError::ValueTooLarge { limit: 16_383, got: 16_384 })]);
    let name = "n".repeat(20_000);
    let refused = keyring.encrypt_row([(name.as_str(), &b"1"[..])], &row, Layout::Whole, &mut SysRng).err();
    assert!(matches!(failures(refused)[..], [(0, TokenError::Context(_))]));
    let refused = keyring.encrypt_row(ROW, &row, Layout::Whole, &mut Broken).err();
    assert_eq!(refused.unwrap().code(), "randomness");
    let refused = keyring.encrypt_column([(&b"a"[..], &row)], &row, &mut Broken).err();
    assert_eq!(refused.unwrap().code(), "randomness");
}

#[test]
fn a_hoisted_column_needs_its_header() {
    let keyring = keyring();
    let (column, contexts) = (context("column"), ["1", "2", "3"].map(context));
    let values = contexts.iter().map(|context| (&b"value"[..], context));
    let hoisted = keyring.encrypt_column_hoisted(values, &column, &mut SysRng).unwrap();
    assert!(hoisted.members.iter().all(|member| member.len() == 5 + 21));
    let members = || hoisted.members.iter().zip(&contexts);
    let read = keyring.decrypt_column(members(), Some(&hoisted.header), &column).unwrap();
    assert!(read.iter().all(|value| value == b"value"));
    let refused = keyring.decrypt_column(members(), None, &column).err().unwrap();
    assert_eq!(refused.failures().len(), 3);
    assert_eq!(refused.code(), "wrong_group");
}

#[test]
fn a_row_has_each_name_once() {
    let fields: [(&str, &[u8]); 2] = [("email", b"a"), ("email", b"b")];
    let refused = keyring().encrypt_row(fields, &context("1"), Layout::Whole, &mut SysRng).err().unwrap();
    assert_eq!((refused.failures()[0].0, refused.code()), (1, "invalid_context"));
}

#[test]
fn wiped_batches_hold_nothing() {
    let keyring = keyring();
    let row = encrypt_row(&keyring, Layout::Whole);
    let mut values = keyring.decrypt_row(names(&row.fields), None, &context("1")).unwrap();
    values.wipe();
    assert!(values.is_empty() && values.bytes().is_empty());
}
