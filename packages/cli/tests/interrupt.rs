//! Ctrl-C and its like leave nothing unfinished.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Sandbox, pattern};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn an_interrupted_run_leaves_no_file() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let sandbox = Sandbox::with_keyring();
        let mut command = sandbox.command(&["encrypt", "-k", "k", "-o", "out"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // More than the pipe and the program's blocks hold together, so that some of it is written.
        stdin.write_all(&pattern(16 << 20)).unwrap();
        wait_until(|| sandbox.names().len() > 1);
        assert!(sandbox.names().iter().any(|name| name.ends_with(".part")), "{:?}", sandbox.names());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(output.stderr, b"fortress: interrupted; no unfinished file was left\n");
        assert_eq!(sandbox.names(), ["k"]);
        drop(stdin);
    }
}

#[test]
fn what_was_there_survives_an_interruption() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("out", "mine");
    let mut command = sandbox.command(&["encrypt", "-k", "k", "-o", "out", "--force"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&pattern(16 << 20)).unwrap();
    wait_until(|| sandbox.names().len() > 2);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(sandbox.read("out"), b"mine");
    assert_eq!(sandbox.names(), ["k", "out"]);
}

#[test]
fn an_interruption_is_told_in_json_too() {
    let sandbox = Sandbox::with_keyring();
    let mut command = sandbox.command(&["encrypt", "-k", "k", "-o", "out", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    wait_until(|| sandbox.names().len() > 1);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&"interrupted".into(), &130.into()));
    drop(stdin);
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_would_leave_no_core() {
    let sandbox = Sandbox::with_keyring();
    let mut child = sandbox.command(&["encrypt", "-k", "k", "-o", "out"]).stdin(Stdio::piped()).spawn().unwrap();
    wait_until(|| sandbox.names().len() > 1);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert!(core.split_whitespace().nth(4) == Some("0"), "{core}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}
