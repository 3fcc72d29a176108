//! `fortress identity` and `fortress grant`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use fortress::Timestamp;
use fortress::grant::Actions;

use super::opening::{KeyringFile, Trust, Unlock};
use crate::external::KeyUri;
use crate::recipients::To;
use crate::words::{self, Scope, Until};

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Make a secret identity, or a key that signs grants, and print its public part
    ///
    /// Give the public part to whoever shall encrypt for you, and keep the file: what is encrypted for it is read with it only.
    New {
        /// Where to write the secret; only its owner can read the file
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: PathBuf,
        /// Seal the file with a passphrase
        #[arg(short, long)]
        passphrase: bool,
        /// Make a key that signs grants, by Ed25519, or by Ed25519 and ML-DSA-65, which quantum computers do not break either
        #[arg(long, value_name = "ALGORITHM")]
        signing: Option<Signing>,
        /// Replace FILE, and lose what it holds
        #[arg(short, long)]
        force: bool,
    },
    /// Print the public identity of a keyring's scope, for those who shall encrypt and read nothing back
    ///
    /// What is encrypted for it with --to is read with the keyring at that scope. After a rotation print it again; the former one goes on working.
    Scope {
        #[command(flatten)]
        file: KeyringFile,
        /// The scope, such as acme/answers
        #[arg(value_parser = words::parse_scope)]
        scope: Scope,
    },
    /// Print the public part of a secret identity or signing key; of a public text, what it is and its id
    Show {
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Take out the shares that a file, a sealed keyring or a grant keeps for an identity
    ///
    /// They were sealed for it with --holder. As many holders as it takes bring theirs together, and open with --share. Nobody who has only the file can
    /// make one up that opens anything. What they open is what is named here: a keyring in a file's place is told from it, unless somebody changed its header. What a share opens is known once enough are together: ask who wants it, and what for.
    Shares {
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present_any = ["keyring", "grant"])]
        file: Option<PathBuf>,
        /// In place of a file, a sealed keyring
        #[arg(short, long, value_name = "KEYRING", value_hint = ValueHint::FilePath, conflicts_with = "file")]
        keyring: Option<PathBuf>,
        /// In place of a file, a grant
        #[arg(long, value_name = "GRANT", value_hint = ValueHint::FilePath, conflicts_with_all = ["file", "keyring"])]
        grant: Option<PathBuf>,
        /// The secret identity
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        identity: PathBuf,
        /// The folder to write the shares to, a file each
        #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
        shares_dir: PathBuf,
    },
}

/// By what grants are signed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Signing {
    Ed25519,
    Hybrid,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    New(Box<GrantNew>),
    /// Show what a grant says, and whether it is valid
    ///
    /// Its signature is verified. Whether its granter is to be trusted is said by --trust; without it, compare the id with the granter.
    Show {
        /// The grant
        // It stands where others take a keyring, which `--unlock` requires by this id.
        #[arg(id = "keyring", value_name = "GRANT", value_hint = ValueHint::FilePath)]
        grant: PathBuf,
        #[command(flatten)]
        unlock: Unlock,
        #[command(flatten)]
        trust: Trust,
    },
}

/// Grant the keys of a scope to someone
///
/// Whom it is for uses it in a keyring's place until it ends:
///
///     fortress grant new -k team.keyring --scope acme/users --actions decrypt \
///         --until 30d --to-file ada.pub --sign grace.signing -o ada.grant
///     fortress decrypt -k ada.grant --identity ada.identity --trust grace.pub FILE
///
/// A grant to encrypt holds no key that decrypts. A grant to decrypt is kept from
/// encrypting by Fortress, not by mathematics. Who has opened a grant may have kept
/// its keys: to end one early, rotate the keyring.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GrantNew {
    /// The sealed keyring whose keys are granted
    #[arg(short, long, value_name = "KEYRING", value_hint = ValueHint::FilePath)]
    pub(crate) keyring: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// The scope that is granted, such as acme/users
    #[arg(long, value_parser = words::parse_scope)]
    pub(crate) scope: Option<Scope>,
    /// What is allowed: encrypt, decrypt or both
    #[arg(long, value_name = "ACTIONS", value_parser = words::parse_actions)]
    pub(crate) actions: Actions,
    /// From when on, such as 2027-01-31 or 2027-01-31T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = words::parse_time)]
    pub(crate) from: Option<Timestamp>,
    /// Until when: a time, or how long from its beginning, such as 30d or 12h
    #[arg(long, value_name = "TIME", value_parser = words::parse_until)]
    pub(crate) until: Until,
    /// What the grant is for, in words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) purpose: String,
    /// What the granter is called
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) granter_name: String,
    /// Whom the grant is for
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) recipient_name: String,
    /// The key that signs, as `fortress identity new --signing` wrote it; if it is sealed, with the passphrase of --new-passphrase-file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sign: PathBuf,
    #[command(flatten)]
    pub(crate) to: To,
    /// Seal it for OTHER, a keyring: whoever opens OTHER opens it with --unlock OTHER. OTHER is opened by --new-passphrase-file
    #[arg(long = "for", value_name = "OTHER", value_hint = ValueHint::FilePath)]
    pub(crate) recipient: Option<PathBuf>,
    /// Seal it for a key in a hardware module or a service, by its URI, which opens it with --unlock; can be repeated
    #[arg(long = "recipient", value_name = "URI")]
    pub(crate) recipients: Vec<KeyUri>,
    /// Seal it with a passphrase, that of --new-passphrase-file
    #[arg(short, long)]
    pub(crate) passphrase: bool,
    /// Where to write the grant
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Replace FILE
    #[arg(short, long)]
    pub(crate) force: bool,
}
