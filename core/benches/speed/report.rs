//! What was measured: a table for a terminal, and JSON for the page of all platforms.

use std::fs;

use serde_json::{Value, json};

/// One contest; the first row is what the others are compared with.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) bytes: usize,
    pub(crate) rows: Vec<Row>,
}

/// A competitor's time for one call.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) seconds: f64,
}

impl Group {
    /// Each one's speed, and how it stands beside the first's.
    pub(crate) fn print(&self) {
        for row in &self.rows {
            let (speed, ratio) = (self.speed(row), self.rows[0].seconds / row.seconds);
            println!("  {:18} {:30} {speed:>12}   {ratio:5.2}", self.title, row.name);
        }
    }

    fn to_json(&self, part: &str) -> Value {
        let row = |row: &Row| {
            let ours = row.name.starts_with("ours");
            json!({ "name": row.name, "ours": ours, "seconds": row.seconds, "speed": self.speed(row) })
        };
        json!({ "title": format!("{part}, {}", self.title), "rows": self.rows.iter().map(row).collect::<Vec<_>>() })
    }

    fn speed(&self, row: &Row) -> String {
        match self.bytes {
            ..4096 if row.seconds < 1e-5 => format!("{:.0} ns", row.seconds * 1e9),
            ..4096 => format!("{:.1} us", row.seconds * 1e6),
            _ => format!("{:.2} GB/s", self.bytes as f64 / row.seconds / 1e9),
        }
    }
}

/// Writes what all parts measured; whoever records it says which goals that reaches (`tests/bench/recorded.mjs`).
pub(crate) fn write_json(path: &str, backend: &str, parts: &[(&str, Vec<Group>)]) {
    let groups = parts.iter().flat_map(|(part, groups)| groups.iter().map(|group| group.to_json(part)));
    let report = json!({ "runtime": format!("Native, {backend}"), "groups": groups.collect::<Vec<_>>() });
    fs::write(path, report.to_string()).unwrap();
}
