//! A task as a newcomer would run it: in a fresh clone, with nothing built.

use std::fs;
use std::process;

use anyhow::{Context as _, Result};

use crate::command::{self, say};
use crate::project::Project;

/// Clones HEAD into a temporary folder, runs a task there with a target folder of its own, and removes the folder.
/// After a failure it is kept, to be looked at.
pub(crate) fn run(project: &Project, words: &[String]) -> Result<()> {
    let changed = command::output_of(command::command(project, "git", ["status", "--porcelain"]))?;
    if !changed.is_empty() {
        say(&format!("{} changed files are not committed, so not part of this run", changed.lines().count()));
    }
    let folder = std::env::temp_dir().join(format!("fortress-fresh-{}", process::id()));
    let clone = folder.join("clone");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;

    let mut git = command::command(project, "git", ["clone", "--quiet"]);
    git.arg(&project.root).arg(&clone);
    command::run_shown(git)?;

    let mut task = command::command(project, "cargo", ["xtask"]);
    task.args(words).current_dir(&clone).env("CARGO_TARGET_DIR", folder.join("target"));
    command::run_shown(task).with_context(|| format!("in the fresh clone, kept at {}", clone.display()))?;
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}
