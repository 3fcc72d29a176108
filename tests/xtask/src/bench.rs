//! Benchmarks: what the project promises as ratios, measured in one run.

use anyhow::Result;

use crate::command;
use crate::project::Project;
use crate::setup::{self, Need};
use crate::{package, steps, wasm, wheel};

/// Runs the benchmarks of the named platforms, or all of them.
pub(crate) fn run(project: &Project, platforms: &[String], html: bool) -> Result<()> {
    let all = ["native", "cli", "python", "node", "browser"].map(str::to_owned);
    let platforms = if platforms.is_empty() { &all } else { platforms };
    if platforms.iter().any(|platform| !["native", "cli", "python"].contains(&platform.as_str())) {
        wasm::build(project)?;
        package::build(project)?;
    }
    for platform in platforms {
        if platform == "native" {
            native(project)?;
            continue;
        }
        if platform == "cli" {
            command_line(project)?;
            continue;
        }
        if platform == "python" {
            wheel::bench(project)?;
            continue;
        }
        if platform != "node" {
            setup::ensure(project, Need::Browsers)?;
        }
        // Which other platforms there are (one browser alone, say) the script knows.
        let words = ["tests/bench/run.mjs", platform].into_iter().chain(html.then_some("--html"));
        command::run(project, "node", words)?;
    }
    Ok(())
}

/// The core beside the AEADs under it: pure Rust, then assembly.
fn native(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    let bench = ["bench", "-p", "fortress-sdk"];
    command::run(project, "cargo", bench)?;
    command::run(project, "cargo", bench.iter().chain(&steps::ASSEMBLY))
}

/// The command line beside `cp` and, where it is installed, `age`.
fn command_line(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    command::run(project, "cargo", ["build", "--release", "-p", "fortress-sdk-cli"])?;
    let program = project.target.join("release").join("fortress");
    command::run(project, "python3", ["tests/bench/cli.py".as_ref(), program.as_os_str()])
}
