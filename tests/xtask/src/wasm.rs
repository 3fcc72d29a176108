//! The WebAssembly modules and the JavaScript glue that all of them share, left where the npm package's build takes them.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command::{self, say};
use crate::package;
use crate::project::Project;
use crate::setup::{self, Need};

/// The bindings' crate.
pub(crate) const CRATE: &str = "fortress-sdk-wasm";
/// The kernels beside other crates.
const BENCH_CRATE: &str = "fortress-bench-kernels";
/// What they are compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// What tests are compiled for: the same instructions, with a system interface by which they say what they found.
pub(crate) const TESTS_TARGET: &str = "wasm32-wasip1";

/// Of the workspace's Cargo.toml: no unwinding, one unit, whole-program optimisation.
const PROFILE: &str = "wasm-release";
/// The package has three sets of modules, and a page loads one of a set.
const SETS: [Set; 3] = [
    Set { name: "fortress", glue: "fortress_wasm", features: &[], engines: &ENGINES, budget: 150_000 },
    Set {
        name: "fields",
        glue: "fortress_fields",
        features: &["--no-default-features", "--features", "fields"],
        engines: &ENGINES,
        budget: 60_000,
    },
    Set {
        name: "signatures",
        glue: "fortress_signatures",
        features: &["--no-default-features", "--features", "signatures"],
        engines: &[ANY_ENGINE],
        budget: 50_000,
    },
];
/// The same source for engines of different ages. The first gets its SIMD from .cargo/config.toml.
const ENGINES: [Engine; 3] = [
    Engine { suffix: "", folder: "", flags: &[], needs: &["--enable-simd"], small: &WRAPPING },
    Engine {
        suffix: "-relaxed",
        folder: RELAXED,
        flags: &["-Ctarget-feature=+relaxed-simd"],
        needs: &["--enable-simd", "--enable-relaxed-simd"],
        small: &WRAPPING,
    },
    // Of 2022 and before, and slow whatever is done: what it loads counts for more.
    Engine {
        suffix: "-portable",
        folder: PORTABLE,
        flags: &["-Ctarget-feature=-simd128", "--cfg=sha2_backend_soft=\"compact\""],
        needs: &[],
        small: &["fortress-sdk", "base64", "sha2", "aes", "aes-gcm", "polyval"],
    },
];
/// For what is called a few times a page and gains little by SIMD: one module, for engines of all ages.
const ANY_ENGINE: Engine = Engine {
    suffix: "",
    folder: PORTABLE,
    flags: ENGINES[2].flags,
    needs: &[],
    small: &["fortress-sdk", "base64", "sha2", "curve25519-dalek", "ed25519-dalek", "ml-dsa", "keccak", "shake"],
};
const RELAXED: &str = "fortress-relaxed";
const PORTABLE: &str = "fortress-portable";
/// Where modules are compiled, below the target folder: cargo would compile everything anew when the flags change.
const FOLDERS: [&str; 3] = ["", RELAXED, PORTABLE];
/// AES-256-GCM beside our own kernels wraps file keys, of 32 bytes, and nothing else.
const WRAPPING: [&str; 4] = ["aes", "cipher", "ctr", "polyval"];
const WASM_OPT: [&str; 4] = ["-O3", "--strip-target-features", "--strip-producers", "--strip-debug"];
/// What engines had before SIMD, and Safari since 15. Binaryen refuses a module that uses more than it is allowed.
const FEATURES: [&str; 7] = [
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Compiles, generates, optimises and weighs every module. Fails when one is over its budget, or needs glue of its own.
pub(crate) fn build(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    setup::ensure(project, Need::Npm)?;
    let _one_at_a_time = project.lock()?;
    let generated = project.path(package::FOLDER).join("src/generated");
    fs::create_dir_all(&generated).with_context(|| format!("cannot make {}", generated.display()))?;
    let modules = || SETS.iter().flat_map(|set| set.engines.iter().map(move |engine| Module { set, engine }));
    // Side by side, where they are compiled apart: a module is linked by one processor.
    command::all_of(thread::scope(|scope| {
        let builders = FOLDERS.map(|folder| {
            let mut modules = modules().filter(move |module| module.engine.folder == folder);
            let generated = &generated;
            scope.spawn(move || modules.try_for_each(|module| module.build(project, generated)))
        });
        builders.map(|builder| builder.join().unwrap_or_else(|panic| resume_unwind(panic)))
    }))?;
    for module in modules() {
        module.share(project, &generated)?;
        module.weigh(project, &generated)?;
    }
    Ok(())
}

/// The kernels' tests again, as Chromium and Firefox compile them, but for the millions of short messages: all of them with SIMD, and with relaxed
/// SIMD, which Node may not have, those of what uses it.
pub(crate) fn test_in_browsers(project: &Project) -> Result<()> {
    let run = |chosen: &[&str], relaxed: bool| {
        let words = ["test", "--target", TESTS_TARGET, "--no-fail-fast", "-p", "fortress-sdk-kernels"];
        let words = words.iter().chain(chosen).chain(&["--", "--skip", "short_messages"]);
        let mut test = command::command(project, "cargo", words);
        test.env("CARGO_TARGET_WASM32_WASIP1_RUNNER", "tests/wasm/browsers.mjs");
        if relaxed {
            test.env("RUSTC_WORKSPACE_WRAPPER", project.path("tests/wasm/relaxed.sh"));
            test.env("FORTRESS_FEATURE", "relaxed-simd");
        }
        command::run_shown(test)
    };
    command::all_of([
        run(&[], false),
        run(&["--lib", "--test", "aegis256", "--test", "aes256gcm", "--test", "x25519", "--test", "mlkem"], true),
    ])
}

/// The kernels beside other crates, for the benchmarks in browsers, treated as what is shipped.
pub(crate) fn bench(project: &Project, folder: &Path) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    setup::ensure(project, Need::Npm)?;
    for engine in &ENGINES[..2] {
        let features: &[&str] = if engine.suffix == "-relaxed" { &["--features", "relaxed-simd"] } else { &[] };
        let compiled = compile(project, BENCH_CRATE, engine, features)?;
        engine.optimise(project, &compiled, &folder.join(format!("kernels{}.wasm", engine.suffix)))?;
    }
    Ok(())
}

