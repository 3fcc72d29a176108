// Runs TypeScript 7. The package named "typescript" is version 6, which typescript-eslint needs to read types.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs the compiler with these arguments in the package's folder; returns its exit status. */
export function tsc(args) {
  const manifest = createRequire(import.meta.url).resolve("typescript-7/package.json");
  return spawnSync(process.execPath, [join(dirname(manifest), "bin/tsc"), ...args], { cwd: root, stdio: "inherit" }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = tsc(process.argv.slice(2));
