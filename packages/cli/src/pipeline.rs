//! One message through several threads, in bounded memory.
//!
//! Every worker has a block of its own and goes around in three steps: read a block, compute it, write it. In files a block has its
//! place, and workers read and write without regard to one another. Pipes are read and written by one worker at a time and in order;
//! meanwhile the others compute. A block stays with one worker, and so in the cache of its processor, from its reading to its
//! writing. Of several failures the one that comes first in the message is told; a pipe has had everything before it and nothing after.

use std::fs::File;
use std::hint;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use fortress::chunked::{
    CHUNK_LEN, ChunkedError, DecryptPart, ENCRYPTED_CHUNK_LEN, EncryptPart, ParallelDecryptor, ParallelEncryptor,
};
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::input::read_full;
use crate::place;
use crate::progress::Progress;

/// Chunks of a block: 512 KiB.
const BLOCK_CHUNKS: usize = 32;
/// Workers beyond the processors where blocks come in order: reading waits for the system now and then.
const SPARE_WORKERS: usize = 1;
/// How often a worker looks whether its turn has come before it sleeps: being woken takes longer than most blocks are apart.
const LOOKS: usize = 4_000;
const MAX_WORKERS: usize = 12;

/// Where a message comes from.
pub(crate) enum Reading<'f> {
    InOrder(&'f mut (dyn Read + Send)),
    /// So many bytes of a file from a place on.
    Placed {
        file: &'f File,
        start: u64,
        len: u64,
    },
}

/// Where a message goes.
pub(crate) enum Writing<'f> {
    InOrder(&'f mut (dyn Write + Send)),
    /// Into a file from a place on, which nobody looks at before all of it is there.
    Placed {
        file: &'f File,
        start: u64,
    },
    Nowhere,
}

