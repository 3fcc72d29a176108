/** Results as a table for a terminal, and as what the page of all platforms is made of. */
import { ratio } from "./measure.mjs";
import { workloads } from "./workloads.mjs";

/**
 * @typedef {{ machine: string, load: number, date: string, versions: Record<string, string> }} Surroundings
 * @typedef {Surroundings & { platform: string, runtime: string, results: any[], goals: import("./goals.mjs").Judgement[] }} Report
 */

/** @param {Report} report */
export function table({ platform, runtime, machine, load, date, versions, results, goals }) {
  const lines = [`Fortress beside others: ${runtime} (${platform})`, `${machine}, ${date}`, Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "), ""];
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const [workload, { title, unit }] of Object.entries(workloads)) {
    const rows = results.filter((result) => result.workload === workload);
    if (rows.length === 0) continue;
    const best = rows.find(({ name }) => name.startsWith("Fortress"));
    lines.push(title);
    for (const row of rows) {
      const { name, perUnit, spread } = row;
      // What is weighed and not timed has nothing beside it.
      const around = spread === undefined ? "" : `±${(spread * 50).toFixed(0).padStart(2)}%`;
      const beside = row === best || best === undefined ? "" : `${ratio(best, row).toFixed(2)} x the time of ${best.name}`;
      lines.push(`  ${name.padEnd(width)}  ${speed(unit, perUnit).padStart(12)}  ${around}  ${beside}`.trimEnd());
    }
    lines.push("");
  }
  lines.push(...verdicts(goals, load));
  return lines.join("\n");
}

/**
 * Which goals were reached, in lines, and whether the machine was quiet.
 * @param {import("./goals.mjs").Judgement[]} goals
 * @param {number} load
 */
export function verdicts(goals, load) {
  const lines = goals.map((goal) => {
    const { measured, wanted, says } = judged(goal);
    return `  ${goal.reached ? "reached" : "MISSED "}  ${measured.padStart(8)}  ${wanted.padEnd(13)}  ${says}`;
  });
  const loaded = load > 1 ? [`The machine had other work (load ${load.toFixed(1)} before the start): measure again when it is quiet.`] : [];
  return ["Goals", ...lines, ...loaded];
}

/**
 * A goal in words.
 * @param {import("./goals.mjs").Judgement} goal
 */
export function judged(goal) {
  if ("below" in goal) return { says: goal.says, measured: `${goal.amount.toFixed(1)} ${goal.unit}`, wanted: `below ${rounded(goal.below)} ${goal.unit}` };
  // Against whom is told where several could be meant.
  return { says: goal.says + (goal.against === undefined ? "" : `, to ${goal.against}`), measured: goal.ratio.toFixed(2), wanted: `at least ${rounded(goal.atLeast)}` };
}

function rounded(number) {
  return Number(number.toFixed(number < 100 ? 2 : 0));
}

/**
 * The workloads as the page draws them.
 * @param {any[]} results
 */
export function groups(results) {
  return Object.entries(workloads).flatMap(([workload, { title, unit }]) => {
    const rows = results.filter((result) => result.workload === workload);
    const drawn = ({ name, perUnit }) => {
      if (unit === "module") return { name, ours: true, bytes: perUnit, speed: speed(unit, perUnit) };
      return { name, ours: name.startsWith("Fortress"), seconds: perUnit, speed: speed(unit, perUnit) };
    };
    return rows.length === 0 ? [] : [{ title, rows: rows.map(drawn) }];
  });
}

function speed(unit, perUnit) {
  if (unit === "byte") return `${(1e-6 / perUnit).toFixed(0)} MB/s`;
  if (unit === "page") return `${(perUnit * 1e3).toFixed(1)} ms`;
  if (unit === "module") return `${(perUnit * 1e-3).toFixed(1)} KB`;
  return `${(perUnit * 1e6).toFixed(2)} µs`;
}
