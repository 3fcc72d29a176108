//! The npm package, from the WebAssembly that [`crate::wasm`] left beside its sources.

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::setup::{self, Need};

/// Where the package's sources are.
pub(crate) const FOLDER: &str = "packages/npm";

/// Compiles the TypeScript and fills `packages/npm/dist`.
pub(crate) fn build(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Npm)?;
    let _one_at_a_time = project.lock()?;
    npm(project, ["run", "build"], FOLDER)
}

/// Runs an npm command in one workspace.
pub(crate) fn npm<const N: usize>(project: &Project, words: [&str; N], workspace: &str) -> Result<()> {
    command::run(project, "npm", words.into_iter().chain(["--workspace", workspace]))
}
