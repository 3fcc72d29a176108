//! The commands.

mod changes;
mod decrypt;
mod encrypt;
mod generate;
mod grant;
#[cfg(feature = "hsm")]
mod hsm;
mod identity;
mod inspect;
mod keyring;
mod rewrap;
mod token;
mod tree;
mod verify;

use std::path::{Path, PathBuf};

use fortress::Context;
use fortress::envelope::{self, OpenEnvelope, ReadLimits};
use fortress::grant::Actions;

use crate::arguments::{Arguments, Command, Common, Opening, UsedKeyring};
use crate::external::OpenBy;
use crate::failure::{Failure, shown};
use crate::input::{Input, Source};
use crate::keyrings;
use crate::opener::Opener;
use crate::people::People;
use crate::report::Report;

/// Carries a command out. An exit code in the report is that of a file which failed while others went on.
pub(crate) fn run(arguments: Arguments, report: &mut Report) -> Result<(), Failure> {
    let Arguments { command, common } = arguments;
    match command {
        Command::Keyring(command) => keyring::run(command, &common, report),
        Command::Grant(command) => grant::run(&command, &common, report),
        Command::Identity(command) => identity::run(&command, &common, report),
        Command::Encrypt(arguments) => encrypt::run(&arguments, &common, report),
        Command::Decrypt(arguments) => decrypt::run(&arguments, &common, report),
        Command::Rewrap(arguments) => rewrap::run(&arguments, &common, report),
        Command::Verify(arguments) => verify::run(&arguments, &common, report),
        Command::Inspect(arguments) => inspect::run(&arguments, report),
        Command::Token(command) => token::run(command, &common, report),
        #[cfg(feature = "hsm")]
        Command::Hsm(command) => hsm::run(&command, &common, report),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man { folder } => generate::man(folder.as_deref()),
    }
}

/// What encrypted files end with.
const SUFFIX: &str = ".ftrs";

/// What opens envelopes: a keyring, an external key, what people bring, or a passphrase where none of these is given.
fn opener(used: &UsedKeyring, by: &OpenBy, common: &Common) -> Result<Opener, Failure> {
    let UsedKeyring { keyring, unlock, trust, scope } = used;
    if keyring.is_none() && !trust.trust.is_empty() {
        return Err(Failure::usage("--trust is for a grant: name it with -k"));
    }
    if let Some(uri) = &by.key {
        return common.hardware.open(uri).map(Opener::External);
    }
    match keyring {
        Some(path) => keyrings::Used::open(path, unlock, trust, scope.as_ref(), common)?
            .into_keyring(Actions::Decrypt)
            .map(Opener::Keyring),
        None => match People::of(unlock, &common.passphrases)? {
            Some(people) => Ok(Opener::People(people)),
            None => common.passphrases.opening("the files").map(Opener::Passphrase),
        },
    }
}

/// What it takes to read an envelope.
struct Reading {
    opener: Opener,
    context: Context,
}

impl Reading {
    fn new(by: &Opening, common: &Common) -> Result<Reading, Failure> {
        let context = keyrings::context(&by.bound.context)?;
        Ok(Reading { opener: opener(&by.keyring, &by.external, common)?, context })
    }

    /// Opens the envelope that an input starts with; what follows its prefix is the next to be read.
    fn open(&self, input: &mut Input) -> Result<OpenEnvelope, Failure> {
        let prefix = input.read_prefix()?;
        let identities = self.opener.identities();
        envelope::open(&prefix, &identities, &self.context, &ReadLimits::default()).map_err(|error| {
            let Failure { exit, code, message } = Failure::from(error).of(&input.name);
            let advice =
                if input.has_saved_header() { "; a rewrap of it was cut short: run it again first" } else { "" };
            Failure { exit, code, message: message + advice }
        })
    }
}

/// The sources that arguments name; standard input where there are none.
fn sources(files: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    if files.is_empty() {
        return Ok(vec![Source::Stdin]);
    }
    let sources: Vec<Source> = files.iter().map(|path| Source::from_argument(path)).collect();
    if sources.iter().filter(|source| **source == Source::Stdin).count() > 1 {
        return Err(Failure::usage("standard input, \"-\", can be read once"));
    }
    Ok(sources)
}

/// The one folder of a recursive command.
fn only_folder(files: &[PathBuf]) -> Result<&Path, Failure> {
    match files {
        [folder] if folder.is_dir() => Ok(folder),
        [folder] => Err(Failure::usage(format!("-r takes a folder, and {} is not one", shown(folder)))),
        _ => Err(Failure::usage("-r takes one folder; run the command once for each")),
    }
}
