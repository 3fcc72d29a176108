/**
 * The package as users get it: packed, installed into a project of its own, run everywhere it says it works.
 * Every case runs the same scenario (`consumer/scenario.mjs`), which also opens files that Node wrote; what it
 * wrote itself is opened in Node afterwards.
 */
import { after, before, describe, test } from "node:test";
import { engines, launch, serve } from "@fortress-tests/browsers";
import { bundleWithEsbuild, vite, webpack, withFiles } from "../src/bundlers.mjs";
import { installPacked, readInNode, writeFiles } from "../src/consumer.mjs";
import { emptyBundle, leanTarball, publishable, typesResolve } from "../src/manifest.mjs";
import { bun, deno, node, workerd } from "../src/runtimes.mjs";
import { compile } from "../src/types.mjs";

let consumer, server, files;

before(async () => {
  consumer = await installPacked();
  await writeFiles(consumer);
  server = await serve(consumer.folder);
  files = `${server.url}files/`;
});

after(async () => {
  await server?.close();
  await consumer?.remove();
});

/** A case whose outcome Node reads back. */
function runs(name, action) {
  test(name, { timeout: 120_000 }, async () => readInNode(consumer, await action()));
}

describe("runtimes", () => {
  runs("Node, import", () => node(consumer, [], "run.mjs", files));
  runs("Node, require", () => node(consumer, [], "run.cjs", files));
  runs("Node, require, where it cannot load ESM", () => node(consumer, ["--no-experimental-require-module"], "run.cjs", files));
  runs("Node, slim, import", () => node(consumer, [], "slim.mjs", files));
  runs("Node, slim, require, where it cannot load ESM", () => node(consumer, ["--no-experimental-require-module"], "slim.cjs", files));
  runs("Deno", () => deno(consumer, "run.mjs", files));
  runs("Deno, slim", () => deno(consumer, "slim.mjs", files));
  runs("Bun", () => bun(consumer, "run.mjs", files));
  runs("Bun, require", () => bun(consumer, "run.cjs", files));
  runs("Node, fields, import", () => node(consumer, [], "fields.mjs"));
  runs("Node, fields, require", () => node(consumer, [], "fields.cjs"));
  runs("Node, fields, require, where it cannot load ESM", () => node(consumer, ["--no-experimental-require-module"], "fields.cjs"));
  runs("Deno, fields", () => deno(consumer, "fields.mjs"));
  runs("Bun, fields", () => bun(consumer, "fields.mjs"));
  runs("workerd, fields", () => workerd(consumer, "edge-fields.mjs", ""));
  runs("Node, grants, import", () => node(consumer, [], "grants.mjs"));
  runs("Node, grants, require", () => node(consumer, [], "grants.cjs"));
  runs("Node, grants, require, where it cannot load ESM", () => node(consumer, ["--no-experimental-require-module"], "grants.cjs"));
  runs("Deno, grants", () => deno(consumer, "grants.mjs"));
  runs("Bun, grants", () => bun(consumer, "grants.mjs"));
  runs("workerd, grants", () => workerd(consumer, "edge-grants.mjs", ""));
  runs("workerd", () => workerd(consumer, "edge.mjs", `files=${encodeURIComponent(files)}`));
});

describe("what is packed", () => {
  test("files and sizes", () => leanTarball(consumer));
  test("publint finds nothing", () => publishable(consumer));
  test("types resolve from every kind of import", { timeout: 120_000 }, () => typesResolve(consumer));
  for (const bundler of ["esbuild", "webpack", "vite"]) {
    test(`${bundler} drops it when nothing of it is used`, { timeout: 120_000 }, () => emptyBundle(consumer, bundler));
  }
});

describe("TypeScript, strict", () => {
  for (const [module, moduleResolution] of [["esnext", "bundler"], ["nodenext", "nodenext"]]) {
    test(`ESM consumer, ${moduleResolution}`, { timeout: 120_000 }, () => compile(consumer, "module.ts", { module, moduleResolution }));
  }
  test("CommonJS consumer, nodenext", { timeout: 120_000 }, () => compile(consumer, "common.cts", { module: "nodenext", moduleResolution: "nodenext" }));
});

const csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

describe("browsers", () => {
  const servers = {};

  before(async () => {
    for (const [name, build] of Object.entries({ vite, webpack, esbuild: bundleWithEsbuild })) {
      // Strict for all builds: what runs under it runs without.
      servers[name] = await serve(await withFiles(consumer, await build(consumer)), { csp });
    }
  });

  after(() => Promise.all(Object.values(servers).map((each) => each.close())));

  for (const engine of engines) {
    describe(engine, () => {
      let browser;
      before(async () => (browser = await launch(engine)));
      after(() => browser?.close());

      async function outcome(url) {
        const page = await browser.open(url);
        try {
          await page.waitFor("'outcome' in globalThis");
          return await page.evaluate("outcome");
        } catch (error) {
          throw new Error(`${error.message}\n${error.stack}\n${page.consoleErrors().join("\n")}`, { cause: error });
        } finally {
          await page.close();
        }
      }

      runs("no bundler: an import map", () => outcome(`${server.url}raw.html?page=./page.mjs`));
      runs("no bundler: slim, with a module from fetch", () => outcome(`${server.url}raw.html?page=./page-slim.mjs`));
      runs("no bundler: fields alone", () => outcome(`${server.url}raw.html?page=./page-fields.mjs`));
      runs("Vite build, fields alone, under a Content-Security-Policy", () => outcome(`${servers.vite.url}with-fields.html`));
      runs("webpack build, fields alone, under a Content-Security-Policy", () => outcome(`${servers.webpack.url}with-fields.html`));
      runs("esbuild build, fields alone, under a Content-Security-Policy", () => outcome(`${servers.esbuild.url}with-fields.html`));
      runs("no bundler: grants", () => outcome(`${server.url}raw.html?page=./page-grants.mjs`));
      runs("Vite build, grants, under a Content-Security-Policy", () => outcome(`${servers.vite.url}with-grants.html`));
      runs("webpack build, grants, under a Content-Security-Policy", () => outcome(`${servers.webpack.url}with-grants.html`));
      runs("esbuild build, grants, under a Content-Security-Policy", () => outcome(`${servers.esbuild.url}with-grants.html`));
      runs("Vite build, under a Content-Security-Policy", () => outcome(`${servers.vite.url}index.html`));
      runs("Vite build, in a Web Worker, under a Content-Security-Policy", () => outcome(`${servers.vite.url}with-worker.html`));
      runs("webpack build, under a Content-Security-Policy", () => outcome(`${servers.webpack.url}index.html`));
      runs("webpack build, in a Web Worker, under a Content-Security-Policy", () => outcome(`${servers.webpack.url}with-worker.html`));
      runs("esbuild build, under a Content-Security-Policy", () => outcome(`${servers.esbuild.url}index.html`));
    });
  }
});
