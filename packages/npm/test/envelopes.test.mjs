import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decryptBlob, decryptStream, encryptBlob, encryptStream, inspect, inspectSource, Keyring, openSource, rewrap } from "fortress-sdk";
import { bytesOf, collect, equal, pattern, streamOf } from "./support/bytes.mjs";
import { replaced } from "./support/copies.mjs";

const code = (expected) => (error) => error.code === expected;
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
const keyring = await Keyring.generate();

describe("envelopes", () => {
  test("progress counts the input, and its total where it is known", async () => {
    const data = new Blob([pattern(5_000_000)]);
    const seen = [];
    const encrypted = await keyring.encryptBlob(data, { onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(seen.at(-1), { processed: 5_000_000, total: 5_000_000 });
    assert.ok(seen.length > 1 && seen.every(({ processed }, index) => index === 0 || processed > seen[index - 1].processed));
    seen.length = 0;
    const decrypted = await keyring.decryptBlob(encrypted, { onProgress: (progress) => seen.push(progress), type: "video/mp4" });
    assert.equal(decrypted.type, "video/mp4");
    assert.deepEqual(seen.at(-1), { processed: encrypted.size, total: encrypted.size });
    seen.length = 0;
    await collect(streamOf(pattern(100), 30).pipeThrough(keyring.encryptStream({ onProgress: (progress) => seen.push(progress) })));
    assert.deepEqual(seen, [{ processed: 30 }, { processed: 60 }, { processed: 90 }, { processed: 100 }]);
  });

  test("recipients and identities without a keyring", async () => {
    const other = await Keyring.generate();
    const data = pattern(50_000);
    const encrypted = await bytesOf(await encryptBlob(data, { recipients: [quick("one"), other], metadata: { name: "x" } }));
    for (const identity of [{ passphrase: "one" }, other, [keyring, other]]) {
      assert.ok(equal(await bytesOf(await decryptBlob(encrypted, { identity })), data));
    }
    const streamed = await collect(streamOf(data).pipeThrough(encryptStream({ recipients: quick("two") })).pipeThrough(decryptStream({ identity: { passphrase: "two" } })));
    assert.ok(equal(streamed, data));
    await assert.rejects(decryptBlob(encrypted, { identity: { passphrase: "two" } }), { code: "wrong_passphrase", operation: "decryptBlob" });
    await assert.rejects(decryptBlob(encrypted, { identity: keyring }), code("wrong_recipient"));
    await assert.rejects(collect(streamOf(data).pipeThrough(encryptStream({ recipients: [] }))), { code: "no_recipient", operation: "encryptStream" });
    await assert.rejects(encryptBlob(data, { recipients: keyring, suite: "AES-128-GCM" }), code("invalid_argument"));
  });

  test("metadata is public, and authentic when it is opened", async () => {
    const metadata = { name: "bericht.pdf", "Schlüssel": "“Wert”\n" };
    const encrypted = await keyring.encryptBlob(pattern(100), { metadata });
    assert.deepEqual((await inspectSource(encrypted)).header.metadata, metadata);
    const file = await keyring.openSource(encrypted);
    assert.deepEqual(file.metadata, metadata);
    assert.equal(file.size, 100);
    file.free();
    const bytes = await bytesOf(encrypted);
    const at = new TextDecoder("latin1").decode(bytes).indexOf("bericht");
    bytes[at] ^= 1;
    await assert.rejects(keyring.openSource(bytes), code("authentication_failed"));
  });

  test("rewrapping changes who opens it, and not one byte of the message", async () => {
    const data = pattern(40_000);
    const encrypted = await keyring.encryptBlob(data, { context: { a: "1" }, metadata: { m: "1" } });
    for (const from of [encrypted, await bytesOf(encrypted)]) {
      const rewrapped = await rewrap(from, { identity: keyring, recipients: [quick("new"), keyring.scope("x")] });
      const message = (blob) => bytesOf(blob.slice(blob.size - 40_000 - 3 * 16 - 56));
      assert.ok(equal(await message(rewrapped), await message(encrypted)));
      assert.ok(equal(await bytesOf(await decryptBlob(rewrapped, { identity: { passphrase: "new" }, context: { a: "1" } })), data));
      await assert.rejects(keyring.decryptBlob(rewrapped, { context: { a: "1" } }), code("authentication_failed"));
      assert.deepEqual((await inspectSource(rewrapped)).header.metadata, { m: "1" });
    }
    await rewrap(encrypted, { identity: keyring, recipients: keyring, context: { a: "1" } });
    await assert.rejects(rewrap(encrypted, { identity: keyring, recipients: keyring, context: { a: "2" } }), { code: "authentication_failed", operation: "rewrap" });
    await assert.rejects(rewrap(encrypted, { identity: await Keyring.generate(), recipients: keyring }), { code: "wrong_recipient", operation: "rewrap" });
    await assert.rejects(rewrap(encrypted, { identity: keyring, recipients: [] }), code("no_recipient"));
  });

  test("what is not an envelope is named, and where it ends", async () => {
    const encrypted = await bytesOf(await keyring.encryptBlob(pattern(1000)));
    const decrypt = (bytes) => keyring.decryptBlob(bytes);
    await assert.rejects(decrypt(pattern(1000)), code("not_fortress"));
    await assert.rejects(decrypt(new Uint8Array()), code("truncated"));
    const changed = (at, ...bytes) => {
      const copy = encrypted.slice();
      copy.set(bytes, at);
      return copy;
    };
    await assert.rejects(decrypt(changed(4, 2)), code("unknown_version"));
    await assert.rejects(decrypt(changed(5, 0, 16, 0, 1)), code("header_too_large"));
    await assert.rejects(decrypt(changed(5, 255, 255, 255, 255)), code("header_too_large"));
    await assert.rejects(decrypt(changed(9, 0xff)), code("non_canonical"));
    for (const length of [3, 8, 9, 50, 200]) await assert.rejects(decrypt(encrypted.subarray(0, length)), code("truncated"));
    assert.throws(() => inspect(pattern(100, 77)), (error) => ["not_fortress", "unknown_version"].includes(error.code));
    await assert.rejects(decrypt(42), code("invalid_argument"));
    await assert.rejects(collect(new ReadableStream({ start: (c) => { c.enqueue("text"); c.close(); } }).pipeThrough(keyring.encryptStream())), code("invalid_argument"));
  });

  test("rewrapping takes an envelope that is at hand, and loads none", async () => {
    await replaced(globalThis, "fetch", () => assert.fail("asked the network"), async () => {
      for (const envelope of ["https://example.org/file", new URL("https://example.org/file"), undefined, [1, 2]]) {
        const refused = { name: "InputError", code: "invalid_argument", operation: "rewrap", message: /expected a Blob or a Uint8Array, got / };
        await assert.rejects(rewrap(envelope, { identity: keyring, recipients: keyring }), refused);
      }
    });
  });

  test("rewrapping needs no more of an envelope than its start", async () => {
    const data = pattern(40_000);
    const encrypted = await keyring.encryptBlob(data, { metadata: { m: "1" } });
    const prefix = encrypted.size - 40_000 - 3 * 16;
    for (const length of [prefix, prefix + 5, 4096]) {
      const start = await rewrap(encrypted.slice(0, length), { identity: keyring, recipients: quick("new") });
      const whole = new Blob([start, encrypted.slice(length)]);
      assert.ok(equal(await bytesOf(await decryptBlob(whole, { identity: { passphrase: "new" } })), data));
    }
    await assert.rejects(rewrap(encrypted.slice(0, prefix - 57), { identity: keyring, recipients: keyring }), code("truncated"));
  });

  test("inspect tells of an envelope that ends where a chunk does", async () => {
    const encrypted = await bytesOf(await keyring.encryptBlob(pattern(40_000)));
    const prefix = encrypted.length - 40_000 - 3 * 16;
    for (const chunks of [0, 1, 2]) {
      const cut = encrypted.subarray(0, prefix + chunks * 16_400);
      for (const seen of [inspect(cut), await inspectSource(new Blob([cut]))]) {
        assert.equal(seen.cutOff, true);
        assert.equal(seen.plaintextLength, null);
        assert.deepEqual(seen.fields.at(-1), { offset: cut.length, length: 0, name: "last chunk", value: "cut off: the end of the message is missing" });
      }
    }
    assert.equal(inspect(encrypted).cutOff, false);
    assert.throws(() => inspect(encrypted.subarray(0, prefix - 1)), code("truncated"));
  });

  test("inspect lays an envelope out without gaps", async () => {
    for (const length of [0, 1, 16_384, 100_000]) {
      const encrypted = await keyring.encryptBlob(pattern(length));
      const seen = await inspectSource(encrypted);
      assert.equal(seen.plaintextLength, length);
      assert.equal(seen.suite, "AES-256-GCM");
      assert.deepEqual(seen.header.recipients, [{ kind: "keyring", keyId: keyring.primary }]);
      assert.deepEqual(inspect(await bytesOf(encrypted)), seen);
      assert.equal(seen.fields.reduce((at, field) => (assert.equal(field.offset, at), at + field.length), 0), encrypted.size);
    }
  });

  test("a cancelled or aborted stream ends, and says why", async () => {
    const reason = new Error("enough");
    const reader = streamOf(pattern(10_000_000), 65_536).pipeThrough(keyring.encryptStream()).getReader();
    await reader.read();
    await reader.cancel(reason);
    const controller = new AbortController();
    const piping = streamOf(pattern(10_000_000), 65_536).pipeThrough(keyring.encryptStream()).pipeTo(new WritableStream({ write: () => controller.abort(reason) }), { signal: controller.signal });
    await assert.rejects(piping, reason);
    const source = new ReadableStream({ start: (c) => c.error(reason) });
    await assert.rejects(collect(source.pipeThrough(keyring.encryptStream())), reason);
    await assert.rejects(keyring.encryptBlob(new Blob([pattern(100)]), { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(keyring.decryptBlob(pattern(100), { signal: AbortSignal.abort(reason) }), reason);
  });

  test("ranges of a Blob and of bytes", async () => {
    const data = pattern(300_000);
    for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256"]) {
      const blob = await keyring.encryptBlob(data, { suite, context: { v: "1" } });
      for (const source of [blob, await bytesOf(blob)]) {
        for (const [start, end] of [[0, 0], [0, 1], [0, 300_000], [16_383, 16_385], [16_384, 32_768], [262_143, 262_145], [299_999, 300_000], [300_000, 300_000], [100, 270_000]]) {
          const part = await keyring.decryptRange(source, { start, end, context: { v: "1" } });
          assert.ok(equal(part, data.subarray(start, end)), `${start} to ${end}`);
        }
        for (const [start, end] of [[0, 300_001], [-1, 5], [5, 4], [0.5, 2], [0, Number.NaN], [0, Infinity]]) {
          await assert.rejects(keyring.decryptRange(source, { start, end, context: { v: "1" } }), code("out_of_range"), `${start} to ${end}`);
        }
        const file = await keyring.openSource(source, { context: { v: "1" } });
        assert.equal(file.size, 300_000);
        assert.ok(equal(await collect(file.stream(1000, 290_000)), data.subarray(1000, 290_000)));
        assert.ok(equal(await file.read(299_000), data.subarray(299_000)));
        await file.stream().cancel();
        file[Symbol.dispose]();
        await assert.rejects(file.read(0, 1), code("freed"));
      }
    }
  });

  test("a shortened file is noticed when it is opened, a changed one where it is read", async () => {
    const encrypted = await bytesOf(await keyring.encryptBlob(pattern(100_000)));
    const start = encrypted.length - 100_000 - 7 * 16;
    await assert.rejects(keyring.openSource(encrypted.subarray(0, start + 2 * 16_400)), code("truncated"));
    await assert.rejects(keyring.openSource(encrypted.subarray(0, start + 2 * 16_400 + 500)), code("authentication_failed"));
    encrypted[start + 16_400] ^= 1;
    const file = await keyring.openSource(encrypted);
    await assert.rejects(file.read(16_384, 16_390), { code: "authentication_failed", operation: "read" });
    await assert.rejects(collect(file.stream()), { code: "authentication_failed", operation: "stream" });
    assert.equal((await file.read(40_000, 50_000)).length, 10_000);
    file.free();
    await assert.rejects(file.read(0, 1), code("freed"));
    await assert.rejects(openSource(encrypted, { identity: { passphrase: "p" } }), code("wrong_recipient"));
  });
});
