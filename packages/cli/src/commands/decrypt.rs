//! `fortress decrypt`.

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use fortress::chunked::{CHUNK_LEN, RandomAccess};
use fortress::envelope::Header;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Reading, SUFFIX, only_folder, sources, tree};
use crate::arguments::{Common, Decrypt};
use crate::failure::{Exit, Failure, shown};
use crate::input::{Input, Source};
use crate::output::{Care, Output, Target};
use crate::pipeline;
use crate::progress::Progress;
use crate::report::Report;
use crate::words::Bytes;

/// Plaintext of a range that is decrypted at once.
const RANGE_STEP: u64 = 64 * CHUNK_LEN as u64;

pub(super) fn run(arguments: &Decrypt, common: &Common, report: &mut Report) -> Result<(), Failure> {
    let Decrypt { output, files, .. } = arguments;
    let care = Care { force: arguments.force, durable: arguments.force, ..Care::default() };
    let decrypting = Decrypting { reading: Reading::new(&arguments.opening, common)?, care };
    if arguments.recursive {
        let output = output.as_deref().unwrap_or(Path::new("."));
        return tree::decrypt(&decrypting, only_folder(files)?, output, report);
    }
    let sources = sources(files)?;
    let folder = output.as_deref().filter(|path| path.is_dir());
    if sources.len() > 1 && output.is_some() && folder.is_none() {
        return Err(Failure::usage("several files go into a folder: make it first and name it with -o"));
    }
    if sources.len() > 1 && arguments.range.is_some() {
        return Err(Failure::usage("a range is of one file; run the command once for each"));
    }
    for source in &sources {
        let decrypted = match arguments.range {
            Some(range) => {
                let target = output.as_deref().map_or(Target::Stdout, Target::from_argument);
                decrypting.decrypt_range(source, &target, range, report)
            }
            None => target(source, output.as_deref(), folder)
                .and_then(|target| decrypting.decrypt(source, &target, |_| Ok(()), report)),
        };
        match decrypted {
            Err(failure) if sources.len() == 1 => return Err(failure),
            Err(failure) => report.failed(&failure),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// What it takes to decrypt envelopes.
pub(super) struct Decrypting {
    pub(super) reading: Reading,
    care: Care,
}

impl Decrypting {
    /// Decrypts a file whose authentic header `check` accepts.
    pub(super) fn decrypt(
        &self,
        source: &Source,
        target: &Target,
        check: impl FnOnce(&Header) -> Result<(), Failure>,
        report: &Report,
    ) -> Result<(), Failure> {
        let mut input = Input::open(source)?;
        let name = input.name.clone();
        let envelope = self.reading.open(&mut input)?;
        check(envelope.header())?;
        let (suite, prefix_len) = (envelope.suite(), envelope.prefix_len() as u64);
        let mut output = Output::open(target, Care { mode: input.mode, ..self.care })?;
        let total = input.len.map(|len| len.saturating_sub(prefix_len));
        let progress = Progress::start(&name, total, report.is_quiet());
        let passed = pipeline::run(envelope.into_parallel(), input.rest()?, output.rest()?, &progress);
        drop(progress);
        let (read, written) = passed.map_err(|fault| {
            let failure = fault.into_failure(&name, output.name());
            if output.is_stream() { incomplete(failure) } else { failure }
        })?;
        output.commit()?;
        report.object(*target == Target::Stdout, || {
            json!({
                "file": name,
                "output": target.name(),
                "suite": suite.title(),
                "plaintext_length": written,
                "length": prefix_len + read,
            })
        })
    }

    fn decrypt_range(&self, source: &Source, target: &Target, range: Bytes, report: &Report) -> Result<(), Failure> {
        let mut input = Input::open(source)?;
        let name = input.name.clone();
        let Some(len) = input.len else {
            return Err(Failure::usage(format!("{name} cannot be read at a place; give a range of a file")));
        };
        let envelope = self.reading.open(&mut input)?;
        let message_start = envelope.message_start() as u64;
        let access = envelope.into_random_access(len).map_err(|error| Failure::from(error).of(&name))?;
        let care = Care { mode: input.mode, ..self.care };
        let mut chunks = ChunksOf { input: &mut input, message_start, bytes: Vec::new() };
        // The length is the storage's word until its last chunk has been authenticated (spec N-11).
        let last = access.last_chunk();
        access.authenticate_length(chunks.read(last)?).map_err(|error| Failure::from(error).of(&name))?;
        let Range { start, end } = resolve(range, access.plaintext_len()).map_err(|failure| failure.of(&name))?;
        let mut output = Output::open(target, care)?;
        self.copy_range(&access, start..end, &mut chunks, &mut output).map_err(|failure| {
            let failure = failure.of(&name);
            if output.is_stream() { incomplete(failure) } else { failure }
        })?;
        output.commit()?;
        report.object(*target == Target::Stdout, || {
            json!({
                "file": name,
                "output": target.name(),
                "start": start,
                "end": end,
                "plaintext_length": access.plaintext_len(),
            })
        })
    }

    fn copy_range(
        &self,
        access: &RandomAccess,
        range: Range<u64>,
        chunks: &mut ChunksOf<'_>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut start = range.start;
        while start < range.end {
            // Steps end where chunks do, so that none is decrypted twice.
            let end = (start / RANGE_STEP + 1).saturating_mul(RANGE_STEP).min(range.end);
            let step = start..end;
            let located = access.locate(&step)?;
            let mut plaintext = Zeroizing::new(Vec::with_capacity((end - start) as usize));
            access.decrypt(&step, chunks.read(located)?, &mut plaintext)?;
            output.write_all(&plaintext).map_err(|error| Failure::write(output.name(), &error))?;
            start = end;
        }
        Ok(())
    }

    /// Decrypts a small file, of at most `limit` bytes of plaintext or so; `None` where its authentic header is not what is wanted.
    pub(super) fn decrypt_bytes(
        &self,
        path: &Path,
        limit: u64,
        is_wanted: impl FnOnce(&Header) -> bool,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let mut input = Input::open(&Source::File(path.to_owned()))?;
        let name = input.name.clone();
        let envelope = self.reading.open(&mut input)?;
        if !is_wanted(envelope.header()) {
            return Ok(None);
        }
        let Some(chunks) = input.read_all(limit)? else {
            return Err(Failure::new(
                Exit::Unsupported,
                "limit_exceeded",
                format!("{name} is too long for what it is"),
            ));
        };
        let mut plaintext = Zeroizing::new(Vec::new());
        let mut stream = envelope.into_stream();
        let opened = stream.update(&chunks, &mut plaintext).and_then(|()| stream.finish(&mut plaintext));
        opened.map_err(|error| Failure::from(error).of(&name))?;
        Ok(Some(plaintext))
    }
}

/// Reads what random access asks for.
struct ChunksOf<'i> {
    input: &'i mut Input,
    message_start: u64,
    bytes: Vec<u8>,
}

impl ChunksOf<'_> {
    fn read(&mut self, located: Range<u64>) -> Result<&[u8], Failure> {
        self.bytes.resize((located.end - located.start) as usize, 0);
        // A file that has become shorter gives too few, and the core says so.
        let got = self.input.read_at(self.message_start + located.start, &mut self.bytes)?;
        Ok(&self.bytes[..got])
    }
}

/// The range's ends, in a plaintext of `len` bytes.
fn resolve(range: Bytes, len: u64) -> Result<Range<u64>, Failure> {
    let range = match range {
        Bytes::From(start, end) => start..end.unwrap_or(len.max(start)),
        Bytes::Last(last) => len.saturating_sub(last)..len,
    };
    if range.end > len {
        let Range { start, end } = range;
        return Err(fortress::chunked::ChunkedError::OutOfRange { start, end, len }.into());
    }
    Ok(range)
}

fn target(source: &Source, output: Option<&Path>, folder: Option<&Path>) -> Result<Target, Failure> {
    match (source, output, folder) {
        (Source::File(path), _, Some(folder)) => {
            let name = decrypted_name(path)?;
            Ok(Target::File(folder.join(name.file_name().unwrap_or(name.as_os_str()))))
        }
        (Source::Stdin, Some(path), Some(_)) => {
            Err(Failure::usage(format!("{} is a directory; name a file in it with -o", shown(path))))
        }
        (_, Some(path), None) => Ok(Target::from_argument(path)),
        (Source::File(path), None, _) => decrypted_name(path).map(Target::File),
        (Source::Stdin, None, _) => Ok(Target::Stdout),
    }
}

/// `report.pdf.ftrs` to `report.pdf`.
pub(super) fn decrypted_name(path: &Path) -> Result<PathBuf, Failure> {
    let is_encrypted = path.extension().is_some_and(|extension| extension == &SUFFIX[1..]);
    if is_encrypted {
        Ok(path.with_extension(""))
    } else {
        Err(Failure::usage(format!("{} does not end in {SUFFIX}; name the output with -o", shown(path))))
    }
}

/// A pipe has had what came before the failure.
fn incomplete(failure: Failure) -> Failure {
    if failure.exit == Exit::BrokenPipe {
        return failure;
    }
    Failure { message: format!("{}; what was written before is not all of it: discard it", failure.message), ..failure }
}
