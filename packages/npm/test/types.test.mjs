import assert from "node:assert/strict";
import { test } from "node:test";
import { tsc } from "../scripts/tsc.mjs";

const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--types", "node"];
const lib = ["--lib", "ES2022,ESNext.Disposable,DOM,DOM.Iterable,DOM.AsyncIterable"];

test("the declarations are right for ESM, for `require` and for bundlers", () => {
  assert.equal(tsc([...strict, ...lib, "--module", "nodenext", "--ignoreConfig", "test/types/import.mts", "test/types/contexts.mts", "test/types/require.cts"]), 0);
  assert.equal(tsc([...strict, ...lib, "--module", "esnext", "--moduleResolution", "bundler", "--ignoreConfig", "test/types/import.mts", "test/types/contexts.mts"]), 0);
});
