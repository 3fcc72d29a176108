/** Results as a table for a terminal, and as what the page of all platforms is made of. */
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

/**
 * The workloads as the page draws them.
 * @param {any[]} results
 */
export function groups(results) {
  return Object.entries(workloads).flatMap(([workload, { title, unit }]) => {
    const rows = results.filter((result) => result.workload === workload);
    return rows.length === 0 ? [] : [{ title, rows: rows.map(({ name, perUnit }) => ({ name, ours: name.startsWith("Fortress"), seconds: perUnit, speed: speed(unit, perUnit) })) }];
  });
}

function speed(unit, perUnit) {
  if (unit === "byte") return `${(1e-6 / perUnit).toFixed(0)} MB/s`;
  if (unit === "page") return `${(perUnit * 1e3).toFixed(1)} ms`;
  return `${(perUnit * 1e6).toFixed(2)} µs`;
}
