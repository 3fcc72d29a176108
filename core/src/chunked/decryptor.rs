//! A message to a stream of plaintext.

use alloc::vec::Vec;

use super::{
    CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MessageKey,
    jobs::{Job, Layout, OPEN},
};
use crate::{aead::TAG_LEN, secret::redacted_debug};

/// Decrypts a stream of the message's chunks, the part after its prefix.
///
/// What it returns is authentic, but is the whole message only once [`finish`](Decryptor::finish) has succeeded: until then more may be
/// missing. After a failure every call fails.
pub struct Decryptor {
    key: MessageKey,
    next: u64,
    /// The ciphertext of a chunk that is not complete yet: always less than [`ENCRYPTED_CHUNK_LEN`].
    partial: Vec<u8>,
    failed: bool,
}

redacted_debug!(Decryptor);

impl Decryptor {
    pub(crate) fn new(derived: Derived) -> Decryptor {
        Decryptor { key: derived.into_message_key(), next: 0, partial: Vec::new(), failed: false }
    }

    /// Bytes that the next [`update_into`](Decryptor::update_into) writes for `input_len` bytes.
    pub fn update_len(&self, input_len: usize) -> usize {
        OPEN.update_len(self.partial.len(), input_len)
    }

    /// Takes more ciphertext and appends the plaintext of every chunk that it completes to `output`.
    pub fn update(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = output.len();
        output.reserve(self.update_len(input.len()));
        let updated = self.for_each_whole_chunk(input, |key, index, chunk| key.append_opened(index, chunk, output));
        if updated.is_err() {
            output.truncate(start);
        }
        updated
    }

    /// As [`update`](Decryptor::update), into the start of a buffer of at least [`update_len`](Decryptor::update_len) bytes;
    /// returns how many were written. On failure the buffer holds only plaintext that is authentic, zeros, and what it held before. For
    /// large pieces it is faster, for a buffer that is there needs no zeros first.
    pub fn update_into(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize, ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        let written = self.update_len(input.len());
        let Some(mut rest) = output.get_mut(..written) else {
            return Err(ChunkedError::WrongLength { expected: written as u64, got: output.len() as u64 });
        };
        self.for_each_whole_chunk(input, |key, index, chunk| {
            let (out, tail) = core::mem::take(&mut rest).split_at_mut(CHUNK_LEN);
            rest = tail;
            key.open_chunk(index, chunk, out)
        })?;
        Ok(written)
    }

    /// As [`update_into`](Decryptor::update_into), with the work in up to `jobs` pieces of about the same size, which `run` is to run, on as
    /// many threads as it likes.
    pub fn update_into_with(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        jobs: usize,
        run: impl FnOnce(Vec<Job<'_>>) -> Result<(), ChunkedError>,
    ) -> Result<usize, ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        let Layout { head, full, rest } = OPEN.lay_out(self.partial.len(), input, output)?;
        let (written, count) = (self.update_len(input.len()), full.count());
        self.update_into(head.0, head.1)?;
        // Until all went well: an early return leaves it so.
        self.failed = true;
        run(full.into_jobs(&self.key, self.next, jobs))?;
        self.failed = false;
        self.next += count as u64;
        self.update_into(rest, &mut [])?;
        Ok(written)
    }

    /// Appends the plaintext of the short last chunk to `output`.
    pub fn finish(self, output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        // A full chunk is never the last: what ends here, or within a tag, was cut.
        if self.partial.len() < TAG_LEN {
            return Err(ChunkedError::Truncated);
        }
        self.key.append_opened(self.next, &self.partial, output)
    }

    /// Calls `open` with the index and ciphertext of every chunk that is whole now, and keeps the rest for later. After a failure it fails
    /// without a call.
    fn for_each_whole_chunk(
        &mut self,
        mut input: &[u8],
        mut open: impl FnMut(&MessageKey, u64, &[u8]) -> Result<(), ChunkedError>,
    ) -> Result<(), ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        // Until all went well: an early return leaves it so.
        self.failed = true;
        if !self.partial.is_empty()
            && let Some((head, rest)) = input.split_at_checked(ENCRYPTED_CHUNK_LEN - self.partial.len())
        {
            self.partial.extend_from_slice(head);
            open(&self.key, self.next, &self.partial)?;
            self.next += 1;
            self.partial.clear();
            input = rest;
        }
        let chunks = input.chunks_exact(ENCRYPTED_CHUNK_LEN);
        let rest = chunks.remainder();
        for chunk in chunks {
            open(&self.key, self.next, chunk)?;
            self.next += 1;
        }
        self.partial.extend_from_slice(rest);
        self.failed = false;
        Ok(())
    }
}
