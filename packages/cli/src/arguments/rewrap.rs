//! `fortress rewrap`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::opening::UsedKeyring;
use crate::external::OpenBy;
use crate::recipients::To;
use crate::words::{self, Scope};

/// Change who may open files
///
/// Only the header is written anew; the data stays as it is and is not decrypted.
/// Without -r, -p, --to and --shares, files are moved to the newest version of the
/// keyring that opens them, and whoever else can open them still can. With one of
/// these, those who are named take the place of all recipients, unless
/// --keep-others, --add or --remove says otherwise:
///
///     fortress keyring rotate team.keyring
///     fortress rewrap -k team.keyring *.ftrs
///     fortress rewrap -k team.keyring -r archive.keyring 2019/*.ftrs
///     fortress rewrap -k team.keyring --to-file ada.pub --add report.pdf.ftrs
///     fortress rewrap -k team.keyring --remove 0123456789abcdef report.pdf.ftrs
///
/// For sealed keyrings there is `fortress keyring rewrap`: what is shared as a file
/// is never a keyring that somebody put in its place.
///
/// It is instant at any size where the header keeps its length: where a keyring takes
/// the place of a keyring, or a passphrase that of a passphrase. The header is then
/// written over in place, and the old one is kept beside until the new one is on the
/// disk: after a crash, run the same command again. Where recipients come or go, or a
/// file is read-only, the file is copied and replaced, at the speed of the disk.
///
/// Someone who could read a file before can still read the copies they kept, and what
/// a keyring's former holder took from it stays theirs: rotate the keyring, so that
/// what is encrypted from then on is out of their reach.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Rewrap {
    #[command(flatten)]
    pub(crate) keyring: UsedKeyring,
    #[command(flatten)]
    pub(crate) external: OpenBy,
    #[command(flatten)]
    pub(crate) changes: Changes,
    /// The context that the files are bound to, needed with -r, -p, --to and --shares; can be repeated
    ///
    /// It proves that a file is the one you mean to give to others, and not another one that someone put in its place.
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::parse_entry)]
    pub(crate) context: Vec<(String, String)>,
    /// The files, each replaced once its new form is whole
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Who comes, who stays and who goes.
#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// The keyring that is to open them; opened by --new-passphrase-file. Or a key in a hardware module or a service, by its URI
    #[arg(short, long, value_name = "KEYRING", value_hint = ValueHint::FilePath)]
    pub(crate) recipient: Option<PathBuf>,
    /// Narrow the keyring given by -r to a scope
    #[arg(long, value_name = "SCOPE", value_parser = words::parse_scope, requires = "recipient")]
    pub(crate) recipient_scope: Option<Scope>,
    /// Open the keyring given by -r by OTHER, another keyring; --new-passphrase-file is then that of OTHER
    #[arg(long, value_name = "OTHER", value_hint = ValueHint::FilePath, requires = "recipient")]
    pub(crate) recipient_unlock: Option<PathBuf>,
    /// Open the keyring given by -r by the secret identity in FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "recipient", conflicts_with = "recipient_unlock")]
    pub(crate) recipient_identity: Vec<PathBuf>,
    /// Open the keyring given by -r by shares: repeat it for as many as it takes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "recipient", conflicts_with = "recipient_unlock")]
    pub(crate) recipient_share: Vec<PathBuf>,
    /// A passphrase is to open them, which is that of --new-passphrase-file
    #[arg(short, long, conflicts_with = "recipient")]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) to: To,
    /// Take WHO out and let everybody else stay; can be repeated
    ///
    /// WHO is the id of an identity or share set, a public identity, a key id, "passphrase", the reference of an external key, or #N for the place in
    /// the list that `fortress inspect` shows, from #1.
    #[arg(long, value_name = "WHO", conflicts_with_all = ["keep_others", "add"])]
    pub(crate) remove: Vec<String>,
    /// Let the others stay: replace only what opens them
    #[arg(long)]
    pub(crate) keep_others: bool,
    /// Let everybody stay: add to the recipients
    #[arg(long, conflicts_with = "keep_others")]
    pub(crate) add: bool,
}
