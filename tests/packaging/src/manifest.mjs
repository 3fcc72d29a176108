/** What can be said of the package without running it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { bundleWithEsbuild, modules, webpack } from "./bundlers.mjs";

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** Of a set's modules, what each may weigh with brotli. */
const budgets = { fortress: 150_000, fields: 60_000, signatures: 50_000 };

/** Only what users need, each module within its budget. */
export async function leanTarball({ folder, contents }) {
  const strangers = contents.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE)/.test(path));
  assert.deepEqual(strangers, []);
  for (const module of modules) {
    const brotli = brotliCompressSync(await readFile(join(folder, "node_modules/fortress-sdk/dist", module))).length;
    assert.ok(brotli < budgets[module.replace(/[-.].*/, "")], `${module} is ${brotli} bytes in brotli`);
  }
  for (const wanted of ["dist/web.js", "dist/node.js", "dist/node.cjs", "dist/common.cjs", "dist/workerd.js", "dist/slim.js", "dist/fields.js", "dist/fields-node.cjs", "dist/grants.js", "dist/grants-node.cjs", ...modules.map((module) => `dist/${module}`)]) {
    assert.ok(contents.includes(wanted), `${wanted} is packed`);
  }
}

export async function publishable({ folder }) {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const pkgDir = join(folder, "node_modules/fortress-sdk");
  const { messages } = await publint({ pkgDir, strict: true });
  const manifest = JSON.parse(await readFile(join(pkgDir, "package.json"), "utf8"));
  assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), []);
}

export async function typesResolve({ tarball, folder }) {
  const manifest = require.resolve("@arethetypeswrong/cli/package.json");
  const attw = join(dirname(manifest), require(manifest).bin.attw);
  const args = [attw, tarball, "--profile", "node16", "--format", "ascii", "--no-color", "--exclude-entrypoints", ...modules];
  await execute(process.execPath, args, { cwd: folder }).catch(({ stdout, stderr }) => {
    throw new Error(`the types are wrong:\n${stdout}${stderr}`);
  });
}

/** `sideEffects: false` is true: a bundle that uses nothing of the package has nothing of it. */
export async function emptyBundle(consumer, bundler) {
  const folder = await unusedBuilds[bundler](consumer);
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if (!(await stat(path)).isFile() || !name.endsWith(".js")) continue;
    const text = await readFile(path, "utf8");
    assert.ok(text.includes("done"), `${name} is the entry`);
    assert.ok(text.length < 1000, `${name} has ${text.length} characters`);
  }
}

const unusedBuilds = {
  esbuild: (consumer) => bundleWithEsbuild(consumer, { entries: { page: "unused.mjs" }, name: "esbuild-unused" }),
  webpack: (consumer) => webpack(consumer, { entry: "./unused.mjs", name: "webpack-unused" }),
  async vite(consumer) {
    const { build } = await import("vite");
    const outDir = join(consumer.folder, "out/vite-unused");
    await build({
      root: consumer.folder,
      configFile: false,
      logLevel: "warn",
      build: { outDir, modulePreload: false, rollupOptions: { input: join(consumer.folder, "unused.mjs") } },
    });
    return outDir;
  },
};
