//! A file's start, written anew where it is. What it was is kept in a file beside until the new bytes are on the disk, so that neither a
//! crash nor a power cut loses anything: the next run finds one of the two whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::input::read_full;
use crate::interrupt;
use crate::output::sync_folder;

/// What the start of a file was before it was written anew, as a run left it that was cut short.
pub(crate) struct Saved {
    path: PathBuf,
}

impl Saved {
    pub(crate) fn beside(target: &Path) -> Saved {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or(target.as_os_str()));
        name.push(".old-header");
        Saved { path: target.with_file_name(name) }
    }

    pub(crate) fn exists(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.is_file())
    }

    /// Its bytes, if there are as many as are expected. Whether they are what they should be, the caller finds out.
    pub(crate) fn read(&self, len: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = self.exists().then(|| File::open(&self.path).ok()).flatten()?;
        file.take(len as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() == len).then_some(bytes)
    }
}

/// Why a start was not written.
pub(crate) enum Fault {
    /// The file cannot be changed where it is. Nothing was done.
    NotHere,
    /// Another program has changed the file meanwhile. Nothing was done.
    Changed,
    Failed(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Failed(error)
    }
}

/// Writes `new` over the start of `target`, which is `now` and, if it is not whole, was `before`: as many bytes each.
pub(crate) fn overwrite(target: &Path, now: &[u8], before: &[u8], new: &[u8]) -> Result<(), Fault> {
    let mut file = OpenOptions::new().read(true).write(true).open(target).map_err(|_| Fault::NotHere)?;
    let saved = Saved::beside(target);
    let mut is = vec![0; now.len()];
    let read = read_full(&mut file, &mut is)?;
    if is[..read] != *now {
        return Err(Fault::Changed);
    }
    // Where the file is not whole, what mends it is there already.
    if now == before {
        save(&saved.path, before).map_err(|_| Fault::NotHere)?;
    }
    // An interruption waits until this is done.
    interrupt::finish(&saved.path, || {
        let written = write(&mut file, new);
        if written.is_err() {
            // What was saved stays where this fails too.
            write(&mut file, before)?;
        }
        fs::remove_file(&saved.path).and(written)
    })?;
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left over from a run after which the file was whole.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = interrupt::create(path, |path| OpenOptions::new().write(true).create_new(true).open(path))?;
    let saved = file.write_all(bytes).and_then(|()| file.sync_all());
    if saved.is_err() {
        interrupt::finish(path, || fs::remove_file(path))?;
    }
    sync_folder(path);
    saved
}

fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.sync_all()
}
