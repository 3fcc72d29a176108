//! Files and pipes, both ways.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use common::{Sandbox, failed, pattern};

const SUITES: [&str; 4] = ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"];
const BLOCK: usize = 32 * 16_384;

#[test]
fn every_suite_and_length_comes_back() {
    let sandbox = Sandbox::with_keyring();
    for suite in SUITES {
        for len in [0, 1, 16_383, 16_384, 16_385, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK, 5 * BLOCK + 70_000] {
            sandbox.write("plain", pattern(len));
            sandbox.ok(&["encrypt", "-k", "k", "--suite", &suite.to_lowercase(), "plain", "--force"]);
            sandbox.ok(&["decrypt", "-k", "k", "plain.ftrs", "-o", "back", "--force"]);
            assert!(sandbox.read("back") == pattern(len), "{suite} {len}");
            let shown = sandbox.json(&["inspect", "plain.ftrs", "--json"]);
            assert_eq!(shown["suite"]["title"], suite);
            assert_eq!(shown["plaintext_length"], len);
        }
    }
    assert_eq!(sandbox.names(), ["back", "k", "plain", "plain.ftrs"], "nothing unfinished is left");
}

#[test]
fn pipes() {
    let sandbox = Sandbox::with_keyring();
    for len in [0, 5, BLOCK, 3 * BLOCK + 17] {
        let encrypted = sandbox.ok_with_input(&["encrypt", "-k", "k"], &pattern(len));
        let back = sandbox.ok_with_input(&["decrypt", "-k", "k", "-"], &encrypted);
        assert!(back == pattern(len), "{len}");
    }
}

#[test]
fn a_pipe_tells_when_the_end_is_missing() {
    let sandbox = Sandbox::with_keyring();
    let encrypted = sandbox.ok_with_input(&["encrypt", "-k", "k"], &pattern(3 * BLOCK));
    // Where a chunk ends, nothing but the missing end tells.
    let cut = &encrypted[..encrypted.len() - 16];
    let output = sandbox.run_with_input(&["decrypt", "-k", "k"], cut);
    failed(7, &["its end is missing", "discard it"], &output);
    assert!(pattern(3 * BLOCK).starts_with(&output.stdout), "what came before is authentic");
    assert!(output.stdout.len() >= 2 * BLOCK);

    let output = sandbox.run_with_input(&["decrypt", "-k", "k"], &encrypted[..encrypted.len() - BLOCK / 2 - 5]);
    failed(6, &["changed or cut", "discard it"], &output);

    let mut flipped = encrypted.clone();
    flipped[BLOCK + BLOCK / 2] ^= 1;
    let output = sandbox.run_with_input(&["decrypt", "-k", "k"], &flipped);
    failed(6, &["not authentic"], &output);
    assert_eq!(output.stdout.len(), BLOCK, "just the block before");

    let mut longer = encrypted;
    longer.push(0);
    failed(6, &["not authentic"], &sandbox.run_with_input(&["decrypt", "-k", "k"], &longer));
}

#[test]
fn a_reader_that_stops_is_no_noise() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", pattern(8 * BLOCK));
    let program = env!("CARGO_BIN_EXE_fortress");
    let line = format!("'{program}' encrypt -k k plain -o - | head -c 10; exit ${{PIPESTATUS[0]}}");
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .current_dir(sandbox.path(""))
        .env("FORTRESS_PASSPHRASE", common::PASSPHRASE)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(output.stderr, b"");
}

#[test]
fn parts() {
    let sandbox = Sandbox::with_keyring();
    let len = 3 * BLOCK + 100;
    sandbox.write("plain", pattern(len));
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--context", "a=b"]);
    let range = |range: &str| sandbox.ok(&["decrypt", "-k", "k", "--context", "a=b", "--range", range, "plain.ftrs"]);
    for (start, end) in [(0, 1), (0, len), (1000, 2000), (16_384, 32_768), (16_383, BLOCK * 2 + 1), (len - 1, len)] {
        assert!(range(&format!("{start}-{end}")) == pattern(len)[start..end], "{start} {end}");
    }
    assert_eq!(range("7-7"), b"");
    assert!(range("-100") == pattern(len)[len - 100..]);
    assert!(range("-99999999") == pattern(len));
    assert!(range(&format!("{}-", len - 3)) == pattern(len)[len - 3..]);

    let beyond = format!("5-{}", len + 1);
    sandbox.fails(
        2,
        &["does not lie within"],
        &["decrypt", "-k", "k", "--context", "a=b", "--range", &beyond, "plain.ftrs"],
    );
    // The length that a cut file claims is not believed.
    let cut = sandbox.read("plain.ftrs");
    sandbox.write("cut.ftrs", &cut[..cut.len() - 50]);
    let arguments = ["decrypt", "-k", "k", "--context", "a=b", "--range", "0-10", "cut.ftrs"];
    assert!(sandbox.fails(6, &["not authentic"], &arguments).stdout.is_empty());
}

