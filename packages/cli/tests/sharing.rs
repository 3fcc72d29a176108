//! Who is added to files and sealed keyrings, and who is taken out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::Sandbox;
use common::people::{id, recipients, sandbox, text};
use serde_json::Value;

#[test]
fn people_are_added_and_taken_out_of_files() {
    let sandbox = sandbox();
    let (file, plain) = ("plain.ftrs", b"confidential");
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--context", "a=b"]);
    let message = |bytes: Vec<u8>| bytes[bytes.len() - 84..].to_vec();
    let before = message(sandbox.read(file));
    let decrypt = |who: &str| sandbox.run(&["decrypt", "--identity", who, "--context", "a=b", file, "-o", "-"]);

    sandbox.fails(6, &["--context"], &["rewrap", "-k", "k", "--add", "--to-file", "ada.pub", file]);
    let add = [
        "rewrap",
        "-k",
        "k",
        "--add",
        "--to-file",
        "ada.pub",
        "--to-file",
        "grace.pub",
        "--context",
        "a=b",
        file,
        "--json",
    ];
    assert_eq!(sandbox.json(&add)["recipients"], 3);
    assert_eq!(decrypt("ada").stdout, plain);
    let ada = id(&sandbox, "ada");
    sandbox.fails(2, &["none of its recipients"], &["rewrap", "-k", "k", "--remove", "0000000000000000", file]);
    sandbox.fails(2, &["cannot be used"], &["rewrap", "-k", "k", "--remove", &ada, "--add", file]);
    let output = sandbox.run(&["rewrap", "--identity", "grace", "--remove", &ada, file]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("can still open copies from before"), "{said}");
    assert_eq!(decrypt("ada").status.code(), Some(4));
    assert_eq!(decrypt("grace").stdout, plain);
    let public = text(&sandbox, "grace.pub");
    sandbox.ok(&["rewrap", "-k", "k", "--remove", &public, "--to-file", "ada.pub", "--context", "a=b", file]);
    assert_eq!(decrypt("grace").status.code(), Some(4), "ada takes the place of grace");
    assert_eq!(decrypt("ada").stdout, plain);
    sandbox.ok(&["rewrap", "-k", "k", "--remove", "#2", file]);
    assert_eq!(recipients(&sandbox, file).len(), 1);
    sandbox.fails(2, &["nobody would be left"], &["rewrap", "-k", "k", "--remove", "#1", file]);
    assert!(message(sandbox.read(file)) == before, "the data is untouched");
    sandbox.fails(2, &["nobody new"], &["rewrap", "--identity", "ada", file]);
}