/// Modules that do the same.
struct Set {
    /// The first one's file in the package, without `.wasm`.
    name: &'static str,
    /// Names the generated files that all of them share: `.js` and `.d.ts`.
    glue: &'static str,
    /// What cargo is told of features.
    features: &'static [&'static str],
    /// For whom there is a module each.
    engines: &'static [Engine],
    /// What each may weigh on the wire, in bytes, compressed with brotli.
    budget: u64,
}

/// What a module is made for.
struct Engine {
    /// Ends its name.
    suffix: &'static str,
    /// One of [`FOLDERS`].
    folder: &'static str,
    /// What rustc is told besides what the workspace tells it for every module.
    flags: &'static [&'static str],
    /// What an engine has to have besides [`FEATURES`].
    needs: &'static [&'static str],
    /// Packages that are compiled to be small, besides those of the profile.
    small: &'static [&'static str],
}

impl Engine {
    fn target(&self, project: &Project) -> PathBuf {
        project.target.join(self.folder)
    }

    fn optimise(&self, project: &Project, compiled: &Path, module: &Path) -> Result<()> {
        let words = FEATURES.iter().chain(self.needs).chain(&WASM_OPT);
        let mut wasm_opt = command::command(project, project.path("node_modules/.bin/wasm-opt"), words);
        wasm_opt.arg(compiled).arg("-o").arg(module);
        command::run_shown(wasm_opt)
    }
}

/// One of the modules.
struct Module {
    set: &'static Set,
    engine: &'static Engine,
}

impl Module {
    /// Its file in the package, without `.wasm`.
    fn name(&self) -> String {
        format!("{}{}", self.set.name, self.engine.suffix)
    }

    fn build(&self, project: &Project, generated: &Path) -> Result<()> {
        let (Set { glue, .. }, name) = (self.set, self.name());
        let compiled = compile(project, CRATE, self.engine, self.set.features)?;
        let bound = self.bound(project);
        let module = generated.join(format!("{name}.wasm"));
        let stamp = Stamp::of(&compiled, self.engine, generated.join(format!(".{name}-made-from")))?;
        if stamp.is_fresh() && module.exists() && bound.exists() {
            say(&format!("{name}: as it was compiled last, not generated anew"));
        } else {
            generate(&compiled, &bound, glue)?;
            self.engine.optimise(project, &bound.join(format!("{glue}_bg.wasm")), &module)?;
            stamp.write()?;
        }
        Ok(())
    }

    /// The first module's glue is its set's; another's must be the same.
    fn share(&self, project: &Project, generated: &Path) -> Result<()> {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        for file in [format!("{}.js", self.set.glue), format!("{}.d.ts", self.set.glue)] {
            let (own, shared) = (read(&self.bound(project).join(&file))?, generated.join(&file));
            if self.engine.suffix.is_empty() {
                fs::write(&shared, own).with_context(|| format!("cannot write {}", shared.display()))?;
            } else if own != read(&shared)? {
                bail!("{} needs other glue than {}, and both are loaded by the same", self.name(), self.set.name);
            }
        }
        Ok(())
    }

