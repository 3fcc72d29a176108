//! The program itself, in a folder of its own.

#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

pub mod document;
pub mod people;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

pub const PASSPHRASE: &str = "correct horse battery staple";
/// The least that is written: tests open many keyrings.
pub const CHEAP: &str = "t=1,m=8192,p=1";

pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Sandbox {
        Sandbox { folder: tempfile::tempdir().unwrap() }
    }

    /// With the keyring `k`.
    pub fn with_keyring() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.make_keyring("k");
        sandbox
    }

    pub fn make_keyring(&self, name: &str) {
        self.ok(&["keyring", "new", "-o", name, "--argon2", CHEAP]);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Names in the folder, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.folder.path())
    }

    /// The program with the passphrase in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fortress"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("FORTRESS_PASSPHRASE", PASSPHRASE)
            .env_remove("FORTRESS_NEW_PASSPHRASE")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        run_with_input(self.command(arguments), input)
    }

    /// Runs and must succeed; returns what was printed.
    pub fn ok(&self, arguments: &[&str]) -> Vec<u8> {
        succeeded(arguments, self.run(arguments))
    }

    pub fn ok_with_input(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        succeeded(arguments, self.run_with_input(arguments, input))
    }

    pub fn ok_text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.ok(arguments)).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        serde_json::from_slice(&self.ok(arguments)).unwrap()
    }

    /// Runs and must fail with this exit code, and one line that has all these words in it.
    #[track_caller]
    pub fn fails(&self, exit: i32, words: &[&str], arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        failed(exit, words, &output);
        output
    }
}

#[track_caller]
pub fn failed(exit: i32, words: &[&str], output: &Output) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    assert!(said.starts_with("fortress: "), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
}

fn succeeded(arguments: &[&str], output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn run_with_input(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A program that failed has stopped reading.
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    })
}

/// Bytes that differ from place to place.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8 ^ (i >> 14) as u8).collect()
}
