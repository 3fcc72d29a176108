/** Measures contestants in turns, so that whatever slows the machine for a while slows all of them. */
import { workloads } from "./workloads.mjs";

/** One measurement of a small operation takes about this long. */
const BATCH_MS = 40;

/**
 * @param {import("./workloads.mjs").Contestant[]} contestants
 * @param {{ rounds?: number, only?: string, onProgress?: (text: string) => void }} [options] `rounds` replaces every workload's own; `only`
 *   is part of the names of the workloads to measure
 * @returns {Promise<Result[]>}
 *
 * @typedef {{ workload: string, name: string, perUnit: number, spread: number, times: number[] }} Result seconds a unit:
 *   the median of the rounds, the spread of their middle half in relation to it, and each round's
 */
export async function measure(contestants, { rounds, only = "", onProgress = () => {} } = {}) {
  const results = [];
  for (const [workload, { long, rounds: usual, title }] of Object.entries(workloads)) {
    const entered = contestants.filter((contestant) => contestant.workload === workload && workload.includes(only));
    if (entered.length === 0) continue;
    onProgress(title);
    const runs = [];
    for (const contestant of entered) {
      runs.push({ contestant, times: [], calls: long ? 1 : await calibrate(contestant) });
      await contestant.run(); // once for the compiler
    }
    const count = rounds ?? usual;
    for (let round = 0; round < count; round += 1) {
      // Another first one each round, as the one after a heavy contestant may find a busy collector.
      for (let turn = 0; turn < runs.length; turn += 1) {
        const { contestant, times, calls } = runs[(turn + round) % runs.length];
        times.push((await timed(contestant, calls)) / 1000 / calls / contestant.units);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    for (const { contestant, times } of runs) results.push({ workload, name: contestant.name, ...summary(times) });
  }
  return results;
}

/** What is told of seconds a unit, each round's. */
export function summary(times) {
  const [low, median, high] = quartiles(times);
  return { perUnit: median, spread: (high - low) / median, times };
}

/** How many calls fill a measurement. Grows step by step, which also lets the compiler see the code. */
async function calibrate(contestant) {
  for (let calls = 1; ; calls *= 2) {
    const time = await timed(contestant, calls);
    if (time >= BATCH_MS / 2) return Math.max(1, Math.round((calls * BATCH_MS) / time));
  }
}

async function timed({ run, asynchronous, workload }, calls) {
  const start = performance.now();
  if (asynchronous || workloads[workload].long) for (let i = 0; i < calls; i += 1) await run();
  else for (let i = 0; i < calls; i += 1) run();
  return performance.now() - start;
}

/**
 * How many times as fast `ours` is as `theirs`: the median of each round's own ratio, as both were measured within a moment of
 * one another there, whatever the machine did before and after.
 *
 * @param {Result} ours
 * @param {Result} theirs
 */
export function ratio(ours, theirs) {
  return quartiles(ours.times.map((time, round) => theirs.times[round] / time))[1];
}

function quartiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    return sorted[below] + (position - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
  };
  return [at(0.25), at(0.5), at(0.75)];
}
