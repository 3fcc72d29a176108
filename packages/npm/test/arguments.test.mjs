import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decryptBlob, encryptBlob, inspect, Keyring, rewrap } from "fortress-sdk";
import { deviceKey } from "fortress-sdk/unlock";
import { bytesOf, pattern } from "./support/bytes.mjs";
import { replaced } from "./support/copies.mjs";

const keyring = await Keyring.generate();
const bystander = await Keyring.generate();
const code = (expected) => (error) => error.code === expected;
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
/** No other keyring was harmed. */
const unharmed = () => assert.equal(bystander.decryptText(bystander.encrypt("x", { a: "b" }), { a: "b" }), "x");

class Row {
  #row = "42";
  get row() {
    return this.#row;
  }
}

describe("what is not a plain object is refused, and not taken for an empty one", () => {
  const others = {
    "a Map": new Map([["row", "42"]]),
    "a Row": new Row(),
    "an URLSearchParams": new URLSearchParams({ row: "42" }),
    "a Date": new Date(),
    "a Promise: await it first": Promise.resolve({ row: "42" }),
    "an Array": ["42"],
    "an object": Object.create({ row: "42" }),
    "a string": "42",
    "null": null,
  };
  for (const [what, other] of Object.entries(others)) {
    test(what, async () => {
      const refused = { name: "InputError", code: "invalid_argument", message: new RegExp(`got ${what}$`) };
      const token = keyring.encrypt("x");
      assert.throws(() => keyring.encrypt("x", other), refused);
      assert.throws(() => keyring.decrypt(token, other), refused);
      assert.throws(() => keyring.encryptRow(other), refused);
      assert.throws(() => keyring.decryptRow(other), refused);
      assert.throws(() => keyring.encryptRow({ a: "x" }, other), refused);
      assert.throws(() => keyring.encryptColumn(["x"], { context: other }), refused);
      assert.throws(() => keyring.encryptColumn([null, "x"], { contexts: [{}, other] }), { ...refused, message: new RegExp(`the context of value 1, got ${what}$`) });
      assert.throws(() => keyring.encryptColumn(["x"], other), refused);
      await assert.rejects(keyring.seal(keyring, { metadata: other }), refused);
      await assert.rejects(keyring.encryptBlob(new Blob(), { context: other }), refused);
      await assert.rejects(keyring.encryptBlob(new Blob(), { metadata: other }), refused);
      await assert.rejects(Keyring.generate(other), refused);
    });
  }

  test("a value's context that is missing", () => {
    assert.throws(() => keyring.encryptColumn(["x"], { contexts: [undefined] }), code("invalid_argument"));
    assert.throws(() => keyring.encryptColumn(["x"], { contexts: { length: 1 } }), code("invalid_argument"));
    assert.equal(keyring.encryptColumn([null], { contexts: [undefined] })[0], null);
  });

  test("objects without a prototype and of other realms are plain", async () => {
    const { runInNewContext } = await import("node:vm");
    const bare = Object.assign(Object.create(null), { row: "42" });
    const foreign = runInNewContext('({ row: "42" })');
    assert.equal(keyring.decryptText(keyring.encrypt("x", bare), foreign), "x");
    assert.throws(() => keyring.encrypt("x", runInNewContext('new Map([["row", "42"]])')), code("invalid_argument"));
  });

  test("an option that is not known", async () => {
    const unknown = { code: "invalid_argument", message: /there is no option "contex"; there are / };
    const options = { contex: { row: "1" } };
    assert.throws(() => keyring.encryptColumn(["x"], options), unknown);
    assert.throws(() => keyring.encryptColumn(["x"], { header: "x" }), code("invalid_argument"));
    assert.throws(() => keyring.encryptStream(options), unknown);
    assert.throws(() => keyring.decryptStream(options), unknown);
    for (const rejected of [
      Keyring.generate(options),
      keyring.seal(keyring, options),
      keyring.encryptBlob(new Blob(), options),
      keyring.decryptBlob(new Blob(), options),
      keyring.openSource(new Blob(), options),
      keyring.decryptRange(new Blob(), { start: 0, end: 1, ...options }),
      encryptBlob(new Blob(), { recipients: keyring, ...options }),
      decryptBlob(new Blob(), { identity: keyring, ...options }),
      rewrap(new Blob(), { identity: keyring, recipients: keyring, ...options }),
    ]) {
      await assert.rejects(rejected, unknown);
    }
    await assert.rejects(keyring.seal({ passphrase: "p", argon: {} }), code("invalid_argument"));
  });

  test("what all objects inherit is nobody's option", async () => {
    const planted = { recipients: [quick("attacker")], context: { planted: "1" }, suite: "ChaCha20-Poly1305", metadata: { planted: "1" }, contexts: [{}, {}], header: "x" };
    for (const [name, value] of Object.entries({ ...planted, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 }, passphrase: "attacker" })) {
      await replaced(Object.prototype, name, value, async () => {
        const { header, suite } = inspect(await bytesOf(await keyring.encryptBlob(new Blob(["x"]))));
        assert.deepEqual([header.recipients.length, suite, header.metadata.planted === value.planted], [1, "AES-256-GCM", value.planted === undefined]);
        assert.equal(keyring.decryptColumnText(keyring.encryptColumn(["x"]))[0], "x");
        await assert.rejects(keyring.seal({}), code("invalid_argument"));
        if (name === "argon2") assert.equal(inspect(await keyring.seal({ passphrase: "p" })).header.recipients[0].argon2.passes, 3);
      });
    }
  });
});

