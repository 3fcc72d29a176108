//! Where input comes from.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use fortress::envelope::{self, PREAMBLE_LEN};

use crate::failure::{Exit, Failure, shown};
use crate::in_place::Saved;
use crate::output::USUAL;
use crate::pipeline::Reading;

/// An open input.
pub(crate) struct Input {
    file: File,
    pub(crate) name: String,
    /// Known for regular files.
    pub(crate) len: Option<u64>,
    /// Who may read and write it: what is made of a regular file is for the same people.
    pub(crate) mode: u32,
    source: Source,
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// `-` is standard input.
    pub(crate) fn from_argument(path: &Path) -> Source {
        if path == Path::new("-") { Source::Stdin } else { Source::File(path.to_owned()) }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Source::Stdin => "standard input".to_owned(),
            Source::File(path) => shown(path),
        }
    }
}

impl Input {
    pub(crate) fn open(source: &Source) -> Result<Input, Failure> {
        let name = source.name();
        let failed = |error: io::Error| Failure::read(&name, &error);
        let file = match source {
            Source::Stdin => stdin().map_err(failed)?,
            Source::File(path) => File::open(path).map_err(failed)?,
        };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Failure::new(
                Exit::Unreadable,
                "unreadable",
                format!("{name} is a directory; give -r -o FOLDER to take each file in it"),
            ));
        }
        widen_pipe(&file);
        let len = metadata.is_file().then_some(metadata.len());
        Ok(Input { file, len, mode: mode(&metadata), name, source: source.clone() })
    }

    /// The file, for reading in large pieces.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// All that is still to be read. A regular file is read up to the length that it had when it was opened.
    pub(crate) fn rest(&mut self) -> Result<Reading<'_>, Failure> {
        let Some(len) = self.len.filter(|_| matches!(self.source, Source::File(_))) else {
            return Ok(Reading::InOrder(&mut self.file));
        };
        let start = self.file.stream_position().map_err(|error| Failure::read(&self.name, &error))?;
        let len = len.saturating_sub(start);
        // Files of the kernel's own say nothing of their length, or a page.
        if len < MIN_PLACED_LEN {
            return Ok(Reading::InOrder(&mut self.file));
        }
        Ok(Reading::Placed { file: &self.file, start, len })
    }

    /// An envelope's prefix; what follows is the next to be read.
    pub(crate) fn read_prefix(&mut self) -> Result<Vec<u8>, Failure> {
        let mut prefix = vec![0; PREAMBLE_LEN];
        let got = self.fill(&mut prefix)?;
        prefix.truncate(got);
        let of = |error: envelope::EnvelopeError| Failure::from(error).of(&self.name);
        let Some(len) = envelope::prefix_len(&prefix).map_err(of)? else {
            return Err(of(envelope::EnvelopeError::Truncated));
        };
        prefix.resize(len, 0);
        let got = PREAMBLE_LEN + self.fill(&mut prefix[PREAMBLE_LEN..])?;
        prefix.truncate(got);
        Ok(prefix)
    }

    /// Did a run that wrote this file's header anew break off?
    pub(crate) fn has_saved_header(&self) -> bool {
        let Source::File(path) = &self.source else {
            return false;
        };
        std::fs::canonicalize(path).is_ok_and(|path| Saved::beside(&path).exists())
    }

    /// What lies at `offset`, as far as it goes.
    pub(crate) fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize, Failure> {
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| Failure::read(&self.name, &error))?;
        self.fill(bytes)
    }

    /// Everything that follows, up to `limit` bytes; `None` when there is more.
    pub(crate) fn read_all(&mut self, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        let mut bytes = Vec::new();
        let read = (&mut self.file).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure::read(&self.name, &error))?;
        Ok((bytes.len() as u64 <= limit).then_some(bytes))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, Failure> {
        read_full(&mut self.file, bytes).map_err(|error| Failure::read(&self.name, &error))
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.is_file() { metadata.permissions().mode() & 0o777 } else { USUAL }
}

#[cfg(not(unix))]
fn mode(_metadata: &Metadata) -> u32 {
    USUAL
}

/// Shorter files are read as they come.
const MIN_PLACED_LEN: u64 = 1 << 20;

/// Reads until `bytes` is full or the input ends; returns how many there were.
pub(crate) fn read_full(reader: &mut (impl Read + ?Sized), bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A pipe of 1 MiB, where the system allows it: the 64 KiB that pipes start with cost a switch of processes each.
pub(crate) fn widen_pipe(file: &File) {
    #[cfg(target_os = "linux")]
    if file.metadata().is_ok_and(|metadata| std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())) {
        let _ = rustix::pipe::fcntl_setpipe_size(file, 1 << 20);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Standard input without a buffer of its own.
fn stdin() -> io::Result<File> {
    #[cfg(unix)]
    use std::os::fd::AsFd as _;
    #[cfg(unix)]
    return Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?));
    #[cfg(windows)]
    use std::os::windows::io::AsHandle as _;
    #[cfg(windows)]
    return Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?));
}
