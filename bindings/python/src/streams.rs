//! Envelopes: whole ones, streams, and ranges of their plaintext.

mod shared;

use std::sync::{Mutex, MutexGuard, PoisonError};

use fortress::{
    Suite,
    chunked::{self, RandomAccess},
    envelope::{self, Metadata, NewEnvelope, OpenEnvelope, Options, ReadLimits},
    hazmat::Draft,
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use zeroize::Zeroizing;

use shared::Shared;

use crate::{
    buffer::{Bytes, Writable},
    detached,
    failure::Failure,
    inspect, numbers,
    parties::Parties,
    random::Pool,
    text::{self, Entries},
};

/// Encrypts a stream into an envelope.
#[pyclass(module = "fortress._fortress", frozen)]
pub(crate) struct Encryptor {
    /// Everything before the first chunk. The caller writes it first.
    prefix: Vec<u8>,
    stream: Shared<chunked::Encryptor>,
}

#[pymethods]
impl Encryptor {
    #[new]
    fn new(
        py: Python<'_>,
        recipients: &Bound<'_, PyAny>,
        context: Option<&Bound<'_, PyAny>>,
        suite: Option<&str>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Encryptor> {
        let options = options(context, suite, metadata)?;
        let (prefix, stream) = create(py, &Parties::of(recipients)?, &options)?.into_stream();
        Ok(Encryptor { prefix, stream: Shared::new(stream) })
    }

    /// Everything before the first chunk.
    #[getter]
    fn prefix<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.prefix)
    }

    /// Bytes that the next update writes for `len` bytes.
    fn update_len(&self, len: &Bound<'_, PyAny>) -> PyResult<usize> {
        Ok(self.stream.update_len(numbers::of(len, "length", 0..=MAX_LEN)?)?)
    }

    /// Takes more plaintext; returns the chunks that it fills.
    fn update<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        self.stream.update(py, data)
    }

    /// As `update`, into the start of a buffer; returns how many bytes were written.
    fn update_into(&self, py: Python<'_>, data: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.stream.update_into(py, data, out)
    }

    /// The rest of the envelope, with its short last chunk. Ends the stream.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut rest = Vec::new();
        self.stream.finish()?.finish(&[], &mut rest).map_err(Failure::from)?;
        Ok(PyBytes::new(py, &rest))
    }

    /// Wipes its keys.
    fn close(&self) {
        self.stream.close();
    }
}

/// Decrypts the stream of an envelope's chunks.
#[pyclass(module = "fortress._fortress", frozen)]
pub(crate) struct Decryptor(Shared<chunked::Decryptor>);

#[pymethods]
impl Decryptor {
    /// Bytes that the next update writes for `len` bytes.
    fn update_len(&self, len: &Bound<'_, PyAny>) -> PyResult<usize> {
        Ok(self.0.update_len(numbers::of(len, "length", 0..=MAX_LEN)?)?)
    }

    /// Takes more of the chunks; returns the plaintext of those that it completes.
    fn update<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.update(py, data)
    }

    /// As `update`, into the start of a buffer; returns how many bytes were written.
    fn update_into(&self, py: Python<'_>, data: &Bound<'_, PyAny>, out: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.0.update_into(py, data, out)
    }

    /// The plaintext of the short last chunk. Ends the stream; until then the end may be missing.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut rest = Zeroizing::new(Vec::new());
        self.0.finish()?.finish(&mut rest).map_err(Failure::from)?;
        Ok(PyBytes::new(py, &rest))
    }

    /// Wipes its keys.
    fn close(&self) {
        self.0.close();
    }
}

/// Reads ranges of an envelope's plaintext. Offsets of ciphertext count from the start of the envelope.
#[pyclass(module = "fortress._fortress", frozen)]
pub(crate) struct Ranges {
    start: u64,
    /// `None` once it is closed.
    access: Mutex<Option<RandomAccess>>,
}

#[pymethods]
impl Ranges {
    /// Bytes of the plaintext.
    #[getter]
    fn plaintext_len(&self) -> PyResult<u64> {
        Ok(self.with(|access| Ok(access.plaintext_len()))?)
    }

    /// Where the last chunk lies.
    fn last_chunk(&self) -> PyResult<(u64, u64)> {
        let range = self.with(|access| Ok(access.last_chunk()))?;
        Ok((range.start + self.start, range.end + self.start))
    }

    /// Proves the plaintext's length, from the last chunk.
    fn authenticate_length(&self, chunk: &Bound<'_, PyAny>) -> PyResult<()> {
        let chunk = Bytes::of(chunk, "a chunk")?;
        Ok(self.with(|access| Ok(access.authenticate_length(chunk.as_slice())?))?)
    }

    /// Where the chunks of a range of the plaintext lie.
    fn locate(&self, start: u64, end: u64) -> PyResult<(u64, u64)> {
        let located = self.with(|access| Ok(access.locate(&(start..end))?))?;
        Ok((located.start + self.start, located.end + self.start))
    }