#[test]
fn people_are_added_and_taken_out_of_keyrings() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let add = ["keyring", "rewrap", "k", "--add", "--to-file", "ada.pub", "--to-file", "grace.pub"];
    let shown = sandbox.ok_text(&add);
    let (ada, grace) = (id(&sandbox, "ada"), id(&sandbox, "grace"));
    assert_eq!(shown, format!("k: the keyring is sealed for passphrase; identity {ada}; identity {grace}\n"));
    let by = |who: &str| sandbox.run(&["decrypt", "-k", "k", "--identity", who, "plain.ftrs", "-o", "-"]);
    assert_eq!(by("ada").stdout, b"confidential");
    let output = sandbox.run(&["keyring", "rewrap", "k", "--identity", "grace", "--remove", &ada, "--json"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("fortress keyring rotate") && said.contains("has its keys"), "{said}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["keyring"], &told["recipients"][1]["id"]), (&"k".into(), &grace.as_str().into()));
    sandbox.fails(2, &["nobody would be left"], &["keyring", "rewrap", "k", "--remove", "#1", "--remove", "#2"]);
    sandbox.fails(2, &["nobody new is named"], &["keyring", "rewrap", "k"]);
    assert_eq!(by("ada").status.code(), Some(4));
    assert_eq!(by("grace").stdout, b"confidential");
    sandbox.ok(&["keyring", "show", "k"]);

    // Rotated for those who stay, and nobody is shut out unnoticed.
    sandbox.fails(2, &["2 recipients", "shut out the others"], &["keyring", "rotate", "k"]);
    sandbox.fails(2, &["shut out some"], &["keyring", "rotate", "k", "--to-file", "ada.pub"]);
    sandbox.ok(&["keyring", "rotate", "k", "--to-file", "grace.pub"]);
    assert_eq!(recipients(&sandbox, "k").len(), 2);
    assert_eq!(by("grace").stdout, b"confidential");
    // By the passphrase of the keyring that its other holder has.
    sandbox.ok(&["keyring", "rotate", "k", "--identity", "grace", "--drop-others"]);
    assert_eq!(recipients(&sandbox, "k").len(), 1);
    sandbox.fails(4, &["not sealed with a passphrase"], &["keyring", "show", "k"]);
    let no_envelope = ["rewrap", "--identity", "grace", "--add", "--to-file", "ada.pub", "ada.pub"];
    sandbox.fails(3, &["not a Fortress"], &no_envelope);
}

/// Storage that lays a sealed keyring, or a grant, in a file's place does not have it given to those who get the file.
#[test]
fn a_keyring_in_a_files_place_is_not_shared_as_a_file() {
    let sandbox = sandbox();
    sandbox.ok(&[
        "keyring",
        "scope",
        "k",
        "acme",
        "-o",
        "narrow",
        "--for",
        "k",
        "--new-passphrase-file",
        &passphrase(&sandbox),
    ]);
    sandbox.ok(&["encrypt", "-p", "plain"]);
    for keyring in ["k", "narrow"] {
        let stored = sandbox.read(keyring);
        sandbox.write("plain.ftrs", &stored);
        for opener in [&[][..], &["-k", "k"]] {
            for change in [&["--add"][..], &["--keep-others"], &[]] {
                let rewrap = [&["rewrap", "--to-file", "grace.pub", "plain.ftrs"], opener, change].concat();
                sandbox.fails(3, &["plain.ftrs: a sealed keyring", "fortress keyring rewrap"], &rewrap);
            }
        }
        sandbox.fails(3, &["a sealed keyring"], &["rewrap", "-k", "k", "plain.ftrs"]);
        sandbox.fails(3, &["a sealed keyring"], &["rewrap", "-k", "k", "--remove", "#1", "plain.ftrs"]);
        assert_eq!(sandbox.read("plain.ftrs"), stored, "nobody was added");
    }
    // And the other way round.
    sandbox.ok(&["encrypt", "-p", "plain", "--force"]);
    let stored = sandbox.read("plain.ftrs");
    let rewrap = ["keyring", "rewrap", "plain.ftrs", "--add", "--to-file", "grace.pub"];
    sandbox.fails(3, &["plain.ftrs", "not a keyring"], &rewrap);
    assert_eq!(sandbox.read("plain.ftrs"), stored);
}

fn passphrase(sandbox: &Sandbox) -> String {
    sandbox.write("k.pass", common::PASSPHRASE);
    "k.pass".into()
}

/// What opens a keyring besides passphrases, and what is brought for it.
#[test]
fn keyrings_are_rewrapped_by_keyrings() {
    let sandbox = sandbox();
    let file = passphrase(&sandbox);
    sandbox.ok(&["keyring", "scope", "k", "acme", "-o", "narrow", "--for", "k", "--new-passphrase-file", &file]);
    let new = sandbox.json(&["keyring", "rotate", "k", "--json"])["primary"].clone();
    // Nobody comes and nobody goes: its recipient is the newest version.
    let told = sandbox.json(&["keyring", "rewrap", "narrow", "--unlock", "k", "--json"]);
    assert_eq!((&told["recipients"][0]["key_id"], told["recipients"].as_array().unwrap().len()), (&new, 1));
    let to = ["keyring", "rewrap", "narrow", "--unlock", "k", "--keep-others", "--to-file", "ada.pub"];
    sandbox.ok(&to);
    assert_eq!(recipients(&sandbox, "narrow").len(), 1);
    sandbox.ok(&[
        "keyring",
        "rewrap",
        "narrow",
        "--identity",
        "ada",
        "-r",
        "k",
        "--new-passphrase-file",
        &file,
        "--add",
    ]);
    sandbox.ok(&["keyring", "show", "narrow", "--unlock", "k"]);
    sandbox.ok(&["keyring", "rewrap", "narrow", "--identity", "ada", "-p", "--new-passphrase-file", &file]);
    assert_eq!(sandbox.json(&["keyring", "show", "narrow", "--json"])["scope"], serde_json::json!(["acme"]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(sandbox.path("narrow"), std::fs::Permissions::from_mode(0o640)).unwrap();
        sandbox.ok(&["keyring", "rewrap", "narrow", "--add", "--to-file", "ada.pub"]);
        assert_eq!(std::fs::metadata(sandbox.path("narrow")).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

/// A secret that is given by mistake is not shown, nor any part of it; a PIN neither.
#[test]
fn whom_to_take_out_is_not_repeated() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let secret = text(&sandbox, "ada").lines().last().unwrap().to_owned();
    let signing = {
        sandbox.ok(&["identity", "new", "-o", "signing", "--signing", "ed25519"]);
        text(&sandbox, "signing").lines().last().unwrap().to_owned()
    };
    for (given, exit, said) in [
        (secret.as_str(), 3, "secret identity where a public one is expected"),
        (&secret.to_lowercase(), 3, "--remove: "),
        (&signing, 3, "--remove: "),
        ("correct horse battery", 2, "what --remove names is none"),
        ("pkcs11:token=a?pin-value=sesame", 2, "what --remove names is none"),
        ("0123456789abcdef", 2, "0123456789abcdef is none"),
        ("#7", 2, "#7 is none"),
        ("#x", 2, "followed by a number"),
        (&text(&sandbox, "ada.pub"), 2, "is none of its recipients"),
    ] {
        for command in [&["rewrap", "-k", "k", "plain.ftrs"][..], &["keyring", "rewrap", "k"]] {
            let output = sandbox.fails(exit, &[said], &[command, &["--remove", given]].concat());
            let shown = String::from_utf8(output.stderr).unwrap();
            let part = given.get(26..32).filter(|_| given.len() > 30);
            assert!(part.is_none_or(|part| !shown.contains(part)) && !shown.contains("sesame"), "{shown}");
        }
    }
}

/// A server that exchanges two recipients, and lays the true header beside as if a run had been cut short, does not choose who goes.
#[test]
fn who_is_taken_out_is_looked_up_in_the_authentic_header() {
    let sandbox = sandbox();
    sandbox.ok(&["encrypt", "--to-file", "ada.pub", "--to-file", "grace.pub", "-k", "k", "plain"]);
    let whole = sandbox.read("plain.ftrs");
    let body = |who: &str| {
        let id = u64::from_str_radix(&id(&sandbox, who), 16).unwrap().to_be_bytes();
        let start = whole.windows(8).position(|window| window == id).unwrap();
        start..start + 8 + 1_120 + 32 + 16
    };
    let mut exchanged = whole.clone();
    exchanged[body("ada")].copy_from_slice(&whole[body("grace")]);
    exchanged[body("grace")].copy_from_slice(&whole[body("ada")]);
    let header = 9 + u32::from_be_bytes(whole[5..9].try_into().unwrap()) as usize + 32;
    sandbox.write(".plain.ftrs.old-header", &whole[..header]);
    sandbox.write("plain.ftrs", &exchanged);
    sandbox.ok(&["rewrap", "-k", "k", "--remove", &id(&sandbox, "ada"), "plain.ftrs"]);
    let decrypt = |who: &str| sandbox.run(&["decrypt", "--identity", who, "plain.ftrs", "-o", "-"]);
    assert_eq!(decrypt("ada").status.code(), Some(4));
    assert_eq!(decrypt("grace").stdout, b"confidential");
}

/// The keyring that files are moved to can be opened in every way.
#[test]
fn the_new_keyring_is_opened_by_an_identity_or_shares() {
    let sandbox = sandbox();
    let new = ["keyring", "new", "-o", "team", "--to-file", "ada.pub", "--shares", "2/2", "--shares-dir", "shares"];
    sandbox.ok(&new);
    let shares: Vec<String> =
        common::names_in(&sandbox.path("shares")).iter().map(|name| format!("shares/{name}")).collect();
    for by in
        [&["--recipient-identity", "ada"][..], &["--recipient-share", &shares[0], "--recipient-share", &shares[1]]]
    {
        sandbox.ok(&["encrypt", "-k", "k", "plain", "--force"]);
        sandbox.ok(&[&["rewrap", "-k", "k", "-r", "team", "plain.ftrs"], by].concat());
        assert_eq!(
            sandbox.ok(&["decrypt", "-k", "team", "--identity", "ada", "plain.ftrs", "-o", "-"]),
            b"confidential"
        );
    }
    sandbox.write("k.pass", common::PASSPHRASE);
    sandbox.ok(&["keyring", "scope", "k", "acme", "-o", "narrow", "--for", "k", "--new-passphrase-file", "k.pass"]);
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--force"]);
    let by_other = [
        "rewrap",
        "-k",
        "k",
        "-r",
        "narrow",
        "--recipient-unlock",
        "k",
        "--new-passphrase-file",
        "k.pass",
        "plain.ftrs",
    ];
    sandbox.ok(&by_other);
    sandbox.ok(&["verify", "-k", "narrow", "--unlock", "k", "plain.ftrs"]);
    sandbox.fails(2, &["--recipient"], &["rewrap", "-k", "k", "--recipient-identity", "ada", "plain.ftrs"]);
}
