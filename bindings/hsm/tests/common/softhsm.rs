//! SoftHSM: tokens in a folder, in software. For the tests of this crate and of the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where distributions put the module, a path a line: for the tests in Python too.
pub(crate) const MODULES: &str = include_str!("softhsm-modules.txt");

pub(crate) fn module() -> PathBuf {
    let found = MODULES.lines().map(Path::new).find(|path| path.exists());
    found.expect("SoftHSM is missing: run `cargo xtask setup hsm`").to_owned()
}

/// Makes the folder `tokens`, and the file that names it, for the variable `SOFTHSM2_CONF`.
pub(crate) fn configure(folder: &Path) -> PathBuf {
    let (conf, tokens) = (folder.join("softhsm2.conf"), folder.join("tokens"));
    fs::create_dir(&tokens).unwrap();
    fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display())).unwrap();
    conf
}

/// Makes a token.
pub(crate) fn init_token(conf: &Path, label: &str, pin: &str) {
    let mut command = Command::new("softhsm2-util");
    command.args(["--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "officer-5678"]);
    let output = command.env("SOFTHSM2_CONF", conf).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup hsm`"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
