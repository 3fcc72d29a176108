/** Server-side runtimes. Each runs a program of the consumer's folder and gives what it printed. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { freePort, listens, startProcess, until } from "@fortress-tests/browsers/processes";

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** Runs `node`; `flags` come before the program. */
export function node(consumer, flags, program, ...args) {
  return run(process.execPath, [...flags, program, ...args], consumer);
}

/** Deno may read the folder and reach the file server, and nothing else. */
export function deno(consumer, program, ...args) {
  return run(binary("deno"), ["run", "--no-prompt", `--allow-read=${consumer.folder}`, "--allow-net=127.0.0.1", program, ...args], consumer, {
    DENO_DIR: join(consumer.folder, "../deno"),
    DENO_NO_UPDATE_CHECK: "1",
  });
}

export function bun(consumer, program, ...args) {
  return run(binary("bun"), ["run", program, ...args], consumer, { BUN_INSTALL_CACHE_DIR: join(consumer.folder, "../bun") });
}

/** Bundles a worker as wrangler does, serves it with workerd and asks it once. */
export async function workerd(consumer, program, query) {
  const folder = join(consumer.folder, `out/${program}`);
  const used = new Set();
  await build({
    absWorkingDir: consumer.folder,
    entryPoints: { worker: program },
    outdir: folder,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    plugins: [compiledModules(folder, used)],
    logLevel: "warning",
  });
  const port = await freePort();
  await writeFile(join(folder, "config.capnp"), configuration(port, used));
  const server = startProcess(binary("workerd"), ["serve", "config.capnp"], { cwd: folder });
  try {
    await until(() => listens(port), { what: "workerd", stopped: server.ended });
    const answer = await fetch(`http://127.0.0.1:${port}/?${query}`);
    const { written, failed } = await answer.json();
    if (failed) throw new Error(`in workerd: ${failed}`);
    return written;
  } catch (error) {
    throw new Error(`${error.message}\n${server.output()}`, { cause: error });
  } finally {
    await server.stop();
  }
}

async function run(command, args, consumer, env = {}) {
  const { stdout } = await execute(command, args, { cwd: consumer.folder, env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 120_000 });
  return JSON.parse(stdout);
}

/** The path of a program that an npm package brings. */
function binary(name) {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === "string" ? bin : bin[name]);
}

/** Leaves `.wasm` imports to the runtime, which compiles them, as wrangler's CompiledWasm rule does. */
function compiledModules(folder, used) {
  return {
    name: "compiled-wasm",
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm$/ }, async ({ path, resolveDir }) => {
        await mkdir(folder, { recursive: true });
        await copyFile(join(resolveDir, path), join(folder, basename(path)));
        used.add(basename(path));
        return { path: `./${basename(path)}`, external: true };
      });
    },
  };
}

function configuration(port, modules) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    ${[...modules].map((name) => `(name = "${name}", wasm = embed "${name}"),`).join("\n    ")}
  ],
  compatibilityDate = "2026-01-01",
);
`;
}
