//! One message through several threads, in bounded memory.
//!
//! Every worker has a block of its own and goes around in three steps: read the next block, compute it, write it when its turn has come.
//! Reading and writing are done by one worker at a time and in order, so pipes and files are alike; meanwhile the others compute. A
//! block stays with one worker, and so in the cache of its processor, from its reading to its writing. Whatever fails, fails at the
//! block where it happened: everything before it has been written, nothing after it.

use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use fortress::chunked::{
    CHUNK_LEN, ChunkedError, DecryptPart, ENCRYPTED_CHUNK_LEN, EncryptPart, ParallelDecryptor, ParallelEncryptor,
};
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::input::read_full;
use crate::progress::Progress;

/// Chunks of a block: 512 KiB.
const BLOCK_CHUNKS: usize = 32;
/// Workers beyond the processors: reading and writing wait for the system now and then.
const SPARE_WORKERS: usize = 1;
const MAX_WORKERS: usize = 12;

/// Which way a message goes.
pub(crate) trait Direction: Send {
    type Part: Part;
    /// Bytes of a full block's input.
    const INPUT_LEN: usize;

    fn part(&mut self) -> Result<Self::Part, ChunkedError>;
    fn last_part(self) -> Self::Part;
}

/// What a worker computes.
pub(crate) trait Part {
    fn output_len(&self, input_len: usize) -> Result<usize, ChunkedError>;
    fn run(self, input: &[u8], output: &mut [u8]) -> Result<(), ChunkedError>;
}

/// Why a message did not get through.
#[derive(Debug)]
pub(crate) enum Fault {
    Read(io::Error),
    Write(io::Error),
    Message(ChunkedError),
    /// A thread of this program broke off.
    Broken,
}

impl Fault {
    /// Said of the input and the output by their names.
    pub(crate) fn into_failure(self, input: &str, output: &str) -> Failure {
        match self {
            Fault::Read(error) => Failure::read(input, &error),
            Fault::Write(error) => Failure::write(output, &error),
            Fault::Message(error) => Failure::from(error).of(input),
            Fault::Broken => Failure::new(Exit::Other, "internal", "a thread broke off; please report this"),
        }
    }
}

/// Takes `reader` to its end; returns the bytes read and written.
pub(crate) fn run<D: Direction>(
    direction: D,
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
    progress: &Progress,
) -> Result<(u64, u64), Fault> {
    let line = Line {
        input: Mutex::new(InputEnd { reader, direction: Some(direction), next: 0, read: 0 }),
        output: Mutex::new(OutputEnd { writer, turn: 0, written: 0, fault: None, stopped: false }),
        turn_changed: Condvar::new(),
        progress,
    };
    let mut worker = Worker::new::<D>();
    // What fits into one block is done before a thread would have started.
    if line.step(&mut worker) {
        let spare = thread::available_parallelism().map_or(1, usize::from) + SPARE_WORKERS - 1;
        thread::scope(|scope| {
            for _ in 0..spare.min(MAX_WORKERS) {
                // Without another thread the work is done by the ones there are.
                let spawned = thread::Builder::new().spawn_scoped(scope, || line.work(&mut Worker::new::<D>()));
                if spawned.is_err() {
                    break;
                }
            }
            line.work(&mut worker);
        });
    }
    let read = line.input.into_inner().unwrap_or_else(PoisonError::into_inner).read;
    let output = line.output.into_inner().unwrap_or_else(PoisonError::into_inner);
    match output.fault {
        None => Ok((read, output.written)),
        Some(fault) => Err(fault),
    }
}

/// A worker's buffers. One of them holds plaintext.
struct Worker {
    input: Zeroizing<Vec<u8>>,
    output: Zeroizing<Vec<u8>>,
}

impl Worker {
    fn new<D: Direction>() -> Worker {
        let output_len = BLOCK_CHUNKS * ENCRYPTED_CHUNK_LEN;
        Worker { input: Zeroizing::new(vec![0; D::INPUT_LEN]), output: Zeroizing::new(vec![0; output_len]) }
    }
}

/// A block that was read: what to compute of it, and its length.
type ReadBlock<D> = Result<(<D as Direction>::Part, usize), Fault>;

struct Line<'l, D> {
    input: Mutex<InputEnd<'l, D>>,
    output: Mutex<OutputEnd<'l>>,
    turn_changed: Condvar,
    progress: &'l Progress,
}

struct InputEnd<'l, D> {
    reader: &'l mut (dyn Read + Send),
    /// `None` once the last block has been read.
    direction: Option<D>,
    next: u64,
    read: u64,
}

