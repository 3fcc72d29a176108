//! Running another program: shown before it starts, its output let through, its failure named.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::project::Project;

/// Runs a program at the project's root.
pub(crate) fn run<I, S>(project: &Project, program: impl AsRef<OsStr>, arguments: I) -> Result<()>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    run_shown(command(project, program, arguments))
}

/// A program at the project's root, to be adjusted before [`run_shown`].
pub(crate) fn command<I, S>(project: &Project, program: impl AsRef<OsStr>, arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(program);
    // Given whole: a relative CARGO_TARGET_DIR means another folder at the root than where the runner was started.
    command.args(arguments).current_dir(&project.root).env("CARGO_TARGET_DIR", &project.target);
    // `cargo run` describes the runner's own package in the environment. Build scripts that watch those variables
    // would run anew each time cargo is started from here and from a shell in turn.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command
}

/// Prints a command, runs it to its end and fails when it does.
pub(crate) fn run_shown(mut command: Command) -> Result<()> {
    let line = shown(&command);
    say(&format!("$ {line}"));
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// Every failure of several runs in one error, so that one try tells everything there is to mend.
pub(crate) fn all_of(results: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if !failures.is_empty() {
        bail!("{}", failures.join("; "));
    }
    Ok(())
}

/// What a program prints, trimmed; nothing of it is shown unless it fails.
pub(crate) fn output_of(mut command: Command) -> Result<String> {
    let line = shown(&command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program starts and ends well. For asking whether a tool is there.
pub(crate) fn succeeds<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut line = String::new();
    for word in words.map(OsStr::to_string_lossy) {
        if !line.is_empty() {
            line.push(' ');
        }
        if word.is_empty()
            || word.contains(|character: char| !(character.is_alphanumeric() || "-_=+./:,@^~".contains(character)))
        {
            line.push_str(&format!("'{}'", word.replace('\'', r"'\''")));
        } else {
            line.push_str(&word);
        }
    }
    line
}

/// A line of the runner's own. A reader that went away (`| head`) is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line that says what went wrong.
pub(crate) fn say_error(line: &str) {
    let _ = writeln!(std::io::stderr(), "xtask: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted() {
        let mut command = Command::new("cargo");
        command.args(["test", "-p", "fortress-sdk", "it's", ""]);
        assert_eq!(shown(&command), r"cargo test -p fortress-sdk 'it'\''s' ''");
    }

    #[test]
    fn several_failures_make_one() {
        let error = all_of([Err(anyhow::anyhow!("this")), Ok(()), Err(anyhow::anyhow!("that"))]).unwrap_err();
        assert_eq!(error.to_string(), "this; that");
        assert!(all_of([Ok(())]).is_ok());
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run_shown(Command::new("false")).unwrap_err().to_string();
        assert!(error.contains("`false` failed"), "{error}");
        let error = run_shown(Command::new("no-such-program")).unwrap_err().to_string();
        assert!(error.contains("cannot start `no-such-program`"), "{error}");
    }
}
