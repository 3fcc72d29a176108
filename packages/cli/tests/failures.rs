//! Bad input, each with its exit code, one line, and the user's data as it was.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::fs;

use common::{PASSPHRASE, Sandbox, failed, pattern};

/// A keyring `k`, the file `plain` and its envelope `plain.ftrs`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", pattern(1_200_000));
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    sandbox
}

#[test]
fn usage() {
    let sandbox = sandbox();
    sandbox.fails(2, &["--what", "fortress help"], &["encrypt", "--what"]);
    sandbox.fails(2, &["the suites are"], &["encrypt", "-k", "k", "--suite", "rot13", "plain"]);
    sandbox.fails(2, &["KEY=VALUE"], &["encrypt", "-k", "k", "--context", "row", "plain"]);
    sandbox.fails(2, &["does not end in .ftrs"], &["decrypt", "-k", "k", "plain"]);
    sandbox.fails(2, &["none of them empty"], &["encrypt", "-k", "k", "--scope", "a//b", "plain"]);
    sandbox.fails(2, &["-r takes a folder"], &["encrypt", "-k", "k", "-r", "plain", "-o", "out"]);
}

#[test]
fn what_is_not_an_envelope() {
    let sandbox = sandbox();
    sandbox.fails(3, &["plain", "not a Fortress envelope", "check"], &["decrypt", "-k", "k", "plain", "-o", "x"]);
    sandbox.write("empty", "");
    sandbox.fails(7, &["empty", "its end is missing"], &["decrypt", "-k", "k", "empty", "-o", "x"]);
    sandbox.fails(3, &["not a keyring"], &["decrypt", "-k", "plain.ftrs", "plain.ftrs", "-o", "x"]);
    sandbox.fails(3, &["holds keyring, expected data"], &["decrypt", "k", "-o", "x"]);
    let mut newer = sandbox.read("plain.ftrs");
    newer[4] = 2;
    sandbox.write("newer.ftrs", newer);
    sandbox.fails(3, &["version 2"], &["decrypt", "-k", "k", "newer.ftrs"]);
    assert!(!sandbox.exists("x") && !sandbox.exists("newer"));
}

#[test]
fn another_keyring_or_passphrase() {
    let sandbox = sandbox();
    sandbox.make_keyring("other");
    sandbox.fails(
        4,
        &["plain.ftrs", "a keyring that holds its key"],
        &["decrypt", "-k", "other", "plain.ftrs", "-o", "x"],
    );
    sandbox.write("wrong", "guess");
    let arguments = ["decrypt", "-k", "k", "--passphrase-file", "wrong", "plain.ftrs", "-o", "x"];
    sandbox.fails(5, &["k: the passphrase is wrong", "try again"], &arguments);
    sandbox.fails(6, &["--scope"], &["decrypt", "-k", "k", "--scope", "acme", "plain.ftrs", "-o", "x"]);
    assert!(!sandbox.exists("x"));
}

