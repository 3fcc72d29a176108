// An engine that decodes base64url itself, as browsers do: what it passes over is refused all the same. Node.js 20 has none, so one stands in for it.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

/** Reads as ECMAScript's does by default: white space, padding and stray bits are passed over, anything else is a SyntaxError. */
function setFromBase64(text, { alphabet }) {
  assert.equal(alphabet, "base64url");
  calls += 1;
  const characters = text.replace(/[\t\n\f\r ]/g, "").replace(/={1,2}$/, (padding) => ((text.replace(/[\t\n\f\r =]/g, "").length + padding.length) % 4 === 0 ? "" : padding));
  if (!/^[\w-]*$/.test(characters) || characters.length % 4 === 1) throw new SyntaxError("not base64url");
  const bytes = Buffer.from(characters, "base64url").subarray(0, this.length);
  this.set(bytes);
  return { read: text.length, written: bytes.length };
}

let calls = 0;
let keyring;
const code = (expected) => (error) => error.code === expected;

before(async () => {
  Object.defineProperty(Uint8Array.prototype, "setFromBase64", { value: setFromBase64, configurable: true, writable: true });
  const { Keyring } = await import("fortress-sdk");
  keyring = (await Keyring.generate()).scope("users");
});

/** Texts that an engine reads as `token`, and that are not its text. */
function* others(token) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const free = [0, undefined, 15, 3][token.length % 4];
  const last = alphabet.indexOf(token.at(-1));
  for (let bits = 1; bits <= free; bits += 1) yield token.slice(0, -1) + alphabet[last | bits];
  if (free > 0) yield token + "=".repeat(4 - (token.length % 4));
  for (const space of [" ", "\t", "\n", "\f", "\r"]) for (const at of [0, 1, token.length >> 1, token.length]) yield token.slice(0, at) + space + token.slice(at);
  for (const wrong of ["+", "/", "\u{c1}", "\u{0}"]) yield token.slice(0, 90) + wrong + token.slice(91);
}

describe("where the engine decodes", () => {
  test("tokens, rows and columns of every length come back", () => {
    const before = calls;
    for (let length = 0; length < 130; length += 1) {
      const value = "x".repeat(length);
      assert.equal(keyring.decryptText(keyring.encrypt(value)), value);
      const row = { a: value, b: "é", c: value.slice(1) };
      assert.deepEqual(keyring.decryptRowText(keyring.encryptRow(row)), row);
      assert.deepEqual(keyring.decryptRowText(keyring.encryptRowHoisted(row)), row);
      const column = [value, null, "", value];
      assert.deepEqual(keyring.decryptColumnText(keyring.encryptColumn(column)), column);
      assert.deepEqual(keyring.decryptAllText(keyring.encryptAll(column)), column);
    }
    assert.ok(calls > before + 4 * 130, `asked ${calls - before} times`);
  });

  test("what it passes over is refused, alone and among others", () => {
    for (const length of [64, 65, 66]) {
      const [token, good] = [keyring.encrypt("x".repeat(length)), keyring.encryptColumn(["y".repeat(length), "z"])];
      for (const other of others(token)) assert.throws(() => keyring.decrypt(other), code("invalid_text"), JSON.stringify(other));
      for (const other of others(good[0])) {
        for (const position of [0, 1, 2]) {
          const tokens = [good[1], good[1]].toSpliced(position, 0, other);
          assert.throws(() => keyring.decryptColumn(tokens), (error) => error.failures.length === 1 && error.failures[0].position === position && error.failures[0].code === "invalid_text", JSON.stringify(tokens));
        }
      }
    }
    for (const cut of [1, 2, 3]) {
      const token = keyring.encrypt("x".repeat(64)).slice(0, -cut);
      assert.throws(() => keyring.decrypt(token), (error) => ["invalid_text", "authentication_failed"].includes(error.code));
    }
    // What one token has too much does not make up for what the next lacks.
    const [one, two] = keyring.encryptColumn(["y".repeat(64), "y".repeat(64)]);
    assert.throws(() => keyring.decryptColumn([one + two.slice(0, 1), two.slice(1)]), (error) => error.failures.length === 2);
    assert.throws(() => keyring.decryptColumn(["", one]), (error) => error.failures.length === 1 && error.failures[0].code === "truncated");
  });
});
