#!/usr/bin/env node
// node tests/bench/run.mjs [chromium|firefox|webkit|node|browser]… [--rounds n] [--only word]
//
// Prints one table for each platform and writes the figures to artifacts/bench/<platform>.json. With --only, just the
// workloads whose names contain the word (single, member, identity, grant, passphrase, shares, start, call, kernel, stream, size):
// the table alone, and no file.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { judge } from "./src/goals.mjs";
import { surroundings } from "./src/machine.mjs";
import { inBrowser, inNode } from "./src/platforms.mjs";
import { groups, table } from "./src/report.mjs";
import { sizes } from "./src/sizes.mjs";

const folder = fileURLToPath(new URL("../../artifacts/bench", import.meta.url));
const require = createRequire(import.meta.url);
const platforms = { chromium: ["chromium"], firefox: ["firefox"], webkit: ["webkit"], node: ["node"], browser: ["chromium", "firefox"] };

const { names, options } = asked();
const weights = await sizes(options);
await mkdir(folder, { recursive: true });
for (const platform of names.flatMap((name) => platforms[name])) {
  const before = surroundings();
  const { runtime, results } = platform === "node" ? await inNode(options) : await inBrowser(platform, options);
  const all = [...results, ...weights];
  const report = { platform, runtime, ...before, versions: versions(), results: all, groups: groups(all), goals: judge(platform, all) };
  if (options.only === "") await writeFile(`${folder}/${platform}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  console.log(`\n${table(report)}\n`);
}

/** What the words of the command line ask for. */
function asked() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string" }, only: { type: "string", default: "" } } });
  const unknown = positionals.filter((name) => !Object.hasOwn(platforms, name));
  if (unknown.length > 0) refuse(`no platform is called ${unknown.join(", ")}: expected ${Object.keys(platforms).join(", ")}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds > 0)) {
    refuse(`--rounds takes a whole number from 1 on, and "${values.rounds}" was given`);
  }
  // Without `rounds` where none was given: each workload has its own.
  const options = { only: values.only, ...(rounds === undefined ? {} : { rounds }) };
  return { names: positionals.length > 0 ? positionals : ["browser", "node"], options };
}

function refuse(sentence) {
  console.error(sentence);
  process.exit(2);
}

/** The versions of everybody who takes part, from where they are installed. */
function versions() {
  return Object.fromEntries(["fortress-sdk", "libsodium-wrappers", "@noble/ciphers", "@noble/hashes", "@noble/post-quantum", "age-encryption", "wasm-themis"].map((name) => {
    const found = require.resolve.paths(name).map((path) => `${path}/${name}/package.json`).find((path) => existsSync(path));
    return [name, require(found).version];
  }));
}