    /// Decrypts a range of the plaintext from its chunks, into the start of a buffer.
    fn decrypt_into(
        &self,
        py: Python<'_>,
        start: u64,
        end: u64,
        chunks: &Bound<'_, PyAny>,
        out: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let chunks = Bytes::of(chunks, "chunks")?;
        let chunks = chunks.as_slice();
        let mut out = Writable::of(out, "the output")?;
        out.apart(chunks)?;
        let out = out.as_mut_slice();
        let decrypted = detached(py, chunks.len(), || {
            let mut plaintext = Zeroizing::new(Vec::with_capacity(out.len()));
            self.with(|access| Ok(access.decrypt(&(start..end), chunks, &mut plaintext)?))?;
            let target = out.get_mut(..plaintext.len()).ok_or_else(|| Failure::argument("the output is too short"))?;
            target.copy_from_slice(&plaintext);
            Ok::<(), Failure>(())
        });
        Ok(decrypted?)
    }

    /// Wipes its keys.
    fn close(&self) {
        locked(&self.access).take();
    }
}

impl Ranges {
    fn with<T>(&self, read: impl FnOnce(&RandomAccess) -> Result<T, Failure>) -> Result<T, Failure> {
        read(locked(&self.access).as_ref().ok_or_else(|| Failure::closed("reader"))?)
    }
}

/// Opens an envelope by its prefix: the metadata, and a reader of ranges if its length is known, else of the stream.
#[pyfunction]
pub(crate) fn open_envelope<'py>(
    prefix: &Bound<'py, PyAny>,
    identities: &Bound<'py, PyAny>,
    context: Option<&Bound<'py, PyAny>>,
    envelope_len: Option<u64>,
) -> PyResult<(Bound<'py, PyDict>, &'static str, Bound<'py, PyAny>)> {
    let py = prefix.py();
    let context = text::context(context)?;
    let prefix = Bytes::of(prefix, "an envelope")?;
    let prefix = prefix.as_slice();
    let opened = Parties::of(identities)?
        .opening(py, prefix, |identities| Ok(envelope::open(prefix, identities, &context, &ReadLimits::default())?))?;
    let (metadata, suite) = (inspect::metadata(py, opened.header())?, opened.suite().title());
    let start = opened.message_start() as u64;
    let reader = match envelope_len {
        Some(len) => {
            let access = OpenEnvelope::into_random_access(opened, len).map_err(Failure::from)?;
            Bound::new(py, Ranges { start, access: Mutex::new(Some(access)) })?.into_any()
        }
        None => Bound::new(py, Decryptor(Shared::new(opened.into_stream())))?.into_any(),
    };
    Ok((metadata, suite, reader))
}

/// Encrypts a whole message.
#[pyfunction]
pub(crate) fn encrypt_envelope<'py>(
    data: &Bound<'py, PyAny>,
    recipients: &Bound<'py, PyAny>,
    context: Option<&Bound<'py, PyAny>>,
    suite: Option<&str>,
    metadata: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = data.py();
    let options = options(context, suite, metadata)?;
    let data = Bytes::of(data, "data")?;
    let data = data.as_slice();
    let (mut envelope, stream) = create(py, &Parties::of(recipients)?, &options)?.into_stream();
    let envelope = py.detach(|| {
        envelope.reserve_exact(stream.finish_len(data.len()));
        stream.finish(data, &mut envelope).map(|()| envelope)
    });
    Ok(PyBytes::new(py, &envelope.map_err(Failure::from)?))
}

/// Decrypts a whole envelope.
#[pyfunction]
pub(crate) fn decrypt_envelope<'py>(
    envelope: &Bound<'py, PyAny>,
    identities: &Bound<'py, PyAny>,
    context: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = envelope.py();
    let context = text::context(context)?;
    let envelope = Bytes::of(envelope, "an envelope")?;
    let envelope = envelope.as_slice();
    let plaintext = Parties::of(identities)?.opening(py, envelope, |identities| {
        Ok(Zeroizing::new(envelope::decrypt(envelope, identities, &context, &ReadLimits::default())?))
    })?;
    Ok(PyBytes::new(py, &plaintext))
}

/// Starts an envelope.
fn create(py: Python<'_>, recipients: &Parties, options: &Options) -> PyResult<NewEnvelope> {
    let draft = recipients.drafting(py, |recipients| Ok(Draft::new(recipients, options, &mut Pool)?))?;
    recipients.finishing(py, draft, |draft, recipients| Ok(draft.create(recipients, &mut Pool)?))
}

fn options(
    context: Option<&Bound<'_, PyAny>>,
    suite: Option<&str>,
    metadata: Option<&Bound<'_, PyAny>>,
) -> PyResult<Options> {
    let suite = suite.map(|title| Suite::from_title(title).ok_or_else(|| unknown_suite(title))).transpose()?;
    let metadata = Metadata::new(Entries::of(metadata, "metadata")?.pairs()?);
    Ok(Options { suite, context: text::context(context)?.into_owned(), metadata })
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// No buffer of Python's is longer.
const MAX_LEN: usize = isize::MAX as usize;

fn unknown_suite(title: &str) -> Failure {
    let known: Vec<&str> = Suite::ALL.iter().map(|suite| suite.title()).collect();
    Failure::argument(format!("there is no suite {title:?}; the suites are {}", known.join(", ")))
}
