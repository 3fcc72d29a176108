#!/usr/bin/env node
// node tests/bench/page.mjs
//
// Writes artifacts/bench/index.html: one page of all platforms measured so far, from the JSON that each benchmark leaves beside it.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** @typedef {{ name: string, ours: boolean, seconds: number, speed: string }} Row */
/** @typedef {{ says: string, atLeast: number, ratio: number, reached: boolean }} Goal */
/** @typedef {{ runtime: string, groups: { title: string, rows: Row[] }[], goals: Goal[] }} Report */

const folder = fileURLToPath(new URL("../../artifacts/bench", import.meta.url));
const files = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
const reports = await Promise.all(files.map(async (name) => /** @type {Report} */ (JSON.parse(await readFile(`${folder}/${name}`, "utf8")))));
await writeFile(`${folder}/index.html`, page(reports));
console.log(`${folder}/index.html`);

/** @param {Report[]} reports */
function page(reports) {
  const [{ model }] = cpus();
  const machine = `${cpus().length} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
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
<p>${escape(machine)}. Medians; the contestants of a workload took turns. Longer bars are faster.</p>
<ul>${reports.map(({ runtime }, index) => `<li><a href="#${id(index)}">${escape(runtime)}</a>`).join("")}</ul>
${reports.map((report, index) => section(report, id(index))).join("\n")}
</html>
`;
}

/** @param {Report} report @param {string} id */
function section({ runtime, groups, goals }, id) {
  const judged = goals.map(({ says, atLeast, ratio, reached }) => `<tr class="${reached ? "reached" : "missed"}"><td>${escape(says)}<td>${atLeast}<td>${ratio.toFixed(2)}${reached ? "" : " (missed)"}</tr>`);
  return `<section id="${id}"><h2>${escape(runtime)}</h2>
${groups.map(({ title, rows }) => chart(title, rows)).join("\n")}
${judged.length > 0 ? `<h3>Goals</h3><table><tr><th>Goal<th>At least<th>Measured</tr>${judged.join("\n")}</table>` : ""}</section>`;
}

/** @param {string} title @param {Row[]} rows */
function chart(title, rows) {
  const fastest = Math.min(...rows.map(({ seconds }) => seconds));
  const bars = rows.map(({ name, ours, seconds, speed }) => `<tr class="${ours ? "ours" : ""}"><td>${escape(name)}<td>${escape(speed)}<td><span class="bar" style="width: ${((100 * fastest) / seconds).toFixed(1)}%"></span></tr>`);
  return `<h3>${escape(title)}</h3><table>${bars.join("")}</table>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