#[test]
fn a_damaged_file_leaves_nothing() {
    let sandbox = sandbox();
    let whole = sandbox.read("plain.ftrs");
    let before = sandbox.names();
    for (place, exit) in [(20, 6), (100, 6), (whole.len() - 1, 6), (whole.len() / 2, 6)] {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        sandbox.write("damaged.ftrs", &flipped);
        let output = sandbox.run(&["decrypt", "-k", "k", "damaged.ftrs"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(3 | 4 | 6 | 12)), "{place}: {said}");
        if place > 200 {
            failed(exit, &["damaged.ftrs", "not authentic"], &output);
        }
    }
    let chunks = whole.len() - (1_200_000 % 16_384 + 16);
    for (len, exit) in [(3, 7), (50, 7), (chunks, 7), (chunks - 16_400, 7), (chunks + 5, 7), (whole.len() - 1, 6)] {
        sandbox.write("damaged.ftrs", &whole[..len]);
        failed(exit, &["damaged.ftrs"], &sandbox.run(&["decrypt", "-k", "k", "damaged.ftrs"]));
        failed(exit, &["damaged.ftrs"], &sandbox.run(&["verify", "-k", "k", "damaged.ftrs"]));
    }
    fs::remove_file(sandbox.path("damaged.ftrs")).unwrap();
    assert_eq!(sandbox.names(), before, "neither plaintext nor an unfinished file");
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = sandbox();
    let before = sandbox.read("plain.ftrs");
    sandbox.fails(8, &["plain.ftrs exists", "--force"], &["encrypt", "-k", "k", "plain"]);
    sandbox.fails(8, &["plain exists"], &["decrypt", "-k", "k", "plain.ftrs"]);
    sandbox.fails(8, &["k exists"], &["keyring", "new", "-o", "k"]);
    assert!(sandbox.read("plain.ftrs") == before);
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--force"]);
    assert!(sandbox.read("plain.ftrs") != before);

    // A failure with --force keeps what was there.
    let mut flipped = sandbox.read("plain.ftrs");
    *flipped.last_mut().unwrap() ^= 1;
    sandbox.write("flipped.ftrs", flipped);
    sandbox.write("flipped", "mine");
    sandbox.fails(6, &[], &["decrypt", "-k", "k", "flipped.ftrs", "--force"]);
    assert_eq!(sandbox.read("flipped"), b"mine");
}

