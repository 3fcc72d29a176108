//! `fortress verify`.

use serde_json::json;

use super::{Reading, sources};
use crate::arguments::{Common, Verify};
use crate::failure::Failure;
use crate::input::{Input, Source};
use crate::pipeline::{self, Writing};
use crate::progress::{Progress, size};
use crate::report::Report;

pub(super) fn run(arguments: &Verify, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let reading = Reading::new(&arguments.opening, common)?;
    let sources = sources(&arguments.files)?;
    for source in &sources {
        match verify(&reading, source, report) {
            Err(failure) if sources.len() == 1 => return Err(failure),
            Err(failure) => report.failed(&failure),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn verify(reading: &Reading, source: &Source, report: &Report) -> Result<(), Failure> {
    let mut input = Input::open(source)?;
    let name = input.name.clone();
    let envelope = reading.open(&mut input)?;
    let suite = envelope.suite();
    let total = input.len.map(|len| len.saturating_sub(envelope.prefix_len() as u64));
    let progress = Progress::start(&name, total, report.is_quiet());
    let passed = pipeline::run(envelope.into_parallel(), input.rest()?, Writing::Nowhere, &progress);
    drop(progress);
    let (_, plaintext) = passed.map_err(|fault| fault.into_failure(&name, "nowhere"))?;
    report.result(
        || json!({ "file": name, "authentic": true, "suite": suite.title(), "plaintext_length": plaintext }),
        || format!("{name}: authentic, {} in {suite}", size(plaintext)),
    )
}
