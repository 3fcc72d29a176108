//! Looks for secrets that decide a branch or an address, in the way of `ctgrind` (Langley, 2010): memory that holds a secret is declared
//! undefined to valgrind's memcheck, which then reports whatever branch is taken and whatever address is read because of it.
//!
//! ```text
//! cargo xtask test constant-time
//! ```
//!
//! A check that finds nothing proves little, so functions that leak are among the cases, and have to be found.

mod cases;
mod valgrind;

use std::process::ExitCode;

fn main() -> ExitCode {
    if !valgrind::is_there() {
        eprintln!("this program says something only under valgrind: cargo xtask test constant-time");
        return ExitCode::FAILURE;
    }
    let mut wrong = 0;
    for case in cases::all() {
        let before = valgrind::errors();
        let verdicts = (case.run)();
        let found = valgrind::errors() - before;
        let right = if case.leaks { found > verdicts } else { found == verdicts };
        wrong += usize::from(!right);
        let verdict = if right { "as it should be" } else { "NOT as it should be" };
        println!(
            "{:<18} {found:>4} branches and addresses by a secret, {verdicts:>2} of them allowed: {verdict}",
            case.name
        );
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
