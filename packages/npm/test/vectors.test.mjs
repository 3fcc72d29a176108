import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { nodeCopy, signatures, slimCopy, wasm } from "./support/copies.mjs";
import { runVectors } from "./support/vectors.mjs";

const read = (name) => readFile(new URL(`../../../tests/vectors/${name}`, import.meta.url), "utf8");

for (const [path, copy] of Object.entries({ "node:crypto": nodeCopy, WebCrypto: slimCopy })) {
  test(`the shared vectors hold with ${path}`, async (t) => {
    const fortress = copy();
    await fortress.init(copy === slimCopy ? wasm : undefined);
    await fortress.grants.init(copy === slimCopy ? signatures : undefined);
    const { held, failures } = await runVectors(fortress, read);
    t.diagnostic(`${held} vectors held`);
    assert.deepEqual(failures, []);
    assert.ok(held > 900, `${held}`);
  });
}

