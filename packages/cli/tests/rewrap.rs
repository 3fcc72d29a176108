//! `fortress rewrap`: who opens a file changes, and nothing else does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::fs;

use common::{CHEAP, Sandbox, failed, pattern};

const BLOCK: usize = 32 * 16_384;

/// Keyrings `k` and `other`, with their passphrases in the environment and in `other.pass`, and `plain.ftrs` for `k`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("other.pass", "another");
    sandbox.ok(&["keyring", "new", "-o", "other", "--passphrase-file", "other.pass", "--argon2", CHEAP]);
    sandbox.write("plain", pattern(BLOCK));
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    sandbox
}

const TO_OTHER: [&str; 7] = ["rewrap", "-k", "k", "-r", "other", "--new-passphrase-file", "other.pass"];
const BY_OTHER: [&str; 5] = ["verify", "-k", "other", "--passphrase-file", "other.pass"];

/// Bytes before the message.
fn header_len(sandbox: &Sandbox, file: &str) -> usize {
    let shown = sandbox.json(&["inspect", "--json", file]);
    let salt = shown["fields"].as_array().unwrap().iter().find(|field| field["name"] == "salt").unwrap();
    salt["offset"].as_u64().unwrap() as usize
}

#[test]
fn rewrap_changes_who_opens_and_nothing_else() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", pattern(BLOCK));
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--context", "a=b", "--metadata", "type=note"]);
    let before = sandbox.read("plain.ftrs");

    let file = "plain.ftrs";
    sandbox.write("other.pass", "another");
    sandbox.ok(&["keyring", "new", "-o", "other", "--passphrase-file", "other.pass", "--argon2", CHEAP]);
    let others = ["rewrap", "-k", "k", "-r", "other", "--new-passphrase-file", "other.pass", file];
    sandbox.fails(6, &["--context"], &others);
    sandbox.ok(&[&others[..], &["--context", "a=b"]].concat());
    sandbox.fails(4, &["a keyring that holds its key"], &["verify", "-k", "k", "--context", "a=b", file]);
    sandbox.ok(&["verify", "-k", "other", "--passphrase-file", "other.pass", "--context", "a=b", file]);
    let after = sandbox.read(file);
    let message = 16_400 * 32 + 16 + 56;
    assert!(before[before.len() - message..] == after[after.len() - message..], "the data is untouched");
    assert_eq!(sandbox.json(&["inspect", "--json", file])["metadata"]["type"], "note");

    sandbox.ok(&[
        "rewrap",
        "-k",
        "other",
        "--passphrase-file",
        "other.pass",
        "-p",
        "--new-passphrase-file",
        "other.pass",
        "--context",
        "a=b",
        file,
    ]);
    sandbox.ok(&["verify", "--passphrase-file", "other.pass", "--context", "a=b", file]);
    sandbox.fails(2, &["nobody new"], &["rewrap", "--passphrase-file", "other.pass", file]);
    let output = sandbox.run(&["rewrap", "-k", "k", file]);
    failed(4, &["plain.ftrs", "passphrase"], &output);
}

#[test]
fn rewrap_moves_files_to_the_newest_version() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let old = sandbox.json(&["inspect", "--json", "plain.ftrs"])["key_id"].clone();
    let new = sandbox.json(&["keyring", "rotate", "k", "--json"])["primary"].clone();
    sandbox.ok(&["verify", "-k", "k", "plain.ftrs"]);
    sandbox.ok(&["rewrap", "-k", "k", "plain.ftrs"]);
    assert_eq!(sandbox.json(&["inspect", "--json", "plain.ftrs"])["key_id"], new);
    sandbox.ok(&["keyring", "destroy-version", "k", old.as_str().unwrap(), "--yes"]);
    sandbox.ok(&["verify", "-k", "k", "plain.ftrs"]);
}

