#!/usr/bin/env node
// Runs a WebAssembly test binary of Rust's (target wasm32-wasip1) in browsers: a runner for cargo, as run.mjs is, which `cargo xtask test browsers`
// names. FORTRESS_ENGINES says which browsers: those that differ in how they compile. FORTRESS_FEATURE names an instruction set that the binary is to use.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, serve } from "@fortress-tests/browsers";

const [binary, ...args] = process.argv.slice(2);
const tests = await readFile(binary);
const feature = process.env.FORTRESS_FEATURE;
// The compiler notes the features; the tests would pass without them too, and tell nothing.
if (feature !== undefined && !tests.includes(feature)) throw new Error(`${basename(binary)} is compiled without ${feature}`);
const engines = (process.env.FORTRESS_ENGINES ?? "chromium,firefox").split(",");
const server = await serve({
  "/": fileURLToPath(new URL(".", import.meta.url)),
  "/index.html": { body: '<!doctype html><title>Tests</title><link rel="icon" href="data:,">', type: "text/html" },
  "/tests.wasm": { body: tests, type: "application/wasm" },
});
try {
  for (const engine of engines) {
    const browser = await launch(engine);
    try {
      const page = await browser.open(server.url);
      const { code, output } = await page.evaluate(inWorker, args);
      console.log(`${basename(binary)} in ${browser.version}\n${output}`);
      if (code !== 0) process.exitCode = 1;
    } finally {
      await browser.close();
    }
  }
} finally {
  await server.close();
}

/** In the page: tests take too long for its own thread. */
function inWorker(words) {
  const worker = new Worker("wasi.mjs", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ binary: "tests.wasm", args: words });
  });
}
