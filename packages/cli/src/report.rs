//! What a command tells: text for people, or JSON, one object a line.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::arguments::Common;
use crate::failure::{Exit, Failure, printable};
use crate::tty;

/// Tells results, and remembers the first failure of several.
pub(crate) struct Report {
    json: bool,
    quiet: bool,
    first_failure: Option<Exit>,
}

impl Report {
    pub(crate) fn new(common: &Common) -> Report {
        Report { json: common.json, quiet: common.quiet, first_failure: None }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// No progress bar: it would stand between objects, or nobody wants it.
    pub(crate) fn is_quiet(&self) -> bool {
        self.json || self.quiet
    }

    /// A result: the object with `--json`, else the text.
    pub(crate) fn result(&self, object: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        print(&if self.json { object().to_string() } else { text() })
    }

    /// What is only told with `--json`; on standard error where standard output carries data.
    pub(crate) fn object(&self, stdout_is_taken: bool, object: impl FnOnce() -> Value) -> Result<(), Failure> {
        match (self.json, stdout_is_taken) {
            (false, _) => Ok(()),
            (true, false) => print(&object().to_string()),
            (true, true) => {
                tty::say(&object().to_string());
                Ok(())
            }
        }
    }

    /// Something that a person should know and that is no failure.
    pub(crate) fn note(&self, text: &str) {
        if self.json {
            tty::say(&json!({ "note": text }).to_string());
        } else if !self.quiet {
            tty::say(&format!("fortress: {}", printable(text)));
        }
    }

    /// One of several files failed; the others go on.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        tell(failure, self.json);
        self.first_failure.get_or_insert(failure.exit);
    }

    pub(crate) fn exit(self) -> Option<Exit> {
        self.first_failure
    }
}

/// Says a failure on one line of standard error.
pub(crate) fn tell(failure: &Failure, json: bool) {
    let Failure { exit, code, message } = failure;
    if json {
        tty::say(&json!({ "error": { "code": code, "exit": *exit as u8, "message": message } }).to_string());
    } else if *exit != Exit::BrokenPipe {
        tty::say(&format!("fortress: {}", printable(message)));
    }
}

/// Text on standard output, and a line break.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written =
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::write("standard output", &error))
}
