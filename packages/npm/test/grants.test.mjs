// Grants, the keys that sign them, and the identities of scopes.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { decryptBlob, encryptBlob, GrantError, Identity, InputError, inspect, Keyring, KeyError, rewrap, scopeIdentity } from "fortress-sdk";
import { Grant, init, SigningKey, verifyingKey } from "fortress-sdk/grants";
import { bytesOf, pattern } from "./support/bytes.mjs";

const data = pattern(40_000);
const code = (code) => (error) => error.code === code;
const DAY = 86_400_000;
const now = new Date("2026-11-23T00:00:00Z");
const until = new Date(now.getTime() + DAY);
const path = ["acme", "users"];

let keyring, users, ada, grace;
before(async () => {
  keyring = await Keyring.generate();
  users = keyring.scope(...path);
  [ada, grace] = [await Identity.generate(), await SigningKey.generate()];
});

/** A grant of `users`, from `now` on. */
const granted = (options = {}) => users.grant({ recipients: ada, signer: grace, actions: "both", from: now, until, ...options });
const open = (sealed, options = {}) => Grant.open(sealed, { identity: ada, trusted: grace.verifyingKey, now, ...options });
/** One that is valid on whatever day the tests run. */
const current = async (actions) => Grant.open(await granted({ actions, from: new Date(0), until: new Date("9999-12-31") }), { identity: ada, trusted: grace.verifyingKey });

describe("signing keys", () => {
  test("of both kinds: what is given out, and what is kept", async () => {
    for (const [algorithm, length] of [["ed25519", 83], ["hybrid", 3206]]) {
      const key = await SigningKey.generate({ algorithm });
      assert.equal(key.algorithm, algorithm);
      assert.match(key.verifyingKey, /^fortress-verifying-key-1[0-9a-z]+$/);
      assert.equal(key.verifyingKey.length, length);
      assert.equal(`${key}`, verifyingKey(key.verifyingKey));
      const secret = key.exposeSecret();
      assert.match(secret, /^FORTRESS-SIGNING-KEY-1[0-9A-Z]{59}$/);
      const again = await SigningKey.fromSecret(secret);
      assert.deepEqual([again.id, again.algorithm, again.verifyingKey], [key.id, algorithm, key.verifyingKey]);
      assert.ok(!JSON.stringify(key).includes(secret));
      key.free();
      key.free();
      assert.throws(() => key.exposeSecret(), code("freed"));
      await assert.rejects(granted({ signer: key }), code("freed"));
    }
    assert.equal(grace.algorithm, "ed25519");
  });

  test("what is none is refused, and says what it is", async () => {
    await init();
    const secret = grace.exposeSecret();
    for (const wrong of [grace.verifyingKey.slice(1), grace.verifyingKey.toUpperCase(), ada.publicIdentity, secret, ""]) {
      assert.throws(() => verifyingKey(wrong), (error) => error instanceof InputError && error.code === "invalid_signing_key" && !error.message.includes(secret));
    }
    await assert.rejects(SigningKey.fromSecret(grace.verifyingKey), code("invalid_signing_key"));
    for (const wrong of [undefined, null, 7, {}]) {
      assert.throws(() => verifyingKey(wrong), code("invalid_argument"));
      await assert.rejects(SigningKey.fromSecret(wrong), code("invalid_argument"));
    }
    for (const algorithm of ["rsa", 7, null]) await assert.rejects(SigningKey.generate({ algorithm }), code("invalid_argument"));
    assert.throws(() => new SigningKey(), code("invalid_argument"));
    assert.throws(() => new Grant(), code("invalid_argument"));
  });
});

