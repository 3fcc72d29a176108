//! `fortress keyring`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use fortress::{Argon2Params, KeyId, Profile};

use super::opening::KeyringFile;
use super::rewrap::Changes;
use crate::external::KeyUri;
use crate::recipients::To;
use crate::words::{self, Scope};

#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    New(KeyringNew),
    /// Show a keyring's profile, scope and versions
    Show {
        #[command(flatten)]
        file: KeyringFile,
    },
    /// Make a new version that encrypts from now on
    ///
    /// The former version goes on decrypting. Files are moved to the new one by `fortress rewrap`, tokens by decrypting and encrypting them.
    Rotate {
        #[command(flatten)]
        file: KeyringFile,
        #[command(flatten)]
        seal: Reseal,
    },
    /// Destroy a version for good
    ///
    /// Whatever was encrypted with it and not moved to another version cannot be read again by anyone who has this keyring only.
    DestroyVersion {
        #[command(flatten)]
        file: KeyringFile,
        /// The version, by its key id of 8 hexadecimal digits
        #[arg(value_name = "KEY-ID", value_parser = words::parse_key_id)]
        version: KeyId,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        seal: Reseal,
    },
    /// Seal a keyring with another passphrase
    ///
    /// Its keys stay the same: whoever copied the file before and knows the old passphrase can still open that copy.
    ChangePassphrase {
        #[command(flatten)]
        file: KeyringFile,
        /// Costs of guessing the new passphrase, as t=PASSES,m=KIB,p=LANES [default: as before]
        #[arg(long, value_name = "COSTS", value_parser = words::parse_argon2)]
        argon2: Option<Argon2Params>,
        #[command(flatten)]
        seal: Reseal,
    },
    Scope(KeyringScope),
    Rewrap(Box<KeyringRewrap>),
    /// Print the root secrets, in the clear, for escrow
    ///
    /// Whoever has them reads everything that the keyring encrypted. Nothing else prints them.
    ExportSecret {
        #[command(flatten)]
        file: KeyringFile,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

/// Make a keyring
///
/// It is sealed with a passphrase, or for people and share sets, and can be stored anywhere; without what opens it, it is of no use. Keep a
/// copy: what it encrypted can be read with it only.
#[derive(Debug, Args)]
pub(crate) struct KeyringNew {
    /// Where to write the sealed keyring
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Seal it with a passphrase besides --to and --shares; the default where none of them and no --recipient is given
    #[arg(short, long)]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) to: To,
    /// What it writes and how often to rotate it: lightning (23 h), balanced (7 d), fortress (30 d), archive (90 d)
    #[arg(long, value_name = "PROFILE", default_value = "balanced", hide_default_value = true, value_parser = parse_profile)]
    pub(crate) profile: Profile,
    /// Costs of guessing the passphrase, as t=PASSES,m=KIB,p=LANES
    ///
    /// The default, t=3,m=65536,p=4, takes a fifth of a second and 64 MiB each time the keyring is opened. A passphrase that a machine made from
    /// 16 random bytes or more cannot be guessed at any cost: t=1,m=8192,p=1 will do for it.
    #[arg(long, value_name = "COSTS", value_parser = words::parse_argon2)]
    pub(crate) argon2: Option<Argon2Params>,
    /// Seal it for a key in a hardware module or a service, by its URI, in place of a passphrase, or besides one with -p
    ///
    /// It is then opened with --unlock and the same URI. If that key is lost, so is the keyring: keep a copy of the key in another module, or escrow the
    /// keyring's secrets.
    #[arg(long, value_name = "URI")]
    pub(crate) recipient: Option<KeyUri>,
    /// Replace FILE, and lose what it holds
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// Narrow a keyring to a scope, and seal the result with a passphrase of its own, for people or for another keyring
///
/// Its holder can read and write what is encrypted at that scope and below, and nothing beside or above it.
#[derive(Debug, Args)]
#[command(name = "scope")]
pub(crate) struct KeyringScope {
    #[command(flatten)]
    pub(crate) file: KeyringFile,
    /// The scope, such as acme/users/email
    #[arg(value_parser = words::parse_scope)]
    pub(crate) scope: Scope,
    /// Where to write the narrowed keyring
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Seal it for OTHER, a keyring, in place of a passphrase: whoever opens OTHER opens it with --unlock OTHER
    ///
    /// OTHER is opened by --new-passphrase-file.
    #[arg(long = "for", value_name = "OTHER", value_hint = ValueHint::FilePath)]
    pub(crate) recipient: Option<PathBuf>,
    /// Seal it with a passphrase besides --to and --shares; the default where none of them and no --for is given
    #[arg(short, long, conflicts_with = "recipient")]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) to: To,
    /// Costs of guessing the passphrase, as t=PASSES,m=KIB,p=LANES [default: t=3,m=65536,p=4]
    #[arg(long, value_name = "COSTS", value_parser = words::parse_argon2, conflicts_with = "recipient")]
    pub(crate) argon2: Option<Argon2Params>,
    /// Replace FILE
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// Change who may open a sealed keyring
///
/// Its keys stay the same. Without -r, -p, --to and --shares, a keyring that is sealed
/// for another one is moved to that one's newest version. With one of these, those who
/// are named take the place of all recipients, unless --keep-others, --add or --remove
/// says otherwise:
///
///     fortress keyring rewrap team.keyring --to-file ada.pub --add
///     fortress keyring rewrap team.keyring --shares 2/3 --shares-dir shares --add
///     fortress keyring rewrap team.keyring --remove 0123456789abcdef
///
/// Whoever opened it before has its keys, and can open copies from before. To put what
/// is encrypted from now on out of their reach, rotate it.
#[derive(Debug, Args)]
#[command(name = "rewrap", verbatim_doc_comment)]
pub(crate) struct KeyringRewrap {
    #[command(flatten)]
    pub(crate) file: KeyringFile,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

/// A keyring that is written anew.
#[derive(Clone, Debug, Args)]
pub(crate) struct Reseal {
    /// Go on although others are shut out: the keyring is sealed for more than what opens it, and will be for that and those who are named alone
    #[arg(long)]
    pub(crate) drop_others: bool,
    /// Seal it for a key in a hardware module or a service besides, by its URI; can be repeated
    #[arg(long = "recipient", value_name = "URI")]
    pub(crate) recipients: Vec<KeyUri>,
    /// Where something else opens it, seal it with a passphrase besides: the one that it has, or another
    ///
    /// It is the passphrase of --new-passphrase-file, or FORTRESS_NEW_PASSPHRASE, or what is typed.
    #[arg(short, long)]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) to: To,
}

fn parse_profile(name: &str) -> Result<Profile, String> {
    let known = Profile::ALL.map(Profile::name).join(", ");
    Profile::from_name(name).ok_or_else(|| format!("the profiles are {known}"))
}
