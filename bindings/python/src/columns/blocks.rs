//! A column's rows in blocks, worked on by as many cores as there are.
//!
//! The calling thread has the interpreter: it looks at a block's values, makes room for what becomes of them, and hands
//! the block over. When the others are busy it works on the block itself, without the interpreter. What is written goes
//! straight to where it stays: into a Python object that nobody else has seen yet, or into the buffer of an array.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, Sender, SyncSender, TrySendError},
    },
    thread,
};

use fortress::{Context, token::TokenError};
use pyo3::prelude::*;
use zeroize::zeroize_bytes;

use super::{
    Cell,
    contexts::{OwnContexts, Planned},
};
use crate::{
    cores::cores,
    failure::{Failure, RowFailures},
};

/// What is done to every row of a column.
pub(super) trait Work: Sync {
    /// What a block needs that is given out in order.
    type Share: Send;

    /// Bytes that a cell becomes.
    fn output_len(&self, cell: Cell<'_>) -> Result<usize, TokenError>;

    /// The share of the next block, which has this many values. Asked for with the interpreter.
    fn share(&self, values: usize) -> Result<Self::Share, Failure>;

    /// Calls `convert` with what converts a block's cells, one after the other.
    fn with_converter(&self, share: Self::Share, convert: &mut dyn FnMut(Converter<'_>)) -> Result<(), Failure>;
}

/// Writes what becomes of a cell, under the context of its row.
pub(super) type Converter<'c> = &'c mut dyn FnMut(Cell<'_>, &Context, &mut [u8]) -> Result<(), Failure>;

/// Where what becomes of the rows goes.
pub(crate) trait Sink<'a> {
    /// The next row has no value.
    fn nothing(&mut self);

    /// Room for what becomes of the next row, of `len` bytes.
    fn room(&mut self, cell: Cell<'_>, len: usize) -> PyResult<Room<'a>>;

    /// Takes what was made aside for a row.
    fn take(&mut self, row: usize, made: &[u8]) -> PyResult<()>;
}

/// Where what becomes of a row is written.
pub(crate) enum Room<'a> {
    /// Where it stays.
    There(&'a mut [u8]),
    /// Aside, that many bytes: the sink takes it.
    Aside(usize),
}

/// Converts all `cells`, of which there are `rows`. Fails with every row that failed.
pub(super) fn convert<'a, W: Work>(
    py: Python<'_>,
    rows: usize,
    mut cells: impl Iterator<Item = PyResult<Option<Cell<'a>>>>,
    contexts: &'a OwnContexts<'_>,
    work: &W,
    sink: &mut impl Sink<'a>,
) -> PyResult<()> {
    let mut outcome = Outcome::default();
    let helpers = (cores() - 1).min(rows.div_ceil(BLOCK).saturating_sub(1));
    let (blocks, waiting) = mpsc::sync_channel(WAITING * helpers);
    let (done, finished) = mpsc::channel();
    // A lock that nobody contends for, so that the receiver can be used without the interpreter.
    let (waiting, finished) = (Mutex::new(waiting), Mutex::new(finished));
    thread::scope(|scope| {
        for _ in 0..helpers {
            let (waiting, done) = (&waiting, done.clone());
            // Without another thread this one does it all.
            let started = thread::Builder::new().spawn_scoped(scope, move || help(work, waiting, &done));
            if started.is_err() {
                break;
            }
        }
        drop(done);
        let mut starts = (0..rows).step_by(BLOCK);
        // However this ends, the helpers see that no block follows.
        let blocks: SyncSender<Block<'a, W::Share>> = blocks;
        starts.try_for_each(|start| {
            py.check_signals()?;
            let range = start..rows.min(start + BLOCK);
            let block = Block::plan(range, &mut cells, contexts, work, sink, &mut outcome)?;
            match blocks.try_send(block) {
                Ok(()) => {}
                Err(TrySendError::Full(block) | TrySendError::Disconnected(block)) => {
                    outcome.take(py.detach(|| block.run(work)), sink)?;
                }
            }
            while let Some(made) = next(&finished, Receiver::try_recv) {
                outcome.take(made, sink)?;
            }
            Ok::<(), PyErr>(())
        })?;
        drop(blocks);
        while let Some(block) = next(&waiting, Receiver::try_recv) {
            outcome.take(py.detach(|| block.run(work)), sink)?;
        }
        while let Some(made) = py.detach(|| next(&finished, Receiver::recv)) {
            outcome.take(made, sink)?;
        }
        Ok::<(), PyErr>(())
    })?;
    outcome.finish(rows)
}

/// Rows that are worked on at once: enough to be worth handing over, few enough to stay in a core's cache.
const BLOCK: usize = 1_024;

/// Blocks that wait for each helper, so that it has work while this thread has its own.
const WAITING: usize = 4;

/// Works on blocks until there are none.
fn help<'a, W: Work>(work: &W, waiting: &Mutex<Receiver<Block<'a, W::Share>>>, done: &Sender<Made>) {
    while let Some(block) = next(waiting, Receiver::recv) {
        if done.send(block.run(work)).is_err() {
            break;
        }
    }
}

fn next<T, E>(receiver: &Mutex<Receiver<T>>, receive: impl FnOnce(&Receiver<T>) -> Result<T, E>) -> Option<T> {
    receive(&receiver.lock().unwrap_or_else(PoisonError::into_inner)).ok()
}

/// The values of some rows, and room for what becomes of them.
struct Block<'a, S> {
    range: Range<usize>,
    /// Those that have a value.
    rows: Vec<(usize, Cell<'a>, Room<'a>)>,
    contexts: Planned<'a>,
    share: S,
}

/// What became of a block.
struct Made {
    rows: usize,
    /// What was made aside, one after the other, and the row and length of each.
    aside: Aside,
    items: Vec<(usize, usize)>,
    failures: Vec<(usize, Failure)>,
    /// What kept all of it from being worked on.
    failure: Option<Failure>,
}

impl<'a, S> Block<'a, S> {
    fn plan<W: Work<Share = S>>(
        range: Range<usize>,
        cells: &mut impl Iterator<Item = PyResult<Option<Cell<'a>>>>,
        contexts: &'a OwnContexts<'_>,
        work: &W,
        sink: &mut impl Sink<'a>,
        outcome: &mut Outcome,
    ) -> PyResult<Block<'a, S>> {
        let mut rows = Vec::with_capacity(range.len());
        // By the iterator itself, and not one after the other: the rows of an array are then one loop.
        cells.by_ref().take(range.len()).enumerate().try_for_each(|(row, cell)| {
            let (row, cell) = (range.start + row, cell?);
            match cell.map(|cell| (cell, work.output_len(cell))) {
                Some((cell, Ok(len))) => rows.push((row, cell, sink.room(cell, len)?)),
                Some((_, Err(error))) => {
                    outcome.failures.push((row, error.into()));
                    sink.nothing();
                }
                None => sink.nothing(),
            }
            Ok::<(), PyErr>(())
        })?;
        let (share, contexts) = (work.share(rows.len())?, contexts.of_rows(range.clone())?);
        Ok(Block { range, rows, contexts, share })
    }

