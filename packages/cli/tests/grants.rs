//! Grants: what they allow, for how long, and of whom.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::{CHEAP, Sandbox, failed};

/// The keyring `k`, the identity `ada`, granters `grace` and `edsger` (hybrid) and their `.pub`s; `plain.ftrs` and `token` at acme/users.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    let pairs =
        [("ada", &[][..]), ("eve", &[]), ("grace", &["--signing", "ed25519"]), ("edsger", &["--signing", "hybrid"])];
    for (name, options) in pairs {
        let public = sandbox.ok(&[&["identity", "new", "-o", name], options].concat());
        sandbox.write(&format!("{name}.pub"), public);
    }
    sandbox.write("plain", "confidential");
    sandbox.ok(&["encrypt", "-k", "k", "--scope", "acme/users", "plain"]);
    sandbox
        .write("token", sandbox.ok(&["token", "encrypt", "-k", "k", "--scope", "acme/users/email", "ada@example.org"]));
    sandbox
}

fn grant(sandbox: &Sandbox, name: &str, signer: &str, more: &[&str]) {
    let base =
        ["grant", "new", "-k", "k", "--scope", "acme/users", "--sign", signer, "--to-file", "ada.pub", "-o", name];
    sandbox.ok(&[&base[..], more].concat());
}

const BY_ADA: [&str; 4] = ["--identity", "ada", "--trust", "grace.pub"];
const DECRYPT: [&str; 6] = ["decrypt", "-k", "g", "plain.ftrs", "-o", "-"];

#[test]
fn a_grant_stands_in_a_keyrings_place() {
    let sandbox = sandbox();
    for signer in ["grace", "edsger"] {
        grant(&sandbox, "g", signer, &["--actions", "both", "--until", "30d", "--purpose", "tickets", "--force"]);
        let trust = format!("{signer}.pub");
        let by = ["--identity", "ada", "--trust", &trust];
        assert_eq!(sandbox.ok(&[&DECRYPT[..], &by].concat()), b"confidential");
        let token = String::from_utf8(sandbox.read("token")).unwrap();
        let read = ["token", "decrypt", "-k", "g", "--scope", "acme/users/email", token.trim()];
        assert_eq!(sandbox.ok(&[&read[..], &by].concat()), b"ada@example.org\n");
        sandbox.ok(&[&["encrypt", "-k", "g", "plain", "-o", "new.ftrs", "--force"][..], &by].concat());
        sandbox.ok(&["verify", "-k", "k", "--scope", "acme/users", "new.ftrs"]);
        let shown = sandbox.json(&["grant", "show", "g", "--identity", "ada", "--trust", &trust, "--json"]);
        assert_eq!((&shown["actions"], &shown["validity"]), (&"both".into(), &"valid".into()));
        assert_eq!((&shown["trusted"], &shown["purpose"]), (&true.into(), &"tickets".into()));
        assert_eq!(shown["scope"], serde_json::json!(["acme", "users"]));
    }
}

#[test]
fn what_is_not_granted_is_refused() {
    let sandbox = sandbox();
    grant(&sandbox, "g", "grace", &["--actions", "decrypt", "--until", "1h"]);
    assert_eq!(sandbox.ok(&[&DECRYPT[..], &BY_ADA].concat()), b"confidential");
    let encrypt = ["encrypt", "-k", "g", "plain", "-o", "x.ftrs"];
    sandbox.fails(13, &["granted for less"], &[&encrypt[..], &BY_ADA].concat());
    let token = ["token", "encrypt", "-k", "g", "value"];
    sandbox.fails(13, &["granted for less"], &[&token[..], &BY_ADA].concat());
    assert!(!sandbox.exists("x.ftrs"));
    for outside in ["acme", "acme/orders", "users"] {
        let arguments = [&DECRYPT[..], &BY_ADA, &["--scope", outside]].concat();
        sandbox.fails(13, &["outside the grant"], &arguments);
    }
    sandbox.fails(3, &["a grant, where a whole keyring is needed"], &["keyring", "show", "g", "--identity", "ada"]);
    let rewrap = ["rewrap", "--identity", "ada", "--add", "--to-file", "eve.pub", "g"];
    sandbox.fails(3, &["a grant", "fortress grant new"], &rewrap);
}

