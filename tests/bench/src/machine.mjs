/** Where and when something is measured, which each report says of itself. */
import { cpus, loadavg, totalmem } from "node:os";

/** To be asked before the start, as a benchmark is a load itself. */
export function surroundings() {
  const [{ model }] = cpus();
  const [load] = loadavg();
  return { machine: `${cpus().length} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`, load, date: new Date().toISOString().slice(0, 10) };
}
