//! The work of one call, on as many cores as there are.
//!
//! Threads live as long as the call: a pool would be gone in a forked child, and nobody would know.

use std::{
    num::NonZero,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

use fortress::chunked::{ChunkedError, Job};

/// Cores that this process may use. Asking the system takes longer than a short column.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

/// Jobs that `len` bytes are worth.
pub(crate) fn jobs(len: usize) -> usize {
    (len / WORTH_A_THREAD).clamp(1, cores())
}

/// Runs the jobs of a stream, this thread among those that do. Fails as one of those that failed.
pub(crate) fn run(jobs: Vec<Job<'_>>) -> Result<(), ChunkedError> {
    run_all(jobs, ChunkedError::Failed)
}

/// Runs jobs, this thread among those that do. Fails as one of those that failed, or with `ended` where a thread did not come to its end.
pub(crate) fn run_all<J, E>(jobs: Vec<J>, ended: E) -> Result<(), E>
where
    J: FnOnce() -> Result<(), E> + Send,
    E: Send,
{
    let helpers = jobs.len().saturating_sub(1);
    let jobs = Mutex::new(jobs);
    let work = || {
        while let Some(job) = next(&jobs) {
            job()?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        // Where there is no other thread to be had, this one does it all.
        let started: Vec<_> =
            (0..helpers).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut result = work();
        for thread in started {
            // One that panicked has not done all of its part.
            match thread.join() {
                Ok(done) => result = result.and(done),
                Err(_) => return Err(ended),
            }
        }
        result
    })
}

fn next<J>(jobs: &Mutex<Vec<J>>) -> Option<J> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Bytes for each job. A thread is started in the time in which a core encrypts half a mebibyte.
const WORTH_A_THREAD: usize = 2 << 20;
