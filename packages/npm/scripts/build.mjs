// Builds dist/: an entry for each platform over shared chunks (ESM), those of Node over one file (CommonJS), the types, and
// the WebAssembly modules, which `cargo xtask build` has left in src/generated/.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsc } from "./tsc.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const generated = join(root, "src/generated");

const glues = await Promise.all(["fortress_wasm.js", "fortress_fields.js", "fortress_signatures.js"].map((name) => readFile(join(generated, name), "utf8").catch(() => undefined)));
if (glues.includes(undefined)) throw new Error("src/generated/ is empty: run `cargo xtask build`");
if (!glues.every((glue) => glue.includes("__wbg_reset_state"))) throw new Error("the generated glue cannot replace its instance: wasm-bindgen must run with `reset_state_function`");

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "types/generated"), { recursive: true });

const shared = {
  absWorkingDir: root,
  bundle: true,
  target: "es2022",
  sourcemap: true,
  // The entries name the modules relative to themselves, and they lie beside them in dist/.
  external: ["./*.wasm", "node:*"],
  // Or classes that name themselves are called by another name in consoles and in our own errors.
  keepNames: true,
  legalComments: "none",
  logLevel: "warning",
};
const fields = ["fields", "fields-node", "fields-workerd", "fields-slim"];
const grants = ["grants", "grants-node", "grants-workerd", "grants-slim"];
const entries = (...names) => Object.fromEntries(names.map((name) => [name, `src/entry/${name}.ts`]));
await build({ ...shared, outdir: "dist", format: "esm", splitting: true, chunkNames: "shared-[hash]", entryPoints: entries("web", "node", "workerd", "slim", "unlock", ...fields, ...grants) });

// For `require`, in one file: entries know one another's objects there too, and each is run when it is asked for.
const required = ["node", "slim", "unlock", "fields-node", "fields-slim", "grants-node", "grants-slim"];
await build({
  ...shared,
  stdin: { contents: required.map((name) => `exports["${name}"] = () => require("./src/entry/${name}.ts");\n`).join(""), resolveDir: root },
  outfile: "dist/common.cjs",
  format: "cjs",
  platform: "node",
  define: { "import.meta.url": "moduleUrl" },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
});
for (const name of required) await writeFile(join(dist, `${name}.cjs`), `module.exports = require("./common.cjs")["${name}"]();\n`);

for (const name of [...["fortress", "fields"].flatMap((set) => ["", "-relaxed", "-portable"].map((engine) => set + engine)), "signatures"]) {
  await copyFile(join(generated, `${name}.wasm`), join(dist, `${name}.wasm`));
  await copyFile(join(root, "src/entry/fortress.d.wasm.ts"), join(dist, `${name}.wasm.d.ts`));
}

// npm packs what lies in the package's folder.
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) await copyFile(join(root, "../..", name), join(root, name));

const failed = tsc([]);
if (failed !== 0) process.exit(failed);
// Declarations that are generated, and so not copied by tsc.
for (const name of ["fortress_wasm.d.ts", "fortress_fields.d.ts", "fortress_signatures.d.ts"]) await copyFile(join(generated, name), join(dist, "types/generated", name));
await commonJsTypes(join(dist, "types"));

/** For `require`, the same declarations once more as `.d.cts`. */
async function commonJsTypes(folder) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await commonJsTypes(path);
    else if (entry.name.endsWith(".d.ts")) {
      const text = await readFile(path, "utf8");
      await writeFile(path.replace(/\.d\.ts$/, ".d.cts"), text.replace(/(from "\.[^"]+)\.js"/g, '$1.cjs"'));
    }
  }
}
