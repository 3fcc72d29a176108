//! The shared vectors, through the program: every language opens the same bytes and refuses the same bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::{Sandbox, failed};
use serde_json::Value;

/// Writes the keyrings of `keyrings.json` that can be opened, and a file with the passphrase of each.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for case in cases("keyrings.json") {
        let name = text(&case["name"]);
        sandbox.write(&format!("{name}.keyring"), hex::decode(text(&case["sealed"])).unwrap());
        sandbox.write(&format!("{name}.pass"), text(&case["passphrase"]));
    }
    sandbox
}

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    json["cases"].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// `--scope` and `--context` of a case.
fn bound(case: &Value) -> Vec<String> {
    let mut arguments = Vec::new();
    let scope: Vec<String> = case["scope"].as_array().into_iter().flatten().map(|s| text(s).to_owned()).collect();
    if !scope.is_empty() && case["keyring"].is_string() {
        let escaped: Vec<String> = scope.iter().map(|s| s.replace('%', "%25").replace('/', "%2F")).collect();
        arguments.extend(["--scope".to_owned(), escaped.join("/")]);
    }
    for (key, value) in case["context"].as_object().into_iter().flatten() {
        arguments.extend(["--context".to_owned(), format!("{key}={}", text(value))]);
    }
    arguments
}

#[test]
fn keyrings() {
    let sandbox = sandbox();
    for case in cases("keyrings.json") {
        let name = text(&case["name"]);
        let (file, pass) = (format!("{name}.keyring"), format!("{name}.pass"));
        let arguments = ["keyring", "show", &file, "--passphrase-file", &pass, "--json"];
        let output = sandbox.run(&arguments);
        if case["result"] == "valid" {
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(shown["primary"], case["primary"], "{name}");
            assert_eq!(shown["scope"], case["path"], "{name}");
        } else {
            assert!(!output.status.success(), "{name}");
        }
    }
}

#[test]
fn envelopes() {
    let sandbox = sandbox();
    for case in cases("envelopes.json") {
        let name = text(&case["name"]);
        sandbox.write("envelope", hex::decode(text(&case["envelope"])).unwrap());
        let mut arguments: Vec<String> = ["decrypt", "envelope", "-o", "-"].map(String::from).to_vec();
        match case["keyring"].as_str() {
            Some(keyring) => {
                arguments.extend(["-k".into(), format!("{keyring}.keyring")]);
                arguments.extend(["--passphrase-file".into(), format!("{keyring}.pass")]);
            }
            None => {
                sandbox.write("pass", text(&case["passphrase"]));
                arguments.extend(["--passphrase-file".into(), "pass".into()]);
            }
        }
        arguments.extend(bound(&case));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = sandbox.run(&arguments);
        if case["result"] == "valid" {
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let len = case["plaintext_length"].as_u64().unwrap();
            assert!(output.stdout == (0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>(), "{name}");
        } else {
            let code = output.status.code();
            assert!(code.is_some_and(|code| (2..=12).contains(&code)), "{name}: {code:?}");
            failed(code.unwrap(), &["envelope"], &output);
        }
    }
}

#[test]
fn tokens() {
    let sandbox = sandbox();
    for case in cases("tokens.json") {
        let name = text(&case["name"]);
        let keyring = text(&case["keyring"]);
        let (file, pass) = (format!("{keyring}.keyring"), format!("{keyring}.pass"));
        let mut arguments: Vec<String> = ["token", "decrypt", "--raw", "-k", &file].map(String::from).to_vec();
        arguments.extend(["--passphrase-file".into(), pass]);
        arguments.extend(bound(&case));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = sandbox.run_with_input(&arguments, text(&case["token"]).as_bytes());
        if case["result"] == "valid" {
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(output.stdout == hex::decode(text(&case["value"])).unwrap(), "{name}");
        } else {
            assert!(!output.status.success(), "{name}");
        }
    }
}
