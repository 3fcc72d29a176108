//! Tokens in a folder of their own, in software that speaks PKCS #11, for tests in a process of their own; and services on this machine.

#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use fortress_hsm::pkcs11::{Access, Pin, Pkcs11Uri};

pub mod google;
pub mod keys;
pub mod service;
pub mod softhsm;

pub(crate) use softhsm::module;

pub const PIN: &str = "correct-1234";
/// A folder of tokens.
pub struct Tokens {
    folder: PathBuf,
}

/// Runs a test in a process of its own: a module has one state in a process, and reads where its tokens are once.
pub fn alone(name: &str, body: impl FnOnce(&Tokens)) {
    if let Some(folder) = env::var_os("FORTRESS_TEST_TOKENS") {
        return body(&Tokens { folder: folder.into() });
    }
    let folder = tempfile::tempdir().unwrap();
    let conf = softhsm::configure(folder.path());
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .env("FORTRESS_TEST_TOKENS", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{name}:\n{said}");
}

impl Tokens {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a token.
    pub fn init(&self, label: &str) {
        softhsm::init_token(&self.path("softhsm2.conf"), label, PIN);
    }

    /// Looks at a token from outside, or does something to it.
    pub fn tool(&self, token: &str, words: &[&str]) -> Output {
        Command::new("pkcs11-tool")
            .arg("--module")
            .arg(module())
            .args(["--token-label", token, "--login", "--pin", PIN])
            .args(words)
            .output()
            .unwrap()
    }

    pub fn tool_text(&self, token: &str, words: &[&str]) -> String {
        let output = self.tool(token, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The folders in which tokens are.
    pub fn folders(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path("tokens")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// With the right PIN.
pub fn access() -> Access {
    Access::new().module(module()).ask(|_| Ok(Pin::new(PIN)))
}

pub fn uri(text: &str) -> Pkcs11Uri {
    text.parse().unwrap()
}
