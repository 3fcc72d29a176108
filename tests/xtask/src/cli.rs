//! What the words after `cargo xtask` mean.

use anyhow::{Result, bail};

use crate::bench::PLATFORMS;
use crate::setup::Need;
use crate::steps::Step;

/// Printed by `cargo xtask help`, and by `cargo xtask` alone.
pub(crate) const HELP: &str = "\
cargo xtask <task>

  test [step…]                 every test, or the named steps:
                               lint xtask core constant-time hsm cli wasm npm python wheel interop packaging browsers demo
  demo [--check]               build everything and serve the example page; --check drives it in three browsers
  bench [platform…] [--html]   benchmarks, of every kind unless named: native cli python node browser, or one of
                               chromium firefox webkit alone; --html also writes a report
  build                        WebAssembly, its sizes, and the npm package
  lint                         formatting, clippy, and the linters of the npm workspaces
  setup [what…]                install what is missing: rust npm python wheel browsers valgrind hsm cloud (default: all)
  vectors                      write our own test vectors anew
  fuzz [target] [seconds]      cargo-fuzz targets, 60 seconds each unless told
  fresh [task…]                run a task (default: test) in a fresh clone of HEAD with its own target folder
  help                         this text";

/// One task with its options.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    Help,
    Setup(Vec<Need>),
    Build,
    Lint,
    Test(Vec<Step>),
    Demo { check: bool },
    Bench { platforms: Vec<String>, html: bool },
    Vectors,
    Fuzz { target: Option<String>, seconds: u32 },
    Fresh(Vec<String>),
}

/// Reads the words, or says which one is not understood.
pub(crate) fn parse(words: &[String]) -> Result<Task> {
    let Some((task, rest)) = words.split_first() else {
        return Ok(Task::Help);
    };
    if task != "fresh" && rest.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Task::Help);
    }
    let (flags, names): (Vec<&str>, Vec<&str>) =
        rest.iter().map(String::as_str).partition(|word| word.starts_with('-'));
    let known_flags: &[&str] = match task.as_str() {
        "demo" => &["--check"],
        "bench" => &["--html"],
        "fresh" => &flags,
        _ => &[],
    };
    if let Some(flag) = flags.iter().find(|flag| !known_flags.contains(flag)) {
        bail!("`{task}` has no option {flag}; see `cargo xtask help`");
    }
    if matches!(task.as_str(), "build" | "lint" | "demo" | "vectors" | "help")
        && let Some(name) = names.first()
    {
        bail!("`{task}` takes no argument, and {name} was given; see `cargo xtask help`");
    }
    Ok(match task.as_str() {
        "help" | "--help" | "-h" => Task::Help,
        "setup" if names.is_empty() => Task::Setup(Need::ALL.to_vec()),
        "setup" => Task::Setup(each(&names, Need::from_name)?),
        "build" => Task::Build,
        "lint" => Task::Lint,
        "test" if names.is_empty() => Task::Test(Step::ALL.to_vec()),
        "test" => Task::Test(each(&names, Step::from_name)?),
        "demo" => Task::Demo { check: !flags.is_empty() },
        "bench" => Task::Bench { platforms: each(&names, platform)?, html: !flags.is_empty() },
        "vectors" => Task::Vectors,
        "fuzz" => parse_fuzz(&names)?,
        "fresh" if rest.is_empty() => Task::Fresh(vec!["test".to_owned()]),
        "fresh" => Task::Fresh(rest.to_vec()),
        _ => bail!("there is no task {task}; see `cargo xtask help`"),
    })
}

/// What is not known is refused here, before anything is built for it.
fn platform(name: &str) -> Result<String> {
    if !PLATFORMS.contains(&name) {
        bail!("there is nothing to benchmark called {name}; there are {}", PLATFORMS.join(", "));
    }
    Ok(name.to_owned())
}

/// `fuzz`, `fuzz 30`, `fuzz token`, `fuzz token 30`.
fn parse_fuzz(names: &[&str]) -> Result<Task> {
    let (target, seconds) = match names {
        [] => (None, None),
        [one] => match one.parse() {
            Ok(seconds) => (None, Some(seconds)),
            Err(_) => (Some((*one).to_owned()), None),
        },
        [target, seconds] => match seconds.parse() {
            Ok(seconds) => (Some((*target).to_owned()), Some(seconds)),
            Err(_) => bail!("`fuzz` takes a whole number of seconds, and {seconds} was given"),
        },
        _ => bail!("`fuzz` takes a target and a number of seconds; see `cargo xtask help`"),
    };
    Ok(Task::Fuzz { target, seconds: seconds.unwrap_or(60) })
}

fn each<T>(names: &[&str], parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    names.iter().map(|name| parse(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn no_name_means_everything() {
        assert_eq!(parsed("").unwrap(), Task::Help);
        assert_eq!(parsed("test").unwrap(), Task::Test(Step::ALL.to_vec()));
        assert_eq!(parsed("setup").unwrap(), Task::Setup(Need::ALL.to_vec()));
        assert_eq!(parsed("fresh").unwrap(), Task::Fresh(vec!["test".to_owned()]));
    }

    #[test]
    fn names_select() {
        assert_eq!(parsed("test npm core").unwrap(), Task::Test(vec![Step::Npm, Step::Core]));
        assert_eq!(parsed("demo --check").unwrap(), Task::Demo { check: true });
        assert_eq!(
            parsed("bench --html node").unwrap(),
            Task::Bench { platforms: vec!["node".to_owned()], html: true }
        );
        assert_eq!(parsed("fuzz 30").unwrap(), Task::Fuzz { target: None, seconds: 30 });
        assert_eq!(parsed("fuzz token").unwrap(), Task::Fuzz { target: Some("token".to_owned()), seconds: 60 });
        assert_eq!(parsed("fresh demo --check").unwrap(), Task::Fresh(vec!["demo".to_owned(), "--check".to_owned()]));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("tset", "tset"),
            ("test cor", "cor"),
            ("setup nmp", "nmp"),
            ("bench node chrome", "chrome"),
            ("build wasm", "wasm"),
            ("demo --chekc", "--chekc"),
            ("test --check", "--check"),
            ("fuzz token soon", "soon"),
        ] {
            let error = parsed(line).unwrap_err().to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
