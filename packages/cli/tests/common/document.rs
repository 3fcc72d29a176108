//! Pages whose commands run.

use std::path::Path;
use std::process::Command;

use super::{PASSPHRASE, Sandbox};

/// Runs the `console` blocks of a page in one shell, in this environment, and compares what each command prints.
pub fn run_document(page: &str, sandbox: &Sandbox, environment: &[(&str, &Path)]) {
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
    std::fs::create_dir_all(&folder).unwrap();
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
        .envs(environment.iter().copied())
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