#[test]
fn who_may_only_encrypt_reads_nothing_back() {
    let sandbox = sandbox();
    grant(&sandbox, "g", "grace", &["--actions", "encrypt", "--until", "1h"]);
    sandbox.ok(&[&["encrypt", "-k", "g", "plain", "-o", "answer.ftrs"][..], &BY_ADA].concat());
    let decrypt = ["decrypt", "-k", "g", "answer.ftrs", "-o", "-"];
    sandbox.fails(13, &["to encrypt, and not to decrypt"], &[&decrypt[..], &BY_ADA].concat());
    let token = ["token", "encrypt", "-k", "g", "value"];
    sandbox.fails(13, &["makes files", "not tokens"], &[&token[..], &BY_ADA].concat());
    let owner = ["decrypt", "-k", "k", "--scope", "acme/users", "answer.ftrs", "-o", "-"];
    assert_eq!(sandbox.ok(&owner), b"confidential");
    let below = ["encrypt", "-k", "g", "plain", "-o", "x.ftrs", "--scope", "acme/users/email"];
    sandbox.fails(13, &["outside the grant"], &[&below[..], &BY_ADA].concat());
    let shown = sandbox.json(&["inspect", "answer.ftrs", "--json"]);
    assert_eq!(shown["recipients"][0]["type"], "scope");
}

#[test]
fn a_grant_is_good_for_its_time() {
    let sandbox = sandbox();
    grant(&sandbox, "past", "grace", &["--actions", "both", "--from", "2020-01-01", "--until", "30d"]);
    grant(
        &sandbox,
        "future",
        "grace",
        &["--actions", "both", "--from", "9990-01-01", "--until", "9990-01-02T12:00:00Z"],
    );
    let by = |grant| [&["decrypt", "-k", grant, "plain.ftrs", "-o", "-"][..], &BY_ADA].concat();
    sandbox.fails(13, &["expired", "ask for a new one"], &by("past"));
    sandbox.fails(13, &["not valid yet"], &by("future"));
    let show = |grant| sandbox.run(&[&["grant", "show", grant][..], &BY_ADA].concat());
    let output = show("past");
    failed(13, &["expired"], &output);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("until     2020-01-31T00:00:00Z (expired)"), "{shown}");
    assert_eq!(show("future").status.code(), Some(13));
    let new = [
        "grant",
        "new",
        "-k",
        "k",
        "--scope",
        "acme",
        "--sign",
        "grace",
        "--to-file",
        "ada.pub",
        "-o",
        "x",
        "--actions",
        "both",
    ];
    sandbox.fails(2, &["ends after it begins"], &[&new[..], &["--until", "0d"]].concat());
    sandbox.fails(2, &["such as 30d"], &[&new[..], &["--until", "soon"]].concat());
    sandbox.fails(
        2,
        &["narrow the keyring first"],
        &[
            "grant",
            "new",
            "-k",
            "k",
            "--sign",
            "grace",
            "--to-file",
            "ada.pub",
            "-o",
            "x",
            "--actions",
            "both",
            "--until",
            "1d",
        ],
    );
    sandbox.fails(
        2,
        &["for nobody"],
        &[
            "grant",
            "new",
            "-k",
            "k",
            "--scope",
            "acme",
            "--sign",
            "grace",
            "-o",
            "x",
            "--actions",
            "both",
            "--until",
            "1d",
        ],
    );
}

