//! One update as jobs for several threads: where its chunks lie, and runs of them that know their place.

use alloc::{boxed::Box, vec::Vec};

use super::{CHUNK_LEN, ChunkedError, ENCRYPTED_CHUNK_LEN, MessageKey};

/// Some of the chunks of an update, for any thread to work on.
pub type Job<'j> = Box<dyn FnOnce() -> Result<(), ChunkedError> + Send + 'j>;

/// What is done to a full chunk, and the bytes that it has before and after.
#[derive(Clone, Copy)]
pub(super) struct Work {
    input_len: usize,
    output_len: usize,
    chunk: ChunkWork,
}

type ChunkWork = fn(&MessageKey, u64, &[u8], &mut [u8]) -> Result<(), ChunkedError>;

pub(super) const SEAL: Work =
    Work { input_len: CHUNK_LEN, output_len: ENCRYPTED_CHUNK_LEN, chunk: MessageKey::seal_chunk };
pub(super) const OPEN: Work =
    Work { input_len: ENCRYPTED_CHUNK_LEN, output_len: CHUNK_LEN, chunk: MessageKey::open_chunk };

/// An update, cut where its chunks begin and end.
pub(super) struct Layout<'i, 'o> {
    /// What completes the chunk that was begun, and where it goes.
    pub(super) head: (&'i [u8], &'o mut [u8]),
    /// Full chunks.
    pub(super) full: FullChunks<'i, 'o>,
    /// What does not fill a chunk.
    pub(super) rest: &'i [u8],
}

/// Full chunks of an update, and where they go.
pub(super) struct FullChunks<'i, 'o> {
    work: Work,
    input: &'i [u8],
    output: &'o mut [u8],
}

impl Work {
    /// Bytes that an update of `input_len` bytes writes, after `partial` bytes of a chunk that was begun.
    pub(super) fn update_len(self, partial: usize, input_len: usize) -> usize {
        (partial + input_len) / self.input_len * self.output_len
    }

    /// Cuts an update that comes after `partial` bytes of a chunk.
    pub(super) fn lay_out<'i, 'o>(
        self,
        partial: usize,
        input: &'i [u8],
        output: &'o mut [u8],
    ) -> Result<Layout<'i, 'o>, ChunkedError> {
        let (expected, got) = (self.update_len(partial, input.len()), output.len());
        let wrong_length = ChunkedError::WrongLength { expected: expected as u64, got: got as u64 };
        let output = output.get_mut(..expected).ok_or(wrong_length)?;
        let head = input.len().min((self.input_len - partial) % self.input_len);
        let (head, input) = input.split_at(head);
        let (input, rest) = input.split_at(input.len() / self.input_len * self.input_len);
        let (first, output) = output.split_at_mut(self.update_len(partial, head.len()));
        Ok(Layout { head: (head, first), full: FullChunks { work: self, input, output }, rest })
    }
}

impl<'i, 'o> FullChunks<'i, 'o> {
    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.input.len() / self.work.input_len
    }

    /// All of them, the first of which is chunk `first` of the message, in up to `jobs` pieces of about the same size.
    pub(super) fn into_jobs<'j>(self, key: &'j MessageKey, first: u64, jobs: usize) -> Vec<Job<'j>>
    where
        'i: 'j,
        'o: 'j,
    {
        let per_job = self.count().div_ceil(jobs.max(1)).max(1);
        let Work { input_len, output_len, chunk } = self.work;
        let inputs = self.input.chunks(per_job * input_len);
        let outputs = self.output.chunks_mut(per_job * output_len);
        let firsts = (first..).step_by(per_job);
        let job = |(first, (input, output)): (u64, (&'j [u8], &'j mut [u8]))| -> Job<'j> {
            Box::new(move || {
                let chunks = input.chunks(input_len).zip(output.chunks_mut(output_len));
                (first..).zip(chunks).try_for_each(|(index, (input, output))| chunk(key, index, input, output))
            })
        };
        firsts.zip(inputs.zip(outputs)).map(job).collect()
    }
}
