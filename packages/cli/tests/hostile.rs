//! Names and bytes that someone chose to do harm with.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use common::{Sandbox, failed, names_in};
use fortress::{Keyring, Passphrase, envelope};

/// Clears the screen, goes up a line, and turns around what follows.
const STEERING: &str = "a\u{1b}[2J\u{9b}1A\r\n\u{202e}b";

fn unsteered(output: &std::process::Output) -> String {
    let said = String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap();
    assert!(!said.contains(['\u{1b}', '\u{9b}', '\r', '\u{202e}']), "{said:?}");
    said
}

#[test]
fn names_do_not_steer_the_terminal() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write(STEERING, "text");
    let encrypted = format!("{STEERING}.ftrs");
    unsteered(&sandbox.run(&["encrypt", "-k", "k", STEERING]));
    let output = sandbox.run(&["verify", "-k", "k", &encrypted]);
    assert!(output.status.success() && unsteered(&output).contains("authentic"));
    for arguments in [
        &["encrypt", "-k", "k", STEERING][..],
        &["decrypt", "-k", "k", &encrypted],
        &["decrypt", "-k", "k", STEERING],
        &["verify", "-k", "k", STEERING],
        &["inspect", STEERING],
        &["keyring", "show", STEERING],
        &["keyring", "new", "-o", STEERING],
        &["encrypt", "-k", "k", "-r", STEERING, "-o", "x"],
        &["encrypt", "-k", "k", "--context", STEERING, "k"],
        &[STEERING],
    ] {
        let output = sandbox.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert_eq!(unsteered(&output).lines().count(), 1, "{arguments:?}");
    }
    unsteered(&sandbox.run(&["inspect", &encrypted]));
}

#[test]
fn headers_and_keyrings_do_not_steer_the_terminal() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    let entry = format!("{STEERING}={STEERING}");
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--metadata", &entry]);
    assert!(unsteered(&sandbox.run(&["inspect", "plain.ftrs"])).contains("header"));

    // A content that this version does not know, in a header of nobody's: the name is the stranger's.
    let content: Vec<u8> = [&[0x6e][..], "\u{1b}[2J\u{202e} data!!".as_bytes()].concat();
    let content = &content[..1 + usize::from(content[0] - 0x60)];
    let recipient = [&[0x82, 0x09, 0x41, 0x00][..]].concat();
    let header = [&[0xa3, 0x01, 0x02, 0x02, 0x81][..], &recipient, &[0x04], content].concat();
    let start = [&b"FTRS\x01"[..], &(header.len() as u32).to_be_bytes(), &header, &[0; 32 + 56 + 16]].concat();
    sandbox.write("strange", start);
    assert!(unsteered(&sandbox.run(&["inspect", "strange"])).contains("data"));
    unsteered(&sandbox.run(&["decrypt", "-k", "k", "strange", "-o", "x"]));
    unsteered(&sandbox.run(&["keyring", "show", "strange"]));

    sandbox.write("new", "its own");
    let scope =
        ["keyring", "scope", "k", STEERING, "-o", "s", "--new-passphrase-file", "new", "--argon2", common::CHEAP];
    assert!(unsteered(&sandbox.run(&scope)).contains("narrowed to a"));
    assert!(unsteered(&sandbox.run(&["keyring", "show", "s", "--passphrase-file", "new"])).contains("scope"));
}

#[test]
fn trees_of_odd_files() {
    let sandbox = Sandbox::with_keyring();
    let odd = [&b"new\nline"[..], b"not utf-8 \xff", b"-k", b" ", b"...", b"..ftrs", b"a.ftrs", b"--"];
    fs::create_dir_all(sandbox.path("tree/sub")).unwrap();
    for name in odd {
        fs::write(sandbox.path("tree").join(OsStr::from_bytes(name)), name).unwrap();
    }
    // A pipe that nobody writes to, a link around in a circle, and one that leads outside.
    rustix::fs::mkfifoat(rustix::fs::CWD, sandbox.path("tree/pipe"), rustix::fs::Mode::RWXU).unwrap();
    std::os::unix::fs::symlink("..", sandbox.path("tree/sub/circle")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("k"), sandbox.path("tree/sub/outside")).unwrap();
    let output = sandbox.run(&["encrypt", "-k", "k", "-r", "tree", "-o", "out"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"fortress: 3 links and devices were left out\n");
    sandbox.ok(&["decrypt", "-k", "k", "-r", "out", "-o", "back"]);
    for name in odd {
        assert_eq!(fs::read(sandbox.path("back").join(OsStr::from_bytes(name))).unwrap(), name);
    }
    assert_eq!(fs::read_dir(sandbox.path("back")).unwrap().count(), odd.len());

    // Encrypted names are text; a file whose name is not is told of, and the others go on.
    let output = sandbox.run(&["encrypt", "-q", "-k", "k", "-r", "tree", "-o", "hidden", "--encrypt-names"]);
    failed(2, &["not a name that every system has"], &output);
    sandbox.ok(&["decrypt", "-k", "k", "-r", "hidden", "-o", "again"]);
    assert_eq!(fs::read_dir(sandbox.path("again")).unwrap().count(), odd.len() - 1);
    assert!(names_in(&sandbox.path("again")).contains(&"new\nline".to_owned()));
}

/// What a file in the storage may be called, so that it becomes something above its folder.
#[test]
fn no_name_leads_above_its_folder() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-k", "k", "plain", "-o", "one"]);
    fs::create_dir_all(sandbox.path("in")).unwrap();
    for name in ["...ftrs", "..ftrs", ".ftrs"] {
        fs::copy(sandbox.path("one"), sandbox.path("in").join(name)).unwrap();
    }
    let before = sandbox.names();
    assert!(!sandbox.run(&["decrypt", "-k", "k", "-r", "in", "-o", "out", "--force"]).status.success());
    let now: Vec<String> = sandbox.names().into_iter().filter(|name| name != "out").collect();
    assert_eq!(now, before);
    assert!(names_in(&sandbox.path("out")).is_empty());
}

#[test]
fn a_long_file_called_names_is_a_file() {
    let sandbox = Sandbox::with_keyring();
    let passphrase = Passphrase::new(common::PASSPHRASE).unwrap();
    let keyring = Keyring::open(&sandbox.read("k"), &[(&passphrase).into()], &Default::default()).unwrap();
    let new = envelope::create(&[(&keyring).into()], &Default::default(), &mut getrandom::SysRng).unwrap();
    sandbox.write("in/names.ftrs", new.prefix());
    // So long that no list of names is: it is not read before its header has told what it is, and then as any file is.
    let file = fs::OpenOptions::new().write(true).open(sandbox.path("in/names.ftrs")).unwrap();
    file.set_len(2 << 30).unwrap();
    let output = sandbox.run(&["decrypt", "-k", "k", "-r", "in", "-o", "out"]);
    failed(6, &["in/names.ftrs", "not authentic"], &output);
}
