/** Whom a goal is judged against, and that nothing is judged that was not measured. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { goals, judge, limits } from "../src/goals.mjs";
import { judged, table } from "../src/report.mjs";
import { workloads } from "../src/workloads.mjs";

/** A result of one round. */
const took = (workload, name, seconds) => ({ workload, name, perUnit: seconds, spread: 0, times: [seconds] });
const encrypted = (...rivals) => [took("stream-encrypt", "Fortress AES-256-GCM", 2), ...rivals.map(([name, seconds]) => took("stream-encrypt", name, seconds))];
const others = [["typage", 10], ["bare node:crypto", 1]];

test("the fastest of those that match is who counts, whichever comes first", () => {
  const bare = [["bare WebCrypto in 2 workers", 3], ["bare WebCrypto in flight", 1.9], ["bare WebAssembly", 4]];
  for (const order of [bare, bare.toReversed()]) {
    const [goal] = judge("chromium", encrypted(...order, ...others.slice(0, 1)));
    assert.deepEqual(goal, { says: "stream, encrypt", against: "bare WebCrypto in flight", ratio: 0.95, atLeast: 0.95, reached: true });
  }
  const [missed] = judge("chromium", encrypted(["bare WebCrypto in flight", 1.9], ["bare WebAssembly", 1.8], ["typage", 10]));
  assert.deepEqual([missed.against, missed.reached], ["bare WebAssembly", false]);
});

test("a variant of ours does not stand in for it", () => {
  const entered = [took("member-encrypt", "Fortress row of 8, hoisted", 1), took("member-encrypt", "Fortress row of 8", 4), took("member-encrypt", "libsodium", 4)];
  const row = judge("chromium", entered).find(({ says }) => says.startsWith("row of 8, a value"));
  assert.equal(row.ratio, 1);
});

test("what was not measured is not judged, and a goal without a rival is an error", () => {
  assert.deepEqual(judge("chromium", []), []);
  assert.deepEqual(judge("webkit", encrypted(...others)), []);
  assert.throws(() => judge("node", encrypted(["typage", 10])), /"bare node:crypto" took part in stream-encrypt/);
});

test("limits hold for every module and every way to start", () => {
  const modules = [["fortress.wasm", 149_999], ["fields.wasm", 60_000], ["signatures.wasm", 41_000]].map(([name, perUnit]) => ({ workload: "size", name, perUnit }));
  const [start] = Object.keys(workloads).filter((name) => name.startsWith("start"));
  const report = judge("chromium", [...modules, took(start, "Fortress, fields", 0.031), took(start, "an empty page", 0.001)]);
  assert.deepEqual(report.map(({ reached }) => reached).sort(), [false, false, true, true]);
  assert.deepEqual(report.filter(({ reached }) => !reached).map((goal) => judged(goal).measured).sort(), ["31.0 ms", "60.0 KB"]);
});

test("every goal is of a workload that there is", () => {
  const named = Object.keys(workloads);
  for (const { workload } of goals) assert.ok(named.includes(workload), workload);
  for (const { workload } of limits) assert.ok(named.some((name) => name.startsWith(workload)), workload);
});

test("a table tells whom each ratio is to", () => {
  const results = [...encrypted(["bare WebCrypto in flight", 1], ["typage", 10]), { workload: "size", name: "fields.wasm", perUnit: 56_600 }];
  const text = table({ platform: "chromium", runtime: "Chrome", machine: "2 x processor", load: 0, date: "2026-01-01", versions: {}, results, goals: judge("chromium", results) });
  assert.match(text, /MISSED +0\.50 +at least 0\.95 +stream, encrypt, to bare WebCrypto in flight/);
  assert.match(text, /reached +56\.6 KB +below 60 KB +fields\.wasm, on the wire/);
});
