//! `fortress keyring …`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::{CHEAP, Sandbox, failed};

#[test]
fn new_and_show() {
    let sandbox = Sandbox::new();
    let made = sandbox.json(&["keyring", "new", "-o", "k", "--profile", "archive", "--argon2", CHEAP, "--json"]);
    let shown = sandbox.json(&["keyring", "show", "k", "--json"]);
    assert_eq!(shown["profile"], "archive");
    assert_eq!(shown["primary"], made["primary"]);
    assert_eq!(shown["scope"], serde_json::json!([]));
    assert_eq!(shown["rotation_due"], false);
    assert_eq!(shown["versions"][0]["state"], "primary");
    assert!(shown["versions"][0]["created"].as_str().unwrap().starts_with("20"));
    let text = sandbox.ok_text(&["keyring", "show", "k"]);
    assert!(text.contains("profile   archive") && text.contains(made["primary"].as_str().unwrap()), "{text}");
    sandbox.fails(2, &["lightning, balanced"], &["keyring", "new", "-o", "x", "--profile", "fast"]);
}

#[test]
fn versions_come_and_go() {
    let sandbox = Sandbox::with_keyring();
    let first = sandbox.json(&["keyring", "show", "k", "--json"])["primary"].as_str().unwrap().to_owned();
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    sandbox.fails(2, &["rotate first"], &["keyring", "destroy-version", "k", &first, "--yes"]);
    sandbox.ok(&["keyring", "rotate", "k"]);
    sandbox.ok(&["verify", "-k", "k", "plain.ftrs"]);
    sandbox.fails(4, &["no version"], &["keyring", "destroy-version", "k", "00000000", "--yes"]);
    sandbox.fails(2, &["8 hexadecimal digits"], &["keyring", "destroy-version", "k", "xyz", "--yes"]);
    sandbox.ok(&["keyring", "destroy-version", "k", &first, "--yes"]);
    let shown = sandbox.json(&["keyring", "show", "k", "--json"]);
    assert_eq!(shown["versions"][0]["state"], "destroyed");
    assert_eq!(shown["versions"].as_array().unwrap().len(), 2);
    sandbox.fails(4, &[&first, "was destroyed"], &["verify", "-k", "k", "plain.ftrs"]);
}

#[test]
fn another_passphrase() {
    let sandbox = Sandbox::with_keyring();
    let before = sandbox.json(&["keyring", "show", "k", "--json"]);
    sandbox.write("new", "a new one\r\n");
    sandbox.ok(&["keyring", "change-passphrase", "k", "--new-passphrase-file", "new"]);
    sandbox.fails(5, &["k: the passphrase is wrong"], &["keyring", "show", "k"]);
    assert_eq!(sandbox.json(&["keyring", "show", "k", "--json", "--passphrase-file", "new"]), before);
    let costs = sandbox.json(&["inspect", "k", "--json"])["recipients"][0]["argon2"].clone();
    assert_eq!(costs, serde_json::json!({ "passes": 1, "memory_kib": 8192, "lanes": 1 }), "as before");
    sandbox.write("other", "of the rewrapped");
    sandbox.ok(&["keyring", "rewrap", "k", "-p", "--passphrase-file", "new", "--new-passphrase-file", "other"]);
    assert_eq!(sandbox.json(&["inspect", "k", "--json"])["recipients"][0]["argon2"], costs, "as before");
    sandbox.ok(&["keyring", "show", "k", "--passphrase-file", "other"]);
}

#[test]
fn a_scope_reads_its_own_and_no_more() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("new", "for support");
    let narrow = ["keyring", "scope", "k", "acme/users", "-o", "s", "--new-passphrase-file", "new", "--argon2", CHEAP];
    sandbox.ok(&narrow);
    sandbox.fails(8, &["s exists"], &narrow);
    let support = |arguments: &[&str]| sandbox.run(&[arguments, &["-k", "s", "--passphrase-file", "new"]].concat());
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-k", "k", "--scope", "acme/users/files", "plain", "-o", "below"]);
    sandbox.ok(&["encrypt", "-k", "k", "--scope", "acme", "plain", "-o", "above"]);
    assert_eq!(support(&["decrypt", "below", "-o", "-", "--scope", "files"]).stdout, b"text");
    failed(6, &["not authentic"], &support(&["decrypt", "above", "-o", "-"]));
    let arguments = ["keyring", "rotate", "s", "--passphrase-file", "new"];
    sandbox.fails(2, &["cannot be rotated"], &arguments);
    let shown = sandbox.ok_text(&["keyring", "show", "s", "--passphrase-file", "new"]);
    assert!(shown.contains("scope     acme/users"), "{shown}");
}

