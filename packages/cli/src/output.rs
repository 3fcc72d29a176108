//! Where output goes. A file is written beside its place, under another name, and moved there once it is whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek as _, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure, shown};
use crate::interrupt;
use crate::pipeline::Writing;

/// Where to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

impl Target {
    /// `-` is standard output.
    pub(crate) fn from_argument(path: &Path) -> Target {
        if path == Path::new("-") { Target::Stdout } else { Target::File(path.to_owned()) }
    }

    /// A file, for what is secret or kept, and goes into no stream.
    pub(crate) fn file(path: &Path) -> Result<Target, Failure> {
        match Target::from_argument(path) {
            Target::Stdout => {
                Err(Failure::usage("-o - stands for standard output, and this goes into a file: name one"))
            }
            file => Ok(file),
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Target::Stdout => "standard output".to_owned(),
            Target::File(path) => shown(path),
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Care {
    /// Replace what is there.
    pub(crate) force: bool,
    /// Who may read and write what did not exist before, as far as the umask lets them; where a system has such modes.
    #[cfg_attr(not(unix), expect(dead_code, reason = "a system without modes"))]
    pub(crate) mode: u32,
    /// On the disk before it takes its place, since what it replaces cannot be had again.
    pub(crate) durable: bool,
}

/// For keyrings: their owner alone reads and writes them.
pub(crate) const PRIVATE: u32 = 0o600;
/// For what comes from nowhere in particular.
pub(crate) const USUAL: u32 = 0o666;

impl Default for Care {
    fn default() -> Care {
        Care { force: false, mode: USUAL, durable: false }
    }
}

/// An output that is being written. Dropped before [`commit`](Output::commit), a file goes and leaves nothing behind.
pub(crate) struct Output {
    file: File,
    name: String,
    place: Option<Place>,
}

/// Where a file is, and where it will be.
struct Place {
    beside: PathBuf,
    target: PathBuf,
    care: Care,
    committed: bool,
}

impl Output {
    pub(crate) fn open(target: &Target, care: Care) -> Result<Output, Failure> {
        let name = target.name();
        let failed = |error: io::Error| Failure::write(&name, &error);
        let path = match target {
            Target::Stdout => {
                let file = stdout().map_err(failed)?;
                return Ok(Output { file, name, place: None });
            }
            Target::File(path) => path,
        };
        let path = match fs::symlink_metadata(path) {
            // Written where the link points to: replacing the link would leave the data it stands for as it was.
            Ok(metadata) if metadata.is_symlink() => &fs::canonicalize(path).map_err(failed)?,
            _ => path,
        };
        let replaced = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(Failure::new(
                    Exit::Unwritable,
                    "unwritable",
                    format!("{name} is a directory; name a file in it with -o"),
                ));
            }
            Ok(metadata) if !metadata.is_file() => {
                // A device or a pipe is written to, never replaced.
                let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
                return Ok(Output { file, name, place: None });
            }
            Ok(_) if !care.force => return Err(exists(&name)),
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let beside = name_beside(path)?;
        let file = interrupt::create(&beside, |beside| create(beside, care)).map_err(failed)?;
        let place = Place { beside, target: path.clone(), care, committed: false };
        let output = Output { file, name: name.clone(), place: Some(place) };
        if let Some(replaced) = replaced {
            take_over(&output.file, &replaced, care).map_err(failed)?;
        }
        Ok(output)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Is it a pipe, a device or the like, which has had what was written?
    pub(crate) fn is_stream(&self) -> bool {
        self.place.is_none()
    }

    /// The file, for writing in large pieces: nothing is buffered on the way.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where a message goes, after what was written already.
    pub(crate) fn rest(&mut self) -> Result<Writing<'_>, Failure> {
        if self.place.is_none() {
            return Ok(Writing::InOrder(&mut self.file));
        }
        let start = self.file.stream_position().map_err(|error| Failure::write(&self.name, &error))?;
        Ok(Writing::Placed { file: &self.file, start })
    }

    /// All of it was written: the file takes its place.
    pub(crate) fn commit(mut self) -> Result<(), Failure> {
        let name = self.name.clone();
        let failed = |error: io::Error| Failure::write(&name, &error);
        let Some(place) = &mut self.place else {
            return Ok(());
        };
        if place.care.durable {
            self.file.sync_all().map_err(failed)?;
        }
        let moved = interrupt::finish(&place.beside, || place.take());
        place.committed = moved.is_ok();
        match moved {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(&name)),
            moved => moved.map_err(failed)?,
        }
        if place.care.durable {
            sync_folder(&place.target);
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(place) = &self.place
            && !place.committed
        {
            interrupt::finish(&place.beside, || {
                let _ = fs::remove_file(&place.beside);
            });
        }
    }
}

impl Place {
    fn take(&self) -> io::Result<()> {
        if self.care.force {
            return fs::rename(&self.beside, &self.target);
        }
        // A link refuses to replace what has come into being meanwhile; a rename would not.
        match fs::hard_link(&self.beside, &self.target) {
            Ok(()) => {
                let _ = fs::remove_file(&self.beside);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A file system without links.
            Err(_) if fs::symlink_metadata(&self.target).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(&self.beside, &self.target),
        }
    }
}

/// Writes a whole file.
pub(crate) fn write_file(target: &Target, bytes: &[u8], care: Care) -> Result<(), Failure> {
    let mut output = Output::open(target, care)?;
    output.file.write_all(bytes).map_err(|error| Failure::write(&target.name(), &error))?;
    output.commit()
}

/// Standard output without the buffer that breaks it into lines.
fn stdout() -> io::Result<File> {
    #[cfg(unix)]
    use std::os::fd::AsFd as _;
    #[cfg(unix)]
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    #[cfg(windows)]
    use std::os::windows::io::AsHandle as _;
    #[cfg(windows)]
    let file = File::from(io::stdout().as_handle().try_clone_to_owned()?);
    crate::input::widen_pipe(&file);
    Ok(file)
}

fn create(path: &Path, care: Care) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, care.mode);
    #[cfg(not(unix))]
    let _ = care;
    options.open(path)
}

/// What takes a file's place is its owner's, and has its permissions; a secret has none but its owner's.
fn take_over(file: &File, replaced: &Metadata, care: Care) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        // Only root can give a file away. For everyone else it is theirs already, or will be.
        let _ = std::os::unix::fs::fchown(file, Some(replaced.uid()), Some(replaced.gid()));
        let allowed = if care.mode == PRIVATE { PRIVATE } else { 0o777 };
        file.set_permissions(fs::Permissions::from_mode(replaced.permissions().mode() & allowed))
    }
    #[cfg(not(unix))]
    {
        let _ = care;
        file.set_permissions(replaced.permissions())
    }
}

/// A name that nobody else has, in the same folder, since a file moves at once only within one file system.
fn name_beside(path: &Path) -> Result<PathBuf, Failure> {
    let mut random = [0; 8];
    crate::random::fill(&mut random)?;
    Ok(parent(path).join(format!(".fortress-{:016x}.part", u64::from_be_bytes(random))))
}

/// The names in a file's folder are on the disk as well. Not every file system can be asked for that.
pub(crate) fn sync_folder(path: &Path) {
    let _ = File::open(parent(path)).and_then(|folder| folder.sync_all());
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn exists(name: &str) -> Failure {
    Failure::new(Exit::Exists, "exists", format!("{name} exists; give --force to replace it, or another name with -o"))
}