#[test]
fn a_header_of_the_same_length_is_written_in_place() {
    let sandbox = sandbox();
    fs::hard_link(sandbox.path("plain.ftrs"), sandbox.path("same")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("plain.ftrs", sandbox.path("link")).unwrap();
    // Nobody could copy it: the header alone is touched, whatever the size.
    let file = fs::OpenOptions::new().write(true).open(sandbox.path("plain.ftrs")).unwrap();
    let whole = file.metadata().unwrap().len();
    file.set_len(8 << 40).unwrap();
    sandbox.ok(&["keyring", "rotate", "k"]);
    let done = sandbox.json(&["rewrap", "-k", "k", "plain.ftrs", "--json"]);
    assert_eq!((&done["in_place"], &done["recipients"]), (&true.into(), &1.into()));
    let done = sandbox.json(&[&TO_OTHER[..], &["same", "--json"]].concat());
    assert_eq!(done["in_place"], true);
    file.set_len(whole).unwrap();
    sandbox.ok(&[&BY_OTHER[..], &["plain.ftrs"]].concat());
    #[cfg(unix)]
    {
        let back =
            ["rewrap", "-k", "other", "--passphrase-file", "other.pass", "-r", "k", "--new-passphrase-file", "k.pass"];
        sandbox.write("k.pass", common::PASSPHRASE);
        assert_eq!(sandbox.json(&[&back[..], &["link", "--json"]].concat())["in_place"], true);
        assert!(fs::symlink_metadata(sandbox.path("link")).unwrap().is_symlink());
        sandbox.ok(&["verify", "-k", "k", "same"]);
    }
    assert!(sandbox.names().iter().all(|name| !name.starts_with('.')), "{:?}", sandbox.names());
}

#[test]
fn another_length_is_a_new_file() {
    let sandbox = sandbox();
    let before = sandbox.read("plain.ftrs");
    let start = header_len(&sandbox, "plain.ftrs");
    let arguments = ["rewrap", "-k", "k", "-p", "--new-passphrase-file", "other.pass", "plain.ftrs", "--json"];
    assert_eq!(sandbox.json(&arguments)["in_place"], false);
    let after = sandbox.read("plain.ftrs");
    assert!(after[header_len(&sandbox, "plain.ftrs")..] == before[start..]);
    sandbox.ok(&["verify", "--passphrase-file", "other.pass", "plain.ftrs"]);
    assert_eq!(sandbox.names(), ["k", "other", "other.pass", "plain", "plain.ftrs"]);
}

#[test]
fn the_others_stay_where_they_are_told_to() {
    let sandbox = sandbox();
    let file = "plain.ftrs";
    sandbox.fails(2, &["nobody is named to be added"], &["rewrap", "-k", "k", "--add", file]);
    sandbox.fails(2, &["--add", "--keep-others"], &[&TO_OTHER[..], &["--add", "--keep-others", file]].concat());
    assert_eq!(sandbox.json(&[&TO_OTHER[..], &["--add", file, "--json"]].concat())["recipients"], 2);
    sandbox.ok(&["verify", "-k", "k", file]);
    sandbox.ok(&[&BY_OTHER[..], &[file]].concat());

    // Moving to another version shuts nobody out.
    sandbox.ok(&["keyring", "rotate", "k"]);
    assert_eq!(sandbox.json(&["rewrap", "-k", "k", file, "--json"])["recipients"], 2);
    sandbox.ok(&[&BY_OTHER[..], &[file]].concat());
    let primary = sandbox.json(&["keyring", "show", "k", "--json"])["primary"].clone();
    let infos = sandbox.json(&["inspect", "--json", file])["recipients"].clone();
    assert!(infos.as_array().unwrap().iter().any(|info| info["key_id"] == primary), "{infos}");

    sandbox.write("third.pass", "third");
    let third = ["rewrap", "-k", "k", "-p", "--new-passphrase-file", "third.pass", "--keep-others", file];
    sandbox.ok(&third);
    failed(4, &[file], &sandbox.run(&["verify", "-k", "k", file]));
    sandbox.ok(&[&BY_OTHER[..], &[file]].concat());
    sandbox.ok(&["verify", "--passphrase-file", "third.pass", file]);
}

/// Where a crash may leave a file: its header partly old and partly new, and the old one beside it.
#[test]
fn a_run_that_was_cut_short_is_repeated() {
    let sandbox = sandbox();
    let (file, saved) = ("plain.ftrs", ".plain.ftrs.old-header");
    let start = header_len(&sandbox, file);
    let before = sandbox.read(file);
    sandbox.ok(&[&TO_OTHER[..], &[file]].concat());
    let after = sandbox.read(file);
    for torn in [40, 60, start - 1, start] {
        sandbox.write(file, [&after[..torn], &before[torn..]].concat());
        sandbox.write(saved, &before[..start]);
        let output = sandbox.run(&["verify", "-k", "k", file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("a rewrap of it was cut short: run it again"), "{said}");
        sandbox.ok(&[&TO_OTHER[..], &[file]].concat());
        sandbox.ok(&[&BY_OTHER[..], &[file]].concat());
        assert!(!sandbox.exists(saved));
        assert!(sandbox.read(file)[start..] == before[start..]);
    }

    // What was saved is not believed: it opens the file, or it is of no use.
    let torn = [&after[..60], &before[60..]].concat();
    for wrong in [vec![0; start], vec![0; 5], Vec::new(), vec![0; start + 1]] {
        sandbox.write(file, &torn);
        sandbox.write(saved, &wrong);
        assert!(!sandbox.run(&[&TO_OTHER[..], &[file]].concat()).status.success());
        assert!(sandbox.read(file) == torn && sandbox.read(saved) == wrong, "all is as it was");
        // Beside a file that is whole it goes.
        sandbox.write(file, &before);
        sandbox.ok(&[&TO_OTHER[..], &[file]].concat());
        assert!(!sandbox.exists(saved));
    }
}

#[cfg(unix)]
#[test]
fn what_is_saved_goes_into_no_file_of_others() {
    let sandbox = sandbox();
    sandbox.write("precious", "mine");
    std::os::unix::fs::symlink("precious", sandbox.path(".plain.ftrs.old-header")).unwrap();
    sandbox.ok(&[&TO_OTHER[..], &["plain.ftrs"]].concat());
    assert_eq!(sandbox.read("precious"), b"mine");
    sandbox.ok(&[&BY_OTHER[..], &["plain.ftrs"]].concat());
}
