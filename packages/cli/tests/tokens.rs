//! `fortress token …`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use common::{Sandbox, failed};

#[test]
fn one_value_a_line() {
    let sandbox = Sandbox::with_keyring();
    let with = ["-k", "k", "--scope", "acme/users/email", "--context", "row=42"];
    let values = "ada@example.org\n\ngrüße\nlast without a line break";
    let tokens = sandbox.ok_with_input(&[&["token", "encrypt"], &with[..]].concat(), values.as_bytes());
    assert_eq!(tokens.iter().filter(|&&byte| byte == b'\n').count(), 4);
    let back = sandbox.ok_with_input(&[&["token", "decrypt"], &with[..]].concat(), &tokens);
    assert_eq!(String::from_utf8(back).unwrap(), format!("{values}\n"));

    let output = sandbox.run_with_input(&["token", "decrypt", "-k", "k", "--scope", "acme/users/ssn"], &tokens);
    failed(6, &["line 1", "not authentic"], &output);
    let mut damaged = tokens.clone();
    let second = tokens.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    damaged[second + 60] = if damaged[second + 60] == b'A' { b'B' } else { b'A' };
    let output = sandbox.run_with_input(&[&["token", "decrypt"], &with[..]].concat(), &damaged);
    failed(6, &["line 2"], &output);
    assert_eq!(output.stdout, b"ada@example.org\n", "those before it are answered");
    let output = sandbox.run_with_input(&[&["token", "decrypt"], &with[..]].concat(), b"no token\n");
    failed(3, &["line 1", "base64url"], &output);
    failed(3, &["line 1"], &sandbox.run_with_input(&[&["token", "decrypt"], &with[..]].concat(), b"\xff\n"));
}

#[test]
fn values_as_arguments_and_json() {
    let sandbox = Sandbox::with_keyring();
    let made = sandbox.json(&["token", "encrypt", "-k", "k", "--suite", "aegis-256", "value", "--json"]);
    let token = made["token"].as_str().unwrap();
    assert_eq!(sandbox.json(&["token", "decrypt", "-k", "k", token, "--json"])["value"], "value");
    let shown = sandbox.json(&["token", "inspect", token, "--json"]);
    assert_eq!((&shown["kind"], &shown["suite"]["id"]), (&"token".into(), &33.into()));
    assert_eq!(shown["plaintext_length"], 5);
    assert!(sandbox.ok_text(&["token", "inspect", token]).contains("key id"));
}

#[test]
fn line_breaks_are_told_apart() {
    let sandbox = Sandbox::with_keyring();
    let tokens = sandbox.ok_with_input(&["token", "encrypt", "-k", "k", "-0"], b"two\nlines\0one\0");
    assert_eq!(tokens.iter().filter(|&&byte| byte == 0).count(), 2);
    assert_eq!(sandbox.ok_with_input(&["token", "decrypt", "-k", "k", "-0"], &tokens), b"two\nlines\0one\0");
    let first = tokens.split(|&byte| byte == 0).next().unwrap();
    let output = sandbox.run_with_input(&["token", "decrypt", "-k", "k"], first);
    failed(2, &["line break", "-0"], &output);
    assert_eq!(output.stdout, b"");
    let json = sandbox.ok_with_input(&["token", "decrypt", "-k", "k", "--json"], first);
    assert_eq!(json, b"{\"value\":\"two\\nlines\"}\n");
}

#[test]
fn any_bytes() {
    let sandbox = Sandbox::with_keyring();
    for value in [&b"\0\n\xff"[..], b"", b"text\n"] {
        let token = sandbox.ok_with_input(&["token", "encrypt", "-k", "k", "--raw"], value);
        assert!(token.is_ascii() && !token.ends_with(b"\n"));
        assert_eq!(sandbox.ok_with_input(&["token", "decrypt", "-k", "k", "--raw"], &token), value);
    }
    let long = vec![0; (16 << 20) + 1];
    let output = sandbox.run_with_input(&["token", "encrypt", "-k", "k", "--raw"], &long);
    failed(12, &["16777216", "envelope"], &output);
}

#[test]
fn an_answer_does_not_wait_for_the_next_line() {
    let sandbox = Sandbox::with_keyring();
    let mut command = sandbox.command(&["token", "encrypt", "-k", "k"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for value in ["one", "two"] {
        writeln!(stdin, "{value}").unwrap();
        let mut token = String::new();
        stdout.read_line(&mut token).unwrap();
        assert_eq!(sandbox.ok(&["token", "decrypt", "-k", "k", token.trim_end()]), format!("{value}\n").as_bytes());
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
