//! Cases of contexts, field tokens, grouped tokens and rows.

use std::error::Error;

use fortress::{
    Context, Keyring, Suite,
    chunked::{CHUNK_LEN, ENCRYPTED_CHUNK_LEN},
    group::{HEADER_LEN, Layout},
    token::encode_text,
};
use serde_json::{Map, Value, json};

use crate::{
    cases::{Case, extend, file, flip, object, overwrite, pattern, rng},
    keyrings::World,
};

const SCOPE: [&str; 3] = ["acme", "users", "email"];
const ROW: [(&str, &str); 1] = [("row", "42")];

pub(crate) fn contexts() -> Result<Value, Box<dyn Error>> {
    let long_value = "v".repeat(300);
    let fits = "x".repeat(16_384 - 6);
    let valid: [(&str, &[(&str, &str)]); 8] = [
        ("empty", &[]),
        ("one entry", &ROW),
        ("shorter keys first", &[("aa", "1"), ("b", "2"), ("", "3")]),
        ("by bytes, not by UTF-16", &[("\u{ffff}", "1"), ("\u{10000}", "2"), ("\u{e000}", "3")]),
        ("bytes count, not characters", &[("\u{e9}", "1"), ("zz", "2"), ("z", "3")]),
        ("not normalised", &[("caf\u{e9}", "cafe\u{301}")]),
        ("long value", &[("key", &long_value)]),
        ("the longest", &[("a", &fits)]),
    ];
    let mut cases = Vec::new();
    for (name, entries) in valid {
        let canonical = Context::new(entries.iter().copied())?;
        cases.push(
            Case::new(name)
                .with("context", object(entries))
                .with("canonical", hex::encode(canonical.canonical()))
                .valid(),
        );
    }
    let too_long = "x".repeat(16_384 - 5);
    let many: Map<String, Value> = (0..257).map(|i| (format!("{i}"), json!(""))).collect();
    cases.push(Case::new("a byte too long").with("context", object(&[("a", &too_long)])).invalid("invalid_context"));
    cases.push(Case::new("257 entries").with("context", many).invalid("invalid_context"));
    Ok(file("Canonical contexts (C-2).", cases))
}

pub(crate) fn family(world: &World) -> Result<Value, Box<dyn Error>> {
    let scoped = world.main.scope(SCOPE)?;
    let context = Context::new(ROW)?;
    let mut cases = Vec::new();
    for suite in Suite::ALL {
        for (what, value) in
            [("empty", vec![]), ("short", b"ada@example.org".to_vec()), ("two chunks", pattern(CHUNK_LEN))]
        {
            let name = format!("{suite}, {what}");
            let token = scoped.encrypt_with(suite, &value, &context, &mut rng(&name))?;
            cases.push(token_case(&name, &token).with("value", hex::encode(value)).valid());
        }
    }
    let early = world.early.scope(SCOPE)?.encrypt(b"early", &context, &mut rng("decrypt-only"))?;
    cases.push(
        token_case("made by a version that only decrypts now", &early).with("value", hex::encode("early")).valid(),
    );
    let root = world.main.encrypt_with(Suite::Aes256Gcm, b"root", &Context::empty(), &mut rng("root"))?;
    cases.push(
        token_case("of the root scope, without context", &root)
            .with("scope", Vec::<String>::new())
            .with("context", json!({}))
            .with("value", hex::encode("root"))
            .valid(),
    );
    for suite in Suite::ALL {
        let name = format!("{suite}, damaged");
        let token = scoped.encrypt_with(suite, b"ada@example.org", &context, &mut rng(&name))?;
        damaged(&token_case(&name, &token), &token, &mut cases);
    }
    let first = world.first.scope(SCOPE)?.encrypt(b"gone", &context, &mut rng("destroyed"))?;
    cases.push(token_case("made by a destroyed version", &first).invalid("key_destroyed"));
    chunks(&scoped, &context, &mut cases)?;
    texts(&token_case("text", &early), &encode_text(&early), &mut cases);
    Ok(file("Single field tokens (T-1 to T-5), decrypted by the named keyring at a scope.", cases))
}

fn token_case(name: &str, token: &[u8]) -> Case {
    Case::new(name)
        .with("keyring", "main")
        .with("scope", SCOPE.to_vec())
        .with("context", object(&ROW))
        .with("token", encode_text(token))
}

