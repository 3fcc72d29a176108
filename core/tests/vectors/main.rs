//! The shared vectors, and those that the independent implementation wrote, by every way there is to read them.
//!
//! `tests/vectors/README.md` says what stands in the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are tests")]

mod envelopes;
mod grants;
mod keyrings;
mod sharing;
mod tokens;

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

/// The folder of the shared vectors, and in it that of the independent implementation's.
const FOLDERS: [&str; 2] = ["", "python/"];

type Strings = BTreeMap<String, String>;

#[derive(Deserialize)]
struct File<C> {
    cases: Vec<Case<C>>,
}

#[derive(Deserialize)]
struct Case<C> {
    name: String,
    result: String,
    code: Option<String>,
    #[serde(flatten)]
    content: C,
}

/// Runs all cases of a file: `read` gives what came out, or the code of the error, and `check` looks at what came out.
fn run<C: DeserializeOwned, T>(
    file: &str,
    mut read: impl FnMut(&C) -> Result<T, &'static str>,
    mut check: impl FnMut(&C, T),
) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    let file: File<C> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(!file.cases.is_empty());
    for case in &file.cases {
        println!("{}", case.name);
        match (read(&case.content), case.result.as_str()) {
            (Ok(value), "valid") => check(&case.content, value),
            (Err(code), "invalid") => assert_eq!(Some(code), case.code.as_deref(), "{}", case.name),
            (outcome, expected) => panic!("{}: expected {expected}, got {:?}", case.name, outcome.map(|_| ())),
        }
    }
}
