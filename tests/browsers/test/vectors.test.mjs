/** The vectors that every language runs, through every module of the built npm package that an engine knows, in Node and in the browsers. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { engines, launch, serve } from "@fortress-tests/browsers";
import { slimCopy } from "../../../packages/npm/test/support/copies.mjs";
import { runVectors } from "../vectors/vectors.mjs";

const dist = fileURLToPath(new URL("../../../packages/npm/dist", import.meta.url));
const data = fileURLToPath(new URL("../../vectors", import.meta.url));
const families = ["keyrings.json", "scopes.json", "contexts.json", "tokens.json", "groups.json", "rows.json", "envelopes.json", "identities.json", "shared-envelopes.json", "held-shares.json", "scope-identities.json", "scope-envelopes.json", "signing-keys.json", "grants.json"];
const modules = ["fortress.wasm", "fortress-relaxed.wasm", "fortress-portable.wasm"];
const folders = { "the core's": "", "the independent implementation's": "python/" };

function filesOf(folder) {
  const there = readdirSync(`${data}/${folder}`);
  return families.filter((file) => there.includes(file)).map((file) => folder + file);
}

function check({ ran, beyond, failures }, context) {
  context.diagnostic(`${ran} cases, ${beyond} beyond the public API`);
  assert.deepEqual(failures, []);
  assert.ok(ran > 0, "no case ran");
}

before(() => assert.ok(existsSync(`${dist}/web.js`), "packages/npm/dist is not there: run `cargo xtask build`"));

describe("Node", () => {
  const load = async (file) => JSON.parse(await readFile(`${data}/${file}`, "utf8"));
  for (const module of modules) {
    test(module, async (context) => {
      const bytes = await readFile(`${dist}/${module}`);
      if (!WebAssembly.validate(bytes)) return unknown(module, context);
      const fortress = slimCopy();
      await fortress.init(bytes);
      await fortress.grants.init(await readFile(`${dist}/signatures.wasm`));
      for (const folder of Object.values(folders)) check(await runVectors(fortress, fortress.grants, load, filesOf(folder)), context);
    });
  }
});

for (const engine of engines) {
  describe(engine, () => {
    let server, browser;
    before(async () => {
      server = await serve({ "/": fileURLToPath(new URL("../vectors", import.meta.url)), "/package/": dist, "/data/": data });
      browser = await launch(engine);
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });
    for (const module of modules) {
      test(module, async (context) => {
        const page = await browser.open(`${server.url}?${module}`);
        const known = await page.evaluate(async (path) => WebAssembly.validate(await (await fetch(path)).arrayBuffer()), `/package/${module}`);
        if (!known) return unknown(module, context);
        await page.waitFor("'vectors' in globalThis");
        for (const folder of Object.values(folders)) {
          check(await page.evaluate((files) => globalThis.vectors(files), filesOf(folder)), context);
        }
      });
    }
  });
}

/** Only relaxed SIMD is not everywhere yet. */
function unknown(module, context) {
  assert.equal(module, "fortress-relaxed.wasm");
  context.skip("this engine has no relaxed SIMD");
}
