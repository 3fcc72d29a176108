import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AuthenticationError, Keyring } from "fortress-sdk";
import { pattern } from "./support/bytes.mjs";

const keyring = (await Keyring.generate()).scope("users");
/** A token with one of its last bits flipped. */
const flipped = (token) => token.slice(0, -3) + (token.at(-3) === "A" ? "B" : "A") + token.slice(-2);
/** What was thrown. */
function failureOf(act) {
  try {
    act();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}
const places = (error) => error.failures.map(({ position, code }) => [position, code]);

describe("values that fail among many", () => {
  test("are all named by where they stand, nulls and all crossings counted", () => {
    const tokens = keyring.encryptColumn(Array.from({ length: 70_000 }, (_, i) => (i % 7 === 0 ? null : `v${i}`)));
    for (const at of [1, 35_000 + 1, 69_999]) tokens[at] = flipped(tokens[at]);
    tokens[40_000] = "nonsense!";
    const error = failureOf(() => keyring.decryptColumnText(tokens));
    assert.ok(error instanceof AuthenticationError);
    assert.equal(error.operation, "decryptColumnText");
    assert.match(error.message, /^decryptColumnText: value 1 \(and 3 more\): the token is not authentic/);
    assert.deepEqual(places(error), [[1, "authentication_failed"], [35_001, "authentication_failed"], [40_000, "invalid_text"], [69_999, "authentication_failed"]]);
    // The others are to be had without them.
    for (const { position } of error.failures) tokens[position] = null;
    assert.equal(keyring.decryptColumnText(tokens)[2], "v2");
  });

  test("whatever is wrong with them", () => {
    assert.deepEqual(places(failureOf(() => keyring.encryptColumn(["a", null, "x".repeat(20_000)]))), [[2, "value_too_large"]]);
    const tokens = keyring.encryptColumn([null, "ok", Uint8Array.of(0xff), "ok", Uint8Array.of(0xc0)]);
    assert.deepEqual(places(failureOf(() => keyring.decryptColumnText(tokens))), [[2, "invalid_utf8"], [4, "invalid_utf8"]]);
    assert.match(failureOf(() => keyring.encryptColumn([null, "a", 5])).message, /as value 2, got a number$/);
    assert.match(failureOf(() => keyring.decryptColumn([null, undefined])).message, /as value 1, got nothing$/);
    const contexts = [{}, { a: "x".repeat(20_000) }];
    assert.deepEqual(places(failureOf(() => keyring.encryptColumn(["a", "b"], { contexts }))), [[1, "invalid_context"]]);
  });

  test("of a row have their field's name", () => {
    const [one, two] = [keyring.encryptRow({ email: "a", name: "b" }), keyring.encryptRow({ name: "b" }, { row: "2" })];
    const error = failureOf(() => keyring.decryptRow({ email: one.email, name: two.name }));
    assert.match(error.message, /^decryptRow: the field "name": /);
    assert.deepEqual(error.failures.map(({ field, position }) => [field, position]), [["name", 1]]);
    assert.equal(failureOf(() => keyring.encryptRow({ a: "x", b: new Uint8Array(20_000) })).failures[0].field, "b");
    assert.match(failureOf(() => keyring.encryptRow({ a: "x", b: null })).message, /as the field "b", got null$/);
    assert.equal(failureOf(() => keyring.decryptRowText(keyring.encryptRow({ a: "x", b: Uint8Array.of(0xff) }))).failures[0].field, "b");
  });
});

describe("columns whose header is stored once", () => {
  const values = Array.from({ length: 40_000 }, (_, i) => (i % 9 === 0 ? null : `v${i}${i % 5 === 0 ? "é" : ""}`));
  const context = { table: "users" };

  test("come back over several crossings, shorter than whole ones", () => {
    const column = keyring.encryptColumnHoisted(values, { context });
    assert.deepEqual(keyring.decryptColumnText(column.values, { context, header: column.header }), values);
    assert.ok(keyring.encryptColumn(["v1"])[0].length - column.values[1].length > 80);
    assert.throws(() => keyring.decryptColumn(column.values, { context }), { code: "wrong_group" });
    assert.throws(() => keyring.decryptColumn(column.values, { header: column.header }), { code: "authentication_failed" });
  });

  test("bind each value to its own context", () => {
    const contexts = [{ row: "1" }, { row: "2" }];
    const { header, values: tokens } = keyring.encryptColumnHoisted(["a", "b"], { contexts });
    assert.deepEqual(keyring.decryptColumnText(tokens, { header, contexts }), ["a", "b"]);
    assert.throws(() => keyring.decryptColumnText(tokens.toReversed(), { header, contexts }), { code: "authentication_failed" });
    assert.equal(failureOf(() => keyring.encryptColumnHoisted(["a", null, pattern(20_000)])).failures[0].position, 2);
  });

  test("an empty one has a header too", () => {
    const { header, values: none } = keyring.encryptColumnHoisted([null]);
    assert.deepEqual([none, keyring.decryptColumn(none, { header })], [[null], [null]]);
  });
});

describe("after a rotation", () => {
  test("rows and columns are brought up to date in the layout that they have", async () => {
    const root = await Keyring.generate();
    const context = { row: "1" };
    const contexts = [{ row: "1" }, { row: "2" }, { row: "3" }];
    const row = { email: "ada@example.org", photo: pattern(100) };
    const whole = root.encryptRow(row, context);
    const hoisted = root.encryptRowHoisted(row, context);
    const column = root.encryptColumn(["a", null, "b"], { contexts });
    const short = root.encryptColumnHoisted(["a", null, "b"], { contexts });
    const old = root.primary;
    root.rotate();
    assert.ok(!root.isCurrent(whole.email) && !root.isCurrent(hoisted.header));

    const [whole2, hoisted2] = [root.reencryptRow(whole, context), root.reencryptRow(hoisted, context)];
    const column2 = root.reencryptColumn(column, { contexts });
    const short2 = root.reencryptColumn(short.values, { contexts, header: short.header });
    assert.throws(() => root.reencryptRow(whole), { code: "authentication_failed" });
    assert.throws(() => root.reencryptColumn([flipped(column[0]), null, column[2]], { contexts }), { code: "authentication_failed" });
    root.destroyVersion(old);

    assert.ok(root.isCurrent(whole2.email) && root.isCurrent(hoisted2.header) && root.isCurrent(column2[2]) && root.isCurrent(short2.header));
    assert.deepEqual(root.decryptRow(whole2, context), row.email && { email: new TextEncoder().encode(row.email), photo: row.photo });
    assert.deepEqual(root.decryptRow(hoisted2, context).photo, row.photo);
    assert.deepEqual(root.decryptColumnText(column2, { contexts }), ["a", null, "b"]);
    assert.deepEqual(root.decryptColumnText(short2.values, { contexts, header: short2.header }), ["a", null, "b"]);
    assert.throws(() => root.decryptColumn(column, { contexts }), { code: "key_destroyed" });
  });
});

test("many tokens by themselves", () => {
  const values = ["a", null, pattern(20_000), "é"];
  const contexts = values.map((_, i) => ({ row: String(i) }));
  const tokens = keyring.encryptAll(values, { contexts });
  assert.equal(keyring.decryptText(tokens[0], contexts[0]), "a");
  assert.deepEqual(keyring.decryptAll(tokens, { contexts })[2], values[2]);
  assert.deepEqual(keyring.decryptAllText([tokens[3], null], { contexts: [contexts[3], {}] }), ["é", null]);
  const [text] = keyring.encryptColumn(["x"]);
  assert.deepEqual(places(failureOf(() => keyring.decryptAll([tokens[0], null, text, "?"], { contexts }))), [[2, "wrong_group"], [3, "invalid_text"]]);
});
