//! Formatting and lints: what they find fails the task.

use anyhow::Result;

use crate::command;
use crate::links;
use crate::project::Project;
use crate::setup::{self, Need};
use crate::steps::ASSEMBLY;
use crate::wasm;

/// Formatting, links, and clippy for every way in which the Rust code is built. All of them are run,
/// whatever the first ones find.
pub(crate) fn rust(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    let assembly = [&["-p", "fortress-sdk", "--all-targets"][..], &ASSEMBLY].concat();
    command::all_of([
        command::run(project, "cargo", ["fmt", "--all", "--check"]),
        clippy(project, &["--workspace", "--all-targets", "--features", "fortress-fuzz/targets"]),
        clippy(project, &assembly),
        clippy(project, &["-p", "fortress-sdk", "-p", wasm::CRATE, "--target", wasm::TARGET]),
        links::check(project),
    ])
}

/// The linters that the npm workspaces bring, after the package that they import is built.
pub(crate) fn web(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Npm)?;
    command::run(project, "npm", ["run", "lint", "--workspaces", "--if-present"])
}

fn clippy(project: &Project, scope: &[&str]) -> Result<()> {
    let words = ["clippy"].iter().chain(scope).chain(&["--", "-D", "warnings"]);
    command::run(project, "cargo", words)
}
