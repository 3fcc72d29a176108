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
const entries = { "Fortress, fields": "fortress-sdk/fields", "Fortress, whole": "fortress-sdk" };
/** Visits before the first that counts: they fill the caches, of compiled code too. */
const WARM_UP = 3;

/** @returns {Promise<import("./measure.mjs").Result[]>} */
export async function starts(browser, { rounds = workloads.start.rounds, only = "" } = {}) {
  if (!"start".includes(only)) return [];
  const folder = await mkdtemp(join(tmpdir(), "fortress-start-"));
  const server = await serve(folder, { coop: true, headers: { "cache-control": "max-age=3600" } });
  try {
    await bundle(folder);
    const times = Object.fromEntries(Object.keys(entries).map((name) => [name, []]));
    for (let visit = 0; visit < WARM_UP + rounds; visit += 1) {
      for (const [index, name] of Object.keys(entries).entries()) {
        const page = await browser.open(`${server.url}${index}.html`);
        await page.waitFor("'started' in globalThis");
        const milliseconds = await page.evaluate("started");
        await page.close();
        if (visit >= WARM_UP) times[name].push(milliseconds / 1000);
      }
    }
    return Object.entries(times).map(([name, list]) => ({ workload: "start", name, ...summary(list) }));
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
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
      logLevel: "error",
    });
    await writeFile(join(folder, `${index}.html`), `<!doctype html><meta charset="utf-8"><title>Start</title><link rel="icon" href="data:,"><script type="module">
      const before = performance.now();
      const { start } = await import("./${index}.js");
      await start();
      globalThis.started = performance.now() - before;
    </script>\n`);
  }
  for (const set of ["fortress", "fields"]) {
    for (const engine of ["", "-relaxed", "-portable"]) await copyFile(require.resolve(`fortress-sdk/${set}${engine}.wasm`), join(folder, `${set}${engine}.wasm`));
  }
}
