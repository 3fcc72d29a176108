//! Ctrl-C, and the terminal's hanging up: unfinished files go, the terminal echoes again, and the run ends.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::failure::{Exit, Failure};
use crate::{report, tty};

/// Files that this run has made and not finished.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// From here on an interruption leaves nothing behind.
pub(crate) fn watch(json: bool) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        // Held to the end: nothing is made or finished from now on.
        let unfinished = lock();
        for path in unfinished.iter() {
            let _ = fs::remove_file(path);
        }
        tty::restore();
        let message = "interrupted; no unfinished file was left";
        report::tell(&Failure::new(Exit::Interrupted, "interrupted", message), json);
        std::process::exit(Exit::Interrupted as i32);
    })
}

/// Makes a file that an interruption removes.
pub(crate) fn create(path: &Path, create: impl FnOnce(&Path) -> io::Result<File>) -> io::Result<File> {
    let mut unfinished = lock();
    let file = create(path)?;
    unfinished.insert(path.to_owned());
    Ok(file)
}

/// Finishes a file, or gives it up: from here on it is nobody's, or whole.
pub(crate) fn finish<T>(path: &Path, finish: impl FnOnce() -> T) -> T {
    let mut unfinished = lock();
    let finished = finish();
    unfinished.remove(path);
    finished
}

fn lock() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}
