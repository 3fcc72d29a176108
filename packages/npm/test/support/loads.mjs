// Which WebAssembly modules a program reads.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a program in a process of its own, and returns the names of the modules that it read. */
export async function loadedBy(program) {
  const recording = `
    import fs from "node:fs/promises";
    import { syncBuiltinESMExports } from "node:module";
    const read = [];
    const { readFile } = fs;
    fs.readFile = (path, ...rest) => { read.push(String(path).split("/").at(-1)); return readFile(path, ...rest); };
    syncBuiltinESMExports();
    ${program}
    console.log(JSON.stringify(read.filter((name) => name.endsWith(".wasm"))));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", recording]);
  return JSON.parse(stdout);
}
