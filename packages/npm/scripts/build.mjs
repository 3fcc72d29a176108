// Builds dist/: an entry for each platform over one shared chunk (ESM), the same for `require` (CommonJS), the types, and
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
  outdir: "dist",
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
await build({ ...shared, format: "esm", splitting: true, chunkNames: "shared-[hash]", entryPoints: entries("web", "node", "workerd", "slim", "unlock", ...fields, ...grants) });
await build({
  ...shared,
  format: "cjs",
  platform: "node",
  entryPoints: { ...entries("unlock"), node: "src/entry/node-common.ts", slim: "src/entry/slim-common.ts" },
  outExtension: { ".js": ".cjs" },
  define: { "import.meta.url": "moduleUrl" },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
});

// Fields and grants of the same files, so that they know the module and the keyrings of whoever requires both.
for (const part of ["fields", "grants"]) {
  for (const name of ["node", "slim"]) await writeFile(join(dist, `${part}-${name}.cjs`), `module.exports = require("./${name}.cjs").${part};\n`);
}

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
