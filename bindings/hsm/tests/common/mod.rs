//! Tokens in a folder of their own, in software that speaks PKCS #11, for tests in a process of their own.

#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fortress_hsm::pkcs11::{Access, Pin, Pkcs11Uri};

pub const PIN: &str = "correct-1234";
const SO_PIN: &str = "officer-5678";

/// Where distributions put the module.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

pub fn module() -> PathBuf {
    let found = MODULES.iter().map(Path::new).find(|path| path.exists());
    found.expect("SoftHSM is missing: run `cargo xtask setup hsm`").to_owned()
}

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
    let conf = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
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
        let words = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN];
        succeeded(Command::new("softhsm2-util").args(words));
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

fn succeeded(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup hsm`"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
