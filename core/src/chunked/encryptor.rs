//! A stream of plaintext to a message.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{
    CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MESSAGE_PREFIX_LEN, MessageKey,
    jobs::{Job, Layout, SEAL},
};
use crate::{aead::TAG_LEN, secret::redacted_debug};

/// Encrypts a stream. Its output, after the [prefix](Encryptor::prefix), is the message's chunks.
///
/// [`finish`](Encryptor::finish) consumes the stream: a message has one end.
pub struct Encryptor {
    key: MessageKey,
    prefix: [u8; MESSAGE_PREFIX_LEN],
    next: u64,
    /// The plaintext of a chunk that is not full yet: always less than [`CHUNK_LEN`].
    partial: Zeroizing<Vec<u8>>,
}

redacted_debug!(Encryptor);

impl Encryptor {
    pub(crate) fn new(derived: Derived) -> Encryptor {
        let prefix = *derived.prefix();
        Encryptor { key: derived.into_message_key(), prefix, next: 0, partial: Zeroizing::new(Vec::new()) }
    }

    /// Salt and commitment, with which the message starts. The caller writes them before the first chunk.
    pub fn prefix(&self) -> &[u8; MESSAGE_PREFIX_LEN] {
        &self.prefix
    }

    /// Bytes that the next [`update_into`](Encryptor::update_into) writes for `input_len` bytes.
    pub fn update_len(&self, input_len: usize) -> usize {
        SEAL.update_len(self.partial.len(), input_len)
    }

    /// Bytes that [`finish_into`](Encryptor::finish_into) writes for `input_len` last bytes.
    pub fn finish_len(&self, input_len: usize) -> usize {
        let rest = self.partial.len() + input_len;
        rest + (rest / CHUNK_LEN + 1) * TAG_LEN
    }

    /// Takes more plaintext and appends every chunk that it fills to `output`.
    pub fn update(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = output.len();
        output.reserve(self.update_len(input.len()));
        let updated = self.for_each_full_chunk(input, |key, index, chunk| key.append_sealed(index, chunk, output));
        if updated.is_err() {
            output.truncate(start);
        }
        updated
    }

    /// As [`update`](Encryptor::update), into the start of a buffer of at least [`update_len`](Encryptor::update_len) bytes;
    /// returns how many were written. For large pieces it is faster, for a buffer that is there needs no zeros first.
    pub fn update_into(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize, ChunkedError> {
        let written = self.update_len(input.len());
        let Some(mut rest) = output.get_mut(..written) else {
            return Err(ChunkedError::WrongLength { expected: written as u64, got: output.len() as u64 });
        };
        self.for_each_full_chunk(input, |key, index, chunk| {
            let (out, tail) = core::mem::take(&mut rest).split_at_mut(ENCRYPTED_CHUNK_LEN);
            rest = tail;
            key.seal_chunk(index, chunk, out)
        })?;
        Ok(written)
    }

    /// As [`update_into`](Encryptor::update_into), with the work in up to `jobs` pieces of about the same size, which `run` is to run, on as
    /// many threads as it likes. After a failure the message cannot be completed.
    pub fn update_into_with(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        jobs: usize,
        run: impl FnOnce(Vec<Job<'_>>) -> Result<(), ChunkedError>,
    ) -> Result<usize, ChunkedError> {
        let Layout { head, full, rest } = SEAL.lay_out(self.partial.len(), input, output)?;
        let written = self.update_len(input.len());
        self.update_into(head.0, head.1)?;
        let first = self.next;
        // Before, and not after: whatever comes of the jobs, no index is used twice.
        self.next += full.count() as u64;
        run(full.into_jobs(&self.key, first, jobs))?;
        self.update_into(rest, &mut [])?;
        Ok(written)
    }

    /// Takes the last plaintext and appends the rest of the message, with its short last chunk, to `output`.
    pub fn finish(mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = output.len();
        output.reserve(self.finish_len(input.len()));
        self.update(input, output)?;
        let finished = self.key.append_sealed(self.next, &self.partial, output);
        if finished.is_err() {
            output.truncate(start);
        }
        finished
    }

    /// As [`finish`](Encryptor::finish), into the start of a buffer of at least [`finish_len`](Encryptor::finish_len) bytes.
    pub fn finish_into(mut self, input: &[u8], output: &mut [u8]) -> Result<usize, ChunkedError> {
        let len = self.finish_len(input.len());
        if output.len() < len {
            return Err(ChunkedError::WrongLength { expected: len as u64, got: output.len() as u64 });
        }
        let written = self.update_into(input, output)?;
        self.key.seal_chunk(self.next, &self.partial, &mut output[written..len])?;
        Ok(len)
    }

    /// Calls `seal` with the index and plaintext of every chunk that is full now, and keeps the rest for later.
    fn for_each_full_chunk(
        &mut self,
        mut input: &[u8],
        mut seal: impl FnMut(&MessageKey, u64, &[u8]) -> Result<(), ChunkedError>,
    ) -> Result<(), ChunkedError> {
        if !self.partial.is_empty()
            && let Some((head, rest)) = input.split_at_checked(CHUNK_LEN - self.partial.len())
        {
            self.partial.extend_from_slice(head);
            seal(&self.key, self.next, &self.partial)?;
            self.next += 1;
            self.forget_partial();
            input = rest;
        }
        let chunks = input.chunks_exact(CHUNK_LEN);
        let rest = chunks.remainder();
        for chunk in chunks {
            seal(&self.key, self.next, chunk)?;
            self.next += 1;
        }
        self.keep_partial(rest);
        Ok(())
    }

    fn keep_partial(&mut self, bytes: &[u8]) {
        if self.partial.capacity() < CHUNK_LEN && !bytes.is_empty() {
            // Reserved whole at once: growing would leave plaintext behind in freed memory.
            self.partial.reserve_exact(CHUNK_LEN);
        }
        self.partial.extend_from_slice(bytes);
    }

    fn forget_partial(&mut self) {
        zeroize::zeroize_bytes(&mut self.partial);
        self.partial.clear();
    }
}
