//! Folders, with names kept and with names encrypted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::fs;

use common::{Sandbox, failed, names_in, pattern};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("tree/a.txt", "a");
    sandbox.write("tree/sub/b", pattern(600_000));
    sandbox.write("tree/sub/deep/naïve name.txt", "");
    sandbox
}

fn same(sandbox: &Sandbox, folder: &str) {
    for name in ["a.txt", "sub/b", "sub/deep/naïve name.txt"] {
        assert!(sandbox.read(&format!("tree/{name}")) == sandbox.read(&format!("{folder}/{name}")), "{name}");
    }
}

#[test]
fn names_are_kept() {
    let sandbox = sandbox();
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.txt", sandbox.path("tree/link")).unwrap();
    let output = sandbox.run(&["encrypt", "-k", "k", "-r", "tree", "-o", "out"]);
    assert!(output.status.success());
    #[cfg(unix)]
    assert_eq!(output.stderr, b"fortress: 1 links and devices were left out\n");
    assert_eq!(names_in(&sandbox.path("out")), ["a.txt.ftrs", "sub"]);
    sandbox.ok(&["decrypt", "-k", "k", "out/sub/b.ftrs", "-o", "alone"]);
    sandbox.write("out/README", "left out");
    let output = sandbox.run(&["decrypt", "-k", "k", "-r", "out", "-o", "back"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 files do not end in .ftrs"));
    same(&sandbox, "back");

    // One damaged file is named, and the others come back.
    let mut damaged = sandbox.read("out/sub/b.ftrs");
    damaged[300_000] ^= 1;
    sandbox.write("out/sub/b.ftrs", damaged);
    let output = sandbox.run(&["decrypt", "-q", "-k", "k", "-r", "out", "-o", "again"]);
    failed(6, &["out/sub/b.ftrs"], &output);
    assert_eq!(names_in(&sandbox.path("again/sub")), ["deep"]);
}

#[test]
fn names_are_encrypted() {
    let sandbox = sandbox();
    let encrypt = ["encrypt", "-k", "k", "-r", "tree", "-o", "out", "--encrypt-names", "--context", "a=b"];
    sandbox.ok(&encrypt);
    let names = names_in(&sandbox.path("out"));
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|name| name == "names.ftrs" || name.len() == 37), "{names:?}");
    for name in &names {
        let bytes = sandbox.read(&format!("out/{name}"));
        for secret in ["a.txt", "naïve"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    sandbox.ok(&["decrypt", "-k", "k", "-r", "out", "-o", "back", "--context", "a=b"]);
    same(&sandbox, "back");
    sandbox.fails(8, &["already holds", "-o"], &encrypt);

    // Someone exchanges two files, and takes one away.
    let (one, other) = (format!("out/{}", names[0]), format!("out/{}", names[1]));
    let (bytes, others) = (sandbox.read(&one), sandbox.read(&other));
    sandbox.write(&one, others);
    sandbox.write(&other, bytes);
    fs::remove_file(sandbox.path(&format!("out/{}", names[2]))).unwrap();
    let output = sandbox.run(&["decrypt", "-k", "k", "-r", "out", "-o", "again", "--context", "a=b"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("another file's place").count(), 2, "{said}");
    assert_eq!(said.matches("cannot read").count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(6));
}

#[test]
fn a_list_of_names_cannot_lead_outside() {
    let sandbox = Sandbox::with_keyring();
    let id = "0".repeat(32);
    for name in ["../escaped", "/tmp/escaped", "a/../../escaped"] {
        sandbox.write("list", format!("{{\"{id}\":\"{name}\"}}"));
        // As only someone with the keyring can make it.
        let keyring = fortress::Keyring::open(
            &sandbox.read("k"),
            &[(&fortress::Passphrase::new(common::PASSPHRASE).unwrap()).into()],
            &Default::default(),
        )
        .unwrap();
        let options = fortress::envelope::Options {
            metadata: fortress::envelope::Metadata::new([("fortress.names", "1")]),
            ..Default::default()
        };
        let list =
            fortress::envelope::encrypt(&sandbox.read("list"), &[(&keyring).into()], &options, &mut getrandom::SysRng);
        sandbox.write("evil/names.ftrs", list.unwrap());
        sandbox.fails(3, &["outside its folder"], &["decrypt", "-k", "k", "-r", "evil", "-o", "out"]);
    }
    assert!(!sandbox.exists("escaped"));
}

#[test]
fn a_file_called_names_is_a_file() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("tree/names", "just a file");
    sandbox.ok(&["encrypt", "-k", "k", "-r", "tree", "-o", "out"]);
    sandbox.ok(&["decrypt", "-k", "k", "-r", "out", "-o", "back"]);
    assert_eq!(sandbox.read("back/names"), b"just a file");
}
