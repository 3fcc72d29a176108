//! `cargo xtask test`: steps that go on after one has failed, and a table of them at the end.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result};

use crate::command::{self, say};
use crate::project::Project;
use crate::setup::{self, Environment, Need};
use crate::{constant_time, demo, interop, lint, package, wasm, wheel};

/// The core with its assembly backends.
pub(crate) const ASSEMBLY: [&str; 3] = ["--no-default-features", "--features", "assembly,unicode,grants"];

/// One part of the tests, in the order in which they run: the quick and the telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Lint,
    Xtask,
    Core,
    ConstantTime,
    Hsm,
    Cli,
    Wasm,
    Npm,
    Python,
    Wheel,
    Interop,
    Packaging,
    Browsers,
    Demo,
}

impl Step {
    pub(crate) const ALL: [Self; 14] = [
        Self::Lint,
        Self::Xtask,
        Self::Core,
        Self::ConstantTime,
        Self::Hsm,
        Self::Cli,
        Self::Wasm,
        Self::Npm,
        Self::Python,
        Self::Wheel,
        Self::Interop,
        Self::Packaging,
        Self::Browsers,
        Self::Demo,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Xtask => "xtask",
            Self::Core => "core",
            Self::ConstantTime => "constant-time",
            Self::Hsm => "hsm",
            Self::Cli => "cli",
            Self::Wasm => "wasm",
            Self::Npm => "npm",
            Self::Python => "python",
            Self::Wheel => "wheel",
            Self::Interop => "interop",
            Self::Packaging => "packaging",
            Self::Browsers => "browsers",
            Self::Demo => "demo",
        }
    }

    pub(crate) fn from_name(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name).with_context(|| {
            let names = Self::ALL.map(Self::name).join(" ");
            format!("`test` knows the steps {names}, and {name} was given")
        })
    }

    fn run(self, project: &Project, built: &mut Built) -> Result<(), Stop> {
        match self {
            Self::Lint => {
                let rust = lint::rust(project);
                match built.require(project, Product::Package) {
                    Ok(()) => command::all_of([rust, lint::web(project)])?,
                    // What rustfmt and clippy found is told first: it may well be why nothing builds.
                    Err(stop) => {
                        rust?;
                        return Err(stop);
                    }
                }
            }
            Self::Xtask => {
                // In its own profile, in which its libraries are already there.
                let profile = ["--profile", "xtask"];
                command::run(project, "cargo", ["test", "-p", "xtask"].iter().chain(&profile))?;
            }
            Self::Core => {
                let test = ["test", "-p", "fortress-sdk", "--no-fail-fast"];
                // The assembly backends write and read the same bytes.
                command::all_of([
                    command::run(project, "cargo", ["test", "-p", "fortress-sdk-kernels", "--no-fail-fast"]),
                    command::run(project, "cargo", test),
                    command::run(project, "cargo", test.iter().chain(&ASSEMBLY)),
                ])?;
            }
            Self::ConstantTime => constant_time::test(project)?,
            Self::Hsm => {
                setup::ensure(project, Need::Hsm)?;
                setup::ensure(project, Need::Cloud)?;
                let words = ["test", "-p", "fortress-sdk-hsm", "--no-fail-fast"];
                let mut test = command::command(project, "cargo", words);
                test.env("FORTRESS_TEST_SERVICES", Environment::Cloud.folder(project));
                command::run_shown(test)?;
            }
            Self::Cli => {
                setup::ensure(project, Need::Hsm)?;
                let test = ["test", "-p", "fortress-sdk-cli", "--no-fail-fast"];
                // In pure Rust it reads and writes the same bytes.
                let portable =
                    ["--no-default-features", "--features", "portable", "--test", "vectors", "--test", "files"];
                command::all_of([
                    command::run(project, "cargo", test),
                    command::run(project, "cargo", test.iter().chain(&portable)),
                ])?;
            }
            Self::Wasm => {
                built.require(project, Product::Module)?;
                wasm::test(project)?;
            }
            Self::Npm => {
                built.require(project, Product::Package)?;
                let tests = [package::FOLDER, "tests/bench"].map(|folder| package::npm(project, ["test"], folder));
                command::all_of(tests)?;
            }
            Self::Python => {
                setup::ensure(project, Need::Python)?;
                // The reader and the command open what the other writes.
                command::run(project, "cargo", ["build", "-p", "fortress-sdk-cli"])?;
                let python = Environment::Reader.python(project);
                command::run(project, python, ["-m", "pytest", "tests/interop/python"])?;
            }
            Self::Wheel => {
                built.require(project, Product::Wheel)?;
                wheel::test(project)?;
            }
            Self::Interop => {
                built.require(project, Product::Package)?;
                built.require(project, Product::Wheel)?;
                interop::test(project)?;
            }
            Self::Packaging | Self::Browsers => {
                setup::ensure(project, Need::Browsers)?;
                built.require(project, Product::Package)?;
                let npm = package::npm(project, ["test"], &format!("tests/{}", self.name()));
                let kernels = if self == Self::Browsers { wasm::test_in_browsers(project) } else { Ok(()) };
                command::all_of([npm, kernels])?;
            }
            Self::Demo => {
                built.require(project, Product::Package)?;
                demo::check(project)?;
            }
        }
        Ok(())
    }
}

