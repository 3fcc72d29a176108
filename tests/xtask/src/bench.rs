//! Benchmarks: what the project promises as ratios, measured in one run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::command;
use crate::project::Project;
use crate::setup::{self, Need};
use crate::{package, steps, wasm, wheel};

/// What can be named: every kind of platform, and browsers one by one.
pub(crate) const PLATFORMS: [&str; 8] = ["native", "cli", "python", "node", "browser", "chromium", "firefox", "webkit"];

/// Runs the benchmarks of the named platforms, or all of them.
pub(crate) fn run(project: &Project, platforms: &[String], html: bool) -> Result<()> {
    let every_kind: Vec<String> = PLATFORMS[..5].iter().map(|name| (*name).to_owned()).collect();
    let platforms = if platforms.is_empty() { &every_kind } else { platforms };
    let folder = project.root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {FOLDER}"))?;
    if platforms.iter().any(|platform| !["native", "cli", "python"].contains(&platform.as_str())) {
        wasm::bench(project, &folder)?;
        wasm::build(project)?;
        package::build(project)?;
    }
    for platform in platforms {
        match platform.as_str() {
            "native" => native(project)?,
            "cli" => command_line(project)?,
            "python" => python(project)?,
            _ => web(project, platform)?,
        }
    }
    if html {
        setup::ensure(project, Need::Npm)?;
        command::run(project, "node", ["tests/bench/page.mjs"])?;
    }
    Ok(())
}

/// The core beside the AEADs under it: pure Rust, then assembly. Then keys in hardware and in services beside the bare calls.
fn native(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    for (name, features) in [("native-portable", &[][..]), ("native-assembly", &steps::ASSEMBLY)] {
        let figures = figures(project, name);
        let words = ["bench", "-p", "fortress-sdk"].iter().chain(features).chain(&["--", "--json"]);
        recorded(project, &figures, "cargo", words.map(OsStr::new).chain([figures.as_os_str()]))?;
    }
    setup::ensure(project, Need::Hsm)?;
    let figures = figures(project, "native-keys");
    let words = ["bench", "-p", "fortress-sdk-hsm", "--", "--json"].map(OsStr::new);
    recorded(project, &figures, "cargo", words.into_iter().chain([figures.as_os_str()]))
}

/// The npm package in a browser or in Node.js.
fn web(project: &Project, platform: &str) -> Result<()> {
    if platform != "node" {
        setup::ensure(project, Need::Browsers)?;
    }
    command::run(project, "node", ["tests/bench/run.mjs", platform])
}

/// The command line beside `cp` and, where it is installed, `age`.
fn command_line(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    command::run(project, "cargo", ["build", "--release", "-p", "fortress-sdk-cli"])?;
    let program = project.target.join("release").join("fortress");
    let figures = figures(project, "cli");
    let words = ["tests/bench/cli.py".as_ref(), program.as_os_str(), "--json".as_ref(), figures.as_os_str()];
    recorded(project, &figures, "python3", words)
}

/// The installed wheel beside what a Python developer would use instead.
fn python(project: &Project) -> Result<()> {
    wheel::install(project)?;
    let (program, script) = (wheel::python(project), project.path("packages/python/benches/speed.py"));
    let figures = figures(project, "python");
    let words = [script.as_os_str(), "--json".as_ref(), figures.as_os_str()];
    recorded(project, &figures, &program, words)
}

/// Runs a benchmark which leaves its figures there, and has written beside them where and with what it ran.
fn recorded<'a>(
    project: &Project,
    figures: &'a Path,
    program: &'a str,
    words: impl IntoIterator<Item = &'a OsStr>,
) -> Result<()> {
    let script = ["tests/bench/recorded.mjs".as_ref(), figures.as_os_str(), program.as_ref()];
    command::run(project, "node", script.into_iter().chain(words))
}

/// Where a benchmark leaves its figures for the page.
fn figures(project: &Project, name: &str) -> PathBuf {
    project.root.join(FOLDER).join(name).with_extension("json")
}

const FOLDER: &str = "artifacts/bench";
