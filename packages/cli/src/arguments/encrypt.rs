//! `fortress encrypt`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use fortress::Suite;

use super::opening::{BoundTo, UsedKeyring};
use crate::external::KeyUri;
use crate::recipients::To;
use crate::words;

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
    /// Encrypt for a key in a hardware module, pkcs11:…, or in a service, vault:…, awskms:…, gcpkms:… or azurekv:…, besides the keyring if there is one; can be repeated
    #[arg(long = "recipient", value_name = "URI")]
    pub(crate) recipients: Vec<KeyUri>,
    /// Ask the keys of --recipient once for many files, and not once for each
    ///
    /// Each of them wraps a data key, which wraps the keys of at most 10,000 files within five minutes, and is then replaced. Each file still has a key of
    /// its own, and opens alone.
    #[arg(long, requires = "recipients")]
    pub(crate) data_key: bool,
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
