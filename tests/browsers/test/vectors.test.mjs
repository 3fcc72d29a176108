/** The vectors that every language runs, through every module of the built npm package that an engine knows, in Node and in the browsers. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { engines, launch, serve } from "@fortress-tests/browsers";
import { fieldsModules, modules, slimCopy } from "../../../packages/npm/test/support/copies.mjs";
import { data, fieldsFiles, files, load } from "../vectors/files.mjs";
import { runVectors } from "../vectors/vectors.mjs";

const dist = fileURLToPath(new URL("../../../packages/npm/dist", import.meta.url));
/** Every module with the files that it has to read. */
const runs = [...modules.map((module) => [module, files]), ...fieldsModules.map((module) => [module, fieldsFiles])];

function check({ ran, beyond, failures }, context) {
  context.diagnostic(`${ran} cases, ${beyond} beyond the public API`);
  assert.deepEqual(failures, []);
  assert.ok(ran > 300, `${ran} cases`);
}

before(() => assert.ok(existsSync(`${dist}/web.js`), "packages/npm/dist is not there: run `cargo xtask build`"));

describe("Node", () => {
  for (const [module, read] of runs) {
    test(module, async (context) => {
      const bytes = await readFile(`${dist}/${module}`);
      if (!WebAssembly.validate(bytes)) return unknown(module, context);
      const fortress = slimCopy();
      // Keyrings of a small one are opened by the whole one for the same engines.
      await fortress.init(await readFile(`${dist}/${module.replace("fields", "fortress")}`));
      await fortress.grants.init(await readFile(`${dist}/signatures.wasm`));
      const small = read === fieldsFiles;
      if (small) await fortress.fields.init(bytes);
      check(await runVectors(small ? fortress.fields : fortress, fortress.grants, load, read), context);
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
    for (const [module, read] of runs) {
      test(module, async (context) => {
        const page = await browser.open(`${server.url}?${module}`);
        const known = await page.evaluate(async (path) => WebAssembly.validate(await (await fetch(path)).arrayBuffer()), `/package/${module}`);
        if (!known) return unknown(module, context);
        await page.waitFor("'vectors' in globalThis");
        check(await page.evaluate((given) => globalThis.vectors(given), read), context);
      });
    }
  });
}

/** Only relaxed SIMD is not everywhere yet. */
function unknown(module, context) {
  assert.match(module, /-relaxed\.wasm$/);
  context.skip("this engine has no relaxed SIMD");
}