#[test]
fn unreadable_and_misplaced() {
    let sandbox = sandbox();
    sandbox.fails(9, &["nowhere", "check the path"], &["encrypt", "-k", "k", "nowhere"]);
    sandbox.fails(9, &["nowhere", "check the path"], &["encrypt", "-k", "nowhere", "plain", "-o", "x"]);
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.fails(9, &["folder is a directory", "-r"], &["encrypt", "-k", "k", "folder"]);
    sandbox.fails(9, &["folder is a directory"], &["verify", "-k", "k", "folder"]);
    fs::create_dir(sandbox.path("place.ftrs")).unwrap();
    sandbox.write("place", "");
    sandbox.fails(10, &["place.ftrs is a directory", "-o"], &["encrypt", "-k", "k", "place"]);
    sandbox.fails(10, &["its folder first"], &["encrypt", "-k", "k", "plain", "-o", "no/such/folder"]);
    assert_eq!(sandbox.names(), ["folder", "k", "place", "place.ftrs", "plain", "plain.ftrs"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_source_that_fails_and_a_full_disk() {
    let sandbox = sandbox();
    // Reading this fails in the middle of things, for root too.
    sandbox.fails(9, &["/proc/self/mem"], &["encrypt", "-k", "k", "/proc/self/mem", "-o", "x"]);
    assert!(!sandbox.exists("x"));
    sandbox.fails(
        10,
        &["/dev/full", "No space left", "make room"],
        &["encrypt", "-k", "k", "plain", "-o", "/dev/full"],
    );
    sandbox.fails(10, &["No space left"], &["decrypt", "-k", "k", "plain.ftrs", "-o", "/dev/full", "--force"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = sandbox.command(&["decrypt", "-k", "k", "plain.ftrs", "-o", "-"]).stdout(full).output().unwrap();
    failed(10, &["standard output", "No space left"], &output);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = sandbox.command(&["token", "encrypt", "-k", "k", "value"]).stdout(full).output().unwrap();
    failed(10, &["standard output"], &output);
    // A device is written to and stays a device.
    use std::os::unix::fs::FileTypeExt as _;
    sandbox.ok(&["encrypt", "-k", "k", "plain", "-o", "/dev/null", "--force"]);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[cfg(unix)]
#[test]
fn no_passphrase() {
    let sandbox = sandbox();
    // Without a controlling terminal there is nobody to ask.
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_fortress")).args(arguments).current_dir(sandbox.path(""));
        command.env_remove("FORTRESS_PASSPHRASE").stdin(std::process::Stdio::null()).output().unwrap()
    };
    let words = ["no terminal", "--passphrase-file", "FORTRESS_PASSPHRASE"];
    failed(11, &words, &run(&["verify", "-k", "k", "plain.ftrs"]));
    failed(11, &words, &run(&["keyring", "new", "-o", "new"]));
    failed(11, &["--new-passphrase-file"], &{
        let mut command = std::process::Command::new("setsid");
        command.arg("--wait").arg(env!("CARGO_BIN_EXE_fortress")).args(["keyring", "change-passphrase", "k"]);
        command.current_dir(sandbox.path("")).env("FORTRESS_PASSPHRASE", PASSPHRASE).output().unwrap()
    });
    sandbox.write("empty", "\n");
    sandbox.fails(
        2,
        &["empty: the passphrase is empty"],
        &["verify", "-k", "k", "--passphrase-file", "empty", "plain.ftrs"],
    );
    sandbox.write("binary", [0xFF, 0xFE]);
    sandbox.fails(2, &["binary is not UTF-8"], &["verify", "-k", "k", "--passphrase-file", "binary", "plain.ftrs"]);
    assert!(!sandbox.exists("new"));
}

#[test]
fn beyond_the_limits() {
    let sandbox = sandbox();
    sandbox.fails(12, &["Argon2id"], &["keyring", "new", "-o", "x", "--argon2", "t=1,m=1024"]);
    sandbox.fails(12, &["Argon2id"], &["keyring", "new", "-o", "x", "--argon2", "t=100,m=262144"]);
    assert!(!sandbox.exists("x"));
}

#[cfg(unix)]
#[test]
fn links_and_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = sandbox();
    let mode = |name: &str| fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("k"), 0o600, "a keyring is its owner's");
    sandbox.write("target", "old");
    fs::set_permissions(sandbox.path("target"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("target", sandbox.path("link")).unwrap();
    sandbox.fails(8, &["link exists"], &["encrypt", "-k", "k", "plain", "-o", "link"]);
    sandbox.ok(&["encrypt", "-k", "k", "plain", "-o", "link", "--force"]);
    assert!(fs::symlink_metadata(sandbox.path("link")).unwrap().is_symlink());
    assert!(sandbox.read("target").starts_with(b"FTRS"));
    assert_eq!(mode("target"), 0o640, "what is replaced keeps its permissions");

    // What was a person's own stays so, there and back; the umask takes away and never adds.
    for before in [0o600, 0o640, 0o755, 0o400] {
        fs::set_permissions(sandbox.path("plain"), fs::Permissions::from_mode(before)).unwrap();
        sandbox.ok(&["encrypt", "-k", "k", "plain", "-o", "there"]);
        sandbox.ok(&["decrypt", "-k", "k", "there", "-o", "back"]);
        sandbox.ok(&["decrypt", "-k", "k", "there", "--range", "0-9", "-o", "part"]);
        for name in ["there", "back", "part"] {
            assert_eq!(mode(name), before & mode_of_umask(), "{name} of {before:o}");
            fs::remove_file(sandbox.path(name)).unwrap();
        }
    }
    // Root replaces another one's file, and it stays that one's.
    if rustix::process::geteuid().is_root() {
        use std::os::unix::fs::MetadataExt as _;
        std::os::unix::fs::chown(sandbox.path("target"), Some(12_345), Some(54_321)).unwrap();
        sandbox.ok(&["encrypt", "-k", "k", "plain", "-o", "target", "--force"]);
        let replaced = fs::metadata(sandbox.path("target")).unwrap();
        assert_eq!((replaced.uid(), replaced.gid(), mode("target")), (12_345, 54_321, 0o640));
    }
    // A link that leads nowhere is not written through.
    std::os::unix::fs::symlink("nowhere", sandbox.path("dangling")).unwrap();
    sandbox.fails(10, &["dangling"], &["encrypt", "-k", "k", "plain", "-o", "dangling", "--force"]);
    assert!(!sandbox.exists("nowhere"));
}

/// The permissions that a new file can have here.
#[cfg(unix)]
fn mode_of_umask() -> u32 {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all");
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o777).open(path).unwrap();
    file.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn standard_input_is_read_once() {
    let sandbox = sandbox();
    for command in [&["encrypt", "-k", "k", "-", "-"][..], &["decrypt", "-k", "k", "-", "plain.ftrs", "-"]] {
        sandbox.fails(2, &["can be read once"], command);
    }
}
