//! The progress bar: on a terminal, for what takes longer than a moment.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const FIRST_SHOWN: Duration = Duration::from_millis(400);
const REDRAWN: Duration = Duration::from_millis(100);
const BAR_CELLS: u64 = 24;

/// How far a file has come. The bar goes when this is dropped.
pub(crate) struct Progress {
    state: Arc<State>,
    bar: Option<JoinHandle<()>>,
}

struct State {
    done: AtomicU64,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Progress {
    /// Progress of `name`, which has `total` bytes where that is known; shown if standard error is a terminal and nobody asked for quiet.
    pub(crate) fn start(name: &str, total: Option<u64>, quiet: bool) -> Progress {
        let state = Arc::new(State { done: AtomicU64::new(0), ended: Mutex::new(false), end: Condvar::new() });
        let bar = (!quiet && io::stderr().is_terminal())
            .then(|| {
                let (state, name) = (state.clone(), name.to_owned());
                thread::Builder::new().spawn(move || draw(&state, &name, total)).ok()
            })
            .flatten();
        Progress { state, bar }
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.state.done.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        *self.state.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.state.end.notify_all();
        if let Some(bar) = self.bar.take() {
            let _ = bar.join();
        }
    }
}

fn draw(state: &State, name: &str, total: Option<u64>) {
    let start = Instant::now();
    let mut shown = false;
    let mut ended = state.ended.lock().unwrap_or_else(PoisonError::into_inner);
    while !*ended {
        let pause = if shown { REDRAWN } else { FIRST_SHOWN };
        ended = state.end.wait_timeout(ended, pause).unwrap_or_else(PoisonError::into_inner).0;
        let elapsed = start.elapsed();
        if !*ended && elapsed >= FIRST_SHOWN {
            let line = line(name, state.done.load(Ordering::Relaxed), total, elapsed);
            // To the line's start, and from its end the rest of it wiped.
            let _ = write!(io::stderr(), "\r{line}\x1b[K");
            shown = true;
        }
    }
    if shown {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

/// `report.iso  [######            ]  25%  1.0 GiB of 4.0 GiB  1.9 GiB/s  0:02 left`
fn line(name: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let name: String = name.chars().rev().take(28).collect::<Vec<_>>().into_iter().rev().collect();
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let speed = format!("{}/s", size(rate as u64));
    let Some(total) = total.filter(|&total| total > 0) else {
        return format!("{name}  {}  {speed}", size(done));
    };
    let part = done.min(total) as f64 / total as f64;
    let cells = (part * BAR_CELLS as f64) as usize;
    let bar = format!("{}{}", "#".repeat(cells), " ".repeat(BAR_CELLS as usize - cells));
    let left = (total.saturating_sub(done) as f64 / rate.max(1.0)) as u64;
    format!(
        "{name}  [{bar}] {:>3}%  {} of {}  {speed}  {}:{:02} left",
        (part * 100.0) as u64,
        size(done),
        size(total),
        left / 60,
        left % 60
    )
}

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    format!("{size:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line("a.iso", 1 << 30, Some(4 << 30), second),
            "a.iso  [######                  ]  25%  1.0 GiB of 4.0 GiB  1.0 GiB/s  0:03 left"
        );
        assert_eq!(line("standard input", 1536, None, second), "standard input  1.5 KiB  1.5 KiB/s");
        assert!(line("grown", 20, Some(10), second).contains("100%"));
    }

    #[test]
    fn sizes() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(u64::MAX), "16384.0 PiB");
    }
}
