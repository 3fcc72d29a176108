//! `cargo xtask <task>`: the one entry to every developer task, and what CI runs.
//!
//! Tasks run other people's tools (cargo, npm, pytest, browsers) and let their output through. Each task first sees
//! that what it needs is there ([`setup`]), so a fresh clone needs no step before `cargo xtask test`.

mod bench;
mod cli;
mod command;
mod constant_time;
mod demo;
mod fresh;
mod fuzz;
mod interop;
mod links;
mod lint;
mod npm_state;
mod package;
mod project;
mod setup;
mod steps;
mod wasm;
mod wheel;

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use cli::Task;
use project::Project;
use setup::Need;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let task = match cli::parse(&words) {
        Ok(task) => task,
        Err(error) => {
            command::say_error(&format!("{error:#}"));
            return ExitCode::FAILURE;
        }
    };
    run(task).unwrap_or_else(|error| {
        command::say_error(&format!("{error:#}; to repeat it: cargo xtask {}", words.join(" ")));
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode> {
    if let Task::Help = task {
        command::say(cli::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    let project = Project::find().context("cannot find the project")?;
    match task {
        Task::Help => {}
        Task::Setup(needs) => needs.iter().try_for_each(|need| setup::ensure(&project, *need))?,
        Task::Build => {
            wasm::build(&project)?;
            package::build(&project)?;
        }
        Task::Lint => {
            lint::rust(&project)?;
            wasm::build(&project)?;
            package::build(&project)?;
            lint::web(&project)?;
        }
        Task::Test(selected) => return steps::test(&project, &selected),
        Task::Demo { check: false } => demo::serve(&project)?,
        Task::Demo { check: true } => {
            wasm::build(&project)?;
            package::build(&project)?;
            demo::check(&project)?;
        }
        Task::Bench { platforms, html } => bench::run(&project, &platforms, html)?,
        Task::Vectors => {
            setup::ensure(&project, Need::Rust)?;
            command::run(&project, "cargo", ["run", "-p", "fortress-sdk", "--example", "vectors"])?;
        }
        Task::Fuzz { target, seconds } => fuzz::run(&project, target.as_deref(), seconds)?,
        Task::Fresh(words) => fresh::run(&project, &words)?,
    }
    Ok(ExitCode::SUCCESS)
}
