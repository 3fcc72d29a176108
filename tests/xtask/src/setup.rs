//! Installs what a task needs and is not there, and says so. Quick when everything is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::command::{self, say};
use crate::npm_state::{self, NpmState};
use crate::project::Project;
use crate::wasm;

/// Something that tasks need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Need {
    /// clippy, rustfmt and the WebAssembly targets.
    Rust,
    /// Node.js, and the packages that `package-lock.json` names.
    Npm,
    /// A virtual environment of our own for the independent reader.
    Python,
    /// Another one for the Python wheel.
    Wheel,
    /// Chromium, Firefox, WebKit and a virtual display.
    Browsers,
    /// valgrind.
    Valgrind,
    /// Software that acts as a hardware module, and a tool that looks into it.
    Hsm,
    /// A virtual environment with the servers that keys in services are tested with.
    Cloud,
}

impl Need {
    pub(crate) const ALL: [Self; 8] =
        [Self::Rust, Self::Npm, Self::Python, Self::Wheel, Self::Browsers, Self::Valgrind, Self::Hsm, Self::Cloud];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Npm => "npm",
            Self::Python => "python",
            Self::Wheel => "wheel",
            Self::Browsers => "browsers",
            Self::Valgrind => "valgrind",
            Self::Hsm => "hsm",
            Self::Cloud => "cloud",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|need| need.name() == name).with_context(|| {
            let names = Self::ALL.map(Self::name).join(" ");
            format!("`setup` knows {names}, and {name} was given")
        })
    }
}

/// Sees that one need is met.
pub(crate) fn ensure(project: &Project, need: Need) -> Result<()> {
    let _one_at_a_time = project.lock()?;
    match need {
        Need::Rust => rust(project),
        Need::Npm => npm(project),
        Need::Python => python(project, Environment::Reader),
        Need::Wheel => python(project, Environment::Wheel),
        Need::Cloud => python(project, Environment::Cloud),
        Need::Browsers => programs(project, "The browser tests need", &BROWSER_PROGRAMS),
        Need::Valgrind => programs(project, "The check for constant time needs", &[("valgrind", "valgrind")]),
        Need::Hsm => programs(project, "The tests of hardware keys need", &HSM_PROGRAMS),
    }
    .with_context(|| format!("setting up {}", need.name()))
}

fn rust(project: &Project) -> Result<()> {
    for (component, subcommand) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        if !command::succeeds("cargo", [subcommand, "--version"]) {
            say(&format!("{component} is missing: adding it to the Rust toolchain"));
            command::run(project, "rustup", ["component", "add", component])?;
        }
    }
    for target in [wasm::TARGET, wasm::TESTS_TARGET] {
        let mut libraries = command::command(project, "rustc", ["--print", "target-libdir"]);
        libraries.args(["--target", target]);
        if !Path::new(&command::output_of(libraries)?).exists() {
            say(&format!("The Rust standard library for {target} is missing: adding it to the toolchain"));
            command::run(project, "rustup", ["target", "add", target])?;
        }
    }
    Ok(())
}

fn npm(project: &Project) -> Result<()> {
    let version = command::output_of(command::command(project, "node", ["--version"]))
        .context("Node.js 20.19 or newer is needed, with npm; install it from nodejs.org or your system's packages")?;
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    if (numbers.next(), numbers.next()) < (Some(20), Some(19)) {
        bail!("Node.js 20.19 or newer is needed, and `node --version` says {version}");
    }
    let in_ci = std::env::var_os("CI").is_some();
    match npm_state::read(project)? {
        NpmState::Current => Ok(()),
        NpmState::LockIsBehind(what) if in_ci => {
            bail!("package-lock.json is behind {what}: run `npm install` and commit it")
        }
        NpmState::LockIsBehind(what) => {
            say(&format!("package-lock.json is behind {what}: running npm install"));
            command::run(project, "npm", ["install"])
        }
        NpmState::NothingInstalled => {
            say("No npm packages are installed: installing those of package-lock.json");
            command::run(project, "npm", ["ci"])
        }
        // Not `npm ci`: it would first remove the packages that another shell may be using.
        NpmState::InstalledDiffers(what) => {
            say(&format!("{what} is not installed as package-lock.json has it: running npm install"));
            command::run(project, "npm", ["install"])
        }
    }
}

