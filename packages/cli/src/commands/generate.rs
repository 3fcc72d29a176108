//! `fortress completions` and `fortress man`: made from the arguments themselves.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::{Exit, Failure, shown};
use crate::report::print;

pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "fortress", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())
}

pub(super) fn man(folder: Option<&Path>) -> Result<(), Failure> {
    let mut command = Arguments::command().after_long_help(exit_codes());
    command.build();
    let Some(folder) = folder else {
        let page = page(command).map_err(|error| Failure::write("standard output", &error))?;
        return print(page.trim_end());
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::write(&shown(folder), &error))?;
    write_pages(command, folder)
}

/// A page for a command and for each below it: `fortress-keyring-new.1`.
fn write_pages(command: Command, folder: &Path) -> Result<(), Failure> {
    let hidden = |command: &&Command| command.get_name() != "help";
    for below in command.get_subcommands().filter(hidden) {
        write_pages(below.clone(), folder)?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let path = folder.join(format!("{name}.1"));
    let failed = |error: io::Error| Failure::write(&shown(&path), &error);
    std::fs::write(&path, page(command.display_name(name)).map_err(failed)?).map_err(failed)
}

fn page(command: Command) -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).manual("Fortress").render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn exit_codes() -> String {
    let mut text = "Exit codes:\n\n0 all went well\n".to_owned();
    for (exit, meaning) in Exit::TABLE {
        text.push_str(&format!("\n{} {meaning}\n", exit as u8));
    }
    text.push_str("\nWhen several files fail, the code is that of the first.");
    text
}
