#!/usr/bin/env node
// node tests/bench/run.mjs [chromium|firefox|webkit|node|browser]… [--rounds n] [--only word]
//
// Prints one table for each platform and writes the figures to artifacts/bench/<platform>.json. With --only, just the
// workloads whose names contain the word (single, member, identity, grant, passphrase, shares, start, call, kernel, stream): the table alone, and no file.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { judge } from "./src/goals.mjs";
import { inBrowser, inNode } from "./src/platforms.mjs";
import { groups, table } from "./src/report.mjs";

const folder = fileURLToPath(new URL("../../artifacts/bench", import.meta.url));
const require = createRequire(import.meta.url);
const platforms = { chromium: ["chromium"], firefox: ["firefox"], webkit: ["webkit"], node: ["node"], browser: ["chromium", "firefox"] };

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" }, only: { type: "string", default: "" } } });
const unknown = positionals.filter((name) => !(name in platforms));
if (unknown.length > 0) throw new Error(`no platform is called ${unknown.join(", ")}: expected ${Object.keys(platforms).join(", ")}`);
const options = { only: values.only, ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }) };

await mkdir(folder, { recursive: true });
for (const platform of (positionals.length > 0 ? positionals : ["browser", "node"]).flatMap((name) => platforms[name])) {
  const [load] = loadavg();
  const { runtime, results } = platform === "node" ? await inNode(options) : await inBrowser(platform, options);
  const report = { platform, runtime, machine: machine(), load, versions: versions(), date: new Date().toISOString().slice(0, 10), results, groups: groups(results), goals: judge(platform, results) };
  if (values.only === "") await writeFile(`${folder}/${platform}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`\n${table(report)}\n`);
}

function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/** The versions of everybody who takes part, from where they are installed. */
function versions() {
  return Object.fromEntries(["fortress-sdk", "libsodium-wrappers", "@noble/ciphers", "age-encryption", "wasm-themis"].map((name) => {
    const found = require.resolve.paths(name).map((path) => `${path}/${name}/package.json`).find((path) => existsSync(path));
    return [name, require(found).version];
  }));
}
