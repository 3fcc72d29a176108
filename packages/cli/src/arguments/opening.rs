//! What several commands take: the keyring, how it is opened, and what a ciphertext is bound to.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::external::OpenBy;
use crate::words::{self, Scope};

/// A sealed keyring.
#[derive(Debug, Args)]
pub(crate) struct KeyringFile {
    /// The sealed keyring
    #[arg(value_name = "KEYRING", value_hint = ValueHint::FilePath)]
    pub(crate) keyring: PathBuf,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// How a sealed keyring is opened.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Unlock {
    /// Open the keyring by OTHER, another keyring that it is sealed for; the passphrase is then that of OTHER. Or by a key in a hardware module or a
    /// service, by its URI
    #[arg(long, value_name = "OTHER", value_hint = ValueHint::FilePath, requires = "keyring")]
    pub(crate) unlock: Option<PathBuf>,
    /// Open by the secret identity in FILE, in place of a passphrase; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "unlock")]
    pub(crate) identity: Vec<PathBuf>,
    /// Open by shares, in place of a passphrase: repeat it for as many shares as it takes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "unlock")]
    pub(crate) share: Vec<PathBuf>,
}

/// Whose grants are good.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Trust {
    /// Trust the granter of this verifying key, a text or a FILE of them: -k is then a grant of theirs, and nothing else; can be repeated
    #[arg(long, value_name = "KEY|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trust: Vec<String>,
}

/// The keyring that a command uses.
#[derive(Debug, Args)]
pub(crate) struct UsedKeyring {
    /// The sealed keyring to use
    #[arg(short, long, value_name = "KEYRING", value_hint = ValueHint::FilePath)]
    pub(crate) keyring: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Narrow the keyring to a scope first, such as acme/users/email
    ///
    /// What is encrypted at a scope is decrypted at the same scope. A slash within a segment is written %2F. Where -k is a grant, the scope is
    /// named from the root, and is the grant's own or one below it.
    #[arg(long, value_parser = words::parse_scope, requires = "keyring")]
    pub(crate) scope: Option<Scope>,
}

/// What a ciphertext is bound to.
#[derive(Debug, Args)]
pub(crate) struct BoundTo {
    /// Bind to KEY=VALUE, to be given again, equal, at decryption; can be repeated
    ///
    /// The context is authenticated and not stored: a file that someone puts in another one's place does not decrypt.
    #[arg(long = "context", value_name = "KEY=VALUE", value_parser = words::parse_entry)]
    pub(crate) context: Vec<(String, String)>,
}

/// What opens files.
#[derive(Debug, Args)]
pub(crate) struct Opening {
    #[command(flatten)]
    pub(crate) keyring: UsedKeyring,
    /// Open by a passphrase; the default where no keyring, identity, share or key is given
    #[arg(short, long, conflicts_with_all = ["keyring", "identity", "share", "key"])]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) external: OpenBy,
    #[command(flatten)]
    pub(crate) bound: BoundTo,
}
