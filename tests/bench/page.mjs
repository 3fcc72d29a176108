#!/usr/bin/env node
// node tests/bench/page.mjs
//
// Writes artifacts/bench/index.html: one page of all platforms measured so far, from the JSON that each benchmark leaves beside it.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { judged } from "./src/report.mjs";

/** @typedef {{ name: string, ours: boolean, speed: string } & ({ seconds: number } | { bytes: number })} Row */
/** @typedef {{ runtime: string, groups: { title: string, rows: Row[] }[], goals: import("./src/goals.mjs").Judgement[] }} Measured */
/** @typedef {Measured & Partial<import("./src/report.mjs").Surroundings>} Report */

const folder = fileURLToPath(new URL("../../artifacts/bench", import.meta.url));
const reports = [];
for (const name of (await readdir(folder)).filter((file) => file.endsWith(".json")).sort()) {
  const report = JSON.parse(await readFile(`${folder}/${name}`, "utf8"));
  if (Array.isArray(report.groups) && Array.isArray(report.goals)) reports.push(report);
  else console.error(`${name} is left out, as it is of an older benchmark: measure that platform again, or delete the file`);
}
await writeFile(`${folder}/index.html`, page(reports));
console.log(`${folder}/index.html`);

/** @param {Report[]} reports */
function page(reports) {
  const id = (index) => `platform-${index}`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Fortress: benchmarks</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 0.2rem 0.6rem; border-bottom: 1px solid #8884; }
  td:nth-child(2) { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; } td:nth-child(3) { width: 40%; }
  .bar { display: block; height: 0.7rem; border-radius: 0.2rem; background: #8888; } .ours .bar { background: #2563eb; } .ours { font-weight: 600; }
  .missed { color: #c2410c; }
</style>
<h1>Fortress beside others</h1>
<p>Medians; the contestants of a workload took turns. Longer bars are better: faster, or smaller.</p>
<ul>${reports.map(({ runtime }, index) => `<li><a href="#${id(index)}">${escape(runtime)}</a>`).join("")}</ul>
${reports.map((report, index) => section(report, id(index))).join("\n")}
</html>
`;
}

/** @param {Report} report @param {string} id */
function section({ runtime, groups, goals, ...where }, id) {
  return `<section id="${id}"><h2>${escape(runtime)}</h2>
<p>${escape(surroundings(where))}</p>
${groups.map(({ title, rows }) => chart(title, rows)).join("\n")}
${goals.length > 0 ? `<h3>Goals</h3><table><tr><th>Goal<th>Measured<th>Wanted</tr>${goals.map(verdict).join("\n")}</table>` : ""}</section>`;
}

/** What a report says of its machine, day and others' versions: not every benchmark writes that down. */
function surroundings({ machine, date, load, versions = {} }) {
  const before = load === undefined ? undefined : `load ${load.toFixed(1)} before the start`;
  const said = [machine, date, before, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)].filter((part) => part !== undefined);
  return said.length === 0 ? "Of its machine it says nothing." : `${said.join(", ")}.`;
}

/** @param {import("./src/goals.mjs").Judgement} goal */
function verdict(goal) {
  const { says, measured, wanted } = judged(goal);
  const missed = goal.reached ? "" : " (missed)";
  return `<tr class="${goal.reached ? "reached" : "missed"}"><td>${escape(says)}<td>${escape(measured)}${missed}<td>${escape(wanted)}</tr>`;
}

/** @param {string} title @param {Row[]} rows */
function chart(title, rows) {
  const cost = ({ seconds, bytes }) => seconds ?? bytes;
  const least = Math.min(...rows.map(cost));
  const bars = rows.map((row) => {
    const width = ((100 * least) / cost(row)).toFixed(1);
    return `<tr class="${row.ours ? "ours" : ""}"><td>${escape(row.name)}<td>${escape(row.speed)}<td><span class="bar" style="width: ${width}%"></span></tr>`;
  });
  return `<h3>${escape(title)}</h3><table>${bars.join("")}</table>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
