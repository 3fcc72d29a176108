// The entry for fields alone: the same keyrings by a module half as large, and the whole one where they are opened and sealed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as whole from "fortress-sdk";
import { AuthenticationError, init, inspect, Keyring } from "fortress-sdk/fields";
import { loadedBy } from "./support/loads.mjs";

/** The least that a writer accepts. */
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
const code = (code) => (error) => error.code === code;

describe("fortress-sdk/fields", () => {
  test("tokens, rows and columns are those of fortress-sdk", async () => {
    const keyring = (await Keyring.generate({ profile: "archive" })).scope("acme", "users");
    const sealed = await keyring.seal(quick("p"), { metadata: { name: "users" } });
    const same = await whole.Keyring.open(sealed, quick("p"));
    assert.deepEqual([same.primary, same.path, same.profile, same.metadata], [keyring.primary, keyring.path, "archive", { name: "users" }]);
    for (const [writer, reader] of [[keyring, same], [same, keyring], [keyring.scope("email"), same.scope("email")]]) {
      assert.equal(reader.decryptText(writer.encrypt("ada", { row: "42" }), { row: "42" }), "ada");
      assert.deepEqual(reader.decryptRowText(writer.encryptRowHoisted({ a: "1", b: "ü" })), { a: "1", b: "ü" });
      assert.deepEqual(reader.decryptColumnText(writer.encryptColumn(["1", null, "3"])), ["1", null, "3"]);
      assert.throws(() => reader.decrypt(writer.encrypt("ada", { row: "42" }), { row: "43" }), AuthenticationError);
    }
  });

  test("a sealed keyring is opened by whatever opens it, with all that it is", async () => {
    const keyring = await whole.Keyring.generate();
    const token = keyring.encrypt("before");
    const first = keyring.primary;
    keyring.rotate();
    const [ada, set] = [await whole.Identity.generate(), await whole.ShareSet.generate({ shares: 2, threshold: 2 })];
    const sealed = await keyring.seal([quick("p"), ada, set, keyring], { metadata: { owner: "ada" } });
    for (const identity of [quick("p"), ada, { shares: set.exposeShares() }, keyring, [quick("no"), ada]]) {
      const opened = await Keyring.open(sealed, identity);
      assert.deepEqual(opened.versions, keyring.versions);
      assert.deepEqual(opened.metadata, { owner: "ada" });
      assert.equal(opened.decryptText(token), "before");
    }
    const opened = await Keyring.open(new Blob([sealed]), ada);
    opened.destroyVersion(first);
    assert.throws(() => opened.decrypt(token), code("key_destroyed"));
    assert.equal(opened.scope("a").metadata.owner, undefined);
    await assert.rejects(Keyring.open(sealed, quick("wrong")), code("wrong_passphrase"));
    await assert.rejects(Keyring.open(sealed.slice(1), ada), code("not_fortress"));
    await assert.rejects(Keyring.open(7, ada), code("invalid_argument"));
  });

  test("keyrings of both entries are recipients and identities of each other", async () => {
    const [small, large] = [await Keyring.generate(), await whole.Keyring.generate()];
    const blob = await whole.encryptBlob(new Uint8Array([1, 2, 3]), { recipients: [small, large] });
    for (const identity of [small, large]) assert.equal((await whole.decryptBlob(blob, { identity })).size, 3);
    const sealed = await small.seal([small, large]);
    for (const identity of [small, large]) assert.equal((await Keyring.open(sealed, identity)).primary, small.primary);
    small.free();
    await assert.rejects(small.seal(large), code("freed"));
    await assert.rejects(whole.decryptBlob(blob, { identity: small }), code("freed"));
  });

  test("a keyring on its way leaves nothing in either memory", async () => {
    const program = `
      const memories = [];
      const Instance = WebAssembly.Instance;
      WebAssembly.Instance = class extends Instance { constructor(...given) { super(...given); memories.push(this.exports.memory); } };
      const { Keyring } = await import(${JSON.stringify(new URL("../dist/fields-node.js", import.meta.url).href)});
      const options = { passphrase: "p", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } };
      const keyring = await Keyring.generate();
      const id = Buffer.from(keyring.primary, "hex");
      const sealed = await keyring.seal(options);
      // In a sealed keyring's payload, the id is followed by its time, its state and 32 bytes of secret.
      const left = () => memories.map(({ buffer }) => Buffer.from(buffer).includes(Buffer.concat([Buffer.from([0x84, 0x44]), id])));
      const found = left();
      const opened = await Keyring.open(sealed, options);
      if (opened.primary !== keyring.primary) throw new Error("another keyring");
      console.log(JSON.stringify([found, left()]));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    assert.deepEqual(JSON.parse(stdout), [[false, false], [false, false]]);
  });

  test("the whole module is loaded when a keyring is sealed, and not before", async () => {
    const fields = fileURLToPath(new URL("../dist/fields-node.js", import.meta.url));
    const before = await loadedBy(`
      const { Keyring, inspect } = await import(${JSON.stringify(fields)});
      const keyring = await Keyring.generate();
      inspect(keyring.encrypt("x"));
    `);
    assert.ok(before.every((name) => name.startsWith("fields")) && before.length === 1, before.join());
    const after = await loadedBy(`
      const { Keyring } = await import(${JSON.stringify(fields)});
      await (await Keyring.generate()).seal({ passphrase: "p", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
    `);
    assert.equal(after.length, 2);
    assert.ok(after.some((name) => name.startsWith("fortress")));
  });

  test("tokens are taken apart", async () => {
    await init();
    const keyring = await Keyring.generate();
    const token = keyring.encrypt("x");
    assert.deepEqual(inspect(token), whole.inspect(token));
    assert.equal(inspect(token).keyId, keyring.primary);
    assert.throws(() => inspect(new TextEncoder().encode("FTRS\u0001")), code("unknown_version"));
    assert.throws(() => inspect(7), code("invalid_argument"));
  });

  test("slim says what it needs, and takes it", async () => {
    const slim = await import("fortress-sdk/fields/slim");
    assert.equal(slim.Keyring, Keyring, "it is the same package");
    const program = `
      import { readFile } from "node:fs/promises";
      const [fields, whole] = [await import("fortress-sdk/fields/slim"), await import("fortress-sdk/slim")];
      const codes = [];
      const failing = (promise) => promise.then(() => codes.push("none"), (error) => codes.push(error.code + " " + error.operation + " " + /fields.slim/.test(error.message)));
      await failing(fields.Keyring.generate());
      const module = (name) => readFile(new URL(import.meta.resolve("fortress-sdk/" + name)));
      await fields.init(await module("fields.wasm"));
      const keyring = await fields.Keyring.generate();
      await failing(keyring.seal({ passphrase: "p" }));
      await whole.init(await module("fortress.wasm"));
      await failing(keyring.seal({ passphrase: "p", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } }));
      console.log(JSON.stringify(codes));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { cwd: fileURLToPath(new URL("..", import.meta.url)) });
    assert.deepEqual(JSON.parse(stdout), ["not_initialised generate true", "not_initialised seal false", "none"]);
  });

  test("constructors are no way in", () => {
    assert.throws(() => new Keyring(), code("invalid_argument"));
  });

  test("the module is less than two thirds of the whole one", () => {
    const size = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url)).length;
    assert.ok(size("fields.wasm") * 3 < size("fortress.wasm") * 2);
  });
});