fn damaged(case: &Case, token: &[u8], cases: &mut Vec<Value>) {
    let with = |name: &str, token: Vec<u8>| case.clone().named(name).with("token", encode_text(&token));
    cases.push(with("version 9", overwrite(token, 0, &[9])).invalid("unknown_version"));
    cases.push(with("version 0", overwrite(token, 0, &[0])).invalid("unknown_version"));
    cases.push(with("version of a group", overwrite(token, 0, &[2])).invalid("wrong_group"));
    cases.push(with("version of a member", overwrite(token, 0, &[3])).invalid("wrong_group"));
    cases.push(with("suite 5", overwrite(token, 1, &[0, 5])).invalid("unknown_suite"));
    cases.push(with("suite 40000", overwrite(token, 1, &40_000_u16.to_be_bytes())).invalid("private_suite"));
    let another = if token[2] == 2 { 29 } else { 2 };
    cases.push(with("another suite", overwrite(token, 2, &[another])).invalid("authentication_failed"));
    cases.push(with("another key id", flip(token, 3)).invalid("unknown_key"));
    for (name, offset) in [
        ("salt", 7),
        ("last byte of the salt", 30),
        ("commitment", 31),
        ("last byte of the commitment", 62),
        ("ciphertext", 63),
        ("tag", -1),
    ] {
        cases.push(with(&format!("{name} flipped"), flip(token, offset)).invalid("authentication_failed"));
    }
    for len in [0, 1, 6, 7, 30, 62, 78] {
        cases.push(with(&format!("cut to {len} bytes"), token[..len].to_vec()).invalid("truncated"));
    }
    cases.push(with("a byte cut off", token[..token.len() - 1].to_vec()).invalid("authentication_failed"));
    cases.push(with("a byte longer", extend(token, &[0])).invalid("authentication_failed"));
    for (name, context) in [
        ("without context", json!({})),
        ("another context", json!({ "row": "43" })),
        ("more context", json!({ "row": "42", "x": "" })),
    ] {
        cases.push(case.clone().named(name).with("context", context).invalid("authentication_failed"));
    }
    let scopes: [&[&str]; 4] = [&[], &["acme", "users"], &["acme", "users", "ssn"], &["acme", "users", "email", "x"]];
    for scope in scopes {
        cases.push(
            case.clone()
                .named(&format!("scope of {} segments", scope.len()))
                .with("scope", scope.to_vec())
                .invalid("authentication_failed"),
        );
    }
    cases.push(case.clone().named("another keyring").with("keyring", "other").invalid("unknown_key"));
    cases.push(case.clone().named("a keyring from before its key").with("keyring", "early").invalid("unknown_key"));
}

/// Damage that respects the borders of chunks.
fn chunks(scoped: &Keyring, context: &Context, cases: &mut Vec<Value>) -> Result<(), Box<dyn Error>> {
    let first = 63..63 + ENCRYPTED_CHUNK_LEN;
    let token = scoped.encrypt_with(Suite::ChaCha20Poly1305, &pattern(CHUNK_LEN + 5), context, &mut rng("chunks"))?;
    let case = token_case("two chunks", &token);
    let with = |name: &str, token: &[u8]| case.clone().named(name).with("token", encode_text(token));
    cases.push(with("the short chunk cut off", &token[..first.end]).invalid("truncated"));
    cases.push(with("cut within the last tag", &token[..first.end + 15]).invalid("truncated"));
    cases.push(
        with("the first chunk cut out", &extend(&token[..first.start], &token[first.end..]))
            .invalid("authentication_failed"),
    );
    cases.push(
        with("the first chunk twice", &[&token[..first.end], &token[first.start..]].concat())
            .invalid("authentication_failed"),
    );
    Ok(())
}

fn texts(case: &Case, text: &str, cases: &mut Vec<Value>) {
    let mut stray = text.to_owned();
    // 84 bytes leave no stray bits; 83 of them, in 111 characters, leave two.
    stray.truncate(111);
    stray.replace_range(110.., "B");
    for (name, text) in [
        ("with padding", format!("{text}=")),
        ("with a line break", format!("{text}\n")),
        ("with a space in front", format!(" {text}")),
        ("in the other alphabet", format!("+{}", &text[1..])),
        ("a character too few", text[..text.len() - 3].to_owned()),
        ("with stray bits", stray),
        ("not text at all", "\u{1f512}".to_owned()),
    ] {
        cases.push(case.clone().named(name).with("token", text).invalid("invalid_text"));
    }
}

