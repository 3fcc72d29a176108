//! A column's rows divided among the cores.

use std::{num::NonZero, ops::Range, thread};

use fortress::batch::{Batch, BatchError};

use super::Cells;
use crate::{
    failure::{Failure, RowFailures},
    tokens::Form,
};

/// What became of a share of the rows, one item for each row that has a value.
pub(super) enum Share {
    Tokens(Batch),
    Text(String, Vec<usize>),
    Values(Values, Form),
}

/// Values, wiped when they have been copied to where they are wanted.
pub(super) struct Values(Batch);

impl Share {
    pub(super) fn tokens(batch: Batch) -> Share {
        Share::Tokens(batch)
    }

    pub(super) fn text(batch: &Batch) -> Share {
        let (text, ends) = batch.encode_text();
        Share::Text(text, ends)
    }

    pub(super) fn values(batch: Batch, form: Form) -> Share {
        Share::Values(Values(batch), form)
    }

    /// What the items are.
    pub(super) fn form(&self) -> Form {
        match self {
            Share::Tokens(_) => Form::Bytes,
            Share::Text(..) => Form::Text,
            Share::Values(_, form) => *form,
        }
    }

    /// All items, one after the other, and where each ends.
    pub(super) fn items(&self) -> (&[u8], &[usize]) {
        match self {
            Share::Tokens(batch) => (batch.bytes(), batch.ends()),
            Share::Text(text, ends) => (text.as_bytes(), ends),
            Share::Values(Values(batch), _) => (batch.bytes(), batch.ends()),
        }
    }

    /// Each item.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let (bytes, ends) = self.items();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, &end)| &bytes[start..end])
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// Rows that a thread is worth starting for.
const FEWEST_ROWS: usize = 2_048;

/// Has `work` done on all rows, on as many cores as pay. Fails with every row that failed.
pub(super) fn shared<T: Send>(
    rows: usize,
    work: impl Fn(Range<usize>) -> Result<T, RowFailures> + Sync,
) -> Result<Vec<T>, RowFailures> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = rows.div_ceil(cores).max(FEWEST_ROWS);
    let work = &work;
    let results: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (share..rows)
            .step_by(share)
            .map(|start| {
                let range = start..rows.min(start + share);
                let started = thread::Builder::new().spawn_scoped(scope, move || work(start..rows.min(start + share)));
                (range, started)
            })
            .collect();
        let first = work(0..rows.min(share));
        let others = started.into_iter().map(|(range, started)| match started {
            Ok(thread) => thread.join().unwrap_or_else(|_| Err(ended(range))),
            // No thread to be had: this one does it.
            Err(_) => work(range),
        });
        std::iter::once(first).chain(others).collect()
    });
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(share) => done.push(share),
            Err(RowFailures(failed)) => failures.extend(failed),
        }
    }
    if failures.is_empty() { Ok(done) } else { Err(RowFailures(failures)) }
}

/// The failures of a batch that was made of those rows that have a value.
pub(super) fn of_cells(error: &BatchError, cells: &Cells<'_>, rows: Range<usize>) -> RowFailures {
    let rows: Vec<usize> = rows.filter(|row| cells[*row].is_some()).collect();
    let failure = |(position, error): &(usize, fortress::token::TokenError)| {
        (rows.get(*position).copied().unwrap_or_default(), Failure::from(*error))
    };
    RowFailures(error.failures().iter().map(failure).collect())
}

#[cold]
fn ended(rows: Range<usize>) -> RowFailures {
    let text = "the thread that worked on this row ended; this is a defect of Fortress";
    RowFailures(vec![(rows.start, Failure { code: "internal", text: text.into() })])
}
