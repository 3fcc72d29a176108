//! A column's rows in blocks, worked on by as many cores as there are.
//!
//! The calling thread has the interpreter: it makes each block ready, with the contexts of its rows, and hands it over. When the
//! others are busy it works on the block itself, without the interpreter. What is written goes straight to where it stays: into a
//! Python object that nobody else has seen yet, or into the buffers of an array.

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

    /// Hands a block what converts its cells.
    fn convert<B: Block>(
        &self,
        share: Self::Share,
        block: B,
        contexts: &Planned<'_>,
    ) -> Result<Converted<B::Aside>, Failure>;
}

/// The rows of a column, and room for what becomes of them.
pub(super) trait Column {
    type Block: Block;

    /// The rows of the next block, in order. Asked for with the interpreter.
    fn block(&mut self, range: Range<usize>, work: &impl Work) -> PyResult<Self::Block>;

    /// Takes what a block made aside.
    fn take(&mut self, aside: <Self::Block as Block>::Aside) -> PyResult<()>;
}

/// Some rows of a column, which any thread can work on.
pub(super) trait Block: Send {
    /// What was not written to where it stays.
    type Aside: Send;

    /// How many of the rows have a value.
    fn values(&self) -> usize;

    /// Calls `convert` for each value, with its context and the room for what becomes of it. Rows are counted from the block's first.
    fn convert(
        self,
        work: &impl Work,
        contexts: &Planned<'_>,
        convert: impl FnMut(Cell<'_>, &Context, &mut [u8]) -> Result<(), Failure>,
    ) -> Result<Converted<Self::Aside>, Failure>;
}

/// What became of a block's rows.
pub(super) struct Converted<A> {
    pub(super) aside: A,
    pub(super) failures: Vec<(usize, Failure)>,
}

/// Converts all `rows` of a column. Fails with every row that failed.
pub(super) fn convert<W: Work, C: Column>(
    py: Python<'_>,
    rows: usize,
    column: &mut C,
    contexts: &OwnContexts<'_>,
    work: &W,
) -> PyResult<()> {
    let mut outcome = Outcome::default();
    let helpers = (cores() - 1).min(rows.div_ceil(BLOCK).saturating_sub(1));
    let (tasks, waiting) = mpsc::sync_channel(WAITING * helpers);
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
        let tasks: SyncSender<Task<'_, C::Block, W::Share>> = tasks;
        starts.try_for_each(|start| {
            py.check_signals()?;
            let range = start..rows.min(start + BLOCK);
            let (block, contexts) = (column.block(range.clone(), work)?, contexts.of_rows(range.clone())?);
            let share = work.share(block.values())?;
            match tasks.try_send(Task { range, block, contexts, share }) {
                Ok(()) => {}
                Err(TrySendError::Full(task) | TrySendError::Disconnected(task)) => {
                    outcome.take(py.detach(|| task.run(work)), column)?;
                }
            }
            while let Some(made) = next(&finished, Receiver::try_recv) {
                outcome.take(made, column)?;
            }
            Ok::<(), PyErr>(())
        })?;
        drop(tasks);
        while let Some(task) = next(&waiting, Receiver::try_recv) {
            outcome.take(py.detach(|| task.run(work)), column)?;
        }
        while let Some(made) = py.detach(|| next(&finished, Receiver::recv)) {
            outcome.take(made, column)?;
        }
        Ok::<(), PyErr>(())
    })?;
    outcome.finish(rows)
}

/// Rows that are worked on at once: enough to be worth handing over, few enough to stay in a core's cache. Eight of them share a byte of
/// a column's validity, so that no two blocks do.
pub(crate) const BLOCK: usize = 1_024;

/// Blocks that wait for each helper, so that it has work while this thread has its own.
const WAITING: usize = 4;

/// Works on blocks until there are none.
fn help<B: Block, W: Work>(work: &W, waiting: &Mutex<Receiver<Task<'_, B, W::Share>>>, done: &Sender<Made<B::Aside>>) {
    while let Some(task) = next(waiting, Receiver::recv) {
        if done.send(task.run(work)).is_err() {
            break;
        }
    }
}

fn next<T, E>(receiver: &Mutex<Receiver<T>>, receive: impl FnOnce(&Receiver<T>) -> Result<T, E>) -> Option<T> {
    receive(&receiver.lock().unwrap_or_else(PoisonError::into_inner)).ok()
}

/// A block, and what it takes to work on it.
struct Task<'a, B, S> {
    range: Range<usize>,
    block: B,
    contexts: Planned<'a>,
    share: S,
}

/// What became of a block: of its rows, or what kept all of it from being worked on.
struct Made<A> {
    range: Range<usize>,
    converted: Result<Converted<A>, Failure>,
}

impl<B: Block, S> Task<'_, B, S> {
    fn run<W: Work<Share = S>>(self, work: &W) -> Made<B::Aside> {
        let Task { range, block, contexts, share } = self;
        Made { range, converted: work.convert(share, block, &contexts) }
    }
}

/// What became of all blocks so far.
#[derive(Default)]
struct Outcome {
    rows: usize,
    failures: Vec<(usize, Failure)>,
}

impl Outcome {
    fn take<C: Column>(&mut self, made: Made<<C::Block as Block>::Aside>, column: &mut C) -> PyResult<()> {
        let Converted { aside, failures } = made.converted?;
        self.rows += made.range.len();
        self.failures.extend(failures.into_iter().map(|(row, failure)| (made.range.start + row, failure)));
        // Nothing of a column that has failed will be returned.
        if self.failures.is_empty() { column.take(aside) } else { Ok(()) }
    }

    fn finish(mut self, rows: usize) -> PyResult<()> {
        if !self.failures.is_empty() {
            self.failures.sort_by_key(|(row, _)| *row);
            return Err(RowFailures(self.failures).into());
        }
        if self.rows < rows {
            return Err(thread_ended().into());
        }
        Ok(())
    }
}

/// A thread did not come to the end of its work.
pub(crate) fn thread_ended() -> Failure {
    let text = "a thread that worked on the column ended; this is a defect of Fortress";
    Failure { code: "internal", text: text.into() }
}
