//! `fortress inspect`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Show what can be told of files without a key, byte by byte
///
/// Nothing of it is authenticated: it is what the bytes claim.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// What to inspect
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}
