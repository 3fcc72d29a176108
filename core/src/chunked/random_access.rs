//! Any range of a message's plaintext, from just the chunks that hold it.

use alloc::vec::Vec;
use core::ops::Range;

use zeroize::Zeroizing;

use super::{
    CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MESSAGE_PREFIX_LEN, MessageKey, plaintext_len,
    sequence::ChunkSequence,
};
use crate::{aead::TAG_LEN, secret::redacted_debug, suite::Suite};

/// Reads ranges of a message whose length is known.
///
/// Offsets of ciphertext count from the start of the message, with its prefix. The length is taken from the caller, who has it from
/// storage that is not trusted: [`authenticate_length`](RandomAccess::authenticate_length) proves it from the last chunk.
pub struct RandomAccess {
    derived: Derived,
    key: MessageKey,
    plaintext_len: u64,
}

redacted_debug!(RandomAccess);

impl RandomAccess {
    pub(crate) fn new(derived: Derived, message_len: u64) -> Result<RandomAccess, ChunkedError> {
        let plaintext_len = plaintext_len(message_len)?;
        Ok(RandomAccess { key: derived.copy().into_message_key(), derived, plaintext_len })
    }

    /// The suite of the message.
    pub fn suite(&self) -> Suite {
        self.derived.suite()
    }

    /// Bytes of the plaintext, by the layout.
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    /// Where the last chunk lies in the message.
    pub fn last_chunk(&self) -> Range<u64> {
        self.locate_chunks(self.last_index()..self.last_index() + 1)
    }

    /// Proves that the plaintext has the length that [`plaintext_len`](RandomAccess::plaintext_len) says. `chunk` is what lies at
    /// [`last_chunk`](RandomAccess::last_chunk).
    pub fn authenticate_length(&self, chunk: &[u8]) -> Result<(), ChunkedError> {
        let mut out = Zeroizing::new(Vec::new());
        self.open_chunks(self.last_index()..self.last_index() + 1, chunk, &mut out)
    }

    /// Where the chunks that hold `range` of the plaintext lie in the message; empty for an empty range.
    pub fn locate(&self, range: &Range<u64>) -> Result<Range<u64>, ChunkedError> {
        Ok(self.locate_chunks(self.indexes(range)?))
    }

    /// Appends `range` of the plaintext to `output`. `chunks` is what lies at [`locate`](RandomAccess::locate) of it.
    pub fn decrypt(&self, range: &Range<u64>, chunks: &[u8], output: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let indexes = self.indexes(range)?;
        if range.is_empty() && chunks.is_empty() {
            return Ok(());
        }
        let from = (range.start - indexes.start * CHUNK_LEN as u64) as usize;
        let len = (range.end - range.start) as usize;
        let mut plaintext = Zeroizing::new(Vec::new());
        self.open_chunks(indexes, chunks, &mut plaintext)?;
        output.extend_from_slice(&plaintext[from..from + len]);
        Ok(())
    }

    /// The parameters of the chunks that hold `range`, for a host's own AEAD. What the host decrypts are whole chunks, the first of
    /// which starts at the last multiple of 16 KiB at or before `range`.
    pub fn sequence(&self, range: &Range<u64>) -> Result<ChunkSequence, ChunkedError> {
        let indexes = self.indexes(range)?;
        let last_len = self.chunk_lens(indexes.end.saturating_sub(1)..indexes.end);
        Ok(ChunkSequence::part(self.derived.copy(), indexes, last_len as usize))
    }

    fn last_index(&self) -> u64 {
        self.plaintext_len / CHUNK_LEN as u64
    }

    /// The chunks that hold `range`.
    fn indexes(&self, range: &Range<u64>) -> Result<Range<u64>, ChunkedError> {
        if range.start > range.end || range.end > self.plaintext_len {
            return Err(ChunkedError::OutOfRange { start: range.start, end: range.end, len: self.plaintext_len });
        }
        let chunk = CHUNK_LEN as u64;
        Ok(if range.is_empty() {
            range.start / chunk..range.start / chunk
        } else {
            range.start / chunk..range.end.div_ceil(chunk)
        })
    }

    fn locate_chunks(&self, indexes: Range<u64>) -> Range<u64> {
        let chunk = ENCRYPTED_CHUNK_LEN as u64;
        let prefix = MESSAGE_PREFIX_LEN as u64;
        let end_of_message =
            prefix + self.last_index() * chunk + self.plaintext_len % CHUNK_LEN as u64 + TAG_LEN as u64;
        prefix + indexes.start * chunk..(prefix + indexes.end * chunk).min(end_of_message)
    }

    /// Bytes of these chunks together.
    fn chunk_lens(&self, indexes: Range<u64>) -> u64 {
        let located = self.locate_chunks(indexes);
        located.end - located.start
    }

    fn open_chunks(&self, indexes: Range<u64>, chunks: &[u8], out: &mut Vec<u8>) -> Result<(), ChunkedError> {
        let expected = self.chunk_lens(indexes.clone());
        if chunks.len() as u64 != expected {
            return Err(ChunkedError::WrongLength { expected, got: chunks.len() as u64 });
        }
        out.reserve_exact(chunks.len());
        for (index, chunk) in indexes.zip(chunks.chunks(ENCRYPTED_CHUNK_LEN)) {
            self.key.append_opened(index, chunk, out)?;
        }
        Ok(())
    }
}
