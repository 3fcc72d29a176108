//! The terminal: questions whose answers are not shown, and what is said on standard error.

use std::io::{self, Write as _};

pub(crate) use system::{ask, ask_hidden, restore};

/// A line on standard error. If nobody can read it, nobody can be told.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(unix)]
mod system {
    use std::fs::{File, OpenOptions};
    use std::io::{self, BufRead as _, BufReader, Write as _};
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use zeroize::Zeroizing;

    /// The terminal as it was, while it does not echo.
    static ECHOING: Mutex<Option<(File, Termios)>> = Mutex::new(None);

    /// Asks on the terminal, whatever standard input and output are; `None` when there is no terminal.
    pub(crate) fn ask(question: &str) -> io::Result<Option<Zeroizing<String>>> {
        let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            return Ok(None);
        };
        terminal.write_all(question.as_bytes())?;
        let mut answer = Zeroizing::new(String::with_capacity(1024));
        if BufReader::with_capacity(1, terminal).read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while answer.ends_with(['\n', '\r']) {
            answer.pop();
        }
        Ok(Some(answer))
    }

    /// As [`ask`], without echo.
    pub(crate) fn ask_hidden(question: &str) -> io::Result<Option<Zeroizing<String>>> {
        let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
            return Ok(None);
        };
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        *ECHOING.lock().unwrap_or_else(PoisonError::into_inner) = Some((terminal.try_clone()?, before));
        // What was typed before the question is not the answer.
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        let answer = ask(question);
        restore();
        if answer.is_err() {
            terminal.write_all(b"\n")?;
        }
        answer
    }

    /// Lets the terminal echo again.
    pub(crate) fn restore() {
        let saved = ECHOING.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((terminal, before)) = saved {
            let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

    use zeroize::Zeroizing;

    /// Asks on standard error and input; `None` when they are not a terminal.
    pub(crate) fn ask(question: &str) -> io::Result<Option<Zeroizing<String>>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        io::stderr().write_all(question.as_bytes())?;
        let mut answer = Zeroizing::new(String::with_capacity(1024));
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while answer.ends_with(['\n', '\r']) {
            answer.pop();
        }
        Ok(Some(answer))
    }

    /// Not asked where what is typed would be shown.
    pub(crate) fn ask_hidden(_question: &str) -> io::Result<Option<Zeroizing<String>>> {
        Ok(None)
    }

    pub(crate) fn restore() {}
}
