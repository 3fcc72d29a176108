//! One message on several threads.
//!
//! The core starts no thread. It hands out *parts*, runs of whole chunks that know their place in the message, and a host computes them on
//! whatever threads it has. A part is handed out once and consumed by its computation, so no nonce is used twice, whatever the
//! host does; one that is never computed, or written in the wrong place, makes a message that no reader accepts.

use alloc::sync::Arc;

use super::{CHUNK_LEN, ChunkedError, Derived, ENCRYPTED_CHUNK_LEN, MAX_CHUNKS, MESSAGE_PREFIX_LEN, MessageKey};
use crate::{aead::TAG_LEN, secret::redacted_debug};

/// Encrypts a message in parts.
///
/// ```
/// use fortress::{Keyring, Profile, Timestamp, chunked::CHUNK_LEN, envelope};
/// # let mut rng = getrandom::SysRng;
/// # let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng)?;
/// let new = envelope::create(&[(&keyring).into()], &Default::default(), &mut rng)?;
/// let (mut envelope, mut parts) = new.into_parallel();
/// let (first, last) = (parts.part(2)?, parts.last_part());
/// let mut ends = (vec![0; first.output_len(2 * CHUNK_LEN)], vec![0; last.output_len(5)]);
/// std::thread::scope(|scope| {
///     let first = scope.spawn(|| first.seal(&[7; 2 * CHUNK_LEN], &mut ends.0));
///     last.seal(&[7; 5], &mut ends.1)?;
///     first.join().expect("no panic")
/// })?;
/// envelope.extend(ends.0.into_iter().chain(ends.1));
/// let opened = envelope::decrypt(&envelope, &[(&keyring).into()], &Default::default(), &Default::default())?;
/// assert_eq!(opened, [7; 2 * CHUNK_LEN + 5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParallelEncryptor {
    places: Places,
    prefix: [u8; MESSAGE_PREFIX_LEN],
}

redacted_debug!(ParallelEncryptor);
redacted_debug!(EncryptPart);
redacted_debug!(ParallelDecryptor);
redacted_debug!(DecryptPart);

impl ParallelEncryptor {
    pub(crate) fn new(derived: Derived) -> ParallelEncryptor {
        let prefix = *derived.prefix();
        ParallelEncryptor { places: Places::new(derived), prefix }
    }

    /// Salt and commitment, with which the message starts. The caller writes them before the first part.
    pub fn prefix(&self) -> &[u8; MESSAGE_PREFIX_LEN] {
        &self.prefix
    }

    /// The next `chunks` full chunks.
    pub fn part(&mut self, chunks: usize) -> Result<EncryptPart, ChunkedError> {
        self.places.next(chunks).map(EncryptPart)
    }

    /// All that follows, with the short last chunk. A message has one end.
    pub fn last_part(self) -> EncryptPart {
        EncryptPart(self.places.last())
    }
}

/// A run of chunks to be encrypted.
pub struct EncryptPart(Place);

impl EncryptPart {
    /// Bytes that `input_len` bytes of plaintext become.
    pub fn output_len(&self, input_len: usize) -> usize {
        let chunks = self.0.chunks.unwrap_or(input_len / CHUNK_LEN + 1);
        input_len.saturating_add(chunks.saturating_mul(TAG_LEN))
    }

    /// Encrypts the part's plaintext into `output`, which has just [`output_len`](EncryptPart::output_len) bytes.
    pub fn seal(self, input: &[u8], output: &mut [u8]) -> Result<(), ChunkedError> {
        if let Some(chunks) = self.0.chunks {
            require_len(chunks.saturating_mul(CHUNK_LEN), input.len())?;
        }
        require_len(self.output_len(input.len()), output.len())?;
        let Place { key, first, chunks } = self.0;
        let full = input.chunks_exact(CHUNK_LEN);
        let rest = full.remainder();
        let mut index = first;
        let mut outputs = output.chunks_mut(ENCRYPTED_CHUNK_LEN);
        for (chunk, out) in full.zip(&mut outputs) {
            key.seal_chunk(index, chunk, out)?;
            index += 1;
        }
        match (chunks, outputs.next()) {
            (None, Some(out)) => key.seal_chunk(index, rest, out),
            _ => Ok(()),
        }
    }
}

