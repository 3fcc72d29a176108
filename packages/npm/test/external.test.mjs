import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decryptBlob, decryptRange, decryptStream, encryptBlob, encryptStream, inspect, Keyring, openSource, rewrap } from "fortress-sdk";
import { bytesOf, pattern } from "./support/bytes.mjs";

/** The least that a writer accepts. */
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });

/** AES-256-GCM as a service would do it: asked over there, answered later. Keeps the arrays that it was lent. */
class Service {
  calls = [];
  lent = [];
  #key = crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

  constructor(reference = "kms:key/1") {
    this.reference = reference;
  }

  async wrap(fileKey, associated) {
    this.calls.push("wrap");
    this.lent.push(fileKey);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated }, await this.#key, fileKey);
    return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
  }

  async unwrap(wrapped, associated) {
    this.calls.push("unwrap");
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: wrapped.slice(0, 12), additionalData: associated }, await this.#key, wrapped.slice(12));
    const fileKey = new Uint8Array(opened);
    this.lent.push(fileKey);
    return fileKey;
  }
}

/** Says what it is told, whatever it is asked. */
const saying = (says, reference = "kms:key/1") => ({ reference, wrap: async () => says(), unwrap: async () => says() });
const throwing = (error) => saying(() => { throw error; });
const wiped = (service) => service.lent.length > 0 && service.lent.every((bytes) => bytes.every((byte) => byte === 0));