/// Runs the steps and reports them. The exit code tells whether all passed.
pub(crate) fn test(project: &Project, steps: &[Step]) -> Result<ExitCode> {
    let mut built = Built::default();
    let mut reports = Vec::new();
    for step in steps {
        say(&format!("\n=== {} ===", step.name()));
        let start = Instant::now();
        let result = step.run(project, &mut built);
        if let Err(Stop::Failed(error)) = &result {
            command::say_error(&format!("{}: {error:#}", step.name()));
        }
        reports.push(Report { step: *step, took: start.elapsed(), result });
    }
    let failed = reports.iter().filter(|report| report.result.is_err()).count();
    say(&format!("\n{}", table(&reports)));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Something that several steps need and one run builds once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Product {
    Module,
    Package,
    Wheel,
}

/// What this run has built, or tried to.
#[derive(Default)]
struct Built(HashMap<Product, bool>);

impl Built {
    /// Builds a product unless this run has; a product that failed before blocks whoever asks again.
    fn require(&mut self, project: &Project, product: Product) -> Result<(), Stop> {
        match self.0.get(&product) {
            Some(true) => return Ok(()),
            Some(false) => return Err(Stop::Blocked(product)),
            None => {}
        }
        self.0.insert(product, false);
        match product {
            Product::Module => wasm::build(project)?,
            Product::Package => {
                self.require(project, Product::Module)?;
                package::build(project)?;
            }
            Product::Wheel => wheel::install(project)?,
        }
        self.0.insert(product, true);
        Ok(())
    }
}

/// Why a step did not pass.
#[derive(Debug)]
enum Stop {
    Failed(Error),
    /// The product could not be built in an earlier step, which has told why.
    Blocked(Product),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Report {
    step: Step,
    took: Duration,
    result: Result<(), Stop>,
}

/// A line a step, and the closing line that counts them.
fn table(reports: &[Report]) -> String {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut text = String::new();
    for Report { step, took, result } in reports {
        let name = step.name();
        let (word, why) = match result {
            Ok(()) => {
                passed += 1;
                ("passed", String::new())
            }
            Err(Stop::Failed(error)) => {
                failed += 1;
                ("FAILED", format!("  {error:#}; to repeat it: cargo xtask test {name}"))
            }
            Err(Stop::Blocked(product)) => {
                skipped += 1;
                let product = match product {
                    Product::Module => "WebAssembly module",
                    Product::Package => "npm package",
                    Product::Wheel => "Python wheel",
                };
                ("skipped", format!("  the {product} could not be built"))
            }
        };
        let seconds = took.as_secs();
        text.push_str(&format!("{name:<13} {word:<8} {:>3} min {:02} s{why}\n", seconds / 60, seconds % 60));
    }
    text.push_str(&format!("{passed} passed, {failed} failed"));
    if skipped > 0 {
        text.push_str(&format!(", {skipped} skipped"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: Step, result: Result<(), Stop>) -> Report {
        Report { step, took: Duration::from_secs(75), result }
    }

    #[test]
    fn the_closing_line_counts_steps() {
        let passed = table(&[report(Step::Core, Ok(()))]);
        assert_eq!(passed, "core          passed     1 min 15 s\n1 passed, 0 failed");

        let mixed = table(&[
            report(Step::Core, Ok(())),
            report(Step::Wasm, Err(Stop::Failed(Error::msg("`cargo build` failed")))),
            report(Step::Npm, Err(Stop::Blocked(Product::Module))),
        ]);
        assert!(mixed.ends_with("\n1 passed, 1 failed, 1 skipped"), "{mixed}");
        assert!(mixed.contains("`cargo build` failed; to repeat it: cargo xtask test wasm"), "{mixed}");
        assert!(mixed.contains("the WebAssembly module could not be built"), "{mixed}");
    }
}