describe("an argument that calls back", () => {
  test("may use any keyring, and free one", async () => {
    const cell = keyring.encrypt("ada");
    const lazy = { get name() { return keyring.decryptText(cell); }, city: "London" };
    assert.deepEqual(keyring.decryptRowText(keyring.encryptRow(lazy)), { name: "ada", city: "London" });
    const context = { a: "1", get b() { return keyring.decryptText(cell, {}); }, c: "é" };
    assert.equal(keyring.decryptText(keyring.encrypt("x", context), { a: "1", b: "ada", c: "é" }), "x");
    const sealed = await keyring.seal({ passphrase: "p", argon2: { get passes() { return keyring.versions.length; }, memoryKiB: 8192, lanes: 1 } });
    assert.equal(inspect(sealed).header.recipients[0].argon2.passes, 1);
    const short = await Keyring.generate();
    const token = short.encrypt("x", { get row() { short.free(); return "1"; } });
    assert.ok(token.length > 100);
    assert.throws(() => short.encrypt("x"), code("freed"));
    unharmed();
  });

  test("may throw anything", () => {
    for (const error of [new RangeError("mine"), new WebAssembly.RuntimeError("mine"), new TypeError("mine")]) {
      assert.throws(() => keyring.encrypt("x", { get row() { throw error; } }), error);
      assert.throws(() => keyring.encryptRow({ get name() { throw error; } }), error);
      unharmed();
    }
  });

  test("is asked once", () => {
    let asked = 0;
    const row = new Proxy({ a: "1", b: "2" }, { ownKeys: () => (asked++ ? ["b", "a"] : ["a", "b"]) });
    assert.deepEqual(keyring.decryptRowText(keyring.encryptRow(row)), { a: "1", b: "2" });
  });
});

describe("what is too large never reaches the module", () => {
  for (const [what, act] of Object.entries({
    "a value of 2.5 GiB": () => keyring.encrypt(new Uint8Array(2.5 * 2 ** 30)),
    "a text": () => keyring.encrypt("A".repeat(500e6)),
    "a token": () => keyring.decrypt("A".repeat(500e6)),
    "a context": () => keyring.encrypt("x", { row: "A".repeat(500e6) }),
    "a segment": () => keyring.scope("A".repeat(500e6)),
    "a value in a column": () => keyring.encryptColumn([new Uint8Array(2.5 * 2 ** 30)]),
    "a passphrase": () => keyring.seal({ passphrase: "A".repeat(500e6) }),
    "a sealed keyring": () => Keyring.open(new Uint8Array(2.5 * 2 ** 30), { passphrase: "p" }),
  })) {
    test(what, async () => {
      await assert.rejects(async () => act(), { name: "LimitError", code: "value_too_large" });
      unharmed();
    });
  }

  test("something to inspect: its start is enough", () => {
    assert.throws(() => inspect(new Uint8Array(3 * 2 ** 30)), code("not_fortress"));
    unharmed();
  });
});