describe("external keys", () => {
  test("seal and open keyrings", async () => {
    const [keyring, service] = [await Keyring.generate(), new Service()];
    const sealed = await keyring.seal([service, quick("pass")], { metadata: { owner: "ada" } });
    const again = await Keyring.open(sealed, service);
    assert.equal(again.primary, keyring.primary);
    assert.deepEqual(again.metadata, { owner: "ada" });
    assert.deepEqual(service.calls, ["wrap", "unwrap"]);
    assert.ok(wiped(service), "what was lent and given is overwritten");
    assert.equal((await Keyring.open(sealed, { passphrase: "pass" })).primary, keyring.primary);
    assert.deepEqual(inspect(sealed).header.recipients.map(({ kind, reference }) => ({ kind, reference })), [
      { kind: "external", reference: "kms:key/1" },
      { kind: "passphrase", reference: undefined },
    ]);
  });

  test("encrypt and decrypt files in every way there is", async () => {
    const [keyring, service] = [await Keyring.generate(), new Service()];
    const data = pattern(40_000);
    const context = { file: "report" };
    const whole = await encryptBlob(data, { recipients: [keyring, service], context });
    const streamed = await new Response(new Blob([data]).stream().pipeThrough(encryptStream({ recipients: service, context }))).blob();
    for (const envelope of [whole, streamed, await keyring.encryptBlob(data, { recipients: [service], context })]) {
      assert.deepEqual(await bytesOf(await decryptBlob(envelope, { identity: service, context })), data);
      assert.deepEqual(await bytesOf(await new Response(envelope.stream().pipeThrough(decryptStream({ identity: service, context }))).blob()), data);
      assert.deepEqual(await decryptRange(envelope, { identity: service, context, start: 16_000, end: 17_000 }), data.slice(16_000, 17_000));
      const file = await openSource(envelope, { identity: [service], context });
      assert.equal(file.size, data.length);
      file.free();
    }
    assert.ok(wiped(service));
  });

  test("arrays of a single byte reach a stream that asks", async () => {
    const service = new Service();
    const envelope = await bytesOf(await encryptBlob(pattern(300), { recipients: service }));
    const bytewise = new ReadableStream({
      start(controller) {
        for (const byte of envelope) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    assert.deepEqual(await bytesOf(await new Response(bytewise.pipeThrough(decryptStream({ identity: service }))).blob()), pattern(300));
    assert.equal(service.calls.length, 2);
    const cut = new Blob([envelope.slice(0, 60)]).stream().pipeThrough(decryptStream({ identity: service }));
    await assert.rejects(new Response(cut).blob(), { code: "truncated" });
    assert.equal(service.calls.length, 2, "a header that is cut is nothing to ask about");
  });

  test("rewrapping, from and to", async () => {
    const [keyring, one, two] = [await Keyring.generate(), new Service(), new Service("kms:key/2")];
    const envelope = await encryptBlob(new TextEncoder().encode("a note"), { recipients: keyring });
    const forOne = await rewrap(envelope, { identity: keyring, recipients: [one, quick("pass")], context: {} });
    const forTwo = await rewrap(forOne, { identity: [keyring, one], recipients: two });
    assert.equal(await (await decryptBlob(forTwo, { identity: [one, two] })).text(), "a note");
    await assert.rejects(decryptBlob(forTwo, { identity: [one, keyring] }), { code: "wrong_recipient" });
    const sealed = await keyring.seal(quick("pass"));
    const rewrapped = await Keyring.rewrap(sealed, { identity: { passphrase: "pass" }, recipients: [one, two] });
    for (const key of [one, two]) assert.equal((await Keyring.open(rewrapped, key)).primary, keyring.primary);
    const back = await Keyring.rewrap(rewrapped, { identity: two, recipients: quick("new") });
    assert.equal((await Keyring.open(back, { passphrase: "new" })).primary, keyring.primary);
    await assert.rejects(rewrap(new Blob([sealed]), { identity: { passphrase: "pass" }, recipients: one }), { code: "wrong_content" });
    await assert.rejects(rewrap(envelope, { identity: keyring, recipients: one, context: { other: "file" } }), { code: "authentication_failed" });
    assert.ok(wiped(one) && wiped(two));
  });

  test("what something at hand opens is not asked for", async () => {
    const [keyring, service] = [await Keyring.generate(), new Service()];
    const envelope = await encryptBlob(pattern(10), { recipients: [service, keyring] });
    await decryptBlob(envelope, { identity: [service, keyring] });
    assert.deepEqual(service.calls, ["wrap"]);
    const sealed = await keyring.seal([service, quick("pass")]);
    await Keyring.open(sealed, [{ passphrase: "pass" }, service]);
    assert.deepEqual(service.calls, ["wrap", "wrap", "unwrap"], "a service before a second of Argon2");
  });

  test("a key that does not answer leaves the next one", async () => {
    const [keyring, service, other] = [await Keyring.generate(), new Service(), new Service("kms:key/2")];
    const sealed = await keyring.seal([service, other, quick("pass")]);
    const gone = throwing(new Error("the service is away"));
    for (const identities of [[gone, { passphrase: "pass" }], [gone, other], [gone, throwing(new Error("too")), other]]) {
      assert.equal((await Keyring.open(sealed, identities)).primary, keyring.primary);
    }
    const reason = new DOMException("enough", "AbortError");
    for (const error of [reason, new TypeError("x"), "a string", null]) {
      await assert.rejects(Keyring.open(sealed, throwing(error)), (thrown) => thrown === error, "passes through");
      await assert.rejects(Keyring.open(sealed, [throwing(error), { passphrase: "wrong" }]), (thrown) => thrown === error);
      await assert.rejects(keyring.seal([throwing(error)]), (thrown) => thrown === error);
      await assert.rejects(encryptBlob(pattern(1), { recipients: throwing(error) }), (thrown) => thrown === error);
    }
    await assert.rejects(Keyring.open(sealed, new Service("kms:key/3")), { code: "wrong_recipient", operation: "open" });
  });

  test("one of several, by one question", async () => {
    const [keyring, one, two] = [await Keyring.generate(), new Service("card:1"), new Service("card:2")];
    const sealed = await keyring.seal([one, two, new Service("kms:key/3")]);
    const asked = [];
    const cards = {
      opens: (reference) => reference.startsWith("card:"),
      async unwrapAny(wrapped, associated) {
        asked.push(wrapped.map(({ reference }) => reference));
        return { reference: "card:2", fileKey: await two.unwrap(wrapped[1].wrapped, associated) };
      },
    };
    assert.equal((await Keyring.open(sealed, cards)).primary, keyring.primary);
    assert.deepEqual(asked, [["card:1", "card:2"]]);
    assert.ok(wiped(two));
    for (const answer of [{ reference: "card:9", fileKey: new Uint8Array(32) }, { reference: "card:2", fileKey: "text" }, { reference: "card:2" }]) {
      await assert.rejects(Keyring.open(sealed, { ...cards, unwrapAny: async () => answer }), { code: "invalid_argument" });
    }
    await assert.rejects(Keyring.open(sealed, { ...cards, unwrapAny: async () => undefined }), TypeError);
    await assert.rejects(keyring.seal(cards), { code: "invalid_argument" });
    await assert.rejects(Keyring.open(await keyring.seal(quick("pass")), cards), { code: "wrong_recipient" });
  });

  test("what unwraps to something else does not open", async () => {
    const keyring = await Keyring.generate();
    const sealed = await keyring.seal(new Service());
    for (const length of [0, 1, 31, 32, 33, 64]) {
      await assert.rejects(Keyring.open(sealed, saying(() => new Uint8Array(length))), { code: "authentication_failed" });
    }
    for (const answer of [undefined, null, "text", [1, 2], new ArrayBuffer(32)]) {
      await assert.rejects(Keyring.open(sealed, saying(() => answer)), { code: "invalid_argument", operation: "open" });
      await assert.rejects(keyring.seal(saying(() => answer)), { code: "invalid_argument", operation: "seal" });
    }
  });

  test("keys and wrappings that no header takes", async () => {
    const keyring = await Keyring.generate();
    const wrong = [
      saying(() => new Uint8Array(40), ""),
      saying(() => new Uint8Array(40), "é".repeat(513)),
      saying(() => new Uint8Array(0)),
      saying(() => new Uint8Array(8193)),
    ];
    for (const key of wrong) {
      await assert.rejects(keyring.seal(key), { code: "invalid_external_key" });
      await assert.rejects(encryptBlob(pattern(1), { recipients: key }), { code: "invalid_external_key" });
    }
    for (const reference of [undefined, 7, null]) await assert.rejects(keyring.seal({ ...new Service(), unwrap() {}, wrap() {}, reference }), { code: "invalid_argument" });
    await assert.rejects(keyring.seal({ reference: "x", unwrap: async () => new Uint8Array(32) }), { code: "invalid_argument" });
    await assert.rejects(keyring.seal(saying(() => new Uint8Array(40), "\ud800")), { code: "invalid_argument" });
  });

  test("what happens while a key is asked is noticed", async () => {
    const keyring = await Keyring.generate();
    const service = new Service();
    const freeing = { reference: "x", unwrap() {}, async wrap(fileKey) { keyring.free(); return fileKey.slice(); } };
    await assert.rejects(keyring.seal(freeing), { code: "freed" });
    const other = await Keyring.generate();
    // A call in the middle, and a second one at the same time.
    const nesting = { reference: "x", unwrap() {}, async wrap(fileKey, associated) { await other.seal(service); return new Service().wrap(fileKey, associated); } };
    const [a, b] = await Promise.all([other.seal([nesting, service]), other.seal([service, nesting])]);
    for (const sealed of [a, b]) assert.equal((await Keyring.open(sealed, service)).primary, other.primary);
    // The header is bound: what was wrapped for one does not open in another.
    let kept;
    const first = await other.seal({ reference: "kms:key/1", unwrap() {}, wrap: async (fileKey, associated) => (kept = await service.wrap(fileKey, associated)) }, { metadata: { a: "1" } });
    const copied = await other.seal(saying(() => kept), { metadata: { a: "2" } });
    assert.equal((await Keyring.open(first, service)).primary, other.primary);
    await assert.rejects(Keyring.open(copied, service), { name: "OperationError" });
  });

  test("a stream that is cancelled while a key is asked keeps no key of its message", async () => {
    const service = new Service();
    const envelope = await bytesOf(await encryptBlob(pattern(20_000), { recipients: service }));
    let asked;
    let answer;
    const question = new Promise((resolve) => (asked = resolve));
    const told = new Promise((resolve) => (answer = resolve));
    const slow = { reference: service.reference, wrap() {}, unwrap: async (...given) => (asked(), await told, service.unwrap(...given)) };
    const { readable, writable } = decryptStream({ identity: slow });
    const writing = writable.getWriter().write(envelope);
    await question;
    await readable.cancel(new Error("enough"));
    answer();
    await assert.rejects(writing, { code: "freed", operation: "decryptStream" });
  });

  test("a header with a thousand references costs what the key says that it opens", async () => {
    const keyring = await Keyring.generate();
    const many = Array.from({ length: 1000 }, (_, index) => saying(() => new Uint8Array(40), `kms:key/${index + 10}`));
    const service = new Service();
    const sealed = await keyring.seal([...many, service]);
    await Keyring.open(sealed, service);
    assert.deepEqual(service.calls, ["wrap", "unwrap"]);
  });

  test("a key that opens whatever it is shown is asked four times", async () => {
    const keyring = await Keyring.generate();
    const many = Array.from({ length: 9 }, (_, index) => saying(() => new Uint8Array(40), `kms:key/${index + 10}`));
    const service = Object.assign(new Service(), { opens: () => true });
    await assert.rejects(Keyring.open(await keyring.seal(many), service), { name: "OperationError" });
    assert.deepEqual(service.calls, Array(4).fill("unwrap"));
  });
});
