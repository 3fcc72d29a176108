//! The README and the guide: every command in them runs, and prints what they show. Help, completions and manual pages are there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::process::Command;

use common::Sandbox;
use common::document::run_document;

#[test]
fn the_readme_is_true() {
    run_document(include_str!("../README.md"), &Sandbox::new(), &[]);
}

#[test]
fn the_guide_is_true() {
    run_document(include_str!("../../../docs/guide/command-line.md"), &Sandbox::new(), &[]);
}

#[test]
fn help_is_there_for_every_command() {
    let sandbox = Sandbox::new();
    let all = sandbox.ok_text(&["help"]);
    for command in [
        "keyring",
        "identity",
        "grant",
        "encrypt",
        "decrypt",
        "rewrap",
        "verify",
        "inspect",
        "token",
        "completions",
        "man",
    ] {
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
