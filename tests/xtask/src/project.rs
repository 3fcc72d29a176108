//! Where things are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command;

/// The repository's folders as this run sees them.
pub(crate) struct Project {
    /// The repository.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever `CARGO_TARGET_DIR` or a configuration file puts it.
    pub(crate) target: PathBuf,
}

impl Project {
    /// Asked of cargo, which knows every way in which the target folder may be set.
    pub(crate) fn find() -> Result<Self> {
        // `cargo run` sets it for the tree it was started in; the value at compile time may be another clone's.
        let own = std::env::var_os("CARGO_MANIFEST_DIR").context("start it as `cargo xtask`")?;
        let root = Path::new(&own).ancestors().nth(2).context("the runner lies two folders below the root")?.to_owned();
        let mut metadata = std::process::Command::new("cargo");
        // In the caller's folder: a relative CARGO_TARGET_DIR is relative to that.
        metadata
            .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
            .arg(root.join("Cargo.toml"));
        let metadata: Value = serde_json::from_str(&command::output_of(metadata)?).context("cargo metadata")?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?;
        Ok(Self { root, target: PathBuf::from(target) })
    }

    /// A path below the root.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// Holds other runs of the runner in this target folder back until the guard is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.target).with_context(|| format!("cannot create {}", self.target.display()))?;
        let path = self.target.join("xtask.lock");
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        if file.try_lock().is_err() {
            command::say("waiting for another cargo xtask…");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Ok(file)
    }

    /// The JSON file at a path below the root.
    pub(crate) fn read_json(&self, below: impl AsRef<Path>) -> Result<Value> {
        let path = self.path(below);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
    }
}
