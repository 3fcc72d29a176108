//! The command line. What stands here is the help, the manual pages and the completions.

mod decrypt;
mod encrypt;
mod inspect;
mod keyring;
mod opening;
mod people;
mod rewrap;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::external::Hardware;
use crate::passphrases::Passphrases;

pub(crate) use decrypt::{Decrypt, Verify};
pub(crate) use encrypt::Encrypt;
pub(crate) use inspect::Inspect;
pub(crate) use keyring::{KeyringCommand, KeyringNew, KeyringRewrap, KeyringScope, Reseal};
pub(crate) use opening::{KeyringFile, Opening, Trust, Unlock, UsedKeyring};
pub(crate) use people::{GrantCommand, GrantNew, IdentityCommand, Signing};
pub(crate) use rewrap::{Changes, Rewrap};
pub(crate) use token::{TokenCommand, TokenWith, Values};

/// Encrypt files and values before they leave this machine
///
/// A keyring holds the keys and is itself sealed with a passphrase. Make one, then
/// encrypt:
///
///     fortress keyring new -o team.keyring
///     fortress encrypt -k team.keyring report.pdf
///     fortress decrypt -k team.keyring report.pdf.ftrs
///
/// No file is replaced unless --force says so, and none appears under its name
/// before it is whole and authentic. `encrypt`, `decrypt`, `verify` and `inspect` read
/// standard input where they are given no FILE, or "-", and `token` a value a line.
#[derive(Debug, Parser)]
#[command(name = "fortress", version, max_term_width = 100, verbatim_doc_comment, after_long_help = EXIT_CODES_NOTE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

const EXIT_CODES_NOTE: &str =
    "Each kind of failure has an exit code of its own: see `fortress man` or docs/guide/command-line.md.";

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Report in JSON, one object a line
    ///
    /// On standard output, or on standard error where standard output carries data. A failure is an object with the one key "error".
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Show no progress and no notes
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) passphrases: Passphrases,

    #[command(flatten)]
    pub(crate) hardware: Hardware,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make keyrings and look after them
    #[command(subcommand)]
    Keyring(KeyringCommand),
    /// Make the keys that people hold: identities to encrypt for, and keys that sign grants
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Hand the keys of a scope to someone, signed, for a time
    #[command(subcommand)]
    Grant(GrantCommand),
    Encrypt(Encrypt),
    Decrypt(Decrypt),
    Rewrap(Rewrap),
    Verify(Verify),
    Inspect(Inspect),
    /// Encrypt and decrypt small values, one a line
    #[command(subcommand)]
    Token(TokenCommand),
    /// Make keys in hardware modules, and see which are there
    #[cfg(feature = "hsm")]
    #[command(subcommand)]
    Hsm(crate::external::HsmCommand),
    /// Print completions for a shell
    ///
    /// For instance: fortress completions bash > /etc/bash_completion.d/fortress
    Completions {
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all commands to a folder
    Man {
        /// The folder to write to, such as /usr/local/share/man/man1
        #[arg(value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}
