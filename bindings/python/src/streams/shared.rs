//! A stream that several threads may hold: one works on it at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use fortress::chunked::{self, ChunkedError, Job};
use pyo3::{prelude::*, types::PyBytes};

use crate::{
    buffer::{Bytes, Writable},
    cores, detached,
    failure::Failure,
};

/// What the two directions have in common.
pub(super) trait Stream: Send {
    /// Bytes that the next update writes for `len` bytes.
    fn update_len(&self, len: usize) -> usize;

    /// Takes more bytes, and writes what they make.
    fn update(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        jobs: usize,
        run: fn(Vec<Job<'_>>) -> Result<(), ChunkedError>,
    ) -> Result<usize, ChunkedError>;
}

macro_rules! stream {
    ($($name:ty),+) => {$(
        impl Stream for $name {
            fn update_len(&self, len: usize) -> usize {
                <$name>::update_len(self, len)
            }

            fn update(
                &mut self,
                input: &[u8],
                output: &mut [u8],
                jobs: usize,
                run: fn(Vec<Job<'_>>) -> Result<(), ChunkedError>,
            ) -> Result<usize, ChunkedError> {
                if jobs > 1 {
                    self.update_into_with(input, output, jobs, run)
                } else {
                    self.update_into(input, output)
                }
            }
        }
    )+};
}

stream!(chunked::Encryptor, chunked::Decryptor);

/// A stream, or `None` once it is finished.
pub(super) struct Shared<S>(Mutex<Option<S>>);

impl<S: Stream> Shared<S> {
    pub(super) fn new(stream: S) -> Shared<S> {
        Shared(Mutex::new(Some(stream)))
    }

    pub(super) fn update_len(&self, len: usize) -> Result<usize, Failure> {
        self.lock().as_ref().map(|stream| stream.update_len(len)).ok_or_else(finished)
    }

    /// Takes more bytes; returns what they make.
    pub(super) fn update<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let data = Bytes::of(data, "data")?;
        let data = data.as_slice();
        loop {
            let len = self.update_len(data.len())?;
            let mut updated = true;
            let made = PyBytes::new_with(py, len, |out| {
                updated = detached(py, data.len(), || {
                    let mut stream = self.lock();
                    let stream = stream.as_mut().ok_or_else(finished)?;
                    // Another thread may have come in between, and then it is another length.
                    if stream.update_len(data.len()) != len {
                        return Ok(false);
                    }
                    stream.update(data, out, cores::jobs(data.len()), cores::run)?;
                    Ok::<bool, Failure>(true)
                })?;
                Ok(())
            })?;
            if updated {
                return Ok(made);
            }
        }
    }

    /// As [`update`](Shared::update), into the start of a buffer; returns how many bytes were written.
    pub(super) fn update_into(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        out: &Bound<'_, PyAny>,
    ) -> PyResult<usize> {
        let data = Bytes::of(data, "data")?;
        let data = data.as_slice();
        let mut out = Writable::of(out, "the output")?;
        out.apart(data)?;
        let out = out.as_mut_slice();
        let updated = detached(py, data.len(), || {
            let mut stream = self.lock();
            let stream = stream.as_mut().ok_or_else(finished)?;
            Ok::<usize, Failure>(stream.update(data, out, cores::jobs(data.len()), cores::run)?)
        });
        Ok(updated?)
    }

    /// Ends it.
    pub(super) fn finish(&self) -> Result<S, Failure> {
        self.lock().take().ok_or_else(finished)
    }

    /// Wipes its keys.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn finished() -> Failure {
    Failure::closed("stream")
}
