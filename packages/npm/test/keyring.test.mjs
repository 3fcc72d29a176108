import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect, InstanceError, Keyring, rewrap } from "fortress-sdk";
import { bytesOf, pattern } from "./support/bytes.mjs";

const code = (expected) => (error) => error.code === expected;
/** The least that a writer accepts, so that the tests take no longer than they must. */
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });

describe("keyrings", () => {
  test("profiles, paths and versions", async () => {
    for (const profile of ["lightning", "balanced", "fortress", "archive"]) {
      assert.equal((await Keyring.generate({ profile })).profile, profile);
    }
    const before = Math.floor(Date.now() / 1000) * 1000;
    const keyring = await Keyring.generate();
    assert.equal(keyring.profile, "balanced");
    assert.deepEqual(keyring.path, []);
    assert.match(keyring.primary, /^[0-9a-f]{8}$/);
    const [version] = keyring.versions;
    assert.equal(version.id, keyring.primary);
    assert.ok(version.created.getTime() >= before && version.created.getTime() <= Date.now());
    assert.equal(keyring.rotationDue(), false);
    assert.equal(keyring.rotationDue(new Date(Date.now() + 8 * 86_400_000)), true);
    assert.deepEqual(keyring.scope("a", "б", 'c"\\\n').path, ["a", "б", 'c"\\\n']);
    await assert.rejects(Keyring.generate({ profile: "fast" }), { code: "invalid_argument", operation: "generate" });
  });

  test("segments have 1 to 255 bytes, a path at most 16", async () => {
    const keyring = await Keyring.generate();
    assert.throws(() => keyring.scope(), code("invalid_segment"));
    assert.throws(() => keyring.scope(""), code("invalid_segment"));
    assert.throws(() => keyring.scope("é".repeat(128)), code("invalid_segment"));
    assert.throws(() => keyring.scope(...Array(17).fill("x")), code("invalid_segment"));
    assert.throws(() => keyring.scope(7), code("invalid_argument"));
    assert.equal(keyring.scope(...Array(16).fill("x")).path.length, 16);
  });

  test("sealed for a passphrase, opened from bytes or a Blob", async () => {
    const keyring = await Keyring.generate({ profile: "archive" });
    const token = keyring.scope("a").encrypt("x");
    const sealed = await keyring.seal(quick("correct horse"), { metadata: { owner: "ada" } });
    assert.ok(sealed instanceof Uint8Array && !(sealed instanceof Buffer));
    for (const from of [sealed, new Blob([sealed])]) {
      const again = await Keyring.open(from, { passphrase: "correct horse" });
      assert.equal(again.profile, "archive");
      assert.equal(again.scope("a").decryptText(token), "x");
    }
    const seen = inspect(sealed);
    assert.equal(seen.kind, "envelope");
    assert.equal(seen.header.content, "keyring");
    assert.deepEqual(seen.header.metadata, { owner: "ada" });
    assert.deepEqual(seen.header.recipients, [{ kind: "passphrase", argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } }]);
  });

  test("the same characters are the same passphrase", async () => {
    const keyring = await Keyring.generate();
    const sealed = await keyring.seal(quick("caf\u00e9"));
    assert.equal((await Keyring.open(sealed, { passphrase: "cafe\u0301" })).primary, keyring.primary);
  });

  test("by default as slow to guess as RFC 9106 asks", async () => {
    const sealed = await (await Keyring.generate()).seal({ passphrase: "x" });
    assert.deepEqual(inspect(sealed).header.recipients, [{ kind: "passphrase", argon2: { passes: 3, memoryKiB: 65_536, lanes: 4 } }]);
  });

  test("several recipients, any one opens it", async () => {
    const [keyring, admin, other] = await Promise.all([Keyring.generate(), Keyring.generate(), Keyring.generate()]);
    const sealed = await keyring.seal([admin, quick("one"), quick("two")]);
    for (const identity of [admin, { passphrase: "one" }, { passphrase: "two" }]) {
      assert.equal((await Keyring.open(sealed, identity)).primary, keyring.primary);
    }
    await assert.rejects(Keyring.open(sealed, { passphrase: "three" }), { name: "AuthenticationError", code: "wrong_passphrase", operation: "open" });
    await assert.rejects(Keyring.open(sealed, other), code("wrong_recipient"));
    await assert.rejects(Keyring.open(await keyring.seal(admin), { passphrase: "one" }), code("wrong_recipient"));
  });

  test("a new passphrase without new keys", async () => {
    const keyring = await Keyring.generate();
    const sealed = await keyring.seal(quick("old"));
    const rewrapped = await Keyring.rewrap(sealed, { identity: { passphrase: "old" }, recipients: quick("new") });
    assert.equal((await Keyring.open(rewrapped, { passphrase: "new" })).primary, keyring.primary);
    await assert.rejects(Keyring.open(rewrapped, { passphrase: "old" }), code("wrong_passphrase"));
    await assert.rejects(Keyring.rewrap(sealed, { identity: { passphrase: "x" }, recipients: quick("new") }), { code: "wrong_passphrase", operation: "rewrap" });
    await assert.rejects(rewrap(sealed, { identity: { passphrase: "old" }, recipients: keyring }), code("wrong_content"));
  });

  test("a narrowed keyring is sealed and opened on its own", async () => {
    const keyring = await Keyring.generate();
    const users = keyring.scope("acme", "users");
    const opened = await Keyring.open(await users.seal(quick("p")), { passphrase: "p" });
    assert.deepEqual(opened.path, ["acme", "users"]);
    assert.equal(opened.scope("email").decryptText(keyring.scope("acme", "users", "email").encrypt("x")), "x");
    assert.throws(() => opened.rotate(), code("not_root"));
  });

  test("what is not a sealed keyring is named", async () => {
    const keyring = await Keyring.generate();
    const sealed = await keyring.seal(quick("p"));
    const open = (bytes) => Keyring.open(bytes, { passphrase: "p" });
    await assert.rejects(open(pattern(200)), code("not_fortress"));
    await assert.rejects(open(new Uint8Array()), code("truncated"));
    await assert.rejects(open(sealed.subarray(0, -1)), code("authentication_failed"));
    await assert.rejects(open(sealed.subarray(0, 100)), code("truncated"));
    const data = await bytesOf(await keyring.encryptBlob(pattern(10), { recipients: [quick("p")] }));
    await assert.rejects(open(data), code("wrong_content"));
    await assert.rejects(keyring.scope("x").decryptBlob(sealed), code("wrong_recipient"));
    await assert.rejects(open("sealed"), code("invalid_argument"));
  });

  test("passphrases and Argon2 parameters that cannot be used", async () => {
    const keyring = await Keyring.generate();
    await assert.rejects(keyring.seal({ passphrase: "" }), { name: "InputError", code: "empty_passphrase", operation: "seal" });
    await assert.rejects(keyring.seal([]), code("no_recipient"));
    await assert.rejects(keyring.seal(Array(9).fill(quick("p"))), code("too_many_recipients"));
    await assert.rejects(keyring.seal({ passphrase: 7 }), code("invalid_argument"));
    await assert.rejects(keyring.seal({}), code("invalid_argument"));
    await assert.rejects(keyring.seal(undefined), code("invalid_argument"));
    for (const argon2 of [
      { passes: 1, memoryKiB: 1024, lanes: 1 },
      { passes: 0, memoryKiB: 65_536, lanes: 1 },
      { passes: 1, memoryKiB: 64 * 1024 * 1024, lanes: 1 },
      { passes: 1, memoryKiB: 2 ** 40, lanes: 1 },
      { passes: 1.5, memoryKiB: 65_536, lanes: 1 },
    ]) {
      await assert.rejects(keyring.seal({ passphrase: "p", argon2 }), { name: "LimitError", code: "argon2_limits" });
    }
  });

  for (const [how, end] of Object.entries({
    free: (keyring) => keyring.free(),
    "free twice": (keyring) => (keyring.free(), keyring.free()),
    dispose: (keyring) => keyring[Symbol.dispose](),
  })) test(`keyrings that are gone say so, whatever is asked of them: ${how}`, async () => {
    const keyring = await Keyring.generate();
    const scope = keyring.scope("a");
    const token = keyring.encrypt("x");
    end(keyring);
    for (const use of [
      () => keyring.encrypt("x"),
      () => keyring.decrypt(token),
      () => keyring.encryptRow({ a: "x" }),
      () => keyring.decryptColumn([]).length || keyring.encryptColumn(["x"]),
      () => keyring.scope("b"),
      () => keyring.rotate(),
      () => keyring.profile,
      () => keyring.rotationDue(),
    ]) {
      assert.throws(use, (error) => error instanceof InstanceError && error.code === "freed");
    }
    await assert.rejects(keyring.seal(quick("p")), code("freed"));
    await assert.rejects(keyring.encryptBlob(new Uint8Array(1)), code("freed"));
    await assert.rejects(scope.seal(keyring), code("freed"));
    assert.equal(scope.decryptText(scope.encrypt("still here")), "still here");
  });
});
