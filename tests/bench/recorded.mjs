#!/usr/bin/env node
// node tests/bench/recorded.mjs FILE COMMAND…
//
// Runs a benchmark that is not of this folder, and writes into the JSON that it leaves in FILE where it ran, with what, and which goals it
// reached: what run.mjs writes for its own. A goal that is missed is said, and fails nothing.
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { surroundings } from "./src/machine.mjs";
import { judge } from "./src/recorded-goals.mjs";
import { verdicts } from "./src/report.mjs";

const [file, command, ...words] = process.argv.slice(2);
const before = surroundings();
const { error, status } = spawnSync(command, words, { stdio: "inherit" });
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
const report = JSON.parse(await readFile(file, "utf8"));
const name = basename(file, ".json");
// Python's benchmark says itself what it found installed.
const versions = report.versions ?? (name.startsWith("native") ? { ...said("rustc"), ...(await crates()) } : said("age"));
const goals = judge(name, report.groups);
await writeFile(file, `${JSON.stringify({ ...report, ...before, versions, goals }, undefined, 2)}\n`);
if (goals.length > 0) console.log(verdicts(goals, before.load).join("\n"));

/** What a program says of its version, if it is there. */
function said(program) {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const version = stdout?.match(/\d+(?:\.\d+)+/)?.[0];
  return version === undefined ? {} : { [program]: version };
}

/** The crates that ours is compared with. */
async function crates() {
  const lock = await readFile(fileURLToPath(new URL("../../Cargo.lock", import.meta.url)), "utf8");
  const versions = new Map(Array.from(lock.matchAll(/name = "([^"]+)"\nversion = "([^"]+)"/g), ([, name, version]) => [name, version]));
  return Object.fromEntries(["aegis", "aes-gcm", "aws-lc-rs", "chacha20poly1305", "hpke"].map((name) => [name, versions.get(name)]));
}
