/** How long a page waits for its first token: from the import of the package, with everything in the HTTP cache. */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { serve } from "@fortress-tests/browsers";
import { summary } from "./measure.mjs";
import { workloads } from "./workloads.mjs";

const require = createRequire(import.meta.url);
const HINTED = ", hinted";
const entries = { "Fortress, fields": "fortress-sdk/fields", "Fortress, whole": "fortress-sdk" };
const LEAST = "an empty module and an empty WebAssembly module";
/** When the import begins: at once, while the browser is still at work on the page, or when it has been at rest for a while. */
const moments = { "start-loading": "", "start-rest": 'await new Promise((resolve) => addEventListener("load", () => setTimeout(resolve, 250)));' };
/** Visits before the first that counts: they fill the caches. */
const WARM_UP = 2;

/** @returns {Promise<import("./measure.mjs").Result[]>} */
export async function starts(browser, { rounds, only = "" } = {}) {
  const chosen = Object.keys(moments).filter((workload) => workload.includes(only));
  if (chosen.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "fortress-start-"));
  const server = await serve(folder, { coop: true, headers: { "cache-control": "max-age=3600" } });
  try {
    await bundle(folder);
    const pages = await writePages(folder, chosen, (page) => requested(browser, server, page));
    for (let visit = 0; visit < WARM_UP + (rounds ?? workloads[chosen[0]].rounds); visit += 1) {
      for (const page of pages) {
        const milliseconds = await visited(browser, server, page);
        if (visit >= WARM_UP) page.times.push(milliseconds / 1000);
      }
    }
    return pages.map(({ workload, name, times }) => ({ workload, name, ...summary(times) }));
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function visited(browser, server, { file }) {
  const page = await browser.open(server.url + file);
  await page.waitFor("'started' in globalThis");
  const milliseconds = await page.evaluate("started");
  await page.close();
  return milliseconds;
}

/** The WebAssembly module that this browser asks for. */
async function requested(browser, server, page) {
  server.requests.length = 0;
  await visited(browser, server, page);
  const module = server.requests.map((request) => request.split("/").at(-1)).find((name) => name.endsWith(".wasm"));
  if (module === undefined) throw new Error(`${page.name}: the browser asked for no WebAssembly module`);
  return module;
}

/** Every page: at both moments, with and without hints in its head. */
async function writePages(folder, chosen, moduleOf) {
  const pages = [];
  const write = async (workload, name, module, hints = "") => {
    const file = `${workload}-${pages.length}.html`;
    await writeFile(join(folder, file), `<!doctype html><meta charset="utf-8"><title>Start</title><link rel="icon" href="data:,">${hints}<script type="module">
      ${moments[workload]}
      const before = performance.now();
      const { start } = await import("./${module}");
      await start();
      globalThis.started = performance.now() - before;
    </script>\n`);
    pages.push({ workload, name, file, times: [] });
    return pages.at(-1);
  };
  const modules = {};
  for (const workload of chosen) {
    for (const [index, name] of Object.keys(entries).entries()) {
      const page = await write(workload, name, `${index}.js`);
      // Asked for once: then it is in the browser's cache.
      const wasm = (modules[name] ??= await moduleOf(page));
      await write(workload, name + HINTED, `${index}.js`, `<link rel="modulepreload" href="./${index}.js"><link rel="preload" as="fetch" crossorigin href="./${wasm}">`);
    }
    await write(workload, LEAST, "least.js");
  }
  return pages;
}

async function bundle(folder) {
  for (const [index, specifier] of Object.values(entries).entries()) {
    const contents = `
      import { Keyring } from ${JSON.stringify(specifier)};
      export const start = async () => (await Keyring.generate()).encrypt("ada@example.org", { row: "42" });`;
    await build({
      stdin: { contents, resolveDir: import.meta.dirname ?? new URL(".", import.meta.url).pathname },
      outfile: join(folder, `${index}.js`),
      bundle: true,
      minify: true,
      format: "esm",
      conditions: ["browser"],
      plugins: [apart],
      logLevel: "error",
    });
  }
  for (const set of ["fortress", "fields"]) {
    for (const engine of ["", "-relaxed", "-portable"]) await copyFile(require.resolve(`fortress-sdk/${set}${engine}.wasm`), join(folder, `${set}${engine}.wasm`));
  }
  await writeFile(join(folder, "least.js"), 'export const start = () => WebAssembly.instantiateStreaming(fetch(new URL("./least.wasm", import.meta.url)));\n');
  await writeFile(join(folder, "least.wasm"), Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
}

/** What is imported when it is needed is a file of its own, as an application's bundler makes it; here it never is. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};
