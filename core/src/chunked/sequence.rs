//! One chunk's nonce at a time, for hosts that bring their own AES-GCM.

use core::ops::Range;

use super::{CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MAX_CHUNKS, MESSAGE_PREFIX_LEN};
use crate::{
    aead::{Nonce, TAG_LEN},
    secret::{Secret, redacted_debug},
    suite::Suite,
};

/// The order of a message's chunks, while a host's own AEAD (WebCrypto, `node:crypto`) computes them.
///
/// The sequence keeps keys, nonces and order: it hands out each nonce once, in order, says when the message has ended, and gives nothing
/// more after the end or after a failure. The host must release no plaintext of a chunk whose tag did not verify, must report that by
/// [`fail`](ChunkSequence::fail), and must call [`finish`](ChunkSequence::finish) at the end of its input.
pub struct ChunkSequence {
    suite: Suite,
    key: Secret,
    base_nonce: Nonce,
    prefix: [u8; MESSAGE_PREFIX_LEN],
    direction: Direction,
    next: u64,
    part: Option<Part>,
    state: State,
}

/// Where a part of a message ends.
struct Part {
    /// One past its last chunk.
    end: u64,
    /// Bytes of its last chunk, on the input side.
    last_len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Failed,
}

redacted_debug!(ChunkSequence);
redacted_debug!(ChunkNonce);

impl ChunkSequence {
    pub(crate) fn new(derived: Derived, direction: Direction) -> ChunkSequence {
        let (suite, prefix) = (derived.suite(), *derived.prefix());
        let (key, base_nonce) = derived.into_raw();
        ChunkSequence { suite, key, base_nonce, prefix, direction, next: 0, part: None, state: State::Open }
    }

    /// The chunks `indexes` of a message that is read, the last of which has `last_len` bytes; all others are full ones.
    pub(crate) fn part(derived: Derived, indexes: Range<u64>, last_len: usize) -> ChunkSequence {
        let state = if indexes.is_empty() { State::Ended } else { State::Open };
        let part = Some(Part { end: indexes.end, last_len });
        ChunkSequence { next: indexes.start, part, state, ..ChunkSequence::new(derived, Direction::Decrypt) }
    }

    /// The suite that the host must compute.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Salt and commitment, with which the message starts.
    pub fn prefix(&self) -> &[u8; MESSAGE_PREFIX_LEN] {
        &self.prefix
    }

    /// The message's AEAD key, in the clear. It opens this one message and no other; hosts import it as a key that cannot be
    /// extracted and wipe the bytes.
    pub fn expose_message_key(&self) -> &[u8; 32] {
        self.key.expose()
    }

    /// The nonce for the next chunk, which has `len` bytes on the input side: plaintext when encrypting, ciphertext with its tag when
    /// decrypting. A chunk shorter than a full one is the last; a part of a message ends where it was said to.
    pub fn next(&mut self, len: usize) -> Result<ChunkNonce, ChunkedError> {
        let nonce = self.advance(len);
        if nonce.is_err() {
            self.state = State::Failed;
        }
        nonce
    }

    /// The host found a chunk that does not authenticate, or gave up: the sequence ends here.
    pub fn fail(&mut self) {
        self.state = State::Failed;
    }

    /// The input has ended: was that the end of the message, or of its part?
    pub fn finish(&self) -> Result<(), ChunkedError> {
        match self.state {
            State::Ended => Ok(()),
            State::Open => Err(ChunkedError::Truncated),
            State::Failed => Err(ChunkedError::Failed),
        }
    }

    fn advance(&mut self, len: usize) -> Result<ChunkNonce, ChunkedError> {
        match self.state {
            State::Open => {}
            State::Ended => return Err(ChunkedError::TrailingData),
            State::Failed => return Err(ChunkedError::Failed),
        }
        let (full, shortest) = match self.direction {
            Direction::Encrypt => (CHUNK_LEN, 0),
            Direction::Decrypt => (ENCRYPTED_CHUNK_LEN, TAG_LEN),
        };
        let in_part = self.part.as_ref().map(|part| if self.next + 1 < part.end { full } else { part.last_len });
        if len > full || in_part.is_some_and(|expected| len != expected) {
            return Err(ChunkedError::WrongLength { expected: in_part.unwrap_or(full) as u64, got: len as u64 });
        }
        if len < shortest {
            return Err(ChunkedError::Truncated);
        }
        if self.next >= MAX_CHUNKS {
            return Err(ChunkedError::TooLong);
        }
        let nonce = ChunkNonce(self.base_nonce.xor(self.next));
        self.next += 1;
        let ended = match &self.part {
            Some(part) => self.next == part.end,
            None => len < full,
        };
        if ended {
            self.state = State::Ended;
        }
        Ok(nonce)
    }
}

/// The nonce of one chunk.
pub struct ChunkNonce(Nonce);

impl ChunkNonce {
    /// 12 bytes with AES-256-GCM.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}
