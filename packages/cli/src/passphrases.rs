//! Where passphrases come from: a file, the environment, or the terminal, in this order.

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fortress::Passphrase;
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure, shown};
use crate::tty;

const VARIABLE: &str = "FORTRESS_PASSPHRASE";
const NEW_VARIABLE: &str = "FORTRESS_NEW_PASSPHRASE";
/// Longer files are not passphrases.
const MAX_FILE_LEN: u64 = 64 * 1024;

/// What the options say of passphrases.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Passphrases {
    /// Read the passphrase from FILE
    ///
    /// The passphrase is the file's text without a line break at its end. Without this option it is taken from the environment
    /// variable FORTRESS_PASSPHRASE, and without that asked for on the terminal.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Passphrases")]
    passphrase_file: Option<PathBuf>,

    /// Read the passphrase that is being set from FILE, where another one is needed as well
    ///
    /// For `keyring change-passphrase` and `keyring scope`, the keyring of -r, or -p, of `rewrap` and `keyring rewrap`, `encrypt -k … -p`, and `grant new`: the key of --sign, if it is
    /// sealed, the keyring of --for, and -p. Without it: FORTRESS_NEW_PASSPHRASE, then the terminal, where it is asked for twice.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Passphrases")]
    new_passphrase_file: Option<PathBuf>,
}

impl Passphrases {
    /// The passphrase that opens something.
    pub(crate) fn opening(&self, what: &str) -> Result<Passphrase, Failure> {
        match given(self.passphrase_file.as_deref(), VARIABLE)? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase for {what}: "), "--passphrase-file", VARIABLE),
        }
    }

    /// The passphrase of the second thing that a command opens.
    pub(crate) fn opening_second(&self, what: &str) -> Result<Passphrase, Failure> {
        match given(self.new_passphrase_file.as_deref(), NEW_VARIABLE)? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase for {what}: "), "--new-passphrase-file", NEW_VARIABLE),
        }
    }

    /// Where the second passphrase comes from, if nobody types it.
    pub(crate) fn second_place(&self) -> Option<String> {
        match &self.new_passphrase_file {
            Some(path) => Some(format!("--new-passphrase-file {}", shown(path))),
            None => env::var_os(NEW_VARIABLE).map(|_| NEW_VARIABLE.to_owned()),
        }
    }

    /// What came of the second passphrase: where it is wrong, it is said which one it was.
    pub(crate) fn of_second<T>(&self, opened: Result<T, Failure>) -> Result<T, Failure> {
        opened.map_err(|failure| match self.second_place() {
            Some(place) if failure.exit == Exit::WrongPassphrase => {
                Failure { message: format!("{}; it is that of {place}", failure.message), ..failure }
            }
            _ => failure,
        })
    }

    /// A passphrase that is being set while another one opens something.
    pub(crate) fn setting(&self, what: &str) -> Result<Passphrase, Failure> {
        match given(self.new_passphrase_file.as_deref(), NEW_VARIABLE)? {
            Some(passphrase) => Ok(passphrase),
            None => ask_twice(what, "--new-passphrase-file", NEW_VARIABLE),
        }
    }

    /// A passphrase that is being set, and the only one in play.
    pub(crate) fn setting_only(&self, what: &str) -> Result<Passphrase, Failure> {
        let file = self.new_passphrase_file.as_deref().or(self.passphrase_file.as_deref());
        match given(file, VARIABLE)? {
            Some(passphrase) => Ok(passphrase),
            None => ask_twice(what, "--passphrase-file", VARIABLE),
        }
    }
}

fn given(file: Option<&Path>, variable: &str) -> Result<Option<Passphrase>, Failure> {
    if let Some(path) = file {
        return read(path).map(Some);
    }
    match env::var(variable) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            Ok(Some(Passphrase::new(&text).map_err(|error| Failure::from(error).of(variable))?))
        }
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{variable} is not UTF-8; set it to text"))),
    }
}

fn read(path: &Path) -> Result<Passphrase, Failure> {
    let name = shown(path);
    let file = File::open(path).map_err(|error| Failure::read(&name, &error))?;
    // Reserved whole, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LEN as usize + 1));
    file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes).map_err(|error| Failure::read(&name, &error))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(Failure::usage(format!("{name} has more than 64 KiB; a passphrase file holds one passphrase")));
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(Failure::usage(format!(
            "{name} is not UTF-8 text; write the passphrase as text, for random bytes as base64"
        )));
    };
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    Passphrase::new(text).map_err(|error| Failure::from(error).of(&name))
}

fn ask(question: &str, option: &str, variable: &str) -> Result<Passphrase, Failure> {
    let answer = tty::ask_hidden(question).map_err(|error| Failure::read("the terminal", &error))?;
    match answer {
        Some(text) => Ok(Passphrase::new(&text)?),
        None => Err(Failure::new(
            Exit::NoPassphrase,
            "no_passphrase",
            format!("no passphrase: there is no terminal to ask on; give {option} FILE or set {variable}"),
        )),
    }
}

fn ask_twice(what: &str, option: &str, variable: &str) -> Result<Passphrase, Failure> {
    let first = ask(&format!("New passphrase for {what}: "), option, variable)?;
    let second = ask("The same again: ", option, variable)?;
    if first != second {
        return Err(Failure::new(
            Exit::NoPassphrase,
            "passphrase_mismatch",
            "the two passphrases differ; nothing was written, try again",
        ));
    }
    Ok(first)
}
