// By both ways to AES-256-GCM. `tests/browsers` runs the same through every module, in Node and in browsers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, load } from "../../../tests/browsers/vectors/files.mjs";
import { runVectors } from "../../../tests/browsers/vectors/vectors.mjs";
import { nodeCopy, signatures, slimCopy, wasm } from "./support/copies.mjs";

for (const [path, copy] of Object.entries({ "node:crypto": nodeCopy, WebCrypto: slimCopy })) {
  test(`the shared vectors hold with ${path}`, async (t) => {
    const fortress = copy();
    await fortress.init(copy === slimCopy ? wasm : undefined);
    await fortress.grants.init(copy === slimCopy ? signatures : undefined);
    const { ran, beyond, failures } = await runVectors(fortress, fortress.grants, load, files);
    t.diagnostic(`${ran} vectors held, ${beyond} are beyond the public API`);
    assert.deepEqual(failures, []);
    assert.ok(ran > 900, `${ran}`);
  });
}
