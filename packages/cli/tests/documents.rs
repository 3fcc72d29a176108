//! The README and the guide: every command in them runs, and prints what they show. Help, completions and manual pages are there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{PASSPHRASE, Sandbox};

#[test]
fn the_readme_is_true() {
    run_document(include_str!("../README.md"));
}

#[test]
fn the_guide_is_true() {
    run_document(include_str!("../../../docs/guide/command-line.md"));
}

/// Runs the `console` blocks of a page in one shell and compares what each command prints.
fn run_document(page: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("report.pdf", "a report data.end");
    sandbox.write("notes.txt", "Milk, bread.\n");
    sandbox.write("photos/cat.jpg", "cat");
    sandbox.write("photos/dog.jpg", "dog");
    let steps = steps(page);
    assert!(!steps.is_empty());
    let mut script = String::new();
    for (number, (command, _)) in steps.iter().enumerate() {
        script.push_str(&format!("{{ {command}\n}} > ../shown.{number} 2>&1 < /dev/null\n"));
    }
    let folder = sandbox.path("work");
    std::fs::create_dir(&folder).unwrap();
    for name in ["report.pdf", "notes.txt", "photos"] {
        std::fs::rename(sandbox.path(name), folder.join(name)).unwrap();
    }
    let binaries = Path::new(env!("CARGO_BIN_EXE_fortress")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder)
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("FORTRESS_PASSPHRASE", PASSPHRASE)
        .env_remove("FORTRESS_NEW_PASSPHRASE")
        .status()
        .unwrap();
    for (number, (command, expected)) in steps.iter().enumerate() {
        let shown = String::from_utf8(sandbox.read(&format!("shown.{number}"))).unwrap();
        assert!(matches(expected.trim_end(), shown.trim_end()), "$ {command}\n{shown}\nexpected\n{expected}");
    }
}

/// Commands, which follow `$ `, and what they print.
fn steps(page: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if inside => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command.into(), String::new())),
                (None, Some((_, expected))) => expected.push_str(&format!("{line}\n")),
                (None, None) => panic!("output before the first command: {line}"),
            },
            _ => {}
        }
    }
    steps
}

/// Is `shown` what is `expected`, in which `…` stands for anything on a line, and runs of blanks are alike?
fn matches(expected: &str, shown: &str) -> bool {
    let blanks = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let line_matches = |expected: &str, shown: &str| {
        let (expected, shown) = (blanks(expected), blanks(shown));
        let mut parts = expected.split('…');
        let Some(mut rest) = parts.next().and_then(|start| shown.strip_prefix(start)) else {
            return false;
        };
        let parts: Vec<&str> = parts.collect();
        for (index, part) in parts.iter().enumerate() {
            let found = if index + 1 == parts.len() {
                rest.ends_with(part).then(|| rest.len() - part.len())
            } else {
                rest.find(part)
            };
            match found {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.is_empty()
    };
    expected.lines().count() == shown.lines().count()
        && expected.lines().zip(shown.lines()).all(|(expected, shown)| line_matches(expected, shown))
}

#[test]
fn help_is_there_for_every_command() {
    let sandbox = Sandbox::new();
    let all = sandbox.ok_text(&["help"]);
    for command in ["keyring", "encrypt", "decrypt", "rewrap", "verify", "inspect", "token", "completions", "man"] {
        assert!(all.contains(&format!("  {command}")), "{command} in {all}");
        let help = sandbox.ok_text(&[command, "--help"]);
        assert!(help.contains("Usage: fortress"), "{help}");
    }
    let encrypt = sandbox.ok_text(&["encrypt", "--help"]);
    assert!(encrypt.contains("    tar c photos | fortress encrypt -k team.keyring -o photos.tar.ftrs"), "{encrypt}");
    assert!(sandbox.ok_text(&["--version"]).starts_with("fortress "));
}

#[test]
fn completions_and_manual_pages() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(sandbox.ok_text(&["completions", shell]).contains("destroy-version"), "{shell}");
    }
    sandbox.write("completions", sandbox.ok(&["completions", "bash"]));
    assert!(Command::new("bash").arg("-n").arg(sandbox.path("completions")).status().unwrap().success());
    assert!(sandbox.ok_text(&["man"]).contains("141 whoever read the output stopped reading"));
    sandbox.ok(&["man", "man1"]);
    let pages = common::names_in(&sandbox.path("man1"));
    for page in ["fortress.1", "fortress-encrypt.1", "fortress-keyring-destroy-version.1", "fortress-token-decrypt.1"] {
        assert!(pages.contains(&page.to_owned()), "{page} in {pages:?}");
    }
}