/// A virtual environment of Python, in the target folder with everything else that is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    /// For the independent reader, which shares nothing with the SDK.
    Reader,
    /// For the wheel: what builds, tests and measures it.
    Wheel,
    /// For keys in services: OpenBao, and a stand-in for AWS KMS.
    Cloud,
}

impl Environment {
    pub(crate) fn folder(self, project: &Project) -> PathBuf {
        project.target.join(match self {
            Self::Reader => "python",
            Self::Wheel => "python-wheel",
            Self::Cloud => "python-cloud",
        })
    }

    /// Its interpreter.
    pub(crate) fn python(self, project: &Project) -> PathBuf {
        self.folder(project).join("bin/python")
    }

    const fn requirements(self) -> &'static str {
        match self {
            Self::Reader => "tests/interop/python/requirements.txt",
            Self::Wheel => "packages/python/requirements.txt",
            Self::Cloud => "bindings/hsm/tests/requirements.txt",
        }
    }
}

fn python(project: &Project, environment: Environment) -> Result<()> {
    let requirements = environment.requirements();
    let required = project.path(requirements);
    let required = fs::read_to_string(&required).with_context(|| format!("cannot read {}", required.display()))?;
    let folder = environment.folder(project);
    // The requirements as they were installed last.
    let installed = folder.join("requirements.txt");
    let program = environment.python(project);
    if program.exists() && fs::read_to_string(&installed).is_ok_and(|text| text == required) {
        return Ok(());
    }
    say(&format!("Installing the Python packages of {requirements}"));
    if !command::succeeds("python3", ["-c", "import ensurepip, venv"]) {
        install_debian_packages(project, &["python3", "python3-venv"])?;
    }
    let mut create = command::command(project, "python3", ["-m", "venv", "--clear"]);
    create.arg(&folder);
    command::run_shown(create)?;
    command::run(
        project,
        program,
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
    )?;
    fs::write(&installed, required).with_context(|| format!("cannot write {}", installed.display()))
}

/// A module that keeps its tokens in files, and what looks at them from outside.
const HSM_PROGRAMS: [(&str, &str); 2] = [("softhsm2-util", "softhsm2"), ("pkcs11-tool", "opensc")];

/// What the browser tests start, and the Debian packages that bring it. `xauth` is what `xvfb-run` calls.
const BROWSER_PROGRAMS: [(&str, &str); 5] = [
    ("chromium", "chromium"),
    ("firefox", "firefox-esr"),
    ("WebKitWebDriver", "webkit2gtk-driver"),
    ("xvfb-run", "xvfb"),
    ("xauth", "xauth"),
];

/// Programs, each with the Debian package that brings it.
fn programs(project: &Project, who_needs: &str, programs: &[(&str, &str)]) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    let missing: Vec<&(&str, &str)> = programs.iter().filter(|(program, _)| !there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    say(&format!("{who_needs} {}: installing", programs.join(", ")));
    let packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    install_debian_packages(project, &packages)
}

/// Installs Debian packages as root; for anyone else, fails with the command that root would run.
fn install_debian_packages(project: &Project, packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !command::succeeds("apt-get", ["--version"]) {
        bail!("install what the Debian packages {names} bring with your system's own package manager");
    }
    if command::output_of(command::command(project, "id", ["-u"]))? != "0" {
        bail!(
            "run this, then try again: sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"
        );
    }
    command::run(project, "apt-get", ["update", "-q"])?;
    let words = ["install", "-y", "-q", "--no-install-recommends"];
    let mut install = command::command(project, "apt-get", words.iter().chain(packages));
    install.env("DEBIAN_FRONTEND", "noninteractive");
    command::run_shown(install)
}
