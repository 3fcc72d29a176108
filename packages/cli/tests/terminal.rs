//! On a terminal: questions without echo, confirmations, the progress bar. `script` (util-linux) brings the terminal.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{CHEAP, PASSPHRASE, Sandbox, pattern};

/// Runs the program on a terminal, and types each answer when its question is there. Returns the exit code and all that was shown.
fn on_terminal(sandbox: &Sandbox, line: &str, dialogue: &[(&str, &str)]) -> (i32, String) {
    let mut child = Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--command",
            // The shell outlives Ctrl-C, whichever it is; its trap is not handed on to the program.
            &format!("trap : INT; '{}' {line}", env!("CARGO_BIN_EXE_fortress")),
            "/dev/null",
        ])
        .current_dir(sandbox.path(""))
        .env("SHELL", "/bin/sh")
        .env_remove("FORTRESS_PASSPHRASE")
        .env_remove("FORTRESS_NEW_PASSPHRASE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = stdout.read(&mut bytes) {
            let _ = sender.send(bytes[..read].to_vec());
        }
    });
    let mut shown = Vec::new();
    let mut seen = 0;
    for (question, answer) in dialogue {
        loop {
            let text = String::from_utf8_lossy(&shown[seen..]).into_owned();
            if text.contains(question) {
                break;
            }
            let more = receiver.recv_timeout(Duration::from_secs(20));
            shown.extend(more.unwrap_or_else(|_| panic!("{question:?} did not come: {text}")));
        }
        seen = shown.len();
        stdin.write_all(answer.as_bytes()).unwrap();
    }
    for more in receiver {
        shown.extend(more);
    }
    let code = child.wait().unwrap().code().unwrap();
    (code, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let sandbox = Sandbox::new();
    let typed = format!("{PASSPHRASE}\n");
    let new = format!("keyring new -o k --argon2 {CHEAP}");
    let (code, shown) =
        on_terminal(&sandbox, &new, &[("New passphrase for k: ", &typed), ("The same again: ", &typed)]);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains(PASSPHRASE), "{shown}");
    sandbox.ok(&["keyring", "show", "k"]);

    let (code, shown) = on_terminal(&sandbox, "keyring show k", &[("Passphrase for k: ", &typed)]);
    assert_eq!(code, 0);
    assert!(shown.contains("profile   balanced") && !shown.contains(PASSPHRASE), "{shown}");

    let (code, shown) = on_terminal(&sandbox, "keyring show k", &[("Passphrase for k: ", "guess\n")]);
    assert_eq!(code, 5, "{shown}");
    let twice = [("New passphrase for x: ", typed.as_str()), ("The same again: ", "mistyped\n")];
    let (code, shown) = on_terminal(&sandbox, "keyring new -o x", &twice);
    assert_eq!(code, 11);
    assert!(shown.contains("the two passphrases differ"), "{shown}");
    assert_eq!(sandbox.names(), ["k"]);
}

#[test]
fn an_interrupted_question_gives_the_echo_back() {
    let sandbox = Sandbox::with_keyring();
    let line = r#"keyring show k; echo "code $?"; stty -a | grep -o -w -e '-*echo'"#;
    let (_, shown) = on_terminal(&sandbox, line, &[("Passphrase for k: ", "\x03")]);
    assert!(shown.contains("code 130"), "{shown}");
    assert!(shown.lines().any(|line| line.trim_end() == "echo"), "{shown}");
}

#[test]
fn what_cannot_be_undone_is_confirmed() {
    let sandbox = Sandbox::with_keyring();
    let first = sandbox.json(&["keyring", "show", "k", "--json"])["primary"].as_str().unwrap().to_owned();
    sandbox.ok(&["keyring", "rotate", "k"]);
    let typed = format!("{PASSPHRASE}\n");
    let destroy = format!("keyring destroy-version k {first}");
    let (code, shown) = on_terminal(&sandbox, &destroy, &[("for k: ", &typed), ("to destroy it: ", "yes\n")]);
    assert_eq!(code, 2);
    assert!(shown.contains("nothing was done"), "{shown}");
    let (code, _) = on_terminal(&sandbox, &destroy, &[("for k: ", &typed), ("to destroy it: ", &format!("{first}\n"))]);
    assert_eq!(code, 0);
    let export = "keyring export-secret k";
    let (code, shown) = on_terminal(&sandbox, export, &[("for k: ", &typed), ("to print them: ", "no\n")]);
    assert_eq!(code, 2, "{shown}");
    let (code, shown) = on_terminal(&sandbox, export, &[("for k: ", &typed), ("to print them: ", "export\n")]);
    assert_eq!(code, 0);
    assert!(shown.contains("(destroyed)"), "{shown}");
}

#[test]
fn progress_is_shown_and_goes() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("pass", PASSPHRASE);
    sandbox.write("feed", pattern(300_000));
    // A source that takes longer than a moment.
    let feed = "{ cat feed; sleep 1; cat feed; }";
    let script = format!("{feed} | '{}' encrypt -k k --passphrase-file pass -o out", env!("CARGO_BIN_EXE_fortress"));
    sandbox.write("slow.sh", script);
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", "sh slow.sh", "/dev/null"])
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("standard input  ") && shown.contains("/s"), "{shown}");
    assert!(shown.ends_with("\r\x1b[K"), "{shown:?}");
    let back = sandbox.ok(&["decrypt", "-k", "k", "out", "-o", "-"]);
    assert_eq!(back.len(), 600_000);
}

#[test]
fn encrypted_data_does_not_go_to_a_terminal() {
    let sandbox = Sandbox::with_keyring();
    sandbox.write("pass", PASSPHRASE);
    let (code, shown) = on_terminal(&sandbox, "encrypt -k k --passphrase-file pass", &[]);
    assert_eq!(code, 2);
    assert!(shown.contains("not for a terminal"), "{shown}");
}
