//! Field tokens, members of groups, and rows.

use fortress::{
    Context,
    token::{self, TokenError},
};
use serde::Deserialize;

use crate::{
    FOLDERS, Strings,
    keyrings::{Keyrings, Place},
    run,
};

#[derive(Deserialize)]
struct TokenCase {
    #[serde(flatten)]
    place: Place,
    token: String,
    value: Option<String>,
}

#[test]
fn tokens() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &TokenCase| {
            let bytes = token::decode_text(&case.token).map_err(TokenError::code)?;
            keyrings.at(&case.place, |keyring| {
                let read = keyring.decrypt(&bytes, &case.place.context());
                let context = case.place.context();
                let batch = keyring.decrypt_all([(&bytes[..], &context)]);
                assert_eq!(read.is_ok(), batch.is_ok());
                read.map_err(TokenError::code)
            })
        };
        run(&format!("{folder}tokens.json"), read, |case: &TokenCase, value| {
            assert_eq!(Some(hex::encode(value)), case.value);
        });
    }
}

#[derive(Deserialize)]
struct MemberCase {
    #[serde(flatten)]
    place: Place,
    member_context: Strings,
    member: String,
    header: Option<String>,
    value: Option<String>,
}

#[test]
fn groups() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &MemberCase| {
            let member = token::decode_text(&case.member).map_err(TokenError::code)?;
            let header = case.header.as_deref().map(token::decode_text).transpose().map_err(TokenError::code)?;
            let member_context = Context::new(&case.member_context).unwrap();
            keyrings.at(&case.place, |keyring| {
                let mut reader = keyring.group_reader(case.place.context());
                let mut value = Vec::new();
                let read = reader.decrypt_into(header.as_deref(), &member, &member_context, &mut value);
                assert!(read.is_ok() || value.is_empty());
                read.map(|()| value).map_err(TokenError::code)
            })
        };
        run(&format!("{folder}groups.json"), read, |case: &MemberCase, value| {
            assert_eq!(Some(hex::encode(value)), case.value);
        });
    }
}

#[derive(Deserialize)]
struct RowCase {
    #[serde(flatten)]
    place: Place,
    fields: Strings,
    header: Option<String>,
    values: Option<Strings>,
}

#[test]
fn rows() {
    let keyrings = Keyrings::new();
    for folder in FOLDERS {
        let read = |case: &RowCase| {
            let header = case.header.as_deref().map(token::decode_text).transpose().map_err(TokenError::code)?;
            let members = case.fields.values().map(|member| token::decode_text(member));
            let members: Vec<Vec<u8>> = members.collect::<Result<_, _>>().map_err(TokenError::code)?;
            let fields = case.fields.keys().map(String::as_str).zip(members.iter().map(Vec::as_slice));
            keyrings.at(&case.place, |keyring| {
                let values = keyring.decrypt_row(fields, header.as_deref(), &case.place.context());
                let values = values.map_err(|error| error.code())?;
                Ok(case.fields.keys().cloned().zip(values.iter().map(hex::encode)).collect::<Strings>())
            })
        };
        run(&format!("{folder}rows.json"), read, |case: &RowCase, values| {
            assert_eq!(Some(values), case.values);
        });
    }
}
