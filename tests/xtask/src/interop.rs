//! The interoperability matrix: every way in writes, and every other one reads.

use std::path::Path;

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::setup::{self, Environment, Need};

/// Runs the matrix with the npm package and the wheel that are built and installed, and the command, which is built here.
pub(crate) fn test(project: &Project) -> Result<()> {
    for need in [Need::Python, Need::Browsers, Need::Hsm] {
        setup::ensure(project, need)?;
    }
    command::run(project, "cargo", ["build", "-p", "fortress-sdk-cli"])?;
    let [wheel, reader] = [Environment::Wheel, Environment::Reader].map(|environment| environment.python(project));
    let program = project.target.join("debug").join("fortress");
    let words: [&Path; 7] = [
        "tests/interop/matrix/matrix.py".as_ref(),
        "--wheel".as_ref(),
        &wheel,
        "--reader".as_ref(),
        &reader,
        "--command".as_ref(),
        &program,
    ];
    command::run(project, "python3", words)
}