test("bytes are what the engine says", async () => {
  let asked = 0;
  const fakes = [
    new Proxy(new Uint8Array(4), {}),
    { [Symbol.toStringTag]: "Uint8Array", length: 3 },
    { [Symbol.toStringTag]: "Uint8Array", get length() { return asked++ < 3 ? 3 : 200_000; } },
    new DataView(new ArrayBuffer(4)),
    new Float64Array(4),
  ];
  for (const fake of fakes) assert.throws(() => keyring.encrypt(fake), code("invalid_argument"));
  class Short extends Uint8Array {
    get length() {
      return 1;
    }
  }
  assert.equal(keyring.decrypt(keyring.encrypt(new Short(100_000))).length, 100_000);
  const gone = new Uint8Array(16);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  // Engines that do not tell see an empty array.
  if (gone.buffer.detached) assert.throws(() => keyring.encrypt(gone), code("invalid_argument"));
  const transferred = { code: "invalid_argument", message: /transferred/u };
  for (const call of [keyring.encrypt, keyring.decrypt, keyring.encryptBlob, keyring.decryptBlob, inspect]) {
    await assert.rejects(async () => call.call(keyring, gone.buffer), transferred);
  }
});

test("bytes of another realm are bytes", async () => {
  const { runInNewContext } = await import("node:vm");
  const foreign = runInNewContext("new Uint8Array(100_000)");
  const totals = [];
  const encrypted = await keyring.encryptBlob(foreign, { onProgress: ({ total }) => totals.push(total) });
  assert.equal((await keyring.decryptBlob(encrypted)).size, 100_000);
  assert.deepEqual([...new Set(totals)], [100_000]);
  let kept;
  const wrapped = runInNewContext("new Uint8Array(40)");
  const key = { reference: "kms:key/1", wrap: async (fileKey) => ((kept = fileKey.slice()), wrapped), unwrap: async () => Object.assign(runInNewContext("new Uint8Array(32)"), kept) };
  assert.equal((await Keyring.open(await keyring.seal(key), key)).primary, keyring.primary);
  // Past the secret, where Node has no storage.
  await assert.rejects(deviceKey({ secret: foreign }), code("storage_unavailable"));
  await assert.rejects(deviceKey({ secret: foreign.slice(0, 15) }), code("invalid_argument"));
});

test("an ArrayBuffer is bytes", async () => {
  const { buffer } = pattern(100);
  assert.deepEqual(keyring.decrypt(keyring.encrypt(buffer)), pattern(100));
  assert.deepEqual(keyring.decryptRow(keyring.encryptRow({ a: buffer })).a, pattern(100));
  assert.deepEqual(keyring.decryptColumn(keyring.encryptColumn([buffer])), [pattern(100)]);
  const sealed = (await keyring.seal(quick("p"))).buffer;
  assert.equal((await Keyring.open(sealed, { passphrase: "p" })).primary, keyring.primary);
  const encrypted = (await bytesOf(await keyring.encryptBlob(buffer))).buffer;
  assert.deepEqual(await bytesOf(await keyring.decryptBlob(encrypted)), pattern(100));
  assert.equal((await keyring.decryptRange(encrypted, { start: 1, end: 3 })).length, 2);
  assert.equal(inspect(encrypted).kind, "envelope");
});

test("errors name the kind of an argument, never what is in it", async () => {
  const card = 4111111111111111;
  for (const act of [
    () => keyring.encrypt(card),
    () => keyring.encrypt("x", { card }),
    () => keyring.encryptRow({ card }),
    () => keyring.encryptColumn([card]),
    () => keyring.decrypt(card),
    () => keyring.seal({ passphrase: card }),
    () => keyring.scope(card),
  ]) {
    await assert.rejects(async () => act(), (error) => error.code === "invalid_argument" && !error.message.includes("4111"));
  }
});

test("half of a surrogate pair, also where the engine does not tell", async () => {
  for (const isWellFormed of [String.prototype.isWellFormed, undefined]) {
    await replaced(String.prototype, "isWellFormed", isWellFormed, () => {
      for (const text of ["\ud800", "é\udc00", `${"é".repeat(300)}\ud83d`, "\udd12\ud83d"]) assert.throws(() => keyring.encrypt(text), code("invalid_argument"));
      for (const text of ["é🔒", "🔒".repeat(300)]) assert.equal(keyring.decryptText(keyring.encrypt(text)), text);
    });
  }
});

test("dates that are none", async () => {
  for (const at of [new Date(Number.NaN), Date.now(), null]) assert.throws(() => keyring.rotationDue(at), code("invalid_argument"));
});
