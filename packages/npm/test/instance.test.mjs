import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { bytesOf, collect, equal, pattern, streamOf } from "./support/bytes.mjs";
import { nodeCopy, replaced, slimCopy, wasm } from "./support/copies.mjs";

const code = (expected) => (error) => error.code === expected;

const { cases: vectors } = JSON.parse(readFileSync(new URL("../../../tests/vectors/keyrings.json", import.meta.url), "utf8"));
/** The secrets of the vectors' keyring "main", as the independent reader reads them. */
const MAIN_SECRETS = ["6d2a7ded84052d7cb9610c0a127d4d7eb3945f78dcc14c1d69f1c6ae742e4f2b", "9fa5f3db179036649f4642bc0d4a891fdcba34c4dc8808dc9f2805e292b9da2a"];

/** A copy of the package, and its instances' exports, as the JavaScript engine gave them. */
async function exposed() {
  const instances = [];
  const { Instance } = WebAssembly;
  const fortress = slimCopy();
  class Watched extends Instance {
    constructor(...args) {
      super(...args);
      instances.push(this.exports);
      return this;
    }
  }
  // The package keeps using the class that it finds, also when it replaces a lost instance.
  WebAssembly.Instance = Watched;
  await fortress.init(wasm);
  return { fortress, instances, restore: () => (WebAssembly.Instance = Instance) };
}

/** Makes the next growth of an instance's memory, and so the next large allocation, trap inside the module. */
function exhaust(exports) {
  // Fills the address space that is left: the allocator asks for memory, gets none, and the module stops.
  for (let pages = 65_536; pages > 0; pages = Math.floor(pages / 2)) {
    try {
      for (;;) exports.memory.grow(pages);
    } catch {
      // No room for that many; try half.
    }
  }
}

/** Has the module make room for arguments of 4 MB, and for nothing else. */
function makeRoom(keyring) {
  assert.throws(() => keyring.decrypt("?".repeat(4_000_000 / 3)), code("invalid_text"));
}