#[test]
fn secrets_are_printed_by_export_alone() {
    let sandbox = Sandbox::with_keyring();
    sandbox.ok(&["keyring", "rotate", "k"]);
    let exported = sandbox.ok_text(&["keyring", "export-secret", "k", "--yes", "--json"]);
    let secrets: Vec<String> = exported
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["secret"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.iter().all(|secret| secret.len() == 64) && secrets[0] != secrets[1]);
    let text = sandbox.ok_text(&["keyring", "export-secret", "k", "--yes"]);
    assert!(secrets.iter().all(|secret| text.contains(secret)));
    for arguments in [&["keyring", "show", "k"][..], &["keyring", "show", "k", "--json"], &["inspect", "k"]] {
        let shown = sandbox.ok_text(arguments);
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{arguments:?}");
    }
}

#[test]
fn others_are_not_shut_out_unasked() {
    let sandbox = Sandbox::new();
    // A keyring sealed for two passphrases, as other programs of the SDK can make it.
    let mut rng = getrandom::SysRng;
    let params = fortress::Argon2Params { passes: 1, memory_kib: 8192, lanes: 1 };
    let [mine, other] = [common::PASSPHRASE, "other"].map(|text| fortress::Passphrase::new(text).unwrap());
    let keyring =
        fortress::Keyring::generate(fortress::Profile::Balanced, fortress::Timestamp(1_600_000_000), &mut rng).unwrap();
    let recipients = [&mine, &other].map(|passphrase| fortress::envelope::Recipient::Passphrase(passphrase, params));
    let metadata = fortress::envelope::Metadata::new([("team", "blue")]);
    sandbox.write("k", keyring.seal(&recipients, metadata, &mut rng).unwrap());

    let text = sandbox.ok_text(&["keyring", "show", "k"]);
    assert!(text.contains("2020-09-13T12:26:40Z") && text.contains("Rotation is due"), "{text}");
    let before = sandbox.read("k");
    sandbox.fails(2, &["2 recipients", "--drop-others"], &["keyring", "rotate", "k"]);
    assert!(sandbox.read("k") == before);
    sandbox.ok(&["keyring", "rotate", "k", "--drop-others"]);
    let shown = sandbox.json(&["inspect", "k", "--json"]);
    assert_eq!(shown["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(shown["metadata"]["team"], "blue", "what else is in the header stays");
}

#[test]
fn a_keyring_sealed_for_another_one() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("other.pass", "of the team");
    sandbox.ok(&["keyring", "new", "-o", "team", "--passphrase-file", "other.pass", "--argon2", CHEAP]);
    let scope = ["keyring", "scope", "k", "acme", "-o", "granted", "--for", "team"];
    sandbox.fails(2, &["--argon2", "--for"], &[&scope[..], &["--argon2", CHEAP]].concat());
    sandbox.ok(&[&scope[..], &["--new-passphrase-file", "other.pass"]].concat());
    sandbox.fails(4, &["granted", "--unlock"], &["keyring", "show", "granted"]);
    sandbox.fails(4, &["granted"], &["keyring", "show", "granted", "--unlock", "k"]);
    sandbox.fails(5, &["team: the passphrase is wrong"], &["keyring", "show", "granted", "--unlock", "team"]);
    sandbox.write("plain", "text");
    sandbox.fails(2, &["--keyring"], &["decrypt", "--unlock", "k", "plain"]);
    sandbox.fails(3, &["plain"], &["keyring", "show", "granted", "--unlock", "plain"]);

    let by = ["--unlock", "team", "--passphrase-file", "other.pass"];
    let shown = sandbox.json(&[&["keyring", "show", "granted", "--json"], &by[..]].concat());
    assert_eq!(shown["scope"], serde_json::json!(["acme"]));
    sandbox.ok(&[&["encrypt", "-k", "granted", "plain"], &by[..]].concat());
    assert_eq!(sandbox.ok(&["decrypt", "-k", "k", "--scope", "acme", "plain.ftrs", "-o", "-"]), b"text");
    let token = sandbox.ok_text(&[&["token", "encrypt", "-k", "granted", "value"], &by[..]].concat());
    assert_eq!(sandbox.ok(&["token", "decrypt", "-k", "k", "--scope", "acme", token.trim()]), b"value\n");

    // Sealed anew, it is for what opened it, unless a passphrase takes its place.
    sandbox.write("new", "its own");
    let change = [&["keyring", "change-passphrase", "granted", "--new-passphrase-file", "new"], &by[..]].concat();
    sandbox.fails(2, &["shut out"], &change);
    sandbox.ok(&[&change[..], &["--drop-others"]].concat());
    let shown = sandbox.json(&["keyring", "show", "granted", "--passphrase-file", "new", "--json"]);
    assert_eq!(shown["scope"], serde_json::json!(["acme"]));
}
