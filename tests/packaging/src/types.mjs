/** Compiles a consumer's file against the installed package's types. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/**
 * @param {{ folder: string }} consumer
 * @param {string} file
 * @param {{ module: string, moduleResolution: string }} options
 */
export async function compile(consumer, file, options) {
  const project = join(consumer.folder, `tsconfig.${file}.${options.module}.json`);
  const compilerOptions = {
    ...options,
    target: "es2022",
    lib: ["es2022", "dom", "esnext.disposable"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: !file.endsWith(".cts"),
    // The package's own declarations are checked too.
    skipLibCheck: false,
    noEmit: true,
  };
  await writeFile(project, JSON.stringify({ compilerOptions, files: [file] }));
  const manifest = require.resolve("typescript/package.json");
  const tsc = join(dirname(manifest), "bin/tsc");
  await execute(process.execPath, [tsc, "--project", project, "--pretty", "false"], { cwd: consumer.folder }).catch(({ stdout, stderr }) => {
    throw new Error(`${file} does not compile:\n${stdout}${stderr}`);
  });
}
