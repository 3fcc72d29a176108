//! Are the npm packages that the lock file names installed, and does it cover every workspace?
//!
//! npm would answer by installing, which takes seconds and may touch files. Reading what it wrote takes milliseconds:
//! `node_modules/.package-lock.json` lists what is installed.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use crate::project::Project;

/// What reading the files tells.
#[derive(Debug, PartialEq)]
pub(crate) enum NpmState {
    Current,
    NothingInstalled,
    /// The named manifest asks for something else than the lock file.
    LockIsBehind(String),
    /// The named package is absent or of another version.
    InstalledDiffers(String),
}

/// Compares the manifests, the lock file and what is installed.
pub(crate) fn read(project: &Project) -> Result<NpmState> {
    let root = project.read_json("package.json")?;
    let mut manifests = vec![(String::new(), root.clone())];
    for folder in root["workspaces"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let manifest = format!("{folder}/package.json");
        if project.path(&manifest).exists() {
            manifests.push((folder.to_owned(), project.read_json(&manifest)?));
        }
    }
    if !project.path("package-lock.json").exists() {
        return Ok(NpmState::LockIsBehind("package.json (there is no lock file yet)".to_owned()));
    }
    let lock = project.read_json("package-lock.json")?;
    let locked = packages(&lock).context("package-lock.json lists no packages")?;
    if let Some(manifest) = manifest_ahead(&manifests, locked) {
        return Ok(NpmState::LockIsBehind(manifest));
    }
    if !project.path("node_modules/.package-lock.json").exists() {
        return Ok(NpmState::NothingInstalled);
    }
    let installed = project.read_json("node_modules/.package-lock.json")?;
    let installed = packages(&installed).context("node_modules/.package-lock.json lists no packages")?;
    Ok(first_difference(locked, installed).map_or(NpmState::Current, NpmState::InstalledDiffers))
}

fn packages(lock: &Value) -> Option<&Map<String, Value>> {
    lock["packages"].as_object()
}

/// The first manifest whose dependencies the lock file does not have as they are.
fn manifest_ahead(manifests: &[(String, Value)], locked: &Map<String, Value>) -> Option<String> {
    let kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    let empty = Value::Object(Map::new());
    let ahead = manifests.iter().find(|(folder, manifest)| {
        let entry = locked.get(folder).unwrap_or(&Value::Null);
        let differs = |kind: &&str| manifest.get(kind).unwrap_or(&empty) != entry.get(kind).unwrap_or(&empty);
        entry.is_null() || kinds.iter().any(differs)
    });
    ahead.map(
        |(folder, _)| {
            if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") }
        },
    )
}

/// The first package that is not installed as locked. An optional one may be absent: it is another platform's.
fn first_difference(locked: &Map<String, Value>, installed: &Map<String, Value>) -> Option<String> {
    let differs = |(path, entry): &(&String, &Value)| {
        if !path.contains("node_modules/") {
            return false; // a workspace: its link below node_modules is what counts
        }
        match installed.get(*path) {
            Some(found) => found["version"] != entry["version"],
            None => entry["optional"] != Value::Bool(true),
        }
    };
    locked.iter().find(differs).map(|(path, _)| path.trim_start_matches("node_modules/").to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn installed_as_locked() {
        let locked = map(json!({
            "": {}, "packages/npm": {},
            "node_modules/a": { "version": "1.0.0" },
            "node_modules/fortress-sdk": { "link": true },
            "node_modules/other-platform": { "version": "1.0.0", "optional": true },
        }));
        let installed = map(json!({
            "node_modules/a": { "version": "1.0.0" },
            "node_modules/fortress-sdk": { "link": true },
        }));
        assert_eq!(first_difference(&locked, &installed), None);
    }

    #[test]
    fn another_version_and_a_missing_package_are_named() {
        let locked = map(json!({ "node_modules/a": { "version": "1.0.1" } }));
        let older = map(json!({ "node_modules/a": { "version": "1.0.0" } }));
        assert_eq!(first_difference(&locked, &older), Some("a".to_owned()));
        assert_eq!(first_difference(&locked, &Map::new()), Some("a".to_owned()));
    }

    #[test]
    fn a_manifest_that_asks_for_more_is_named() {
        let manifests = [
            (String::new(), json!({ "name": "root" })),
            ("packages/npm".to_owned(), json!({ "devDependencies": { "typescript": "^6" } })),
        ];
        let behind = map(json!({ "": {}, "packages/npm": { "devDependencies": {} } }));
        assert_eq!(manifest_ahead(&manifests, &behind), Some("packages/npm/package.json".to_owned()));
        let unknown = map(json!({ "": {} }));
        assert_eq!(manifest_ahead(&manifests, &unknown), Some("packages/npm/package.json".to_owned()));
        let current = map(json!({ "": {}, "packages/npm": { "devDependencies": { "typescript": "^6" } } }));
        assert_eq!(manifest_ahead(&manifests, &current), None);
    }
}
