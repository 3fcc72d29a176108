/** Production builds of the consumer's page. Each gives the folder it wrote, ready to be served. */
import { copyFile, cp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";

/** Every WebAssembly module that the package brings. */
export const modules = [...["fortress", "fields"].flatMap((set) => ["", "-relaxed", "-portable"].map((engine) => `${set}${engine}.wasm`)), "signatures.wasm"];

/** Vite, with nothing configured that matters: pages, one of which starts a worker, and those for fields alone and for grants. */
export async function vite(consumer) {
  const { build } = await import("vite");
  const outDir = join(consumer.folder, "out/vite");
  await build({
    root: consumer.folder,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir,
      rollupOptions: { input: Object.fromEntries(["index", "with-worker", "with-fields", "with-grants"].map((name) => [name, join(consumer.folder, `${name}.html`)])) },
    },
  });
  return outDir;
}

/** webpack 5 with its defaults. */
export async function webpack(consumer, { entry = { page: "./page.mjs", worker: "./page-with-worker.mjs", fields: "./page-fields.mjs", grants: "./page-grants.mjs" }, name = "webpack" } = {}) {
  const { default: create } = await import("webpack");
  const path = join(consumer.folder, "out", name);
  const stats = await new Promise((resolve, reject) => {
    const compiler = create({ mode: "production", context: consumer.folder, entry, output: { path }, performance: false, cache: false });
    compiler.run((error, result) => compiler.close(() => (error ? reject(error) : resolve(result))));
  });
  if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
  await page(path, "index.html", "page.js");
  await page(path, "with-worker.html", "worker.js");
  await page(path, "with-fields.html", "fields.js");
  await page(path, "with-grants.html", "grants.js");
  return path;
}

/** esbuild has no assets by URL: the modules are copied beside the bundle, as the package's guide says. */
export async function bundleWithEsbuild(consumer, { entries = { page: "page.mjs", fields: "page-fields.mjs", grants: "page-grants.mjs" }, name = "esbuild" } = {}) {
  const path = join(consumer.folder, "out", name);
  await esbuild.build({
    absWorkingDir: consumer.folder,
    entryPoints: entries,
    outdir: path,
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "warning",
  });
  for (const module of modules) {
    await copyFile(createRequire(join(consumer.folder, "run.mjs")).resolve(`fortress-sdk/${module}`), join(path, module));
  }
  await page(path, "index.html", "page.js");
  await page(path, "with-fields.html", "fields.js");
  await page(path, "with-grants.html", "grants.js");
  return path;
}

/** Puts the files that Node wrote beside a build. */
export async function withFiles(consumer, folder) {
  await cp(join(consumer.folder, "files"), join(folder, "files"), { recursive: true });
  return folder;
}

function page(folder, name, script) {
  return writeFile(join(folder, name), `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>bundled</title><link rel="icon" href="data:,">
<script type="module" src="./${script}"></script>
</html>
`);
}
