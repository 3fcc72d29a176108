//! `fortress inspect`, and the layout that `fortress token inspect` shares.

use std::io;

use fortress::envelope::{Header, RecipientInfo};
use fortress::{Suite, inspect};
use serde_json::{Map, Value, json};

use super::sources;
use crate::arguments::Inspect;
use crate::failure::{Failure, printable};
use crate::input::{Input, Source};
use crate::report::Report;

pub(super) fn run(arguments: &Inspect, report: &mut Report) -> Result<(), Failure> {
    let sources = sources(&arguments.files)?;
    for source in &sources {
        match inspect_file(source, report) {
            Err(failure) if sources.len() == 1 => return Err(failure),
            Err(failure) => report.failed(&failure),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn inspect_file(source: &Source, report: &Report) -> Result<(), Failure> {
    let mut input = Input::open(source)?;
    let name = input.name.clone();
    let prefix = input.read_prefix()?;
    let len = match input.len {
        Some(len) => len,
        // A pipe's length is known once it has ended.
        None => {
            let rest = io::copy(input.file(), &mut io::sink()).map_err(|error| Failure::read(&name, &error))?;
            prefix.len() as u64 + rest
        }
    };
    let inspection = inspect::envelope(&prefix, Some(len)).map_err(|error| Failure::from(error).of(&name))?;
    report.result(
        || {
            let mut object = object(&inspection);
            object.insert("file".into(), name.clone().into());
            object.insert("length".into(), len.into());
            object.into()
        },
        || format!("{name}\n{}", text(&inspection)),
    )
}

/// An inspection as JSON.
pub(super) fn object(inspection: &inspect::Inspection) -> Map<String, Value> {
    let fields = inspection
        .fields
        .iter()
        .map(|field| json!({ "offset": field.offset, "length": field.len, "name": field.name, "value": field.value }));
    let mut object = Map::new();
    object.insert("kind".into(), inspection.kind.name().into());
    if let Some(id) = inspection.suite_id {
        let suite = Suite::from_id(id).ok();
        object.insert(
            "suite".into(),
            json!({ "id": id, "name": suite.map(Suite::name), "title": suite.map(Suite::title) }),
        );
    }
    if let Some(id) = inspection.key_id {
        object.insert("key_id".into(), id.to_string().into());
    }
    if let Some(len) = inspection.plaintext_len {
        object.insert("plaintext_length".into(), len.into());
    }
    if let Some(header) = &inspection.header {
        object.insert("content".into(), header.content().into());
        object.insert("recipients".into(), header.recipient_infos().map(|info| recipient(&info)).collect());
        object.insert("metadata".into(), metadata(header));
    }
    object.insert("fields".into(), fields.collect());
    object
}

/// An inspection for people: its bytes in order.
pub(super) fn text(inspection: &inspect::Inspection) -> String {
    let mut lines = vec![format!("{:>12} {:>12}  {:<14}  value", "offset", "bytes", "field")];
    for field in &inspection.fields {
        let line = format!("{:>12} {:>12}  {:<14}  {}", field.offset, field.len, field.name, printable(&field.value));
        lines.push(line.trim_end().to_owned());
    }
    if let Some(len) = inspection.plaintext_len {
        lines.push(format!("{}, plaintext of {len} bytes by its layout", inspection.kind.name()));
    }
    lines.join("\n")
}

/// A recipient as JSON.
pub(super) fn recipient(info: &RecipientInfo) -> Value {
    match info {
        RecipientInfo::Keyring { key_id } => json!({ "type": "keyring", "key_id": key_id.to_string() }),
        RecipientInfo::Passphrase { params } => json!({
            "type": "passphrase",
            "argon2": { "passes": params.passes, "memory_kib": params.memory_kib, "lanes": params.lanes },
        }),
        RecipientInfo::Identity { id } => json!({ "type": "identity", "id": id.to_string() }),
        RecipientInfo::Shares { set, threshold, count } => {
            json!({ "type": "shares", "set": set.to_string(), "threshold": threshold, "count": count })
        }
        RecipientInfo::External { reference } => json!({ "type": "external", "reference": reference }),
        RecipientInfo::Scope { key_id } => json!({ "type": "scope", "key_id": key_id.to_string() }),
        RecipientInfo::Other { kind } => json!({ "type": kind }),
        // Of a kind that this program does not show yet.
        _ => json!({ "type": null }),
    }
}

fn metadata(header: &Header) -> Value {
    Value::Object(header.metadata().iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect())
}
