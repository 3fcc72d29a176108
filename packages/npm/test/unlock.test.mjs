import assert from "node:assert/strict";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Keyring } from "fortress-sdk";
import { deviceKey, enrolPasskey, KeyringStore, passkeys } from "fortress-sdk/unlock";

const PRF_OUTPUT = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const CREDENTIAL = Uint8Array.from({ length: 20 }, (_, index) => 250 - index);
const REFERENCE = `webauthn:example.org/${Buffer.from(CREDENTIAL).toString("base64url")}`;
const options = { user: "ada", relyingParty: "example.org" };

/** What a browser answers, made by hand: no authenticator is needed to see what is asked and what becomes of the answer. */
class Credential {
  constructor(prf, rawId = CREDENTIAL.slice().buffer) {
    this.rawId = rawId;
    this.prf = prf;
  }
  getClientExtensionResults() {
    return this.prf === undefined ? {} : { prf: this.prf };
  }
}

describe("passkeys, by a browser's answers", () => {
  const real = ["PublicKeyCredential", "navigator"].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  const browser = {};
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  /** The array that the page is handed, as browsers hand it. */
  const results = () => ({ first: PRF_OUTPUT.slice().buffer });

  before(() => {
    define("PublicKeyCredential", Credential);
    define("navigator", { credentials: { create: (asked) => browser.create(asked.publicKey), get: (asked) => browser.get(asked.publicKey) } });
  });
  after(() => {
    for (const [name, descriptor] of real) {
      if (descriptor === undefined) delete globalThis[name];
      else Object.defineProperty(globalThis, name, descriptor);
    }
  });

  test("the key and what it wraps are those of the specification (X-3)", async () => {
    browser.create = async () => new Credential({ enabled: true, results: results() });
    const passkey = await enrolPasskey(options);
    assert.equal(passkey.reference, REFERENCE);
    const [fileKey, associated] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(9)];
    const wrapped = await passkey.wrap(fileKey, associated);
    assert.equal(wrapped.length, 60);
    const key = Buffer.from(hkdfSync("sha512", PRF_OUTPUT, new Uint8Array(), Buffer.from(`fortress-sdk/passkey@v1\0${REFERENCE}`), 32));
    const decipher = createDecipheriv("aes-256-gcm", key, wrapped.subarray(0, 12)).setAAD(associated).setAuthTag(wrapped.subarray(44));
    assert.deepEqual(Uint8Array.from(Buffer.concat([decipher.update(wrapped.subarray(12, 44)), decipher.final()])), fileKey);
    for (const length of [0, 59, 61, 88]) await assert.rejects(passkey.unwrap(new Uint8Array(length), associated), { code: "authentication_failed" });
    await assert.rejects(passkey.unwrap(wrapped, new Uint8Array(32)), { code: "authentication_failed" });
  });

  test("what a browser is asked", async () => {
    const asked = {};
    browser.create = async (request) => ((asked.create = request), new Credential({ enabled: true }));
    browser.get = async (request) => ((asked.get = request), new Credential({ results: results() }));
    const keyring = await Keyring.generate();
    const sealed = await keyring.seal(await enrolPasskey({ ...options, application: "Example", exclude: [REFERENCE, "device:AAAA"] }));
    const input = Buffer.concat([Buffer.from("fortress-sdk/passkey@v1"), Buffer.alloc(9)]);
    for (const request of [asked.create, asked.get]) {
      assert.deepEqual(Buffer.from(request.extensions.prf.eval.first), input);
      assert.equal(request.challenge.length, 32);
    }
    assert.deepEqual(asked.create.rp, { id: "example.org", name: "Example" });
    assert.equal(asked.create.authenticatorSelection.userVerification, "required");
    assert.deepEqual(asked.create.excludeCredentials.map(({ id }) => Uint8Array.from(id)), [CREDENTIAL]);
    assert.deepEqual(asked.get.allowCredentials.map(({ id }) => Uint8Array.from(id)), [CREDENTIAL], "asked once more, where making it derived nothing");
    assert.equal(asked.get.userVerification, "required");
    assert.equal((await Keyring.open(sealed, passkeys({ relyingParty: "example.org" }))).primary, keyring.primary);
  });

  test("a header with many passkeys asks for as many as browsers take", async () => {
    browser.create = async () => new Credential({ enabled: true, results: results() });
    const passkey = await enrolPasskey(options);
    const others = Array.from({ length: 100 }, (_, index) => ({ reference: `webauthn:example.org/${Buffer.from([1, index]).toString("base64url")}`, unwrap() {}, wrap: async () => new Uint8Array(60) }));
    const sealed = await (await Keyring.generate()).seal([passkey, ...others]);
    let count;
    browser.get = async ({ allowCredentials }) => ((count = allowCredentials.length), new Credential({ results: results() }));
    await Keyring.open(sealed, passkeys({ relyingParty: "example.org" }));
    assert.equal(count, 64);
  });

  test("answers that are of no use", async () => {
    const identity = () => passkeys({ relyingParty: "example.org" });
    browser.create = async () => new Credential({ enabled: true, results: results() });
    const sealed = await (await Keyring.generate()).seal(await enrolPasskey(options));
    const opening = async (get, code) => {
      browser.get = get;
      await assert.rejects(Keyring.open(sealed, identity()), { code });
    };
    const enrolling = async (create, code) => {
      browser.create = create;
      await assert.rejects(enrolPasskey(options), { code });
    };
    for (const prf of [undefined, {}, { enabled: false }, { results: {} }, { results: { first: new ArrayBuffer(31) } }, { results: { first: new ArrayBuffer(0) } }]) {
      await opening(async () => new Credential(prf), "passkey_unsupported");
    }
    for (const prf of [undefined, {}, { enabled: false }, { results: {} }]) await enrolling(async () => new Credential(prf), "passkey_unsupported");
    await opening(async () => new Credential({ results: results() }, Uint8Array.of(1, 2, 3).buffer), "passkey_unknown");
    await opening(async () => new Credential({ results: { first: new Uint8Array(32).buffer } }), "authentication_failed");
    await enrolling(async () => new Credential({ enabled: true, results: results() }, new ArrayBuffer(1023)), "passkey_unsupported");
    const errors = {
      NotAllowedError: "passkey_cancelled", InvalidStateError: "passkey_exists", NotSupportedError: "passkey_unsupported", ConstraintError: "passkey_unsupported",
      SecurityError: "passkey_unsupported", UnknownError: "passkey_failed", OperationError: "passkey_failed",
    };
    for (const [name, code] of Object.entries(errors)) {
      const fails = async () => {
        throw new DOMException("as the browser says", name);
      };
      await opening(fails, code);
      await enrolling(fails, code);
    }
    for (const answer of [null, undefined, {}]) {
      await opening(async () => answer, "passkey_failed");
      await enrolling(async () => answer, "passkey_failed");
    }
  });

  test("a browser that says that it has no PRF extension makes no passkey", async () => {
    Credential.getClientCapabilities = async () => ({ "extension:prf": false });
    browser.create = () => assert.fail("asked all the same");
    await assert.rejects(enrolPasskey(options), { code: "passkey_unsupported" });
    Credential.getClientCapabilities = async () => {
      throw new TypeError("not today");
    };
    browser.create = async () => new Credential({ enabled: true, results: results() });
    assert.equal((await enrolPasskey(options)).reference, REFERENCE);
    delete Credential.getClientCapabilities;
  });
});

test("where there is no browser everything says so", async () => {
  await assert.rejects(enrolPasskey(options), { name: "KeyError", code: "passkey_unsupported", operation: "enrolPasskey" });
  await assert.rejects(deviceKey(), { name: "StorageError", code: "storage_unavailable", operation: "deviceKey" });
  await assert.rejects(new KeyringStore().list(), { name: "StorageError", code: "storage_unavailable", operation: "list" });
});