    fn run<W: Work<Share = S>>(self, work: &W) -> Made {
        let Block { range, rows, contexts, share } = self;
        let aside = rows.iter().map(|(_, _, room)| if let Room::Aside(len) = room { *len } else { 0 }).sum();
        let mut aside = Aside(vec![0; aside]);
        let (mut items, mut failures) = (Vec::new(), Vec::new());
        let mut rest = &mut aside.0[..];
        let mut rows = Some(rows);
        let done = work.with_converter(share, &mut |convert| {
            for (row, cell, room) in rows.take().into_iter().flatten() {
                let out = match room {
                    Room::There(out) => out,
                    Room::Aside(len) => {
                        let (out, after) = std::mem::take(&mut rest).split_at_mut(len);
                        rest = after;
                        items.push((row, len));
                        out
                    }
                };
                let converted = contexts.of(row - range.start).and_then(|context| convert(cell, &context, out));
                failures.extend(converted.err().map(|failure| (row, failure)));
            }
        });
        Made { rows: range.len(), aside, items, failures, failure: done.err() }
    }
}

/// Bytes that may be plaintext, wiped when they have been taken.
struct Aside(Vec<u8>);

impl Drop for Aside {
    fn drop(&mut self) {
        // All at once: byte by byte, as `Zeroizing` does it, takes longer than decrypting them.
        zeroize_bytes(&mut self.0);
    }
}

/// What became of all blocks so far.
#[derive(Default)]
struct Outcome {
    rows: usize,
    failures: Vec<(usize, Failure)>,
}

impl Outcome {
    fn take<'a>(&mut self, made: Made, sink: &mut impl Sink<'a>) -> PyResult<()> {
        if let Some(failure) = made.failure {
            return Err(failure.into());
        }
        self.rows += made.rows;
        self.failures.extend(made.failures);
        // Nothing of a column that has failed will be returned.
        if self.failures.is_empty() {
            let mut rest = &made.aside.0[..];
            for (row, len) in made.items {
                let (item, after) = rest.split_at(len);
                rest = after;
                sink.take(row, item)?;
            }
        }
        Ok(())
    }

    fn finish(mut self, rows: usize) -> PyResult<()> {
        if !self.failures.is_empty() {
            self.failures.sort_by_key(|(row, _)| *row);
            return Err(RowFailures(self.failures).into());
        }
        if self.rows < rows {
            let text = "a thread that worked on the column ended; this is a defect of Fortress";
            return Err(Failure { code: "internal", text: text.into() }.into());
        }
        Ok(())
    }
}
