/** What other programs measured is judged by the same words, and only what they measured. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goals, judge, limits } from "../src/recorded-goals.mjs";
import { judged, verdicts } from "../src/report.mjs";

const row = (name, seconds) => ({ name, ours: name.startsWith("ours"), seconds, speed: "" });
const memory = (name, mebibytes) => ({ name, ours: true, bytes: mebibytes * 2 ** 20, speed: "" });

test("suites whose names begin alike are told apart", () => {
  const title = "memory encrypt, AEGIS-256X2";
  const rows = [row("memory copy", 1), row("raw AEAD", 2), row("ours, update_into", 2.5), row("ours, parts on all cores", 1.25)];
  const report = judge("native-assembly", [{ title: "memory encrypt, AEGIS-256", rows }, { title, rows }]);
  assert.deepEqual(report.map(({ says, ratio, reached }) => [says, ratio, reached]), [
    ["1 GiB in memory, AEGIS-256X2, all cores", 0.8, true],
    ["1 GiB in memory, AEGIS-256X2, one core", 0.8, false],
  ]);
  assert.deepEqual(judge("native-portable", [{ title, rows }]), []);
});

test("two contests of one name are told apart by who took part", () => {
  const title = "group member, AEGIS-256";
  const encrypted = { title, rows: [row("raw AEAD, encrypt", 54), row("ours, encrypt_into", 69)] };
  const decrypted = { title, rows: [row("raw AEAD, decrypt", 56), row("ours, any group's reader", 85)] };
  const report = judge("native-portable", [encrypted, decrypted]);
  assert.deepEqual(report.map(({ reached }) => reached), [true, false]);
  assert.equal(judged(report[0]).wanted, "at least 0.67");
});

test("a token's limit follows the bare AEAD where that is slow", () => {
  const token = (ours, bare) => [{ title: "token encrypt, AEGIS-256", rows: [row("raw AEAD, fresh key", bare), row("ours, encrypt_into", ours)] }];
  assert.deepEqual(judge("native-assembly", token(1.4e-6, 60e-9)).map(judged), [
    { says: "token of 64 bytes, AEGIS-256, encrypt", measured: "1400.0 ns", wanted: "below 1300 ns" },
  ]);
  assert.deepEqual(judge("native-portable", token(5.4e-6, 4e-6)).map(({ reached }) => reached), [true]);
});

test("the command line and Python", () => {
  const cli = [
    { title: "A file of 1024 MiB", rows: [row("cp", 1), row("fortress encrypt", 0.9), row("fortress encrypt, default Argon2id", 1.3)] },
    { title: "1024 MiB, nothing written", rows: [row("fortress encrypt to /dev/null", 1)] },
    { title: "Memory at the most", rows: [memory("fortress encrypt", 12), memory("fortress encrypt, default Argon2id", 68)] },
  ];
  // `age` was not there.
  assert.deepEqual(judge("cli", cli).map(({ reached }) => reached), [true, false, true, false]);
  const rows = [row("[AESGCM.encrypt(...) for ...]", 1), row("encrypt_column, pyarrow", 0.09)];
  assert.deepEqual(verdicts(judge("python", [{ title: "A column of 1,000 values of 64 bytes", rows }]), 0), [
    "Goals",
    "  reached     11.11  at least 10    column, PyArrow, to [AESGCM.encrypt(...) for ...]",
  ]);
  assert.deepEqual(judge("python", []), []);
});

test("every goal has words of its own", () => {
  const said = [...goals, ...limits].flatMap(({ says, theirs, where }) => where.map((name) => `${name}: ${says}, to ${theirs}`));
  assert.equal(new Set(said).size, said.length);
});