    /// Where bindgen leaves it and its glue.
    fn bound(&self, project: &Project) -> PathBuf {
        self.engine.target(project).join("bindgen").join(self.name())
    }

    /// Prints the module's sizes; Node's own compressors are those of the servers that will send it.
    fn weigh(&self, project: &Project, generated: &Path) -> Result<()> {
        const SCRIPT: &str = "const { brotliCompressSync, gzipSync } = require('node:zlib');
            const module = require('node:fs').readFileSync(process.argv[1]);
            const sizes = [module, gzipSync(module, { level: 9 }), brotliCompressSync(module)];
            console.log(JSON.stringify(sizes.map((bytes) => bytes.length)));";
        let (name, budget) = (self.name(), self.set.budget);
        let mut node = command::command(project, "node", ["-e", SCRIPT]);
        node.arg(generated.join(format!("{name}.wasm")));
        let sizes: Value = serde_json::from_str(&command::output_of(node)?).context("weighing the module")?;
        let [raw, gzip, brotli] = [0, 1, 2].map(|place| sizes[place].as_u64().unwrap_or(u64::MAX));
        say(&format!("{name}: {raw} bytes, {gzip} with gzip, {brotli} with brotli (budget {budget})"));
        if brotli >= budget {
            bail!("{name} weighs {brotli} bytes with brotli, and its budget is below {budget}");
        }
        Ok(())
    }
}

/// The tests of the kernels and of the core, Wycheproof's among them, run as WebAssembly in Node: what is there for wasm32 alone is
/// tested by what tests everything else.
pub(crate) fn test(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    let test = ["test", "--target", TESTS_TARGET, "--no-fail-fast", "-p"];
    command::all_of([
        command::run(project, "cargo", test.iter().chain(&["fortress-sdk-kernels"])),
        command::run(project, "cargo", test.iter().chain(&["fortress-sdk", "--lib"])),
    ])
}

/// Runs cargo, and gives the module's path. The result is the same wherever it is compiled: the places that panics name start
/// at a package's folder, not at the one where this machine keeps packages.
fn compile(project: &Project, package: &str, engine: &Engine, features: &[&str]) -> Result<PathBuf> {
    let metadata = ["metadata", "--format-version", "1", "--filter-platform", TARGET];
    let metadata: Value = serde_json::from_str(&command::output_of(command::command(project, "cargo", metadata))?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let bindgen = packages.iter().find(|package| package["name"] == "wasm-bindgen");
    let manifest = bindgen.and_then(|package| package["manifest_path"].as_str()).map(Path::new);
    let registry = manifest.and_then(|path| path.ancestors().nth(2)).context("cargo metadata lists no wasm-bindgen")?;
    let remap = format!("--remap-path-prefix={}=crates", registry.display());
    let flags: Vec<Value> = engine.flags.iter().copied().chain([remap.as_str()]).map(Value::from).collect();
    let config = format!("target.{TARGET}.rustflags={}", Value::from(flags));
    let words = ["build", "-p", package, "--target", TARGET, "--profile", PROFILE, "--config", &config, "--target-dir"];
    let mut cargo = command::command(project, "cargo", words);
    let target = engine.target(project);
    cargo.arg(&target).args(features);
    for package in engine.small {
        cargo.args(["--config", &format!("profile.{PROFILE}.package.{package}.opt-level='s'")]);
    }
    command::run_shown(cargo)?;
    Ok(target.join(TARGET).join(PROFILE).join(format!("{}.wasm", package.replace('-', "_"))))
}

/// What `wasm-bindgen --target web` does.
fn generate(compiled: &Path, folder: &Path, glue: &str) -> Result<()> {
    say(&format!("generating {glue}.js and its types in {}", folder.display()));
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(compiled)
        .out_name(glue)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(true)
                // The package names the module's address itself, and replaces an instance that a trap has lost.
                .omit_default_module_path(true)
                .reset_state_function(true)
                .generate(folder)
        })
        .with_context(|| format!("wasm-bindgen could not read {}", compiled.display()))
}

/// Which compiled module, treated how, a generated one came from.
struct Stamp {
    path: PathBuf,
    text: String,
}

impl Stamp {
    fn of(compiled: &Path, engine: &Engine, path: PathBuf) -> Result<Self> {
        let bytes = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let words = [&FEATURES[..], engine.needs, &WASM_OPT].concat().join(" ");
        let text = format!("{:016x} {words}\n", hasher.finish());
        Ok(Self { path, text })
    }

    fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
