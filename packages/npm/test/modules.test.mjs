// The modules: for whom each is, and that one is loaded, the best that the engine knows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fieldsModules, modules } from "./support/copies.mjs";

const execute = promisify(execFile);
const dist = new URL("../dist/", import.meta.url);

test("every module is packed, and each is another one", () => {
  assert.deepEqual(readdirSync(dist).filter((name) => name.endsWith(".wasm")).sort(), [...modules, ...fieldsModules, "signatures.wasm"].sort());
  assert.equal(new Set([...modules, ...fieldsModules].map((name) => readFileSync(new URL(name, dist), "latin1"))).size, 6);
});

for (const set of [modules, fieldsModules]) test(`${set.join(", ")} import and export the same`, () => {
  const shapes = set.map((name) => readFileSync(new URL(name, dist))).filter((bytes) => WebAssembly.validate(bytes)).map((bytes) => {
    const module = new WebAssembly.Module(bytes);
    return { imports: WebAssembly.Module.imports(module), exports: WebAssembly.Module.exports(module) };
  });
  assert.ok(shapes.length >= 2);
  for (const shape of shapes) assert.deepEqual(shape, shapes[0]);
});

// A process each: the engine is asked once. What it says is what an engine of that age would.
for (const [refused, expected] of [[[], best()], [["relaxed"], "fortress.wasm"], [["relaxed", "simd"], "fortress-portable.wasm"]]) {
  test(`where ${refused.length === 0 ? "nothing" : refused.join(" and ")} is refused, ${expected} is loaded`, async () => {
    const program = `
      import fs from "node:fs/promises";
      import { syncBuiltinESMExports } from "node:module";
      const validate = WebAssembly.validate;
      // The question about relaxed SIMD is the longer one.
      WebAssembly.validate = (bytes) => {
        const asked = bytes.length > 32 ? "relaxed" : "simd";
        return !${JSON.stringify(refused)}.includes(asked) && validate(bytes);
      };
      const read = [];
      const { readFile } = fs;
      fs.readFile = (path, ...rest) => { read.push(String(path).split("/").at(-1)); return readFile(path, ...rest); };
      syncBuiltinESMExports();
      const { init, Keyring } = await import(${JSON.stringify(new URL("node.js", dist).href)});
      await init();
      const keyring = await Keyring.generate();
      if (keyring.decryptText(keyring.encrypt("value")) !== "value") throw new Error("wrong value");
      console.log(read.filter((name) => name.endsWith(".wasm")).join());
    `;
    const { stdout } = await execute(process.execPath, ["--input-type=module", "-e", program], { cwd: fileURLToPath(dist) });
    assert.equal(stdout.trim(), expected);
  });
}

function best() {
  return WebAssembly.validate(readFileSync(new URL("fortress-relaxed.wasm", dist))) ? "fortress-relaxed.wasm" : "fortress.wasm";
}
