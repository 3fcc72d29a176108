//! `fortress`: encrypts files and values on the command line.
//!
//! The core does the encryption; this program brings files, threads, a clock, randomness and a terminal, and says what went wrong.

mod arguments;
mod commands;
mod external;
mod failure;
mod in_place;
mod input;
mod interrupt;
mod keyrings;
mod opener;
mod output;
mod passphrases;
mod people;
mod pipeline;
mod place;
mod progress;
mod random;
mod recipients;
mod report;
mod tty;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use arguments::Arguments;
use failure::{Exit, Failure};
use report::Report;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error),
    };
    let json = arguments.common.json;
    let mut report = Report::new(&arguments.common);
    leave_no_core();
    let watched = interrupt::watch(json)
        .map_err(|error| Failure::new(Exit::Other, "internal", format!("cannot watch for Ctrl-C: {error}")));
    match watched.and_then(|()| commands::run(arguments, &mut report)) {
        Ok(()) => report.exit().map_or(ExitCode::SUCCESS, exit_code),
        Err(failure) => {
            report::tell(&failure, json);
            exit_code(failure.exit)
        }
    }
}

/// Keys and plaintext do not get to the disk by a crash of this program.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

/// Help where it was asked for; else what is wrong, on one line like every other failure.
fn not_understood(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => exit_code(Exit::Unwritable),
        };
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return exit_code(Exit::Usage);
    }
    let text = error.render().to_string();
    let wrong: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let wrong = wrong.join(" ");
    let wrong = wrong.strip_prefix("error: ").unwrap_or(&wrong);
    let json = std::env::args_os().any(|argument| argument == "--json");
    report::tell(&Failure::usage(format!("{wrong}; see `fortress help`")), json);
    exit_code(Exit::Usage)
}

fn exit_code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}
