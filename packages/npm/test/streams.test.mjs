import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import { bytesOf, collect, concat, equal, pattern, streamOf } from "./support/bytes.mjs";
import { nodeCopy, predictable, replaced, slimCopy, wasm } from "./support/copies.mjs";

const SUITES = ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"];
const BORDERS = [0, 1, 4095, 4096, 16_383, 16_384, 16_385, 1 << 20];
const code = (expected) => (error) => error.code === expected;

// The ways in which AES-256-GCM is computed. Every other suite takes the last one everywhere.
const PATHS = {
  "node:crypto": async (body) => {
    const fortress = nodeCopy();
    await fortress.init();
    return body(fortress);
  },
  WebCrypto: async (body) => {
    const fortress = slimCopy();
    await fortress.init(wasm);
    return body(fortress);
  },
  // As Chromium does it, whose results are there at once; here by node:crypto.
  "WebCrypto, at once": async (body) => {
    const fortress = slimCopy();
    await fortress.init(wasm);
    return replaced(SubtleCrypto.prototype, "encrypt", sealAtOnce, () => replaced(SubtleCrypto.prototype, "decrypt", openAtOnce, () => body(fortress)));
  },
  WebAssembly: async (body) => {
    const fortress = slimCopy();
    await fortress.init(wasm);
    // A page that is not a secure context has no `subtle`.
    return replaced(globalThis, "crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) }, () => body(fortress));
  },
};

async function sealAtOnce({ iv }, key, plaintext) {
  const cipher = createCipheriv("aes-256-gcm", KeyObject.from(key), iv);
  const sealed = concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  return sealed.buffer;
}

async function openAtOnce({ iv }, key, sealed) {
  const decipher = createDecipheriv("aes-256-gcm", KeyObject.from(key), iv, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return concat(decipher.update(sealed.subarray(0, -16)), decipher.final()).buffer;
  } catch (cause) {
    throw new DOMException("the tag does not verify", { name: "OperationError", cause });
  }
}

for (const [path, within] of Object.entries(PATHS)) {
  describe(`by ${path}`, () => {
    for (const suite of SUITES) {
      test(`${suite}: every length around a chunk's border, in arrays of any size`, async () => {
        await within(async ({ Keyring }) => {
          const keyring = (await Keyring.generate()).scope("files");
          const context = { file: "1" };
          for (const length of BORDERS) {
            const data = pattern(length, length + 1);
            for (const sizes of [[], [1 << 16], [1, 16_383, 5, 70_000]]) {
              const encrypted = await collect(streamOf(data, ...sizes).pipeThrough(keyring.encryptStream({ context, suite })));
              const decrypted = await collect(streamOf(encrypted, ...sizes.toReversed()).pipeThrough(keyring.decryptStream({ context })));
              assert.ok(equal(decrypted, data), `${length} bytes in arrays of ${sizes}`);
            }
          }
        });
      });
    }

    test("what was cut, changed or extended is refused", async () => {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const decrypt = (bytes) => collect(streamOf(bytes, 50_000).pipeThrough(keyring.decryptStream()));
        for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305"]) {
          const data = pattern(3 * 16_384 + 100);
          const encrypted = await bytesOf(await keyring.encryptBlob(data, { suite }));
          const start = encrypted.length - 3 * 16_400 - 116;
          for (const at of [start + 5, start + 16_400, start + 2 * 16_400 - 1, encrypted.length - 1]) {
            const flipped = encrypted.slice();
            flipped[at] ^= 1;
            await assert.rejects(decrypt(flipped), code("authentication_failed"), `a bit of byte ${at}`);
          }
          for (const chunks of [0, 1, 2, 3]) await assert.rejects(decrypt(encrypted.subarray(0, start + chunks * 16_400)), code("truncated"), `${chunks} chunks`);
          await assert.rejects(decrypt(encrypted.subarray(0, start + 15)), code("truncated"));
          await assert.rejects(decrypt(encrypted.subarray(0, -1)), code("authentication_failed"));
          await assert.rejects(decrypt(concat(encrypted, Uint8Array.of(0))), code("authentication_failed"));
          await assert.rejects(decrypt(concat(encrypted, new Uint8Array(40_000))), code("authentication_failed"));
          const exchanged = encrypted.slice();
          exchanged.set(encrypted.subarray(start, start + 16_400), start + 16_400);
          exchanged.set(encrypted.subarray(start + 16_400, start + 2 * 16_400), start);
          await assert.rejects(decrypt(exchanged), code("authentication_failed"));
          await assert.rejects(collect(streamOf(encrypted).pipeThrough(keyring.decryptStream({ context: { a: "b" } }))), code("authentication_failed"));
          await assert.rejects(keyring.decryptBlob(encrypted.subarray(0, start + 16_400)), { code: "truncated", operation: "decryptBlob" });
        }
      });
    });

    test("ranges of any length, as arrays and as streams, and none that was changed", async () => {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const data = pattern(40 * 16_384 + 100);
        for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305"]) {
          const encrypted = await bytesOf(await keyring.encryptBlob(data, { suite }));
          for (const source of [encrypted, new Blob([encrypted])]) {
            const file = await keyring.openSource(source);
            for (const length of [0, 1, 32_767, 32_768, 32_769, 100_000, 600_000]) {
              for (const start of [0, 1, 16_383, 16_384, 30_000, data.length - length]) {
                const expected = data.subarray(start, start + length);
                assert.ok(equal(await file.read(start, start + length), expected), `${length} bytes from ${start}`);
                assert.ok(equal(await collect(file.stream(start, start + length)), expected), `${length} bytes from ${start}, as a stream`);
              }
            }
            const reader = file.stream(5).getReader();
            assert.ok((await reader.read()).value.length > 0);
            await reader.cancel();
            file.free();
            await assert.rejects(collect(file.stream(0, 100_000)), code("freed"));
          }
          const changed = encrypted.slice();
          changed[encrypted.length - 116 - 5 * 16_400 - 7] ^= 1;
          const file = await keyring.openSource(changed);
          await assert.rejects(file.read(0, 36 * 16_384), { code: "authentication_failed", operation: "read" });
          await assert.rejects(collect(file.stream(34 * 16_384)), { code: "authentication_failed", operation: "stream" });
          assert.ok(equal(await file.read(0, 34 * 16_384), data.subarray(0, 34 * 16_384)));
          assert.ok(equal(await file.read(35 * 16_384), data.subarray(35 * 16_384)));
        }
      });
    });

    test("nothing comes out of a chunk that is not authentic, and all of those before it may", async () => {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const data = pattern(40 * 16_384);
        const encrypted = await bytesOf(await keyring.encryptBlob(data));
        encrypted[encrypted.length - 16 - 20 * 16_400 - 100] ^= 1;
        const seen = [];
        const reading = (async () => {
          for await (const part of streamOf(encrypted, 100_000).pipeThrough(keyring.decryptStream())) seen.push(part);
        })();
        await assert.rejects(reading, code("authentication_failed"));
        const released = concat(...seen);
        assert.ok(released.length <= 19 * 16_384, `${released.length} bytes were released`);
        assert.ok(equal(released, data.subarray(0, released.length)));
      });
    });
  });
}