struct OutputEnd<'l> {
    writer: &'l mut (dyn Write + Send),
    /// The block that is written next.
    turn: u64,
    written: u64,
    /// The first fault, in the order of the blocks.
    fault: Option<Fault>,
    stopped: bool,
}

impl<'l, D: Direction> Line<'l, D> {
    fn work(&self, worker: &mut Worker) {
        let _guard = StopOnPanic(self);
        while self.step(worker) {}
    }

    /// One block; says whether there is more to do.
    fn step(&self, worker: &mut Worker) -> bool {
        let Some((block, read)) = self.read_block(&mut worker.input) else {
            return false;
        };
        let computed = read.and_then(|(part, len)| {
            let input = &worker.input[..len];
            let output_len = part.output_len(len).map_err(Fault::Message)?;
            let output = worker.output.get_mut(..output_len).ok_or(Fault::Broken)?;
            part.run(input, output).map_err(Fault::Message)?;
            Ok(&*output)
        });
        self.write_block(block, computed)
    }

    /// The next block's number, its part and length; `None` when there is none.
    fn read_block(&self, buffer: &mut [u8]) -> Option<(u64, ReadBlock<D>)> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let mut direction = input.direction.take()?;
        let block = input.next;
        let read = read_full(input.reader, buffer).map_err(Fault::Read).and_then(|len| {
            input.read += len as u64;
            if len < buffer.len() {
                return Ok((direction.last_part(), len));
            }
            let part = direction.part().map_err(Fault::Message)?;
            input.direction = Some(direction);
            Ok((part, len))
        });
        input.next += 1;
        if let Ok((_, len)) = &read {
            self.progress.add(*len as u64);
        }
        Some((block, read))
    }

    /// Writes a block in its turn; says whether to go on.
    fn write_block(&self, block: u64, computed: Result<&[u8], Fault>) -> bool {
        let mut output = self.output();
        while output.turn != block && !output.stopped {
            output = self.turn_changed.wait(output).unwrap_or_else(PoisonError::into_inner);
        }
        if output.stopped {
            return false;
        }
        let written = computed.and_then(|bytes| {
            output.writer.write_all(bytes).map_err(Fault::Write)?;
            output.written += bytes.len() as u64;
            Ok(())
        });
        output.turn += 1;
        if let Err(fault) = written {
            output.fault = Some(fault);
            output.stopped = true;
        }
        self.turn_changed.notify_all();
        !output.stopped
    }

    fn output(&self) -> MutexGuard<'_, OutputEnd<'l>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without it the other workers would wait for a turn that never comes.
struct StopOnPanic<'s, 'l, D: Direction>(&'s Line<'l, D>);

impl<D: Direction> Drop for StopOnPanic<'_, '_, D> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut output = self.0.output();
            output.stopped = true;
            output.fault.get_or_insert(Fault::Broken);
            self.0.turn_changed.notify_all();
        }
    }
}

impl Direction for ParallelEncryptor {
    type Part = EncryptPart;
    const INPUT_LEN: usize = BLOCK_CHUNKS * CHUNK_LEN;

    fn part(&mut self) -> Result<EncryptPart, ChunkedError> {
        ParallelEncryptor::part(self, BLOCK_CHUNKS)
    }

    fn last_part(self) -> EncryptPart {
        ParallelEncryptor::last_part(self)
    }
}

impl Part for EncryptPart {
    fn output_len(&self, input_len: usize) -> Result<usize, ChunkedError> {
        Ok(EncryptPart::output_len(self, input_len))
    }

    fn run(self, input: &[u8], output: &mut [u8]) -> Result<(), ChunkedError> {
        self.seal(input, output)
    }
}

impl Direction for ParallelDecryptor {
    type Part = DecryptPart;
    const INPUT_LEN: usize = BLOCK_CHUNKS * ENCRYPTED_CHUNK_LEN;

    fn part(&mut self) -> Result<DecryptPart, ChunkedError> {
        ParallelDecryptor::part(self, BLOCK_CHUNKS)
    }

    fn last_part(self) -> DecryptPart {
        ParallelDecryptor::last_part(self)
    }
}

impl Part for DecryptPart {
    fn output_len(&self, input_len: usize) -> Result<usize, ChunkedError> {
        DecryptPart::output_len(self, input_len)
    }

    fn run(self, input: &[u8], output: &mut [u8]) -> Result<(), ChunkedError> {
        self.open(input, output)
    }
}
