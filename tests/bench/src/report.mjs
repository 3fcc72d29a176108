/** Results as a table for a terminal, and as a page. */
import { ratio } from "./measure.mjs";
import { workloads } from "./workloads.mjs";

/** @typedef {{ platform: string, runtime: string, machine: string, load: number, versions: Record<string, string>, date: string, results: any[], goals: any[] }} Report */

/** @param {Report} report */
export function table({ platform, runtime, machine, load, versions, results, goals }) {
  const lines = [`Fortress beside others: ${runtime} (${platform})`, machine, Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "), ""];
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const [workload, { title, unit }] of Object.entries(workloads)) {
    const rows = results.filter((result) => result.workload === workload);
    if (rows.length === 0) continue;
    const best = rows.find(({ name }) => name.startsWith("Fortress"));
    lines.push(title);
    for (const row of rows) {
      const { name, perUnit, spread } = row;
      const beside = row === best ? "" : `${ratio(best, row).toFixed(2)} x the time of ${best.name}`;
      lines.push(`  ${name.padEnd(width)}  ${speed(unit, perUnit).padStart(12)}  ±${(spread * 50).toFixed(0).padStart(2)}%  ${beside}`.trimEnd());
    }
    lines.push("");
  }
  lines.push("Goals");
  for (const goal of goals) {
    lines.push(`  ${goal.reached ? "reached" : "MISSED "}  ${goal.ratio.toFixed(2).padStart(7)}  of ${goal.atLeast}  ${goal.says}`);
  }
  if (load > 1) lines.push(`The machine had other work (load ${load.toFixed(1)} before the start): measure again when it is quiet.`);
  return lines.join("\n");
}

/** @param {Report[]} reports */
export function page(reports) {
  const sections = reports.map((report) => `<section><h2>${escape(report.runtime)}</h2><p>${escape(report.machine)}, ${escape(report.date)}</p>
${Object.entries(workloads).map(([workload, { title, unit }]) => chart(title, unit, report.results.filter((result) => result.workload === workload))).join("\n")}
<h3>Goals</h3><table><tr><th>Goal<th>At least<th>Measured</tr>
${report.goals.map((goal) => `<tr class="${goal.reached ? "reached" : "missed"}"><td>${escape(goal.says)}<td>${goal.atLeast}<td>${goal.ratio.toFixed(2)}${goal.reached ? "" : " (missed)"}</tr>`).join("\n")}
</table></section>`);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Fortress: benchmarks</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
  table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 0.2rem 0.6rem; border-bottom: 1px solid #8884; }
  .bar { display: block; height: 0.7rem; border-radius: 0.2rem; background: #8888; } .ours .bar { background: #2563eb; } .ours { font-weight: 600; }
  .missed { color: #c2410c; }
</style>
<h1>Fortress beside others</h1>
<p>Medians; the contestants of a workload took turns. Longer bars are faster.</p>
${sections.join("\n")}
</html>
`;
}

function chart(title, unit, rows) {
  if (rows.length === 0) return "";
  const fastest = Math.min(...rows.map(({ perUnit }) => perUnit));
  const bars = rows.map(({ name, perUnit }) => `<tr class="${name.startsWith("Fortress") ? "ours" : ""}"><td>${escape(name)}<td>${speed(unit, perUnit)}<td style="width: 40%"><span class="bar" style="width: ${((100 * fastest) / perUnit).toFixed(1)}%"></span></tr>`);
  return `<h3>${escape(title)}</h3><table>${bars.join("")}</table>`;
}

function speed(unit, perUnit) {
  if (unit === "byte") return `${(1e-6 / perUnit).toFixed(0)} MB/s`;
  return `${(perUnit * 1e6).toFixed(2)} µs`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
