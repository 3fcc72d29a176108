import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect, Keyring } from "fortress-sdk";
import { pattern } from "./support/bytes.mjs";

const keyring = await Keyring.generate();
const email = keyring.scope("acme", "users", "email");
const context = { row: "42", tenant: "acme" };
const code = (expected) => (error) => error.code === expected;

describe("tokens", () => {
  test("text and bytes come back, whatever their length and script", () => {
    for (const text of ["", "a", "ada@example.org", "x".repeat(159), "x".repeat(160), "x".repeat(161), "héllo", "日本語", "👩‍💻", "\0", "\ufeffbom", "é".repeat(500)]) {
      assert.equal(email.decryptText(email.encrypt(text, context), context), text);
    }
    for (const length of [0, 1, 63, 64, 4096, 16_383, 16_384, 16_385, 100_000]) {
      const value = pattern(length);
      assert.deepEqual(email.decrypt(email.encrypt(value, context), context), value);
    }
  });

  test("a token as bytes is what its text stands for, and either decrypts", () => {
    for (const value of ["", "ada@example.org", "日本語", pattern(64), pattern(16_384), pattern(100_000)]) {
      const token = email.encryptBytes(value, context);
      assert.ok(token instanceof Uint8Array);
      const text = Buffer.from(token).toString("base64url");
      const expected = typeof value === "string" ? new TextEncoder().encode(value) : value;
      for (const stored of [token, token.buffer.slice(token.byteOffset, token.byteOffset + token.length), Buffer.from(token), text]) {
        assert.deepEqual(email.decrypt(stored, context), expected);
        if (typeof value === "string") assert.equal(email.decryptText(stored, context), value);
        assert.equal(email.isCurrent(stored), true);
      }
      assert.deepEqual(email.decrypt(Buffer.from(email.encrypt(value, context), "base64url"), context), expected);
      assert.equal(inspect(token).kind, "token");
      const again = email.reencrypt(token, context);
      assert.ok(again instanceof Uint8Array);
      assert.equal(typeof email.reencrypt(text, context), "string");
      assert.deepEqual(email.decrypt(again, context), expected);
    }
    // It is the caller's: the next call does not write over it.
    const [first, second] = [email.encryptBytes("first"), email.encryptBytes("second")];
    assert.deepEqual([email.decryptText(first), email.decryptText(second)], ["first", "second"]);
  });

  test("a token goes into an array of the caller's, and a value out of it", () => {
    const array = new Uint8Array(200_000).fill(9);
    for (const length of [0, 1, 64, 16_383, 16_384, 16_385, 32_768, 100_000]) {
      const value = pattern(length);
      array.fill(9);
      const written = email.encryptInto(value, array, context);
      assert.equal(written, email.tokenLength(length));
      assert.ok(array.subarray(written).every((byte) => byte === 9));
      const token = array.slice(0, written);
      assert.deepEqual(email.decrypt(token, context), value);
      for (const stored of [token, email.encrypt(value, context)]) {
        array.fill(9);
        assert.equal(email.decryptInto(stored, array, context), length);
        assert.deepEqual(array.subarray(0, length), value);
        assert.ok(array.subarray(length).every((byte) => byte === 9));
      }
      // In place: what is read may lie where it is written to.
      array.set(value);
      const sealed = email.encryptInto(array.subarray(0, length), array, context);
      assert.deepEqual(array.subarray(0, email.decryptInto(array.subarray(0, sealed), array, context)), value);
    }
    // It fits to the byte.
    const exact = new Uint8Array(3 + 79);
    assert.equal(email.encryptInto("ada", exact, context), exact.length);
    assert.equal(email.decryptInto(exact, new ArrayBuffer(3), context), 3);
    assert.deepEqual([0, 16_383, 16_384, 100_000].map((length) => email.tokenLength(length)), [79, 16_462, 16_479, 100_175]);
  });

  test("nothing is written where it does not fit, or is refused", () => {
    const token = email.encryptBytes("ada", context);
    const untouched = (length, call) => {
      const array = new Uint8Array(length).fill(9);
      assert.throws(() => call(array), (error) => error.code === "invalid_argument" || error.code === "authentication_failed");
      assert.ok(array.every((byte) => byte === 9));
    };
    for (const length of [0, 1, 3 + 78]) untouched(length, (array) => email.encryptInto("ada", array, context));
    for (const length of [0, 2]) untouched(length, (array) => email.decryptInto(token, array, context));
    untouched(100, (array) => email.decryptInto(token, array));
    assert.throws(() => email.encryptInto("ada", new Uint8Array(81), context), { code: "invalid_argument", message: /82 bytes, and the destination room for 81/u });
    assert.throws(() => email.decryptInto(token, new Uint8Array(2), context), { code: "invalid_argument", message: /3 bytes, and the destination room for 2/u });
    const gone = new Uint8Array(100);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    assert.throws(() => email.encryptInto("ada", gone), { code: "invalid_argument", message: gone.buffer.detached ? /transferred/u : /room for 0/u });
    assert.throws(() => email.encryptInto("ada", gone.buffer), { code: "invalid_argument", message: /transferred/u });
    for (const length of [undefined, "3", -1, 0.5, NaN, Infinity]) assert.throws(() => email.tokenLength(length), code("invalid_argument"));
    for (const nowhere of [undefined, null, context, [], new Uint16Array(100)]) {
      assert.throws(() => email.encryptInto("ada", nowhere, context), code("invalid_argument"));
      assert.throws(() => email.decryptInto(token, nowhere, context), code("invalid_argument"));
    }
  });

  test("every flipped bit of a token's bytes is noticed, and so is every other length", () => {
    const token = email.encryptBytes("ada", context);
    const refused = (stored) => assert.throws(() => email.decrypt(stored, context), (error) => error.name !== "Error" && typeof error.code === "string");
    for (let at = 0; at < token.length * 8; at++) {
      const flipped = token.slice();
      flipped[at >>> 3] ^= 1 << (at & 7);
      refused(flipped);
    }
    for (let length = 0; length < token.length; length++) refused(token.subarray(0, length));
    refused(new Uint8Array([...token, 0]));
    // The bytes of the text are not the bytes of the token.
    assert.throws(() => email.decrypt(new TextEncoder().encode(email.encrypt("ada", context)), context), code("unknown_version"));
    for (const nothing of [undefined, null, 5, {}, [1, 2], new Uint16Array(100)]) {
      for (const read of ["decrypt", "decryptText", "reencrypt", "isCurrent"]) assert.throws(() => email[read](nothing), code("invalid_argument"));
    }
    assert.throws(() => email.encryptBytes(undefined), code("invalid_argument"));
    assert.throws(() => email.encryptBytes("x", "not a context"), code("invalid_argument"));
  });

  test("a value of 16 MiB fits, one byte more does not", () => {
    const value = new Uint8Array(16 * 1024 * 1024).fill(7);
    assert.equal(email.decrypt(email.encrypt(value)).length, value.length);
    assert.equal(email.decrypt(email.encryptBytes(value)).length, value.length);
    assert.throws(() => email.encrypt(new Uint8Array(value.length + 1)), code("value_too_large"));
    assert.throws(() => email.encryptBytes(new Uint8Array(value.length + 1)), code("value_too_large"));
  });

  test("the order of a context does not matter, its content does", () => {
    const token = email.encrypt("x", { a: "1", b: "2" });
    assert.equal(email.decryptText(token, { b: "2", a: "1" }), "x");
    for (const other of [undefined, {}, { a: "1" }, { a: "1", b: "3" }, { a: "1", b: "2", c: "" }, { ab: "12" }]) {
      assert.throws(() => email.decrypt(token, other), code("authentication_failed"));
    }
  });

  test("a token is text for URLs, and never the same twice", () => {
    const tokens = new Set(Array.from({ length: 500 }, () => email.encrypt("x")));
    assert.equal(tokens.size, 500);
    for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]+$/);
  });

  test("scopes and keyrings keep to themselves", async () => {
    const token = email.encrypt("x");
    assert.throws(() => keyring.scope("acme", "users", "ssn").decrypt(token), code("authentication_failed"));
    assert.throws(() => keyring.decrypt(token), code("authentication_failed"));
    const other = await Keyring.generate();
    assert.throws(() => other.scope("acme", "users", "email").decrypt(token), code("unknown_key"));
    assert.equal(keyring.scope("acme").scope("users").scope("email").decryptText(token), "x");
  });

  test("every flipped character is noticed", () => {
    const token = email.encrypt("ada", context);
    for (let at = 0; at < token.length; at++) {
      const flipped = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
      assert.throws(() => email.decrypt(flipped, context), (error) => error.name !== "Error" && typeof error.code === "string");
    }
  });

  test("what is not a token is named as such", () => {
    assert.throws(() => email.decrypt("not a token!"), code("invalid_text"));
    assert.throws(() => email.decrypt(""), code("truncated"));
    assert.throws(() => email.decrypt(email.encrypt("x").slice(0, 40)), code("truncated"));
    assert.throws(() => email.decrypt(`${email.encrypt("x")}=`), code("invalid_text"));
    assert.throws(() => email.decrypt(undefined), code("invalid_argument"));
    assert.throws(() => email.decryptText(email.encrypt(Uint8Array.of(0xff))), code("invalid_utf8"));
  });

  test("arguments of the wrong kind are named, not their content", () => {
    assert.throws(() => email.encrypt(42), { code: "invalid_argument", message: "encrypt: expected a string or a Uint8Array, got a number" });
    assert.throws(() => email.encrypt("x", "row"), { code: "invalid_argument", message: "encrypt: expected a plain object of strings, such as { row: id }, as the context, got a string" });
    assert.throws(() => email.encrypt("x", { row: 42 }), { code: "invalid_argument", message: 'encrypt: expected a string as the context\'s "row", got a number' });
    assert.throws(() => email.encrypt("\ud800"), code("invalid_argument"));
  });

  test("rotation: old tokens open, new ones are current", async () => {
    const rotating = await Keyring.generate();
    const old = rotating.encrypt("x");
    assert.ok(rotating.isCurrent(old));
    const before = rotating.primary;
    const id = rotating.rotate();
    assert.equal(rotating.primary, id);
    assert.deepEqual(rotating.versions.map(({ state }) => state), ["decrypt-only", "primary"]);
    assert.equal(rotating.decryptText(old), "x");
    assert.ok(!rotating.isCurrent(old));
    const fresh = rotating.reencrypt(old);
    assert.ok(rotating.isCurrent(fresh));
    rotating.destroyVersion(before);
    assert.throws(() => rotating.decrypt(old), code("key_destroyed"));
    assert.equal(rotating.decryptText(fresh), "x");
    assert.throws(() => rotating.destroyVersion(id), code("primary_in_use"));
    assert.throws(() => rotating.destroyVersion("00000000"), code("unknown_key"));
    assert.throws(() => rotating.destroyVersion("nonsense"), code("invalid_argument"));
    assert.throws(() => rotating.scope("x").rotate(), code("not_root"));
  });

  test("inspect lays every byte out", () => {
    const seen = inspect(email.encrypt("ada", context));
    assert.equal(seen.kind, "token");
    assert.equal(seen.suite, "ChaCha20-Poly1305");
    assert.equal(seen.keyId, keyring.primary);
    assert.equal(seen.plaintextLength, 3);
    assert.equal(seen.header, null);
    let at = 0;
    for (const field of seen.fields) {
      assert.equal(field.offset, at);
      at += field.length;
    }
    assert.equal(at, 79 + 3);
  });
});

