//! The command line. What stands here is the help, the manual pages and the completions.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use fortress::grant::Actions;
use fortress::{Argon2Params, KeyId, Profile, Suite, Timestamp};

use crate::external::{Hardware, KeyUri, OpenBy};
use crate::passphrases::Passphrases;
use crate::recipients::To;
use crate::words::{self, Bytes, Scope, Until};

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
/// before it is whole and authentic. Every command reads standard input and writes
/// standard output where it is given no file, or "-".
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

/// A keyring that is written anew.
#[derive(Clone, Debug, Args)]
pub(crate) struct Reseal {
    /// Go on although others are shut out: the keyring is sealed for more than what opens it, and will be for that and --to alone
    #[arg(long)]
    pub(crate) drop_others: bool,
    #[command(flatten)]
    pub(crate) to: To,
}

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
    /// Print the public part of a secret identity or signing key
    Show {
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    New(Box<GrantNew>),
    /// Show what a grant says, and whether it is valid
    ///
    /// Its signature is verified. Whether its granter is to be trusted is said by --trust; without it, compare the id with the granter.
    Show {
        /// The grant
        #[arg(value_name = "GRANT", value_hint = ValueHint::FilePath)]
        grant: PathBuf,
        #[command(flatten)]
        opening: GrantOpening,
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
    /// Where to write the grant
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// Replace FILE
    #[arg(short, long)]
    pub(crate) force: bool,
}

/// How a grant is opened.
#[derive(Debug, Args)]
pub(crate) struct GrantOpening {
    /// Open by the secret identity in FILE; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) identity: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Whose grants are good.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Trust {
    /// Trust the granter of this verifying key, a text or a FILE of them: -k may then be a grant of theirs; can be repeated
    #[arg(long, value_name = "KEY|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) trust: Vec<String>,
}

/// By what grants are signed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Signing {
    Ed25519,
    Hybrid,
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
    #[arg(long, value_name = "COSTS", default_value = "t=3,m=65536,p=4", value_parser = words::parse_argon2, conflicts_with = "recipient")]
    pub(crate) argon2: Argon2Params,
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

/// Narrow a keyring to a scope, and seal the result with a passphrase of its own or for another keyring
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
    /// Costs of guessing the passphrase, as t=PASSES,m=KIB,p=LANES
    #[arg(long, value_name = "COSTS", default_value = "t=3,m=65536,p=4", value_parser = words::parse_argon2, conflicts_with = "recipient")]
    pub(crate) argon2: Argon2Params,
    /// Replace FILE
    #[arg(short, long)]
    pub(crate) force: bool,
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

/// Encrypt files, folders or standard input
///
/// FILE becomes FILE.ftrs beside it, for the keyring given by -k, for a passphrase
/// with -p, for people with --to, for a share set with --shares, or for several of
/// these, each of which opens it. Without FILE, standard input is encrypted to
/// standard output:
///
///     fortress encrypt -k team.keyring report.pdf
///     tar c photos | fortress encrypt -k team.keyring -o photos.tar.ftrs
///     fortress encrypt -p notes.txt
///     fortress encrypt --to-file colleagues.txt report.pdf
///     fortress encrypt -k team.keyring -r photos -o backup/photos
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Encrypt {
    #[command(flatten)]
    pub(crate) keyring: UsedKeyring,
    /// Encrypt for a passphrase, besides the keyring if there is one
    #[arg(short, long)]
    pub(crate) passphrase: bool,
    /// Encrypt for a key in a hardware module, pkcs11:…, or in a service, vault:MOUNT/KEY or awskms:KEY, besides the keyring if there is one; can be repeated
    #[arg(long = "recipient", value_name = "URI")]
    pub(crate) recipients: Vec<KeyUri>,
    #[command(flatten)]
    pub(crate) to: To,
    /// The AEAD: AES-256-GCM, ChaCha20-Poly1305, AEGIS-256 or AEGIS-256X2 [default: as the keyring's profile says]
    #[arg(long, value_name = "NAME", value_parser = words::parse_suite)]
    pub(crate) suite: Option<Suite>,
    #[command(flatten)]
    pub(crate) bound: BoundTo,
    /// Store KEY=VALUE in the header, authenticated, readable by anyone without a key; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::parse_entry)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Where to write: a file; a folder with -r or several FILEs; "-" for standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Encrypt each file in the folder FILE and below it, to the same place below the folder given by -o
    ///
    /// Symbolic links are not followed. Names stay readable unless --encrypt-names is given; sizes and dates of files always do.
    #[arg(short, long, requires = "output")]
    pub(crate) recursive: bool,
    /// With -r, give the files random names, and keep the true ones in an encrypted list beside them
    #[arg(long, requires = "recursive")]
    pub(crate) encrypt_names: bool,
    /// Replace what exists
    #[arg(short, long)]
    pub(crate) force: bool,
    /// What to encrypt
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Decrypt files, folders or standard input
///
/// FILE.ftrs becomes FILE beside it, which appears only once all of it is
/// authentic. Without FILE, standard input is decrypted to standard output as it
/// comes: what is written is authentic, but is all of it only when the exit code is
/// 0.
///
///     fortress decrypt -k team.keyring report.pdf.ftrs
///     fortress decrypt --identity ada.identity report.pdf.ftrs
///     fortress decrypt -k team.keyring < photos.tar.ftrs | tar x
///     fortress decrypt -k team.keyring --range 1000-2000 video.ftrs
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Decrypt {
    #[command(flatten)]
    pub(crate) keyring: UsedKeyring,
    /// Decrypt by a passphrase; the default where no keyring, identity, share or key is given
    #[arg(short, long, conflicts_with_all = ["keyring", "identity", "share", "key"])]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) external: OpenBy,
    #[command(flatten)]
    pub(crate) bound: BoundTo,
    /// Decrypt a part: START-END, END not included; START- to the end; -LAST so many bytes at the end
    ///
    /// Only the chunks that hold it are read, so a part of a large file takes no longer than one of a small one. Goes to standard output unless
    /// -o is given.
    #[arg(long, value_name = "RANGE", value_parser = words::parse_range, allow_hyphen_values = true, conflicts_with = "recursive")]
    pub(crate) range: Option<Bytes>,
    /// Where to write: a file; a folder with -r or several FILEs; "-" for standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Decrypt each .ftrs file in the folder FILE and below it, to the same place below the folder given by -o
    #[arg(short, long, requires = "output")]
    pub(crate) recursive: bool,
    /// Replace what exists
    #[arg(short, long)]
    pub(crate) force: bool,
    /// What to decrypt
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Change who may open files and sealed keyrings
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
///     fortress rewrap --to-file ada.pub --add team.keyring
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
    /// The keyring that is to open the files; opened by --new-passphrase-file. Or a key in a hardware module or a service, by its URI
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
    /// A passphrase is to open the files
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
    /// Let the others stay: replace only the keyring or passphrase that opens the files
    #[arg(long)]
    pub(crate) keep_others: bool,
    /// Let everybody stay: add to the recipients
    #[arg(long, conflicts_with = "keep_others")]
    pub(crate) add: bool,
    /// The context that the files are bound to, needed with -r, -p, --to and --shares; can be repeated
    ///
    /// It proves that a file is the one you mean to give to others, and not another one that someone put in its place.
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::parse_entry)]
    pub(crate) context: Vec<(String, String)>,
    /// The files, each replaced once its new form is whole
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Authenticate files from beginning to end, and write nothing
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) keyring: UsedKeyring,
    /// Verify by a passphrase; the default where no keyring, identity, share or key is given
    #[arg(short, long, conflicts_with_all = ["keyring", "identity", "share", "key"])]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) external: OpenBy,
    #[command(flatten)]
    pub(crate) bound: BoundTo,
    /// What to verify
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

/// Show what can be told of files without a key, byte by byte
///
/// Nothing of it is authenticated: it is what the bytes claim.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// What to inspect
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

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

fn parse_profile(name: &str) -> Result<Profile, String> {
    let known = Profile::ALL.map(Profile::name).join(", ");
    Profile::from_name(name).ok_or_else(|| format!("the profiles are {known}"))
}