describe("an instance that stops", () => {
  test("is wiped and replaced; its handles say so, the next call works", async () => {
    const { fortress, instances, restore } = await exposed();
    try {
      const keyring = await fortress.Keyring.generate();
      const sealed = await keyring.seal({ passphrase: "p", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
      const token = keyring.encrypt("x");
      const scope = keyring.scope("a");
      const file = await keyring.openSource(await keyring.encryptBlob(pattern(100)));
      const stream = keyring.encryptStream();
      const writer = stream.writable.getWriter();
      await writer.ready;
      assert.equal(instances.length, 1);

      makeRoom(keyring);
      exhaust(instances[0]);
      assert.throws(
        () => keyring.encrypt(new Uint8Array(4_000_000)),
        (error) => {
          assert.equal(error.name, "InstanceError");
          assert.equal(error.code, "instance_lost");
          assert.equal(error.operation, "encrypt");
          assert.ok(error.cause instanceof WebAssembly.RuntimeError);
          return error instanceof fortress.InstanceError;
        },
      );
      assert.ok(new Uint8Array(instances[0].memory.buffer, 0, 4_000_000).every((byte) => byte === 0), "the memory is wiped");

      // What lived in it is gone, and says how to go on.
      assert.throws(() => keyring.encrypt("x"), { code: "instance_lost", message: /the keyring was in a WebAssembly instance that stopped.*open it again/ });
      assert.throws(() => scope.encrypt("x"), code("instance_lost"));
      await assert.rejects(file.read(0, 1), code("instance_lost"));
      await assert.rejects(Promise.all([writer.write(pattern(10)), writer.close(), collect(stream.readable)]), code("instance_lost"));
      keyring.free();
      scope.free();
      file.free();

      // A fresh instance, made at once from the module that is compiled already.
      assert.equal(instances.length, 2);
      const again = await fortress.Keyring.open(sealed, { passphrase: "p" });
      assert.equal(instances.length, 2);
      assert.equal(again.decryptText(token), "x");
      assert.ok(equal(await bytesOf(await again.decryptBlob(await again.encryptBlob(pattern(50_000)))), pattern(50_000)));
      await assert.rejects(again.seal(keyring), code("instance_lost"));
      assert.equal(fortress.inspect(token).kind, "token");

      // And once more.
      makeRoom(again);
      exhaust(instances[1]);
      assert.throws(() => again.encrypt(new Uint8Array(4_000_000)), code("instance_lost"));
      assert.equal(fortress.inspect(token).kind, "token");
      assert.equal(instances.length, 3);
    } finally {
      restore();
    }
  });

  test("a call with lengths and addresses that are wrong is an error or a trap, never silence", async () => {
    const { fortress, instances, restore } = await exposed();
    try {
      const keyring = await fortress.Keyring.generate();
      const [exports] = instances;
      assert.equal(exports.inspect_text(0xffff_ffff), -1);
      assert.throws(() => exports.keyringhandle_encrypt(0, 0), /null pointer/);
      assert.equal(keyring.decryptText(keyring.encrypt("x")), "x");
    } finally {
      restore();
    }
  });

  test("a stack that overflows in the middle of a call loses the instance, and nothing else", async () => {
    const fortress = slimCopy();
    await fortress.init(wasm);
    const keyring = await fortress.Keyring.generate();
    const value = pattern(5_000_000);
    const deep = () => {
      keyring.encrypt("x");
      deep();
    };
    assert.throws(deep, (error) => error instanceof RangeError || error.code === "instance_lost");
    try {
      // Where the stack ended decides whether the module was left in the middle of a call.
      assert.equal(keyring.decryptText(keyring.encrypt("x")), "x");
    } catch (error) {
      assert.equal(error.code, "instance_lost");
    }
    const fresh = await fortress.Keyring.generate();
    assert.ok(equal(fresh.decrypt(fresh.encrypt(value)), value));
  });
});

describe("randomness", () => {
  for (const [what, crypto] of Object.entries({
    throws: { getRandomValues: () => { throw new Error("no entropy"); }, subtle: globalThis.crypto.subtle },
    "is missing": undefined,
  })) {
    test(`that ${what} is an error, and encrypts nothing`, async () => {
      const fortress = slimCopy();
      await fortress.init(wasm);
      await replaced(globalThis, "crypto", crypto, async () => {
        await assert.rejects(fortress.Keyring.generate(), { code: "randomness", operation: "generate" });
      });
      const keyring = await fortress.Keyring.generate();
      await replaced(globalThis, "crypto", crypto, async () => {
        // The pool lasts for some; then it is an error, each time.
        let failures = 0;
        for (let i = 0; i < 400; i++) {
          try {
            keyring.encrypt("x");
          } catch (error) {
            assert.equal(error.code, "randomness");
            failures += 1;
          }
        }
        assert.ok(failures > 200);
      });
      assert.equal(keyring.decryptText(keyring.encrypt("x")), "x");
    });
  }
});

describe("loading", () => {
  test("/slim asks for its module", async () => {
    const fortress = slimCopy();
    assert.throws(() => fortress.inspect("x"), { name: "InstanceError", code: "not_initialised", message: /await init\(module\)/ });
    await assert.rejects(fortress.Keyring.generate(), code("not_initialised"));
    for (const nothing of [5, {}, [], Symbol("x"), true]) {
      await assert.rejects(fortress.init(nothing), { code: "invalid_argument", message: /^init: expected a compiled module, its bytes, a response or a URL, got / });
    }
    for (const file of ["/home/ada/fortress.wasm", "fortress.wasm", "C:\\fortress.wasm", new URL("fortress.wasm", import.meta.url)]) {
      await assert.rejects(fortress.init(file), { code: "wasm_unavailable", message: /fortress\.wasm is not an address to fetch; read the file, and give its bytes/ });
    }
    await assert.rejects(fortress.init(), { code: "not_initialised", message: /await init\(module\)/ });
    await assert.rejects(collect(streamOf(pattern(1)).pipeThrough(fortress.encryptStream({ recipients: { passphrase: "p" } }))), code("not_initialised"));
    await fortress.init(wasm);
    await fortress.init();
  });

  test("a failure does not poison the next try", async () => {
    let answer = (response) => response.writeHead(503).end();
    const server = createServer((request, response) => answer(response));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}/fortress.wasm`;
    try {
      const fortress = slimCopy();
      await assert.rejects(fortress.init(url), { name: "InstanceError", code: "wasm_unavailable", message: /answered 503.*the next call tries again/ });
      answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Not found</title>");
      await assert.rejects(fortress.init(url), { code: "wasm_unavailable", message: /is not a WebAssembly module/ });
      answer = (response) => response.writeHead(200, { "content-type": "application/wasm" }).end(wasm.subarray(0, 1000));
      await assert.rejects(fortress.init(url), code("wasm_unavailable"));
      await assert.rejects(fortress.init(new Uint8Array(3)), code("wasm_unavailable"));
      // Several at once share one try.
      answer = (response) => response.writeHead(200, { "content-type": "application/wasm" }).end(wasm);
      await Promise.all([fortress.init(url), fortress.init(new URL(url)), fortress.init(url)]);
      assert.equal((await fortress.Keyring.generate()).profile, "balanced");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("several at once share one failure, and none is left unhandled", async () => {
    const fortress = nodeCopy();
    const unhandled = [];
    const note = (reason) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    const compile = WebAssembly.compile;
    await replaced(WebAssembly, "compile", () => Promise.reject(new Error("no memory")), async () => {
      const tries = await Promise.allSettled([fortress.init(), fortress.Keyring.generate(), fortress.init()]);
      assert.deepEqual(tries.map(({ reason }) => reason.code), Array(3).fill("wasm_unavailable"));
    });
    assert.equal(WebAssembly.compile, compile);
    await new Promise(setImmediate);
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
    await fortress.init();
  });

  test("from whatever holds the module", async () => {
    const sources = [wasm, wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length), await WebAssembly.compile(wasm), new Response(wasm), Promise.resolve(wasm)];
    for (const source of sources) {
      const fortress = slimCopy();
      await fortress.init(source);
      assert.equal((await fortress.Keyring.generate()).profile, "balanced");
    }
  });

  test("Node reads it from disk, with `require` too", async () => {
    const fortress = nodeCopy();
    const keyring = await fortress.Keyring.generate();
    assert.ok(keyring instanceof fortress.Keyring);
    assert.throws(() => keyring.decrypt("x"), fortress.FortressError);
  });

  test("a keyring of another copy of the package is named as such", async () => {
    const [one, two] = [nodeCopy(), nodeCopy()];
    const keyring = await one.Keyring.generate();
    const foreign = await two.Keyring.generate();
    await assert.rejects(keyring.seal(foreign), { code: "invalid_argument", message: /a Keyring, Identity or Grant of this copy of fortress-sdk/ });
  });
});

test("what was laid out for a call that fails is wiped", async () => {
  const { fortress, instances, restore } = await exposed();
  try {
    const keyring = await fortress.Keyring.generate();
    const holds = (text) => Buffer.from(instances[0].memory.buffer).includes(text);
    for (const [secret, act] of [
      ["SECRET-OF-A-COLUMN", () => keyring.encryptColumn(["SECRET-OF-A-COLUMN", "\ud800"])],
      ["SECRET-OF-A-ROW", () => keyring.encryptRow({ a: "SECRET-OF-A-ROW", b: `\ud800${"y".repeat(400)}` })],
      ["SECRET-OF-A-CONTEXT", () => keyring.encrypt("x", { a: "SECRET-OF-A-CONTEXT", b: 7 })],
      ["SECRET-OF-A-SEAL", () => keyring.seal({ passphrase: "SECRET-OF-A-SEAL", argon2: { passes: 1.5, memoryKiB: 8192, lanes: 1 } })],
    ]) {
      await assert.rejects(async () => act());
      assert.ok(!holds(secret), secret);
    }
  } finally {
    restore();
  }
});

for (const [how, end] of Object.entries({ free: (keyring) => keyring.free(), dispose: (keyring) => keyring[Symbol.dispose]() })) {
  test(`a keyring's secrets are in memory until ${how}, and not from then on`, async () => {
    const { fortress, instances, restore } = await exposed();
    try {
      const { sealed, passphrase } = vectors.find(({ name }) => name === "main");
      const keyring = await fortress.Keyring.open(Buffer.from(sealed, "hex"), { passphrase });
      const scope = keyring.scope("acme");
      const held = () => MAIN_SECRETS.filter((secret) => Buffer.from(instances[0].memory.buffer).includes(Buffer.from(secret, "hex")));
      assert.deepEqual(held(), MAIN_SECRETS);
      const token = scope.encrypt("x");
      end(keyring);
      assert.deepEqual(held(), []);
      assert.equal(scope.decryptText(token), "x");
    } finally {
      restore();
    }
  });
}

test("a call that was too large leaves the memory as small as it was", async () => {
  const { fortress, instances, restore } = await exposed();
  try {
    const keyring = await fortress.Keyring.generate();
    const before = instances[0].memory.buffer.byteLength;
    assert.throws(() => keyring.encrypt("A".repeat(500e6)), code("value_too_large"));
    assert.throws(() => keyring.encrypt(new Uint8Array(500e6)), code("value_too_large"));
    assert.equal(instances[0].memory.buffer.byteLength, before);
  } finally {
    restore();
  }
});

test("memory that there is not is an error, and harms no keyring", async () => {
  const { fortress, instances, restore } = await exposed();
  try {
    const keyring = await fortress.Keyring.generate();
    exhaust(instances[0]);
    assert.throws(() => keyring.encrypt(new Uint8Array(10_000_000)), { code: "value_too_large", message: /gets no memory/ });
    assert.equal(keyring.decryptText(keyring.encrypt("x")), "x");
  } finally {
    restore();
  }
});
