//! `fortress token`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use fortress::Suite;

use super::opening::{BoundTo, Trust, Unlock};
use crate::words::{self, Scope};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Encrypt each line of standard input, or each VALUE, into a token
    Encrypt {
        #[command(flatten)]
        with: TokenWith,
        /// The AEAD: AES-256-GCM, ChaCha20-Poly1305, AEGIS-256 or AEGIS-256X2 [default: as the keyring's profile says]
        #[arg(long, value_name = "NAME", value_parser = words::parse_suite)]
        suite: Option<Suite>,
        #[command(flatten)]
        values: Values,
    },
    /// Decrypt each token of standard input, or each VALUE
    Decrypt {
        #[command(flatten)]
        with: TokenWith,
        #[command(flatten)]
        values: Values,
    },
    /// Show what can be told of tokens without a key, byte by byte
    Inspect {
        #[command(flatten)]
        values: Values,
    },
}

/// Keyring, scope and context of tokens.
#[derive(Debug, Args)]
pub(crate) struct TokenWith {
    /// The sealed keyring to use
    #[arg(short, long, value_name = "KEYRING", value_hint = ValueHint::FilePath)]
    pub(crate) keyring: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// The scope of the values, such as acme/users/email
    #[arg(long, value_parser = words::parse_scope)]
    pub(crate) scope: Option<Scope>,
    #[command(flatten)]
    pub(crate) bound: BoundTo,
}

#[derive(Debug, Args)]
pub(crate) struct Values {
    /// Values end with a zero byte in place of a line break, on both sides, and may hold line breaks
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// One value, whatever its bytes: all of standard input, and nothing added to standard output
    #[arg(long, conflicts_with_all = ["null", "values", "json"])]
    pub(crate) raw: bool,
    /// The values; without them, those of standard input
    ///
    /// Everyone on this machine can see the command line of a running program: give secret values on standard input.
    #[arg(value_name = "VALUE")]
    pub(crate) values: Vec<String>,
}