#[test]
fn only_trusted_granters_and_whole_grants() {
    let sandbox = sandbox();
    grant(&sandbox, "g", "grace", &["--actions", "decrypt", "--until", "1h"]);
    sandbox.fails(13, &["not among the granters that are trusted"], &[&DECRYPT[..], &["--identity", "ada"]].concat());
    let wrong = [&DECRYPT[..], &["--identity", "ada", "--trust", "edsger.pub"]].concat();
    sandbox.fails(13, &["not among the granters that are trusted"], &wrong);
    let several = [&DECRYPT[..], &["--identity", "ada", "--trust", "edsger.pub", "--trust", "grace.pub"]].concat();
    assert_eq!(sandbox.ok(&several), b"confidential");
    let eve = [&DECRYPT[..], &["--identity", "eve", "--trust", "grace.pub"]].concat();
    sandbox.fails(4, &["nothing given opens"], &eve);
    sandbox.fails(4, &["not sealed with a passphrase", "give --identity"], &DECRYPT);
    sandbox.fails(
        3,
        &["was all of it copied"],
        &[&DECRYPT[..], &["--identity", "ada", "--trust", "fortress-verifying-key-1q"]].concat(),
    );
    sandbox.fails(3, &["give out the one"], &[&DECRYPT[..], &["--identity", "ada", "--trust", "grace"]].concat());

    let output = sandbox.run(&["grant", "show", "g", "--identity", "ada"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("(not known to be trusted), by Ed25519"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("compare the verifying key with its holder"));
    sandbox.fails(3, &["not a grant"], &["grant", "show", "k", "--identity", "ada"]);

    let sealed = sandbox.read("g");
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    sandbox.write("g", changed);
    sandbox.fails(6, &["not authentic"], &[&DECRYPT[..], &BY_ADA].concat());
    sandbox.write("g", &sealed[..sealed.len() - 1]);
    sandbox.fails(6, &["g: "], &[&DECRYPT[..], &BY_ADA].concat());
}

/// A grant is for whatever opens keyrings.
#[test]
fn a_grant_for_a_keyring_a_passphrase_or_shares() {
    let sandbox = sandbox();
    sandbox.write("grant.pass", "of the grant");
    sandbox.write("signing.pass", "of the signer");
    sandbox.ok(&["keyring", "new", "-o", "role", "--passphrase-file", "grant.pass", "--argon2", CHEAP]);
    let new =
        ["grant", "new", "-k", "k", "--scope", "acme/users", "--actions", "both", "--until", "1d", "--sign", "grace"];
    let pass = ["--new-passphrase-file", "grant.pass"];
    sandbox.ok(&[&new[..], &pass, &["--for", "role", "-o", "of-role"]].concat());
    sandbox.ok(&[&new[..], &pass, &["-p", "-o", "of-pass"]].concat());
    sandbox.ok(&[&new[..], &["--shares", "2/2", "--shares-dir", "shares", "-o", "of-shares"]].concat());
    sandbox.ok(&[&new[..], &["--shares", "2/2", "--holder", "ada.pub", "--holder", "eve.pub", "-o", "held"]].concat());
    let shares: Vec<String> =
        common::names_in(&sandbox.path("shares")).iter().map(|name| format!("shares/{name}")).collect();
    for (grant, by) in [
        ("of-role", &["--unlock", "role", "--passphrase-file", "grant.pass"][..]),
        ("of-pass", &["--passphrase-file", "grant.pass"]),
        ("of-shares", &["--share", &shares[0], "--share", &shares[1]]),
    ] {
        let by = [by, &["--trust", "grace.pub"]].concat();
        let decrypt = ["decrypt", "-k", grant, "plain.ftrs", "-o", "-"];
        assert_eq!(sandbox.ok(&[&decrypt[..], &by].concat()), b"confidential");
        let shown = sandbox.json(&[&["grant", "show", grant, "--json"][..], &by].concat());
        assert_eq!((&shown["trusted"], &shown["validity"]), (&true.into(), &"valid".into()));
    }
    let decrypt = ["decrypt", "-k", "of-role", "plain.ftrs", "-o", "-", "--trust", "grace.pub"];
    sandbox.fails(4, &["of-role", "--unlock"], &decrypt);
    sandbox.fails(4, &["of-role"], &[&decrypt[..], &["--unlock", "k"]].concat());
    for who in ["ada", "eve"] {
        let take = ["identity", "shares", "--grant", "held", "--identity", who, "--shares-dir", "from-held"];
        sandbox.ok(&take);
    }
    let take = ["identity", "shares", "-k", "held", "--identity", "ada", "--shares-dir", "x"];
    sandbox.fails(3, &["holds grant", "--grant"], &take);

    // The passphrase of the key that signs is nobody else's, and where it is wrong, it is said which one it was.
    sandbox.ok(&["identity", "new", "-o", "sealed", "--signing", "ed25519", "-p", "--passphrase-file", "signing.pass"]);
    let by_sealed = |more: &[&'static str]| [&new[..10], &["--sign", "sealed", "-o", "x"], more].concat();
    let both = ["-p", "--new-passphrase-file", "signing.pass"];
    sandbox.fails(2, &["--new-passphrase-file signing.pass", "--sign"], &by_sealed(&both));
    let for_role = [&new[..], &pass, &["--for", "role", "-p", "-o", "x"]].concat();
    sandbox.fails(2, &["--new-passphrase-file grant.pass", "--for"], &for_role);
    let wrong = ["--to-file", "ada.pub", "--new-passphrase-file", "grant.pass"];
    sandbox.fails(5, &["sealed: ", "that of --new-passphrase-file grant.pass"], &by_sealed(&wrong));
    let mut command = sandbox.command(&by_sealed(&["--to-file", "ada.pub"]));
    command.env("FORTRESS_NEW_PASSPHRASE", "another");
    failed(5, &["sealed: ", "that of FORTRESS_NEW_PASSPHRASE"], &command.output().unwrap());
    assert!(!sandbox.exists("x"));
    sandbox.ok(&by_sealed(&["--to-file", "ada.pub", "--new-passphrase-file", "signing.pass"]));
}

/// Shares that open nothing are not left lying about.
#[test]
fn shares_are_written_for_a_grant_that_is_made() {
    let sandbox = sandbox();
    let new = [
        "grant",
        "new",
        "-k",
        "k",
        "--sign",
        "grace",
        "--shares",
        "2/2",
        "--shares-dir",
        "shares",
        "--actions",
        "both",
    ];
    sandbox.write("taken", "mine");
    for (exit, more) in [
        (2, &["--scope", "acme", "--until", "0d", "-o", "x"][..]),
        (2, &["--until", "1d", "-o", "x"]),
        (8, &["--scope", "acme", "--until", "1d", "-o", "taken"]),
    ] {
        sandbox.fails(exit, &[], &[&new[..], more].concat());
        assert!(!sandbox.exists("shares") && !sandbox.exists("x"), "{more:?}");
    }
    sandbox.ok(&[&new[..], &["--scope", "acme", "--until", "1d", "-o", "x"]].concat());
    assert_eq!(common::names_in(&sandbox.path("shares")).len(), 2);
}

/// Whoever knows Ada's public identity can seal a keyring for her: where she trusts granters, one in the grant's place is not used.
#[test]
fn a_keyring_in_a_grants_place_is_not_used() {
    let sandbox = sandbox();
    sandbox.ok(&["keyring", "new", "-o", "of-eve", "--to-file", "ada.pub"]);
    sandbox.ok(&["keyring", "scope", "of-eve", "acme/users", "-o", "g", "--identity", "ada", "--to-file", "ada.pub"]);
    let by_eve = ["encrypt", "-k", "of-eve", "--identity", "ada", "--scope", "acme/users", "plain", "-o", "eve.ftrs"];
    sandbox.ok(&by_eve);
    for command in [
        &["encrypt", "plain", "-o", "x.ftrs"][..],
        &["decrypt", "eve.ftrs", "-o", "-"],
        &["verify", "eve.ftrs"],
        &["token", "encrypt", "value"],
        &["token", "decrypt", "value"],
        &["rewrap", "eve.ftrs"],
    ] {
        for keyring in ["g", "of-eve"] {
            let output = sandbox.fails(3, &[keyring, "not a grant"], &[command, &["-k", keyring], &BY_ADA].concat());
            assert!(output.stdout.is_empty());
        }
    }
    assert!(!sandbox.exists("x.ftrs"));
    // Nor is it asked for in vain where nothing is trusted by it.
    let own = ["encrypt", "-k", "k", "plain", "-o", "x.ftrs", "--trust"];
    sandbox.fails(3, &["k: ", "not a grant"], &[&own[..], &["grace.pub"]].concat());
    sandbox.fails(3, &["k: ", "not a grant"], &[&own[..], &["no-such-file"]].concat());
    for opener in [&["-p"][..], &["--to-file", "ada.pub"]] {
        let encrypt = [&["encrypt", "plain", "-o", "x.ftrs", "--trust", "grace.pub"], opener].concat();
        sandbox.fails(2, &["--trust"], &encrypt);
    }
    for opener in [&[][..], &["--identity", "ada"], &["-p"], &["--key", "pkcs11:token=a"]] {
        let decrypt = [&["decrypt", "plain.ftrs", "-o", "-", "--trust", "grace.pub"], opener].concat();
        sandbox.fails(2, &["--trust is for a grant"], &decrypt);
    }
    assert!(!sandbox.exists("x.ftrs"));
}

/// Every grant of the shared vectors that is invalid is refused by the command too.
#[test]
fn the_shared_vectors() {
    let path = format!("{}/../../tests/vectors/grants.json", env!("CARGO_MANIFEST_DIR"));
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let sandbox = Sandbox::new();
    for case in file["cases"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        sandbox.write("g", hex::decode(text("grant")).unwrap());
        sandbox.write("identity", text("identity"));
        let trusted: Vec<&str> = case["trusted"].as_array().unwrap().iter().filter_map(|key| key.as_str()).collect();
        let mut arguments = vec!["grant", "show", "g", "--identity", "identity", "--json"];
        arguments.extend(trusted.iter().flat_map(|key| ["--trust", key]));
        let output = sandbox.run(&arguments);
        // The time is now, and not that of the cases.
        if case["result"] == "valid" {
            let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(shown["granter"], case["terms"]["granter"]);
            continue;
        }
        let of_time = ["grant_expired", "grant_not_yet_valid"].contains(&text("code").as_str());
        if of_time || trusted.is_empty() {
            continue;
        }
        assert!(!output.status.success(), "{}", case["name"]);
        let said: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(said["error"]["code"], case["code"], "{}", case["name"]);
    }
}
