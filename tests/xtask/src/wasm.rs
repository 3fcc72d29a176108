//! The WebAssembly modules and the JavaScript glue that all of them share, left where the npm package's build takes them.

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
/// The same source for engines of different ages. The first gets its SIMD from .cargo/config.toml, and its glue is the package's.
const MODULES: [Module; 3] = [
    Module { name: "fortress", flags: &[], needs: &["--enable-simd"] },
    Module {
        name: "fortress-relaxed",
        flags: &["-Ctarget-feature=+relaxed-simd"],
        needs: &["--enable-simd", "--enable-relaxed-simd"],
    },
    Module { name: "fortress-portable", flags: &["-Ctarget-feature=-simd128"], needs: &[] },
];
/// What a module may weigh on the wire, in bytes, compressed with brotli.
const BUDGET: u64 = 150_000;
const WASM_OPT: [&str; 4] = ["-O3", "--strip-target-features", "--strip-producers", "--strip-debug"];
/// What every engine since Safari 15 has. Binaryen refuses a module that uses more than it is allowed.
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
    for module in &MODULES {
        module.build(project, &generated)?;
    }
    for module in &MODULES {
        module.weigh(project, &generated)?;
    }
    Ok(())
}

/// One of the modules.
struct Module {
    /// Its file in the package, without `.wasm`.
    name: &'static str,
    /// What rustc is told besides what the workspace tells it for every module.
    flags: &'static [&'static str],
    /// What an engine has to have besides [`FEATURES`].
    needs: &'static [&'static str],
}

impl Module {
    fn build(&self, project: &Project, generated: &Path) -> Result<()> {
        // A folder each: cargo would compile everything anew when the flags change.
        let target = if self.flags.is_empty() { project.target.clone() } else { project.target.join(self.name) };
        compile(project, self.flags, &target)?;
        let compiled = target.join(TARGET).join(PROFILE).join(format!("{}.wasm", CRATE.replace('-', "_")));
        let bound = target.join("bindgen");
        let module = generated.join(format!("{}.wasm", self.name));
        let stamp = Stamp::of(&compiled, generated.join(format!(".{}-made-from", self.name)))?;
        if stamp.is_fresh() && module.exists() {
            say(&format!("{}: as it was compiled last, not generated anew", self.name));
        } else {
            generate(&compiled, &bound)?;
            self.optimise(project, &bound.join(format!("{NAME}_bg.wasm")), &module)?;
            stamp.write()?;
        }
        for glue in [format!("{NAME}.js"), format!("{NAME}.d.ts")] {
            self.share(&bound.join(&glue), &generated.join(&glue))?;
        }
        Ok(())
    }

    fn optimise(&self, project: &Project, bound: &Path, module: &Path) -> Result<()> {
        let words = FEATURES.iter().chain(self.needs).chain(&WASM_OPT);
        let mut wasm_opt = command::command(project, project.path("node_modules/.bin/wasm-opt"), words);
        wasm_opt.arg(bound).arg("-o").arg(module);
        command::run_shown(wasm_opt)
    }

    /// The first module's glue is everybody's; another's must be the same.
    fn share(&self, own: &Path, shared: &Path) -> Result<()> {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let own = read(own)?;
        if self.name == MODULES[0].name {
            return fs::write(shared, own).with_context(|| format!("cannot write {}", shared.display()));
        }
        if own != read(shared)? {
            bail!("{} needs other glue than {}, and the package has one for all modules", self.name, MODULES[0].name);
        }
        Ok(())
    }

    /// Prints the module's sizes; Node's own compressors are those of the servers that will send it.
    fn weigh(&self, project: &Project, generated: &Path) -> Result<()> {
        const SCRIPT: &str = "const { brotliCompressSync, gzipSync } = require('node:zlib');
            const module = require('node:fs').readFileSync(process.argv[1]);
            const sizes = [module, gzipSync(module, { level: 9 }), brotliCompressSync(module)];
            console.log(JSON.stringify(sizes.map((bytes) => bytes.length)));";
        let mut node = command::command(project, "node", ["-e", SCRIPT]);
        node.arg(generated.join(format!("{}.wasm", self.name)));
        let sizes: Value = serde_json::from_str(&command::output_of(node)?).context("weighing the module")?;
        let [raw, gzip, brotli] = [0, 1, 2].map(|place| sizes[place].as_u64().unwrap_or(u64::MAX));
        let name = self.name;
        say(&format!("{name}: {raw} bytes, {gzip} with gzip, {brotli} with brotli (budget {BUDGET})"));
        if brotli >= BUDGET {
            bail!("{name} weighs {brotli} bytes with brotli, and its budget is below {BUDGET}");
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

/// Runs cargo, with a module as the result that is the same wherever it is compiled: the places that panics name start
/// at a package's folder, not at the one where this machine keeps packages.
fn compile(project: &Project, flags: &[&str], target: &Path) -> Result<()> {
    let metadata = ["metadata", "--format-version", "1", "--filter-platform", TARGET];
    let metadata: Value = serde_json::from_str(&command::output_of(command::command(project, "cargo", metadata))?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let bindgen = packages.iter().find(|package| package["name"] == "wasm-bindgen");
    let manifest = bindgen.and_then(|package| package["manifest_path"].as_str()).map(Path::new);
    let registry = manifest.and_then(|path| path.ancestors().nth(2)).context("cargo metadata lists no wasm-bindgen")?;
    let remap = format!("--remap-path-prefix={}=crates", registry.display());
    let flags: Vec<Value> = flags.iter().copied().chain([remap.as_str()]).map(Value::from).collect();
    let config = format!("target.{TARGET}.rustflags={}", Value::from(flags));
    let words = ["build", "-p", CRATE, "--target", TARGET, "--profile", PROFILE, "--config", &config, "--target-dir"];
    let mut cargo = command::command(project, "cargo", words);
    cargo.arg(target);
    command::run_shown(cargo)
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

/// Which compiled module, treated how, a generated one came from.
struct Stamp {
    path: PathBuf,
    text: String,
}

impl Stamp {
    fn of(compiled: &Path, path: PathBuf) -> Result<Self> {
        let bytes = fs::read(compiled).with_context(|| format!("cannot read {}", compiled.display()))?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let text = format!("{:016x} {} {}\n", hasher.finish(), FEATURES.join(" "), WASM_OPT.join(" "));
        Ok(Self { path, text })
    }

    fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
