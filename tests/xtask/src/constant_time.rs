//! Secrets that decide a branch or an address in the kernels, looked for by valgrind (`tests/constant-time`).

use anyhow::Result;

use crate::command::{self, say};
use crate::project::Project;
use crate::setup::{self, Need};

const CRATE: &str = "fortress-constant-time";

/// Builds the program and has valgrind run it: on x86-64 Linux, which is what it speaks to.
pub(crate) fn test(project: &Project) -> Result<()> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        say("Left out: the check for constant time speaks to a valgrind on x86-64 Linux, which this is not");
        return Ok(());
    }
    setup::ensure(project, Need::Valgrind)?;
    command::run(project, "cargo", ["build", "-p", CRATE, "--profile", "constant-time"])?;
    // What it finds first is told with its place; how many there are is for the program to judge.
    let mut valgrind = command::command(project, "valgrind", ["--quiet", "--error-limit=no", "--num-callers=6"]);
    let findings = project.target.join("constant-time/findings.txt");
    valgrind.arg(format!("--log-file={}", findings.display())).arg(project.target.join("constant-time").join(CRATE));
    say(&format!("What valgrind finds will be in {}", findings.display()));
    command::run_shown(valgrind)
}
