//! A message to a stream of plaintext.

use alloc::vec::Vec;

use super::{CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MessageKey};
use crate::aead::TAG_LEN;

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

impl Decryptor {
    pub(crate) fn new(derived: Derived) -> Decryptor {
        Decryptor { key: derived.into_message_key(), next: 0, partial: Vec::new(), failed: false }
    }

    /// Bytes that the next [`update_into`](Decryptor::update_into) writes for `input_len` bytes.
    pub fn update_len(&self, input_len: usize) -> usize {
        (self.partial.len() + input_len) / ENCRYPTED_CHUNK_LEN * CHUNK_LEN
    }

    /// Takes more ciphertext and appends the plaintext of every chunk that it completes to `output`.
    pub fn update(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let start = output.len();
        output.resize(start + self.update_len(input.len()), 0);
        let updated = self.update_into(input, &mut output[start..]);
        if updated.is_err() {
            output.truncate(start);
        }
        updated.map(|_| ())
    }

    /// As [`update`](Decryptor::update), into the start of a buffer of at least [`update_len`](Decryptor::update_len) bytes;
    /// returns how many were written. On failure the buffer holds only plaintext that is authentic, and zeros.
    pub fn update_into(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize, ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        let written = self.update_len(input.len());
        let Some(output) = output.get_mut(..written) else {
            return Err(ChunkedError::WrongLength { expected: written as u64, got: output.len() as u64 });
        };
        let updated = self.open_chunks(input, output);
        self.failed = updated.is_err();
        updated.map(|()| written)
    }

    /// Appends the plaintext of the short last chunk to `output`.
    pub fn finish(self, output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        if self.failed {
            return Err(ChunkedError::Failed);
        }
        // A full chunk is never the last: what ends here, or within a tag, was cut.
        let Some(len) = self.partial.len().checked_sub(TAG_LEN) else {
            return Err(ChunkedError::Truncated);
        };
        let start = output.len();
        output.resize(start + len, 0);
        let opened = self.key.open_chunk(self.next, &self.partial, &mut output[start..]);
        if opened.is_err() {
            output.truncate(start);
        }
        opened
    }

    fn open_chunks(&mut self, mut input: &[u8], mut output: &mut [u8]) -> Result<(), ChunkedError> {
        if !self.partial.is_empty() && !output.is_empty() {
            let (head, rest) = input.split_at(ENCRYPTED_CHUNK_LEN - self.partial.len());
            self.partial.extend_from_slice(head);
            let (out, tail) = output.split_at_mut(CHUNK_LEN);
            self.key.open_chunk(self.next, &self.partial, out)?;
            self.next += 1;
            self.partial.clear();
            (input, output) = (rest, tail);
        }
        for (chunk, out) in input.chunks_exact(ENCRYPTED_CHUNK_LEN).zip(output.chunks_exact_mut(CHUNK_LEN)) {
            self.key.open_chunk(self.next, chunk, out)?;
            self.next += 1;
        }
        self.partial.extend_from_slice(input.chunks_exact(ENCRYPTED_CHUNK_LEN).remainder());
        Ok(())
    }
}
