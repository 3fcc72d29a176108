//! The WebAssembly module and its JavaScript glue, left where the npm package's sources import them.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command::{self, say};
use crate::package;
use crate::project::Project;
use crate::setup::{self, Need};

/// The bindings' crate.
pub(crate) const CRATE: &str = "fortress-sdk-wasm";
/// What it is compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// What tests are compiled for: the same instructions, with a system interface by which they say what they found.
pub(crate) const TESTS_TARGET: &str = "wasm32-wasip1";

/// Of the workspace's Cargo.toml: no unwinding, one unit, whole-program optimisation.
const PROFILE: &str = "wasm-release";
/// Names the generated files: `fortress_wasm.js`, `.d.ts`, `_bg.wasm`.
const NAME: &str = "fortress_wasm";
/// What the module may weigh on the wire, in bytes, compressed with brotli.
const BUDGET: u64 = 150_000;
/// Binaryen reads the features that rustc used from the module's `target_features` section, so none is named here.
const WASM_OPT: [&str; 4] = ["-O3", "--strip-target-features", "--strip-producers", "--strip-debug"];

/// Compiles, generates, optimises and weighs the module. Fails when it is over its budget.
pub(crate) fn build(project: &Project) -> Result<()> {
    setup::ensure(project, Need::Rust)?;
    setup::ensure(project, Need::Npm)?;
    let _one_at_a_time = project.lock()?;
    compile(project)?;
    let compiled = project.target.join(TARGET).join(PROFILE).join(format!("{}.wasm", CRATE.replace('-', "_")));
    let folder = project.path(package::FOLDER).join("src/generated");
    let module = folder.join(format!("{NAME}_bg.wasm"));
    let stamp = Stamp::of(&compiled, &folder)?;
    if stamp.is_fresh() && module.exists() {
        say("the module is as it was compiled last: not generated anew");
    } else {
        generate(&compiled, &folder)?;
        optimise(project, &module)?;
        stamp.write()?;
    }
    weigh(project, &module)
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

/// Runs cargo, with a module as the result that is the same wherever it is compiled: the places that panics name start
/// at a package's folder, not at the one where this machine keeps packages.
fn compile(project: &Project) -> Result<()> {
    let metadata = ["metadata", "--format-version", "1", "--filter-platform", TARGET];
    let metadata: Value = serde_json::from_str(&command::output_of(command::command(project, "cargo", metadata))?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let bindgen = packages.iter().find(|package| package["name"] == "wasm-bindgen");
    let manifest = bindgen.and_then(|package| package["manifest_path"].as_str()).map(Path::new);
    let registry = manifest.and_then(|path| path.ancestors().nth(2)).context("cargo metadata lists no wasm-bindgen")?;
    let flag = Value::from(format!("--remap-path-prefix={}=crates", registry.display()));
    let config = format!("target.{TARGET}.rustflags=[{flag}]");
    let words = ["build", "-p", CRATE, "--target", TARGET, "--profile", PROFILE, "--config", &config];
    command::run(project, "cargo", words)
}

/// What `wasm-bindgen --target web` does.
fn generate(compiled: &Path, folder: &Path) -> Result<()> {
    say(&format!("generating {NAME}.js and its types in {}", folder.display()));
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(compiled)
        .out_name(NAME)
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

fn optimise(project: &Project, module: &Path) -> Result<()> {
    let mut wasm_opt = command::command(project, project.path("node_modules/.bin/wasm-opt"), WASM_OPT);
    wasm_opt.arg(module).arg("-o").arg(module);
    command::run_shown(wasm_opt)
}

/// Prints the module's sizes; Node's own compressors are those of the servers that will send it.
fn weigh(project: &Project, module: &Path) -> Result<()> {
    const SCRIPT: &str = "const { brotliCompressSync, gzipSync } = require('node:zlib');
        const module = require('node:fs').readFileSync(process.argv[1]);
        const sizes = [module, gzipSync(module, { level: 9 }), brotliCompressSync(module)];
        console.log(JSON.stringify(sizes.map((bytes) => bytes.length)));";
    let mut node = command::command(project, "node", ["-e", SCRIPT]);
    node.arg(module);
    let sizes: Value = serde_json::from_str(&command::output_of(node)?).context("weighing the module")?;
    let [raw, gzip, brotli] = [0, 1, 2].map(|place| sizes[place].as_u64().unwrap_or(u64::MAX));
    say(&format!("module: {raw} bytes, {gzip} with gzip, {brotli} with brotli (budget {BUDGET})"));
    if brotli >= BUDGET {
        bail!("the module weighs {brotli} bytes with brotli, and its budget is below {BUDGET}");
    }
    Ok(())
}

/// Which compiled module, treated how, the generated files came from.
struct Stamp {
    path: PathBuf,
    text: String,
}

impl Stamp {
    fn of(compiled: &Path, folder: &Path) -> Result<Self> {
        let bytes = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let text = format!("{:016x} {}\n", hasher.finish(), WASM_OPT.join(" "));
        Ok(Self { path: folder.join(".made-from"), text })
    }

    fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