#[test]
fn contexts_and_metadata() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-k", "k", "plain", "--context", "b=2", "--context", "aa=1", "--metadata", "type=note"]);
    sandbox.ok(&["verify", "-k", "k", "plain.ftrs", "--context", "aa=1", "--context", "b=2"]);
    sandbox.fails(6, &["plain.ftrs", "--context"], &["verify", "-k", "k", "plain.ftrs", "--context", "aa=1"]);
    sandbox.fails(2, &["each key once"], &["verify", "-k", "k", "plain.ftrs", "--context", "a=1", "--context", "a=2"]);
    let shown = sandbox.json(&["inspect", "--json", "plain.ftrs"]);
    assert_eq!(shown["metadata"], serde_json::json!({ "type": "note" }));
    assert_eq!(shown["recipients"][0]["type"], "keyring");
    sandbox.fails(2, &["fortress."], &["encrypt", "-k", "k", "plain", "--metadata", "fortress.x=1", "-o", "x"]);
}

#[test]
fn passphrases_alone_and_beside_a_keyring() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    sandbox.ok(&["encrypt", "-p", "plain"]);
    assert_eq!(sandbox.ok(&["decrypt", "plain.ftrs", "-o", "-"]), b"text");
    sandbox.fails(4, &["bring the passphrase"], &["decrypt", "-k", "k", "plain.ftrs", "-o", "-"]);

    sandbox.write("other", "another passphrase\n");
    sandbox.ok(&["encrypt", "-k", "k", "-p", "--new-passphrase-file", "other", "plain", "-o", "both"]);
    assert_eq!(sandbox.ok(&["decrypt", "-k", "k", "both", "-o", "-"]), b"text");
    assert_eq!(sandbox.ok(&["decrypt", "--passphrase-file", "other", "both", "-o", "-"]), b"text");
    sandbox.fails(5, &["passphrase is wrong", "try again"], &["decrypt", "both", "-o", "-"]);
    sandbox.fails(2, &["-k KEYRING", "--to IDENTITY", "-p"], &["encrypt", "plain", "-o", "x"]);
}

#[test]
fn several_files() {
    let sandbox = Sandbox::with_keyring();
    for name in ["a", "b", "c"] {
        sandbox.write(name, name);
    }
    sandbox.ok(&["encrypt", "-k", "k", "a", "b", "c"]);
    std::fs::create_dir(sandbox.path("out")).unwrap();
    sandbox.write("b.ftrs", "not one");
    // One that fails does not keep the others back.
    let output = sandbox.run(&["decrypt", "-k", "k", "a.ftrs", "b.ftrs", "c.ftrs", "-o", "out"]);
    failed(3, &["b.ftrs", "not a Fortress envelope"], &output);
    assert_eq!(common::names_in(&sandbox.path("out")), ["a", "c"]);
    sandbox.fails(2, &["folder", "-o"], &["encrypt", "-k", "k", "a", "b", "-o", "nowhere"]);
}

#[test]
fn json_tells_what_was_done() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", "text");
    let done = sandbox.json(&["encrypt", "-k", "k", "plain", "--json"]);
    assert_eq!(done["file"], "plain");
    assert_eq!(done["output"], "plain.ftrs");
    assert_eq!(done["plaintext_length"], 4);
    assert_eq!(done["length"], sandbox.read("plain.ftrs").len());
    let done = sandbox.json(&["decrypt", "-k", "k", "plain.ftrs", "-o", "back", "--json"]);
    assert_eq!((&done["plaintext_length"], &done["output"]), (&4.into(), &"back".into()));
    let done = sandbox.json(&["verify", "-k", "k", "plain.ftrs", "--json"]);
    assert_eq!(done["authentic"], true);
    assert_eq!(sandbox.json(&["rewrap", "-k", "k", "plain.ftrs", "--json"])["recipients"], 1);

    // Where the data goes to standard output, the report does not.
    let output = sandbox.run(&["decrypt", "-k", "k", "plain.ftrs", "-o", "-", "--json"]);
    assert_eq!(output.stdout, b"text");
    let done: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(done["plaintext_length"], 4);

    let output = sandbox.run(&["decrypt", "-k", "k", "plain.ftrs", "-o", "back", "--json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"exists".into(), &8.into()));
    assert_eq!(output.status.code(), Some(8));
    let output = sandbox.run(&["decypt", "--json"]);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(error["error"]["code"], "usage");
}

#[test]
fn the_layout_has_every_byte() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("plain", pattern(20_000));
    sandbox.ok(&["encrypt", "-k", "k", "plain"]);
    let shown = sandbox.json(&["inspect", "--json", "plain.ftrs"]);
    let mut end = 0;
    for field in shown["fields"].as_array().unwrap() {
        assert_eq!(field["offset"], end);
        end += field["length"].as_u64().unwrap();
    }
    assert_eq!(end, sandbox.read("plain.ftrs").len() as u64);
    let from_pipe = sandbox.ok_with_input(&["inspect", "--json"], &sandbox.read("plain.ftrs"));
    let from_pipe: serde_json::Value = serde_json::from_slice(&from_pipe).unwrap();
    assert_eq!(from_pipe["fields"], shown["fields"]);
}