pub(crate) fn groups(world: &World) -> Result<Value, Box<dyn Error>> {
    let scoped = world.main.scope(SCOPE)?;
    let context = Context::new([("table", "users")])?;
    let member_context = Context::new(ROW)?;
    let mut cases = Vec::new();
    for suite in Suite::ALL {
        let mut group = scoped.encrypt_group_with(suite, &context, &mut rng(&format!("group of {suite}")))?;
        for (index, value) in [&b"ada@example.org"[..], b"", &pattern(16_383)].into_iter().enumerate() {
            let layout = if index == 1 { Layout::Hoisted } else { Layout::Whole };
            let mut member = Vec::new();
            group.encrypt_into(value, &member_context, layout, &mut member)?;
            let mut case = member_case(&format!("{suite}, member {index}"), &member);
            if layout == Layout::Hoisted {
                case = case.with("header", encode_text(group.header()));
            }
            cases.push(case.clone().with("value", hex::encode(value)).valid());
            if index == 0 {
                damaged_member(&case, &member, &mut cases);
            }
        }
    }
    let mut group = scoped.encrypt_group_with(Suite::Aes256Gcm, &context, &mut rng("hoisted"))?;
    let mut hoisted = Vec::new();
    group.encrypt_into(b"value", &member_context, Layout::Hoisted, &mut hoisted)?;
    let header = encode_text(group.header());
    let stranger = scoped.encrypt_group_with(Suite::Aes256Gcm, &context, &mut rng("stranger"))?;
    let case = member_case("hoisted", &hoisted);
    cases.push(case.clone().named("without a header").invalid("wrong_group"));
    cases.push(
        case.clone()
            .named("with another group's header")
            .with("header", encode_text(stranger.header()))
            .invalid("authentication_failed"),
    );
    cases.push(
        case.clone()
            .named("with a header a byte short")
            .with("header", encode_text(&group.header()[..HEADER_LEN - 1]))
            .invalid("truncated"),
    );
    cases.push(
        case.clone()
            .named("with a header a byte long")
            .with("header", encode_text(&extend(group.header(), &[0])))
            .invalid("wrong_group"),
    );
    cases.push(
        case.named("with a flipped header")
            .with("header", encode_text(&flip(group.header(), 40)))
            .invalid("authentication_failed"),
    );
    let single = scoped.encrypt(b"single", &member_context, &mut rng("single"))?;
    cases.push(member_case("a single token as a member", &single).with("header", header).invalid("wrong_group"));
    Ok(file(
        "Members of groups (G-1 to G-5). `context` is the group's, `member_context` the member's; a hoisted one has its `header`.",
        cases,
    ))
}

fn member_case(name: &str, member: &[u8]) -> Case {
    Case::new(name)
        .with("keyring", "main")
        .with("scope", SCOPE.to_vec())
        .with("context", json!({ "table": "users" }))
        .with("member_context", object(&ROW))
        .with("member", encode_text(member))
}

fn damaged_member(case: &Case, member: &[u8], cases: &mut Vec<Value>) {
    let with = |name: &str, member: Vec<u8>| case.clone().named(name).with("member", encode_text(&member));
    cases.push(with("another index", flip(member, 66)).invalid("authentication_failed"));
    cases.push(
        with("an index beyond the limit", overwrite(member, 63, &(1_u32 << 20).to_be_bytes()))
            .invalid("limit_exceeded"),
    );
    for (name, offset) in [("salt", 7), ("commitment", 31), ("ciphertext", 67), ("tag", -1)] {
        cases.push(with(&format!("{name} flipped"), flip(member, offset)).invalid("authentication_failed"));
    }
    cases.push(with("another key id", flip(member, 6)).invalid("unknown_key"));
    cases.push(with("suite 5", overwrite(member, 1, &[0, 5])).invalid("unknown_suite"));
    cases.push(with("a byte cut off", member[..member.len() - 1].to_vec()).invalid("authentication_failed"));
    cases.push(with("cut within its tag", member[..82].to_vec()).invalid("truncated"));
    cases.push(with("cut to its header", member[..63].to_vec()).invalid("truncated"));
    cases.push(with("too long a value", extend(member, &pattern(16_384))).invalid("value_too_large"));
    cases.push(
        case.clone()
            .named("another member context")
            .with("member_context", json!({ "row": "43" }))
            .invalid("authentication_failed"),
    );
    cases.push(case.clone().named("another group context").with("context", json!({})).invalid("authentication_failed"));
    cases.push(
        case.clone().named("another scope").with("scope", vec!["acme", "users"]).invalid("authentication_failed"),
    );
}

pub(crate) fn rows(world: &World) -> Result<Value, Box<dyn Error>> {
    let scoped = world.main.scope(["acme", "users"])?;
    let context = Context::new(ROW)?;
    let fields: [(&str, &[u8]); 3] =
        [("email", b"ada@example.org"), ("name", "Ada Lovelace".as_bytes()), ("notes", b"")];
    let mut cases = Vec::new();
    for (name, layout) in [("whole", Layout::Whole), ("hoisted", Layout::Hoisted)] {
        let row = scoped.encrypt_row(fields, &context, layout, &mut rng(&format!("row, {name}")))?;
        let members: Map<String, Value> = fields
            .iter()
            .zip(row.fields.iter())
            .map(|((field, _), member)| ((*field).to_owned(), json!(encode_text(member))))
            .collect();
        let values: Map<String, Value> =
            fields.iter().map(|(field, value)| ((*field).to_owned(), json!(hex::encode(value)))).collect();
        let mut case =
            Case::new(name).with("keyring", "main").with("scope", vec!["acme", "users"]).with("context", object(&ROW));
        if layout == Layout::Hoisted {
            case = case.with("header", encode_text(&row.header));
        }
        cases.push(case.clone().with("fields", members.clone()).with("values", values).valid());
        let mut exchanged = members.clone();
        exchanged.insert("email".into(), members["name"].clone());
        exchanged.insert("name".into(), members["email"].clone());
        cases.push(case.clone().named("fields exchanged").with("fields", exchanged).invalid("authentication_failed"));
        cases.push(
            case.named("another row")
                .with("fields", members)
                .with("context", json!({ "row": "43" }))
                .invalid("authentication_failed"),
        );
    }
    Ok(file("Rows (G-6): each field's member, by the field's name.", cases))
}