describe("grants", () => {
  test("say who grants what to whom, for how long and what for", async () => {
    for (const algorithm of ["ed25519", "hybrid"]) {
      const signer = await SigningKey.generate({ algorithm });
      const sealed = await granted({ signer, actions: "decrypt", purpose: "answering tickets", granterName: "Grace", recipientName: "Ada" });
      assert.equal(inspect(sealed).header.content, "grant");
      assert.deepEqual(inspect(sealed).header.recipients, [{ kind: "identity", id: ada.id }]);
      const said = await Grant.read(sealed, { identity: ada });
      const granter = { verifyingKey: signer.verifyingKey, id: signer.id, algorithm };
      const { id, ...terms } = said;
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.deepEqual(terms, { granter, path, actions: "decrypt", from: now, until, purpose: "answering tickets", granterName: "Grace", recipientName: "Ada" });
      const grant = await open(sealed, { trusted: [grace.verifyingKey, signer.verifyingKey] });
      assert.deepEqual({ ...grant }, said);
    }
  });

  test("to decrypt: tokens, rows, files, and nothing that writes", async () => {
    const grant = await current("decrypt");
    const opened = grant.keyring();
    assert.deepEqual(opened.path, path);
    const token = users.encrypt("ada@example.org", { row: "42" });
    assert.equal(opened.decryptText(token, { row: "42" }), "ada@example.org");
    assert.equal(opened.decryptRowText(users.encryptRow({ name: "Ada" })).name, "Ada");
    assert.equal(grant.scope(...path, "email").decryptText(users.scope("email").encrypt("x")), "x");
    const file = await users.encryptBlob(data);
    for (const identity of [grant, [grant], opened]) assert.deepEqual(await bytesOf(await decryptBlob(file, { identity })), data);
    const refused = (error) => error instanceof GrantError && error instanceof KeyError && error.code === "action_not_granted";
    assert.throws(() => opened.encrypt("x"), refused);
    assert.throws(() => opened.reencrypt(token, { row: "42" }), refused);
    assert.throws(() => opened.scopeIdentity(), refused);
    assert.throws(() => grant.scopeIdentity(), refused);
    await assert.rejects(opened.encryptBlob(data), refused);
    await assert.rejects(encryptBlob(data, { recipients: grant }), refused);
    await assert.rejects(rewrap(file, { identity: grant, context: {}, keep: "all", recipients: { passphrase: "mallory" } }), refused);
    await assert.rejects(opened.seal({ passphrase: "mallory" }), refused);
    for (const mine of [opened, (await current("both")).keyring()]) {
      for (const actions of ["encrypt", "decrypt", "both"]) await assert.rejects(mine.grant({ recipients: ada, signer: grace, actions, until }), refused);
    }
  });

  test("to encrypt: what is sealed can be read by the keyring alone", async () => {
    const grant = await current("encrypt");
    for (const recipients of [grant, grant.scopeIdentity(), users.scopeIdentity()]) {
      const answer = await encryptBlob(data, { recipients, context: { form: "contact" } });
      assert.deepEqual(inspect(await bytesOf(answer)).header.recipients, [{ kind: "scope", keyId: keyring.primary }]);
      assert.deepEqual(await bytesOf(await users.decryptBlob(answer, { context: { form: "contact" } })), data);
      await assert.rejects(decryptBlob(answer, { identity: grant, context: { form: "contact" } }), code("action_not_granted"));
      await assert.rejects(decryptBlob(answer, { identity: ada, context: { form: "contact" } }), code("wrong_recipient"));
      await assert.rejects(keyring.scope("acme", "others").decryptBlob(answer, { context: { form: "contact" } }), code("authentication_failed"));
    }
    assert.throws(() => grant.keyring(), code("action_not_granted"));
    assert.throws(() => grant.scope(...path), code("action_not_granted"));
  });

  test("of both actions, and never beside or above their scope", async () => {
    const grant = await current("both");
    const opened = grant.keyring();
    assert.equal(users.decryptText(opened.encrypt("x")), "x");
    assert.deepEqual(await bytesOf(await users.decryptBlob(await encryptBlob(data, { recipients: grant }))), data);
    for (const beside of [[], ["acme"], ["acme", "orders"], ["other", "users"]]) assert.throws(() => grant.scope(...beside), (error) => error instanceof GrantError && error.code === "outside_scope");
    assert.throws(() => opened.decrypt(keyring.encrypt("x")), code("authentication_failed"));
    assert.throws(() => opened.rotate(), code("not_root"));
    assert.throws(() => grant.scope("acme", 7), code("invalid_argument"));
    grant.free();
    grant.free();
    assert.throws(() => grant.keyring(), code("freed"));
    assert.equal(opened.decryptText(users.encrypt("x")), "x");
  });

  test("have their time", async () => {
    const sealed = await granted();
    const at = (time) => open(sealed, { now: new Date(time) });
    await assert.rejects(at(now.getTime() - 1000), (error) => error instanceof GrantError && error.code === "grant_not_yet_valid");
    await assert.rejects(at(until.getTime()), (error) => error instanceof GrantError && error.code === "grant_expired");
    const grant = await at(until.getTime() - 1000);
    grant.keyring(now);
    grant.check(now);
    for (const use of [() => grant.keyring(until), () => grant.scopeIdentity(until), () => grant.check(until)]) assert.throws(use, code("grant_expired"));
    assert.throws(() => grant.keyring(new Date(0)), code("grant_not_yet_valid"));
    assert.throws(() => grant.check(new Date(NaN)), code("invalid_argument"));
    await assert.rejects(open(sealed, { now: 0 }), code("invalid_argument"));
    // Without a time of its own, the clock is asked, and that of this machine may show anything: not this.
    const over = await granted({ from: new Date(0), until: new Date(1000) });
    await assert.rejects(Grant.open(over, { identity: ada, trusted: grace.verifyingKey }), code("grant_expired"));
    await assert.rejects(granted({ until: now }), (error) => error instanceof InputError && error.code === "invalid_grant");
    for (const until of [undefined, 0, "2026-12-01", new Date(NaN)]) await assert.rejects(granted({ until }), code("invalid_argument"));
  });

  test("out of their time hide no other identity that opens", async () => {
    const [past, future] = [new Date(1_000_000), new Date("9998-01-01")];
    const over = await open(await granted({ from: new Date(0), until: new Date(2_000_000) }), { now: past });
    const toCome = await open(await granted({ from: future, until: new Date("9999-01-01") }), { now: future });
    const secret = { passphrase: "correct horse", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } };
    const file = await encryptBlob(data, { recipients: [users, ada, secret] });
    const sealed = await keyring.seal([ada, secret]);
    for (const [late, told] of [[over, "grant_expired"], [toCome, "grant_not_yet_valid"]]) {
      for (const other of [ada, users, secret]) {
        for (const identity of [[late, other], [other, late]]) assert.deepEqual(await bytesOf(await decryptBlob(file, { identity })), data);
      }
      assert.equal((await Keyring.open(sealed, [late, ada])).primary, keyring.primary);
      assert.equal(inspect(await bytesOf(await rewrap(file, { identity: [late, ada], keep: "others" }))).header.recipients.length, 2);
      const isTold = (error) => error instanceof GrantError && error.code === told;
      for (const identity of [late, [late, { passphrase: "wrong" }], [await Identity.generate(), late]]) await assert.rejects(decryptBlob(file, { identity }), isTold);
      await assert.rejects(Keyring.open(sealed, [late, { passphrase: "wrong" }]), isTold);
      // For fewer than asked nothing is encrypted.
      await assert.rejects(encryptBlob(data, { recipients: [late, ada] }), isTold);
    }
    // One to encrypt never opens, and what an external key would have opened is asked for.
    const writing = await current("encrypt");
    assert.deepEqual(await bytesOf(await decryptBlob(file, { identity: [writing, ada] })), data);
    await assert.rejects(decryptBlob(file, { identity: writing }), code("action_not_granted"));
    const key = { reference: "test:key", wrap: async (fileKey) => fileKey.slice(), unwrap: async (wrapped) => wrapped.slice() };
    const kept = await encryptBlob(data, { recipients: key });
    assert.deepEqual(await bytesOf(await decryptBlob(kept, { identity: [over, key] })), data);
  });

  test("are of whom they say, and count by whom the caller trusts", async () => {
    const sealed = await granted();
    const mallory = await SigningKey.generate();
    await assert.rejects(open(sealed, { trusted: mallory.verifyingKey }), (error) => error instanceof GrantError && error.code === "untrusted_granter" && error.message.includes(grace.id));
    await assert.rejects(open(sealed, { trusted: [] }), code("untrusted_granter"));
    await assert.rejects(open(sealed, { trusted: "fortress1" }), code("invalid_signing_key"));
    await assert.rejects(open(sealed, { trusted: [mallory] }), code("invalid_argument"));
    await assert.rejects(open(sealed, { identity: await Identity.generate() }), code("wrong_recipient"));
    await assert.rejects(open(sealed, { trust: [] }), code("invalid_argument"));
    const flipped = sealed.slice();
    flipped[flipped.length - 40] ^= 1;
    await assert.rejects(open(flipped), code("authentication_failed"));
    await assert.rejects(open(sealed.slice(0, 600)), code("truncated"));
    await assert.rejects(open(await users.seal(ada)), code("wrong_content"));
    await assert.rejects(Keyring.open(sealed, ada), code("wrong_content"));
    await assert.rejects(rewrap(sealed, { identity: ada, context: {}, keep: "all", recipients: { passphrase: "mallory" } }), code("wrong_content"));
    await assert.rejects(open("grant"), code("invalid_argument"));
  });

  test("for any recipients, of a narrowed keyring, on terms that fit", async () => {
    const asked = [];
    const external = {
      reference: "test:key",
      async wrap(fileKey, associated) {
        asked.push(associated);
        return fileKey.slice();
      },
      unwrap: async (wrapped) => wrapped.slice(),
    };
    const quick = { passphrase: "shared by phone", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } };
    const sealed = await granted({ recipients: [ada.publicIdentity, quick, external, keyring] });
    for (const identity of [ada, { passphrase: quick.passphrase }, external, keyring]) assert.deepEqual((await open(sealed, { identity })).path, path);
    assert.equal(asked.length, 1);
    await assert.rejects(keyring.grant({ recipients: ada, signer: grace, actions: "both", until }), code("invalid_grant"));
    await assert.rejects(granted({ purpose: "a".repeat(1025) }), code("invalid_grant"));
    await assert.rejects(granted({ granterName: "é".repeat(128) }), code("invalid_grant"));
    await assert.rejects(granted({ recipients: [] }), code("no_recipient"));
    await assert.rejects(granted({ recipients: undefined }), code("no_recipient"));
    for (const wrong of [{ actions: "write" }, { actions: 3 }, { actions: undefined }, { signer: grace.verifyingKey }, { signer: {} }, { purpose: 7 }, { to: ada }]) {
      await assert.rejects(granted(wrong), code("invalid_argument"));
    }
  });
});

test("the identity of a scope: what it is, and what it is not", async () => {
  const text = users.scopeIdentity();
  assert.match(text, /^fortress-scope-1[0-9a-z]{1958}$/);
  assert.equal(scopeIdentity(text), text);
  assert.notEqual(keyring.scopeIdentity(), text);
  for (const wrong of [text.slice(1), text.slice(0, -1), text.toUpperCase(), ada.publicIdentity]) {
    assert.throws(() => scopeIdentity(wrong), (error) => error instanceof InputError && error.code === "invalid_identity");
  }
  assert.throws(() => scopeIdentity(7), code("invalid_argument"));
  await assert.rejects(encryptBlob(data, { recipients: text.slice(0, -1) }), (error) => error.code === "invalid_identity" && /fortress-scope-1/.test(error.message));
  const answer = await encryptBlob(data, { recipients: [text, ada] });
  await assert.rejects(decryptBlob(answer, { identity: text }), code("invalid_identity"));
  keyring.rotate();
  assert.notEqual(keyring.scope(...path).scopeIdentity(), text);
  assert.deepEqual(await bytesOf(await keyring.scope(...path).decryptBlob(answer)), data);
});
