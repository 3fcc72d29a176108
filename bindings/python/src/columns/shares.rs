//! A column's rows divided among the cores.

use std::{
    collections::BTreeMap,
    num::NonZero,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use fortress::{
    Keyring,
    batch::{Batch, BatchError},
};
use pyo3::prelude::*;

use super::Cells;
use crate::{
    failure::{Failure, RowFailures},
    keyring::KeyringHandle,
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

/// Rows that are worked on at once: enough to share a derivation, few enough to stay in a core's cache.
const BLOCK: usize = 4_096;

/// Has `work` done on all rows, a block at a time on as many cores as there are, and its results taken in order by the
/// calling thread, which has the interpreter for that: it makes Python objects while the others go on. Fails with every
/// row that failed.
pub(super) fn shared<T: Send>(
    py: Python<'_>,
    keyring: &KeyringHandle,
    rows: usize,
    work: impl Fn(&Keyring, Range<usize>) -> Result<T, RowFailures> + Sync,
    mut take: impl FnMut(Range<usize>, T),
) -> PyResult<()> {
    // The keyring is lent for a block and given back before its result is handed over: a thread that waits for the
    // interpreter must not keep others from the keyring.
    let work = |rows: Range<usize>| match keyring.lend().as_ref() {
        Some(keyring) => work(keyring, rows),
        None => Err(RowFailures(rows.map(|row| (row, Failure::closed("keyring"))).collect())),
    };
    let blocks = rows.div_ceil(BLOCK);
    let rows_of = |block: usize| block * BLOCK..rows.min((block + 1) * BLOCK);
    let mut results = InOrder::new();
    if blocks <= 1 {
        results.add(0, py.detach(|| work(0..rows)), |block, result| take(rows_of(block), result));
        return results.finish(1);
    }
    let next = AtomicUsize::new(0);
    let next_block = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|block| *block < blocks);
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(blocks);
    let (sender, receiver) = mpsc::sync_channel(2 * workers);
    // A lock that nobody contends for, so that the receiver can be used without the interpreter.
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let (work, next_block) = (&work, &next_block);
        let mut started = Vec::new();
        for _ in 0..workers {
            let sender = sender.clone();
            let run = move || {
                while let Some(block) = next_block() {
                    if sender.send((block, work(rows_of(block)))).is_err() {
                        break;
                    }
                }
            };
            started.extend(thread::Builder::new().spawn_scoped(scope, run));
        }
        drop(sender);
        while let Ok((block, result)) = py.detach(|| receive(&receiver)) {
            results.add(block, result, |block, result| take(rows_of(block), result));
        }
        // One that panicked has left a gap, which is told below.
        started.into_iter().for_each(|worker| drop(worker.join()));
        // Where no thread was to be had, this one does it.
        while let Some(block) = next_block() {
            let result = py.detach(|| work(rows_of(block)));
            results.add(block, result, |block, result| take(rows_of(block), result));
        }
    });
    results.finish(blocks)
}

/// Results that come in any order and are taken in theirs.
struct InOrder<T> {
    waiting: BTreeMap<usize, T>,
    taken: usize,
    failures: Vec<(usize, Failure)>,
}

impl<T> InOrder<T> {
    fn new() -> InOrder<T> {
        InOrder { waiting: BTreeMap::new(), taken: 0, failures: Vec::new() }
    }

    fn add(&mut self, block: usize, result: Result<T, RowFailures>, mut take: impl FnMut(usize, T)) {
        match result {
            Err(RowFailures(failures)) => self.failures.extend(failures),
            Ok(result) if self.failures.is_empty() => {
                self.waiting.insert(block, result);
                while let Some(result) = self.waiting.remove(&self.taken) {
                    take(self.taken, result);
                    self.taken += 1;
                }
            }
            // Nothing of the column will be returned.
            Ok(_) => {}
        }
    }

    fn finish(mut self, blocks: usize) -> PyResult<()> {
        if !self.failures.is_empty() {
            self.failures.sort_by_key(|(row, _)| *row);
            return Err(RowFailures(self.failures).into());
        }
        if self.taken < blocks {
            let text = "a thread that worked on the column ended; this is a defect of Fortress";
            return Err(Failure { code: "internal", text: text.into() }.into());
        }
        Ok(())
    }
}

fn receive<T>(receiver: &Mutex<mpsc::Receiver<T>>) -> Result<T, mpsc::RecvError> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv()
}

/// The failures of a batch that was made of those rows that have a value.
pub(super) fn of_cells(error: &BatchError, cells: &Cells<'_>, rows: Range<usize>) -> RowFailures {
    let rows: Vec<usize> = rows.filter(|row| cells[*row].is_some()).collect();
    let failure = |(position, error): &(usize, fortress::token::TokenError)| {
        (rows.get(*position).copied().unwrap_or_default(), Failure::from(*error))
    };
    RowFailures(error.failures().iter().map(failure).collect())
}
