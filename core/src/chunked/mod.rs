//! C2SP chunked-encryption v1 (c2sp.org/chunked-encryption) with SHA-512 and any [`Suite`]: the payload of every
//! ciphertext (spec N-8 to N-12).
//!
//! A message is `salt (24) || commitment (32) || chunk 0 || chunk 1 || ...`. Chunks hold 16 KiB of plaintext each; the last
//! one is always shorter and may be empty, and that is how a reader knows that nothing was cut off.
//!
//! | type | does |
//! |---|---|
//! | [`Encryptor`] | a stream of plaintext to a stream of ciphertext |
//! | [`Decryptor`] | the way back, releasing only what is authenticated |
//! | [`ParallelEncryptor`], [`ParallelDecryptor`] | the same on several threads, which the caller brings |
//! | [`RandomAccess`] | any range of the plaintext from just the chunks that hold it |
//! | [`crate::hazmat::ChunkSequence`] | one chunk's nonce at a time, for a host that brings its own AES-GCM |

mod decryptor;
mod encryptor;
mod jobs;
mod message;
mod parallel;
mod random_access;
pub(crate) mod sequence;

pub use decryptor::Decryptor;
pub use encryptor::Encryptor;
pub use jobs::Job;
pub use parallel::{DecryptPart, EncryptPart, ParallelDecryptor, ParallelEncryptor};
pub use random_access::RandomAccess;

pub(crate) use message::{Derived, GroupKey, MessageKey, encrypt_message};

use crate::{
    aead::{AeadError, TAG_LEN},
    secret::RandomnessError,
};

/// Plaintext bytes of a full chunk.
pub const CHUNK_LEN: usize = 16_384;
/// Ciphertext bytes of a full chunk.
pub const ENCRYPTED_CHUNK_LEN: usize = CHUNK_LEN + TAG_LEN;
/// Bytes of a salt.
pub const SALT_LEN: usize = 24;
/// Bytes of a commitment.
pub const COMMITMENT_LEN: usize = 32;
/// Bytes of a message before its first chunk: salt and commitment.
pub const MESSAGE_PREFIX_LEN: usize = SALT_LEN + COMMITMENT_LEN;
/// Chunks of a message, at most.
pub const MAX_CHUNKS: u64 = 1 << 38;

/// The length of the message that a plaintext of `plaintext_len` bytes becomes.
///
/// ```
/// use fortress::chunked::message_len;
/// assert_eq!(message_len(0), 72);
/// assert_eq!(message_len(16_384), 16_384 + 72 + 16);
/// ```
pub const fn message_len(plaintext_len: u64) -> u64 {
    let overhead = MESSAGE_PREFIX_LEN as u64 + (plaintext_len / CHUNK_LEN as u64 + 1) * TAG_LEN as u64;
    // No plaintext is so long that this saturates: the limit is 2^52 bytes.
    plaintext_len.saturating_add(overhead)
}

/// The length of the plaintext in a message of `message_len` bytes, by the layout alone.
pub const fn plaintext_len(message_len: u64) -> Result<u64, ChunkedError> {
    const CHUNK: u64 = ENCRYPTED_CHUNK_LEN as u64;
    let Some(chunks) = message_len.checked_sub(MESSAGE_PREFIX_LEN as u64) else {
        return Err(ChunkedError::Truncated);
    };
    let (full, last) = (chunks / CHUNK, chunks % CHUNK);
    if last < TAG_LEN as u64 {
        return Err(ChunkedError::Truncated);
    }
    if full >= MAX_CHUNKS {
        return Err(ChunkedError::TooLong);
    }
    Ok(full * CHUNK_LEN as u64 + last - TAG_LEN as u64)
}

/// Why a message could not be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkedError {
    /// The key, the context or the bytes are not those of the message.
    #[error(
        "the data is not authentic: it was changed or cut, or the key, scope or context is not the one it was encrypted with"
    )]
    AuthenticationFailed,
    /// The message ends before its short last chunk.
    #[error("the data is cut off: its end is missing; get the whole of it again")]
    Truncated,
    /// Something follows the short last chunk.
    #[error("the data goes on after its end")]
    TrailingData,
    /// More than [`MAX_CHUNKS`].
    #[error("a message holds at most 4 PiB")]
    TooLong,
    /// A range that does not lie within the plaintext.
    #[error("the range {start} to {end} does not lie within the {len} bytes of the plaintext")]
    OutOfRange {
        /// First byte asked for.
        start: u64,
        /// One past the last byte asked for.
        end: u64,
        /// Bytes of the plaintext.
        len: u64,
    },
    /// A buffer of another length than the operation needs.
    #[error("expected {expected} bytes, got {got}")]
    WrongLength {
        /// Bytes needed.
        expected: u64,
        /// Bytes given.
        got: u64,
    },
    /// The stream failed before, and does not go on.
    #[error("this stream has failed before; start again with a new one")]
    Failed,
    /// The AEAD's library got no memory.
    #[error("this machine gives the encryption no memory; free some and try again")]
    OutOfMemory,
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl ChunkedError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            ChunkedError::AuthenticationFailed => "authentication_failed",
            ChunkedError::Truncated => "truncated",
            ChunkedError::TrailingData => "trailing_data",
            ChunkedError::TooLong => "limit_exceeded",
            ChunkedError::OutOfRange { .. } => "out_of_range",
            ChunkedError::WrongLength { .. } => "wrong_length",
            ChunkedError::Failed => "stream_failed",
            ChunkedError::OutOfMemory => "out_of_memory",
            ChunkedError::Randomness(_) => "randomness",
        }
    }
}

impl From<AeadError> for ChunkedError {
    fn from(error: AeadError) -> ChunkedError {
        match error {
            AeadError::Unauthentic => ChunkedError::AuthenticationFailed,
            AeadError::Refused => ChunkedError::OutOfMemory,
        }
    }
}

#[cfg(test)]
mod tests;
