/** The vectors that every language runs, through the built npm package in Node and in the browsers. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { engines, launch, serve } from "@fortress-tests/browsers";
import { runVectors } from "../vectors/vectors.mjs";

const dist = fileURLToPath(new URL("../../../packages/npm/dist", import.meta.url));
const data = fileURLToPath(new URL("../../vectors", import.meta.url));
const families = ["keyrings.json", "scopes.json", "contexts.json", "tokens.json", "groups.json", "rows.json", "envelopes.json"];
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
  for (const [whose, folder] of Object.entries(folders)) {
    test(`${whose} vectors`, async (context) => check(await runVectors(await import(`${dist}/node.js`), load, filesOf(folder)), context));
  }
});

for (const engine of engines) {
  describe(engine, () => {
    let server, browser, page;
    before(async () => {
      server = await serve({ "/": fileURLToPath(new URL("../vectors", import.meta.url)), "/package/": dist, "/data/": data });
      browser = await launch(engine);
      page = await browser.open(server.url);
      await page.waitFor("'vectors' in globalThis");
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });
    for (const [whose, folder] of Object.entries(folders)) {
      test(`${whose} vectors`, async (context) => check(await page.evaluate((files) => globalThis.vectors(files), filesOf(folder)), context));
    }
  });
}
