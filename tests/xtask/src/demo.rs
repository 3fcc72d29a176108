//! The example page: served for a person, or driven by the browsers.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::command::{self, say};
use crate::project::Project;
use crate::setup::{self, Need};
use crate::{package, wasm};

const FOLDER: &str = "examples/web";

/// Builds everything, starts the page's storage server and opens the page. Ends with Ctrl-C.
pub(crate) fn serve(project: &Project) -> Result<()> {
    wasm::build(project)?;
    package::build(project)?;
    package::npm(project, ["run", "build"], FOLDER)?;

    let mut server = command::command(project, "npm", ["start", "--workspace", FOLDER]);
    let mut server = server.stdout(Stdio::piped()).spawn().context("cannot start the example's server")?;
    let lines = server.stdout.take().map(|stdout| BufReader::new(stdout).lines());
    let mut opened = false;
    for line in lines.into_iter().flatten() {
        let line = line.context("reading what the example's server prints")?;
        say(&line);
        if !opened && let Some(url) = address_in(&line) {
            opened = true;
            say(&format!("\nThe page is at {url} (Ctrl-C ends it)"));
            open(url);
        }
    }
    let status = server.wait().context("waiting for the example's server")?;
    if !status.success() {
        bail!("the example's server ended ({status})");
    }
    Ok(())
}

/// Drives the page end to end in every browser. The npm package must have been built.
pub(crate) fn check(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Browsers)?;
    package::npm(project, ["run", "build"], FOLDER)?;
    package::npm(project, ["run", "check"], FOLDER)
}

/// The page's address, where a line names one.
fn address_in(line: &str) -> Option<&str> {
    let start = line.find("http://")?;
    let rest = &line[start..];
    let end = rest.find(|character: char| character.is_whitespace() || character.is_control()).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(['.', ',', ')']))
}

/// Opens the page where there is a screen to open it on. The address is printed in any case.
fn open(url: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some() {
        "xdg-open"
    } else {
        return;
    };
    if Command::new(opener).arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_err() {
        say(&format!("({opener} is not there to open it)"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_a_line() {
        assert_eq!(address_in("listening on http://127.0.0.1:4173."), Some("http://127.0.0.1:4173"));
        assert_eq!(address_in("  http://127.0.0.1:80/ \u{1b}[0m"), Some("http://127.0.0.1:80/"));
        assert_eq!(address_in("http://127.0.0.1:80\u{1b}[0m"), Some("http://127.0.0.1:80"));
        assert_eq!(address_in("> node server.mjs"), None);
    }
}
