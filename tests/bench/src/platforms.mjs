/** Where the benchmark runs: a browser, with everything bundled into one page, or this Node. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { launch, serve } from "@fortress-tests/browsers";
import { modules as kernels } from "./contestants/kernels.mjs";
import { measure } from "./measure.mjs";
import { starts } from "./start.mjs";

const require = createRequire(import.meta.url);
const compiled = fileURLToPath(new URL("../../../artifacts/bench", import.meta.url));

/** @returns {Promise<{ runtime: string, results: Awaited<ReturnType<typeof measure>> }>} */
export async function inBrowser(engine, options) {
  const folder = await mkdtemp(join(tmpdir(), "fortress-bench-"));
  try {
    await bundle(folder);
    // Isolated, as only then clocks are precise.
    const server = await serve(folder, { coop: true });
    const browser = await launch(engine);
    try {
      const page = await browser.open(server.url);
      await page.waitFor("'bench' in globalThis");
      const results = await page.evaluate((given) => globalThis.bench(given), options);
      return { runtime: browser.version, results: [...results, ...(await starts(browser, options))] };
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<{ runtime: string, results: Awaited<ReturnType<typeof measure>> }>} */
export async function inNode(options) {
  const entered = [];
  for (const name of ["fortress", "node-crypto", "webcrypto", "sodium", "noble", "age", "themis", "kernels"]) {
    const { contestants } = await import(`./contestants/${name}.mjs`);
    entered.push(...(await contestants({ load })));
  }
  return { runtime: `Node ${process.version}`, results: await measure(entered, { ...options, onProgress: (text) => console.error(`… ${text}`) }) };
}

/** A module of the kernels, if `cargo xtask bench` has compiled it. */
async function load(name) {
  return readFile(join(compiled, name)).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    console.error(`… without ${name}, which \`cargo xtask bench\` compiles`);
  });
}

async function bundle(folder) {
  await build({
    entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
    outfile: join(folder, "page.js"),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // Emscripten's glue in wasm-themis and libsodium names what only Node has, and never loads it in a page.
    external: ["fs", "path", "crypto", "util", "node:*"],
    logLevel: "error",
  });
  for (const module of ["fortress.wasm", "fortress-relaxed.wasm", "fortress-portable.wasm", "signatures.wasm"]) {
    await copyFile(require.resolve(`fortress-sdk/${module}`), join(folder, module));
  }
  await copyFile(require.resolve("wasm-themis/dist-es6/libthemis.wasm"), join(folder, "libthemis.wasm"));
  for (const name of Object.keys(kernels)) {
    const module = await load(name);
    if (module) await writeFile(join(folder, name), module);
  }
  await writeFile(join(folder, "index.html"), '<!doctype html><meta charset="utf-8"><title>Benchmark</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>\n');
}