describe("the two ends of a stream", () => {
  const MIB = 1 << 20;
  const reason = new Error("enough");
  const each = (body) => async () => {
    for (const within of Object.values(PATHS)) {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const encrypted = await bytesOf(await keyring.encryptBlob(pattern(6 * MIB), { suite: "AES-256-GCM" }));
        await body(() => keyring.encryptStream({ suite: "AES-256-GCM" }), pattern(6 * MIB));
        await body(() => keyring.decryptStream(), encrypted);
      });
    }
  };

  test("a reader that cancels stops the writer, also one that waits", each(async (make, data) => {
    for (const read of [0, 1]) {
      const { readable, writable } = make();
      const writing = streamOf(data, 100_000).pipeTo(writable);
      const reader = readable.getReader();
      for (let count = 0; count < read; count += 1) await reader.read();
      await reader.cancel(reason);
      await assert.rejects(writing, reason);
    }
  }));

  test("a writer that aborts fails the reader, also while a write waits", each(async (make, data) => {
    const { readable, writable } = make();
    const writer = writable.getWriter();
    const writes = [data, data].map((piece) => writer.write(piece));
    const settled = Promise.allSettled(writes);
    await writer.abort(reason);
    await assert.rejects(collect(readable), reason);
    await settled;
  }));

  test("an error of the source arrives as itself", each(async (make, data) => {
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(data.subarray(0, 100_000));
      },
      pull(controller) {
        controller.error(reason);
      },
    });
    await assert.rejects(collect(source.pipeThrough(make())), reason);
  }));

  test("an error of the destination stops the source", each(async (make, data) => {
    let cancelled;
    const source = new ReadableStream({
      pull(controller) {
        controller.enqueue(data.subarray(0, 100_000));
      },
      cancel(why) {
        cancelled = why;
      },
    });
    const destination = new WritableStream({
      write() {
        throw reason;
      },
    });
    await assert.rejects(source.pipeThrough(make()).pipeTo(destination), reason);
    // The source hears of it a turn later.
    for (let turn = 0; turn < 100 && cancelled === undefined; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(cancelled, reason);
  }));

  test("nobody reads, and no more is taken than fits", each(async (make, data) => {
    let taken = 0;
    const source = new ReadableStream(
      {
        pull(controller) {
          controller.enqueue(data.subarray(taken, (taken += 50_000)));
          if (taken >= data.length) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const readable = source.pipeThrough(make());
    for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(taken < 3 * MIB, `${taken} bytes were taken`);
    await readable.cancel();
  }));

  test("input that is no bytes is named", each(async (make) => {
    const { readable, writable } = make();
    const writing = writable.getWriter().write("text");
    await assert.rejects(collect(readable), code("invalid_argument"));
    await assert.rejects(writing, code("invalid_argument"));
  }));
});

describe("all paths", () => {
  test("take memory that is shared, and memory that can be resized", async () => {
    const data = pattern(100_000);
    const kinds = [new SharedArrayBuffer(data.length), new ArrayBuffer(data.length, { maxByteLength: 2 * data.length })];
    for (const within of Object.values(PATHS)) {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        for (const buffer of kinds) {
          const bytes = new Uint8Array(buffer);
          bytes.set(data);
          const encrypted = await collect(streamOf(bytes).pipeThrough(keyring.encryptStream({ suite: "AES-256-GCM" })));
          assert.ok(equal(await collect(streamOf(encrypted).pipeThrough(keyring.decryptStream())), data));
          assert.ok(equal(await bytesOf(await keyring.decryptBlob(await bytesOf(await keyring.encryptBlob(bytes)))), data));
        }
      });
    }
  });

  test("let timers in, so that a signal is heard and progress is drawn", async () => {
    const data = new Uint8Array(96 << 20);
    for (const within of Object.values(PATHS)) {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const encrypted = await bytesOf(await keyring.encryptBlob(data));
        const aborted = async (work) => {
          const controller = new AbortController();
          let finished = false;
          const reason = new Error("enough");
          setTimeout(() => controller.abort(reason), 0);
          await assert.rejects(work(controller.signal, ({ processed, total }) => (finished ||= processed === total)), reason);
          assert.equal(finished, false);
        };
        for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305"]) {
          await aborted((signal, onProgress) => keyring.encryptBlob(data, { suite, signal, onProgress }));
          await aborted((signal) => streamOf(data, 1 << 20).pipeThrough(keyring.encryptStream({ suite })).pipeTo(new WritableStream(), { signal }));
        }
        await aborted((signal, onProgress) => keyring.decryptBlob(encrypted, { signal, onProgress }));
      });
    }
  });

  test("keep what a Buffer held when it was written", async () => {
    const keyring = await nodeCopy().Keyring.generate();
    const { readable, writable } = keyring.encryptStream();
    const writer = writable.getWriter();
    const encrypted = collect(readable);
    const buffer = Buffer.from("before");
    await writer.write(buffer);
    buffer.write("behind");
    await writer.close();
    assert.equal(await (await keyring.decryptBlob(await encrypted)).text(), "before");
  });

  test("copy a header that comes byte by byte a few times at most", async () => {
    const keyring = await nodeCopy().Keyring.generate();
    const encrypted = await bytesOf(await keyring.encryptBlob(pattern(100), { metadata: { note: "x".repeat(20_000) } }));
    const { set } = Uint8Array.prototype;
    let copied = 0;
    const counting = function (source, at) {
      copied += source.length;
      return set.call(this, source, at);
    };
    const decrypted = await replaced(Uint8Array.prototype, "set", counting, () => collect(streamOf(encrypted, 1).pipeThrough(keyring.decryptStream())));
    assert.ok(equal(decrypted, pattern(100)));
    // The module is asked at every byte how long the header is, with its first 64.
    assert.ok(copied < encrypted.length * 64 + 10 * encrypted.length, `${copied} bytes were copied`);
  });

  test("are what they say", async () => {
    const calls = { "node:crypto": 0, WebCrypto: 0, "WebCrypto, at once": 0, WebAssembly: 0 };
    const { encrypt } = SubtleCrypto.prototype;
    for (const [path, within] of Object.entries(PATHS)) {
      const counting = function (...args) {
        calls[path] += 1;
        return encrypt.apply(this, args);
      };
      await replaced(SubtleCrypto.prototype, "encrypt", counting, () =>
        within(async ({ Keyring }) => {
          const keyring = await Keyring.generate();
          await keyring.encryptBlob(pattern(100_000));
          await keyring.encryptBlob(pattern(100));
        }),
      );
    }
    // Seven chunks, and the call that tells whether results are there at once; that path has an `encrypt` of its own.
    assert.deepEqual(calls, { "node:crypto": 0, WebCrypto: 8, "WebCrypto, at once": 0, WebAssembly: 0 });
  });

  test("pass on what has come, without waiting for more", async () => {
    for (const [path, within] of Object.entries(PATHS)) {
      await within(async ({ Keyring }) => {
        const keyring = await Keyring.generate();
        const { readable, writable } = keyring.encryptStream({ suite: "AES-256-GCM" });
        const [reader, writer] = [readable.getReader(), writable.getWriter()];
        const prefix = (await reader.read()).value.length;
        assert.ok(prefix < 1000);
        for (const chunks of [3, 1, 70]) {
          void writer.write(pattern(chunks * 16_384));
          const parts = [];
          for (let received = 0; received < chunks * 16_400; received += parts.at(-1)) parts.push((await reader.read()).value.length);
          if (path === "WebCrypto") assert.deepEqual(parts, chunks === 70 ? [64 * 16_400, 6 * 16_400] : [chunks * 16_400]);
          if (path === "WebCrypto, at once") assert.deepEqual(parts, Array(chunks).fill(16_400));
        }
        await reader.cancel();
      });
    }
  });

  test("write the same bytes, chunk for chunk", async () => {
    for (const length of [0, 100, 5000, 16_384, 5 * 16_384 + 7, 1 << 20]) {
      const data = pattern(length, 9);
      const written = {};
      for (const [path, within] of Object.entries(PATHS)) {
        const random = predictable();
        written[path] = await within(async ({ Keyring }) => {
          // The third path has replaced `crypto` by an object of its own.
          const body = async () => {
            const keyring = await Keyring.generate();
            return collect(streamOf(data, 30_000).pipeThrough(keyring.encryptStream({ suite: "AES-256-GCM" })));
          };
          return replaced(globalThis.crypto, "getRandomValues", random, () => replaced(Date, "now", () => 1.79e12, body));
        });
      }
      const [first, ...others] = Object.values(written);
      for (const other of others) assert.equal(other.length, first.length);
      const chunks = first.length - length - 16 * (Math.floor(length / 16_384) + 1);
      for (let at = chunks; at <= first.length; at += 16_400) {
        for (const other of others) assert.ok(equal(other.subarray(at, at + 16_400), first.subarray(at, at + 16_400)), `${length} bytes: the chunk at ${at}`);
      }
      for (const other of others) assert.ok(equal(other, first), `${length} bytes: the prefix`);
    }
  });

  test("read what the others wrote", async () => {
    const writer = nodeCopy();
    const keyring = await writer.Keyring.generate();
    const sealed = await keyring.seal({ passphrase: "p", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
    for (const suite of SUITES) {
      const data = pattern(100_000);
      const encrypted = await bytesOf(await keyring.encryptBlob(data, { suite }));
      for (const within of Object.values(PATHS)) {
        await within(async ({ Keyring }) => {
          const reader = await Keyring.open(sealed, { passphrase: "p" });
          assert.ok(equal(await bytesOf(await reader.decryptBlob(encrypted)), data));
          assert.ok(equal(await reader.decryptRange(encrypted, { start: 16_380, end: 50_000 }), data.subarray(16_380, 50_000)));
        });
      }
    }
  });
});