/// Decrypts a message in parts, of what follows its prefix.
///
/// A part that opens is authentic and in its place. The message is whole only once all parts have opened, the
/// [last](ParallelDecryptor::last_part) among them.
pub struct ParallelDecryptor(Places);

impl ParallelDecryptor {
    pub(crate) fn new(derived: Derived) -> ParallelDecryptor {
        ParallelDecryptor(Places::new(derived))
    }

    /// The next `chunks` full chunks.
    pub fn part(&mut self, chunks: usize) -> Result<DecryptPart, ChunkedError> {
        self.0.next(chunks).map(DecryptPart)
    }

    /// All that follows, with the short last chunk.
    pub fn last_part(self) -> DecryptPart {
        DecryptPart(self.0.last())
    }
}

/// A run of chunks to be decrypted.
pub struct DecryptPart(Place);

impl DecryptPart {
    /// Bytes that `input_len` bytes of ciphertext become; fails when that many cannot be this part.
    pub fn output_len(&self, input_len: usize) -> Result<usize, ChunkedError> {
        let (full, rest) = (input_len / ENCRYPTED_CHUNK_LEN, input_len % ENCRYPTED_CHUNK_LEN);
        match self.0.chunks {
            Some(chunks) => {
                require_len(chunks.saturating_mul(ENCRYPTED_CHUNK_LEN), input_len).map(|()| full * CHUNK_LEN)
            }
            // A full chunk is never the last: what ends here, or within a tag, was cut.
            None => rest.checked_sub(TAG_LEN).map(|last| full * CHUNK_LEN + last).ok_or(ChunkedError::Truncated),
        }
    }

    /// Decrypts the part's ciphertext into `output`, which has just [`output_len`](DecryptPart::output_len) bytes. On failure `output`
    /// holds nothing of the message.
    pub fn open(self, input: &[u8], output: &mut [u8]) -> Result<(), ChunkedError> {
        require_len(self.output_len(input.len())?, output.len())?;
        let Place { key, first, .. } = self.0;
        let mut rest = &mut *output;
        let mut opened = Ok(());
        for (index, chunk) in (first..).zip(input.chunks(ENCRYPTED_CHUNK_LEN)) {
            let (out, tail) = core::mem::take(&mut rest).split_at_mut(chunk.len() - TAG_LEN);
            rest = tail;
            opened = key.open_chunk(index, chunk, out);
            if opened.is_err() {
                break;
            }
        }
        if opened.is_err() {
            output.fill(0);
        }
        opened
    }
}

/// Where parts lie in a message, handed out in order.
struct Places {
    key: Arc<MessageKey>,
    next: u64,
}

impl Places {
    fn new(derived: Derived) -> Places {
        Places { key: Arc::new(derived.into_message_key()), next: 0 }
    }

    fn next(&mut self, chunks: usize) -> Result<Place, ChunkedError> {
        let first = self.next;
        // The last chunk is still to come, hence less than, not up to.
        let after =
            first.checked_add(chunks as u64).filter(|&after| after < MAX_CHUNKS).ok_or(ChunkedError::TooLong)?;
        self.next = after;
        Ok(Place { key: self.key.clone(), first, chunks: Some(chunks) })
    }

    fn last(self) -> Place {
        Place { key: self.key, first: self.next, chunks: None }
    }
}

struct Place {
    key: Arc<MessageKey>,
    first: u64,
    /// `None` for the last part, which has as many as it needs.
    chunks: Option<usize>,
}

fn require_len(expected: usize, got: usize) -> Result<(), ChunkedError> {
    if expected == got { Ok(()) } else { Err(ChunkedError::WrongLength { expected: expected as u64, got: got as u64 }) }
}
