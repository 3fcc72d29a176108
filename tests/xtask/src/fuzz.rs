//! Coverage-guided fuzzing with cargo-fuzz, which needs a nightly toolchain.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::command::{self, say};
use crate::project::Project;

const FOLDER: &str = "tests/fuzz";

/// Fuzzes one target, or each in turn, for some seconds.
pub(crate) fn run(project: &Project, target: Option<&str>, seconds: u32) -> Result<()> {
    if !command::succeeds("cargo", ["+nightly", "--version"]) {
        bail!("fuzzing needs a nightly toolchain: rustup toolchain install nightly");
    }
    if !command::succeeds("cargo", ["+nightly", "fuzz", "--version"]) {
        bail!("fuzzing needs cargo-fuzz: cargo install cargo-fuzz");
    }
    let targets = targets(project)?;
    let chosen: Vec<&str> = match target {
        None => targets.iter().map(String::as_str).collect(),
        Some(name) if targets.iter().any(|target| target == name) => vec![name],
        Some(name) => bail!("there is no fuzz target {name}; there are {}", targets.join(", ")),
    };
    let limit = format!("-max_total_time={seconds}");
    for name in chosen {
        say(&format!("\n=== {name}, {seconds} s ==="));
        let words = ["+nightly", "fuzz", "run", "--fuzz-dir", FOLDER, "--features", "libfuzzer", name, "--", &limit];
        command::run(project, "cargo", words)?;
    }
    Ok(())
}

/// The names of the targets, from their source files.
fn targets(project: &Project) -> Result<Vec<String>> {
    let folder = project.path(FOLDER).join("fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}