describe("rows and columns", () => {
  const row = { email: "ada@example.org", name: "Ada", photo: pattern(200), empty: "", note: "ünïcode" };

  test("both layouts come back, whole or in part", () => {
    const whole = email.encryptRow(row, context);
    const hoisted = email.encryptRowHoisted(row, context);
    for (const encrypted of [whole, hoisted]) {
      const back = email.decryptRow(encrypted, context);
      assert.deepEqual(Object.keys(back), Object.keys(row));
      assert.deepEqual(back.photo, row.photo);
      assert.equal(new TextDecoder().decode(back.note), row.note);
    }
    const { photo, ...text } = whole;
    assert.equal(typeof photo, "string");
    assert.deepEqual(email.decryptRowText(text, context), { email: row.email, name: row.name, empty: "", note: row.note });
    assert.equal(email.decryptRowText({ header: hoisted.header, fields: { name: hoisted.fields.name } }, context).name, "Ada");
    assert.ok(hoisted.fields.name.length < whole.name.length / 2);
    assert.deepEqual(email.decryptRow(email.encryptRow({}, context), context), {});
  });

  test("a field decrypts under its own name and context only", () => {
    const encrypted = email.encryptRow(row, context);
    assert.throws(() => email.decryptRow({ name: encrypted.email, email: encrypted.name }, context), code("authentication_failed"));
    assert.throws(() => email.decryptRow(encrypted, { row: "43" }), code("authentication_failed"));
    assert.throws(() => email.decryptRow({ name: email.encrypt("x") }, context), code("wrong_group"));
    assert.throws(() => email.decryptRow({ name: email.encryptRowHoisted(row).fields.name }, context), code("wrong_group"));
    assert.throws(() => email.encryptRow({ big: new Uint8Array(16_384) }), code("value_too_large"));
  });

  test("any field name is one", () => {
    const odd = JSON.parse('{"__proto__": "1", "constructor": "2", "": "3", "ключ": "4"}');
    const back = email.decryptRowText(email.encryptRow(odd));
    assert.deepEqual(Object.entries(back), Object.entries(odd));
    assert.equal(Object.getPrototypeOf(back), Object.prototype);
  });

  test("a column keeps order, nulls and contexts", () => {
    const values = ["a", null, "", pattern(100), null, "ß"];
    const contexts = values.map((_, index) => ({ row: String(index) }));
    const tokens = email.encryptColumn(values, { context, contexts });
    assert.deepEqual(tokens.map((token) => token === null), values.map((value) => value === null));
    const back = email.decryptColumn(tokens, { context, contexts });
    assert.deepEqual(back[3], values[3]);
    assert.equal(new TextDecoder().decode(back[5]), "ß");
    assert.equal(back[1], null);
    const exchanged = [tokens[2], null, tokens[0], tokens[3], null, tokens[5]];
    assert.throws(() => email.decryptColumn(exchanged, { context, contexts }), code("authentication_failed"));
    assert.throws(() => email.decryptColumn(tokens, { context }), code("authentication_failed"));
    assert.throws(() => email.encryptColumn(values, { contexts: contexts.slice(1) }), code("invalid_argument"));
    assert.deepEqual(email.encryptColumn([]), []);
    assert.deepEqual(email.encryptColumn([null]), [null]);
    assert.throws(() => email.encryptColumn(["a", 7]), code("invalid_argument"));
  });

  test("a column of any length crosses in parts", () => {
    const values = Array.from({ length: 70_000 }, (_, index) => (index % 11 === 0 ? null : `value ${index} ${index % 5 === 0 ? "é" : ""}`));
    const tokens = email.encryptColumn(values);
    assert.deepEqual(email.decryptColumnText(tokens), values);
    const long = Array.from({ length: 300 }, (_, index) => pattern(16_383, index + 1));
    assert.deepEqual(email.decryptColumn(email.encryptColumn(long)), long);
  });
});
