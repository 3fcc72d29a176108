//! Identities in files, and who opens what.

use serde_json::Value;

use super::Sandbox;

/// Identities `ada` and `grace` with their public texts in `ada.pub` and `grace.pub`, the keyring `k`, and the file `plain`.
pub fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_keyring();
    for name in ["ada", "grace"] {
        let public = sandbox.ok(&["identity", "new", "-o", name]);
        sandbox.write(&format!("{name}.pub"), public);
    }
    sandbox.write("plain", "confidential");
    sandbox
}

pub fn text(sandbox: &Sandbox, file: &str) -> String {
    String::from_utf8(sandbox.read(file)).unwrap().trim().to_owned()
}

pub fn id(sandbox: &Sandbox, file: &str) -> String {
    sandbox.json(&["identity", "show", file, "--json"])["id"].as_str().unwrap().to_owned()
}

pub fn recipients(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    sandbox.json(&["inspect", "--json", file])["recipients"].as_array().unwrap().clone()
}
