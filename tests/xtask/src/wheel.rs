//! The Python wheel: built by maturin, installed into a virtual environment of its own, and tested from there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::project::Project;
use crate::setup::{self, Environment, Need};

/// Where the package's Python sources are.
const FOLDER: &str = "packages/python";

/// Runs the tests of the installed wheel and the type checkers, and builds the sdist.
pub(crate) fn test(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Hsm)?;
    setup::ensure(project, Need::Cloud)?;
    let mut pytest = program(project, "pytest", &[]);
    pytest.env("FORTRESS_TEST_SERVICES", Environment::Cloud.folder(project));
    command::all_of([
        command::run_shown(program(project, "ruff", &["check", "."])),
        command::run_shown(program(project, "ruff", &["format", "--check", "."])),
        command::run_shown(program(project, "mypy", &[])),
        command::run_shown(program(project, "pyright", &["--pythonpath", &python(project)])),
        command::run_shown(pytest),
        sdist(project),
    ])
}

/// Builds the wheel and installs it, and nothing but it, anew.
pub(crate) fn install(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Wheel)?;
    let _one_at_a_time = project.lock()?;
    let wheels = emptied(project, "wheels")?;
    command::run_shown(program(project, "maturin", &["build", "--out", &wheels.to_string_lossy()]))?;
    let wheel = only_file(&wheels, "whl")?;
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--force-reinstall"];
    let mut pip = program(project, "python", &words);
    pip.arg(wheel);
    command::run_shown(pip)
}

/// The sdist holds all that a wheel is built from. The one that is built from it here is the pure-Rust one: it has to read and
/// write what the other one does. It is no release, and takes its libraries from where the tests have them.
fn sdist(project: &Project) -> Result<()> {
    let sources = emptied(project, "sdist")?;
    // As pip has it made. `maturin sdist` looks for a crate in this folder first, and says that there is none.
    let words = ["pep517", "write-sdist", "--sdist-directory"];
    let mut maturin = program(project, "maturin", &words);
    maturin.arg(&sources);
    command::run_shown(maturin)?;
    let words = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"];
    let mut pip = program(project, "python", &words);
    pip.arg("--wheel-dir").arg(&sources).arg(only_file(&sources, "gz")?);
    pip.env("MATURIN_PEP517_ARGS", "--profile dev --no-default-features --features portable -- -D warnings");
    // The build that pip starts finds maturin by the path.
    let programs = Environment::Wheel.folder(project).join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    pip.env("PATH", std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)))?);
    command::run_shown(pip)?;

    let portable = emptied(project, "python-portable")?;
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"];
    let mut pip = program(project, "python", &words);
    pip.arg(&portable).arg(only_file(&sources, "whl")?);
    command::run_shown(pip)?;
    let mut pytest = program(project, "pytest", &["--quiet"]);
    pytest.args(["tests/test_vectors.py", "tests/test_interop.py", "tests/test_tokens.py", "tests/test_columns.py"]);
    // It comes before the wheel that the environment has.
    pytest.env("PYTHONPATH", &portable);
    command::run_shown(pytest)
}

/// A program of the environment, in the package's folder.
fn program(project: &Project, name: &str, words: &[&str]) -> Command {
    let program = Environment::Wheel.folder(project).join("bin").join(name);
    let mut command = command::command(project, program, words);
    command.current_dir(project.path(FOLDER));
    command
}

/// The environment's Python.
pub(crate) fn python(project: &Project) -> String {
    Environment::Wheel.python(project).to_string_lossy().into_owned()
}

/// A folder in the target folder, without what was in it.
fn emptied(project: &Project, name: &str) -> Result<PathBuf> {
    let folder = project.target.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// The one file with this extension.
fn only_file(folder: &PathBuf, extension: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    match files.pop() {
        Some(file) if files.is_empty() => Ok(file),
        _ => bail!("expected one .{extension} file in {}", folder.display()),
    }
}
