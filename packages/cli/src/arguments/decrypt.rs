//! `fortress decrypt` and `fortress verify`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::opening::Opening;
use crate::words::{self, Bytes};

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
    pub(crate) opening: Opening,
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

/// Authenticate files from beginning to end, and write nothing
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) opening: Opening,
    /// What to verify
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}