/// Which way a message goes.
pub(crate) trait Direction: Send {
    type Part: Part;
    /// Bytes of a full block's input, and of what it becomes.
    const INPUT_LEN: usize;
    const OUTPUT_LEN: usize;

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

/// Takes a message to its end; returns the bytes read and written.
pub(crate) fn run<'l, D: Direction>(
    direction: D,
    reading: Reading<'l>,
    writing: Writing<'l>,
    progress: &'l Progress,
) -> Result<(u64, u64), Fault> {
    let spare = if matches!(reading, Reading::InOrder(_)) { SPARE_WORKERS } else { 0 };
    let line = Line {
        input: Mutex::new(InputEnd { reading, direction: Some(direction), next: 0, read: 0 }),
        output: Mutex::new(OutputEnd { writing, written: 0, fault: None, stopped: false }),
        turn: AtomicU64::new(0),
        turn_changed: Condvar::new(),
        progress,
    };
    let mut worker = Worker::new::<D>();
    // What fits into one block is done before a thread would have started.
    if line.step(&mut worker) {
        let others = thread::available_parallelism().map_or(1, usize::from) + spare - 1;
        thread::scope(|scope| {
            for _ in 0..others.min(MAX_WORKERS) {
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
        Some((_, fault)) => Err(fault),
    }
}

/// A worker's buffers. One of them holds plaintext.
struct Worker {
    input: Zeroizing<Vec<u8>>,
    output: Zeroizing<Vec<u8>>,
}

impl Worker {
    fn new<D: Direction>() -> Worker {
        // The last block may be a full one's length and still have a chunk more, without plaintext.
        let output_len = BLOCK_CHUNKS * ENCRYPTED_CHUNK_LEN;
        Worker { input: Zeroizing::new(vec![0; D::INPUT_LEN]), output: Zeroizing::new(vec![0; output_len]) }
    }
}

/// A block that was read: what to compute of it, and its length.
type ReadBlock<D> = Result<(<D as Direction>::Part, usize), Fault>;

struct Line<'l, D> {
    input: Mutex<InputEnd<'l, D>>,
    output: Mutex<OutputEnd<'l>>,
    /// The block that is written next, where they are written in order. Changed with the output locked.
    turn: AtomicU64,
    turn_changed: Condvar,
    progress: &'l Progress,
}

struct InputEnd<'l, D> {
    reading: Reading<'l>,
    /// `None` once the last block has been handed out.
    direction: Option<D>,
    next: u64,
    read: u64,
}

struct OutputEnd<'l> {
    writing: Writing<'l>,
    written: u64,
    /// The fault that comes first in the message, and its block.
    fault: Option<(u64, Fault)>,
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
        input.next += 1;
        let before = block * D::INPUT_LEN as u64;
        let (len, place) = match &mut input.reading {
            Reading::InOrder(reader) => (read_full(*reader, buffer).map_err(Fault::Read), None),
            Reading::Placed { file, start, len } => {
                let left = len.saturating_sub(before).min(buffer.len() as u64);
                (Ok(left as usize), Some((*file, *start + before)))
            }
        };
        let read = len.and_then(|len| {
            input.read += len as u64;
            if len < buffer.len() {
                return Ok((direction.last_part(), len));
            }
            let part = direction.part().map_err(Fault::Message)?;
            input.direction = Some(direction);
            Ok((part, len))
        });
        drop(input);
        let read = read.and_then(|(part, len)| {
            if let Some((file, offset)) = place {
                place::read_exact(file, &mut buffer[..len], offset).map_err(|error| Fault::Read(cut_short(error)))?;
            }
            Ok((part, len))
        });
        if let Ok((_, len)) = &read {
            self.progress.add(*len as u64);
        }
        Some((block, read))
    }

    /// Writes a block, in its turn where there are turns; says whether to go on.
    fn write_block(&self, block: u64, computed: Result<&[u8], Fault>) -> bool {
        let mut output = self.output();
        let written = match output.writing {
            Writing::InOrder(_) => {
                drop(output);
                output = self.wait_for_turn(block);
                if output.stopped {
                    return false;
                }
                self.turn.store(block + 1, Ordering::Release);
                let OutputEnd { writing, .. } = &mut *output;
                computed.and_then(|bytes| {
                    if let Writing::InOrder(writer) = writing {
                        writer.write_all(bytes).map_err(Fault::Write)?;
                    }
                    Ok(bytes.len())
                })
            }
            Writing::Placed { file, start } => {
                drop(output);
                let written = computed.and_then(|bytes| {
                    let offset = start + block * D::OUTPUT_LEN as u64;
                    place::write_all(file, bytes, offset).map_err(Fault::Write)?;
                    Ok(bytes.len())
                });
                output = self.output();
                written
            }
            Writing::Nowhere => computed.map(<[u8]>::len),
        };
        match written {
            Ok(len) => output.written += len as u64,
            Err(fault) => {
                if output.fault.as_ref().is_none_or(|(first, _)| block < *first) {
                    output.fault = Some((block, fault));
                }
                output.stopped = true;
            }
        }
        self.turn_changed.notify_all();
        !output.stopped
    }

    /// Until it is the block's turn, or the work is stopped.
    fn wait_for_turn(&self, block: u64) -> MutexGuard<'_, OutputEnd<'l>> {
        let came = || self.turn.load(Ordering::Acquire) == block;
        for _ in 0..LOOKS {
            if came() {
                break;
            }
            hint::spin_loop();
        }
        let mut output = self.output();
        while !came() && !output.stopped {
            output = self.turn_changed.wait(output).unwrap_or_else(PoisonError::into_inner);
        }
        output
    }

    fn output(&self) -> MutexGuard<'_, OutputEnd<'l>> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file had its length when it was opened.
fn cut_short(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("it became shorter while it was read"),
        _ => error,
    }
}

/// Without it the other workers would wait for a turn that never comes.
struct StopOnPanic<'s, 'l, D: Direction>(&'s Line<'l, D>);

impl<D: Direction> Drop for StopOnPanic<'_, '_, D> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut output = self.0.output();
            output.stopped = true;
            output.fault.get_or_insert((0, Fault::Broken));
            self.0.turn_changed.notify_all();
        }
    }
}

impl Direction for ParallelEncryptor {
    type Part = EncryptPart;
    const INPUT_LEN: usize = BLOCK_CHUNKS * CHUNK_LEN;
    const OUTPUT_LEN: usize = BLOCK_CHUNKS * ENCRYPTED_CHUNK_LEN;

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
    const OUTPUT_LEN: usize = BLOCK_CHUNKS * CHUNK_LEN;

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
