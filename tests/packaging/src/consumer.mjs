/** A project outside this repository with the packed package installed: what a user has after `npm install`. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = fileURLToPath(new URL("..", import.meta.url));
const packageFolder = join(here, "../../packages/npm");

/**
 * Packs the package and installs it into a new folder beside the programs of `consumer/`.
 *
 * @returns {Promise<{ folder: string, tarball: string, contents: string[], remove(): Promise<void> }>}
 */
export async function installPacked() {
  if (!existsSync(join(packageFolder, "dist/fortress.wasm"))) throw new Error("packages/npm/dist is not there: run `cargo xtask build`");
  const root = await mkdtemp(join(tmpdir(), "fortress-packaging-"));
  const folder = join(root, "consumer");
  await cp(join(here, "consumer"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const { stdout } = await execute("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", root], { cwd: packageFolder });
  const [{ filename, files }] = Object.values(JSON.parse(stdout));
  const tarball = join(root, filename);
  // Offline: the package has no dependencies, and installing it must not need any.
  await execute("npm", ["install", "--offline", "--no-audit", "--no-fund", "--no-package-lock", tarball], { cwd: folder });
  const installed = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."));
  if (installed.join() !== "fortress-sdk") throw new Error(`installed more than the package: ${installed.join(", ")}`);
  return {
    folder,
    tarball,
    contents: files.map(({ path }) => path),
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Writes the files that every other runtime has to read, with the installed package in this Node. */
export async function writeFiles(consumer) {
  const { Keyring } = await import(pathToFileURL(join(consumer.folder, "node_modules/fortress-sdk/dist/node.js")).href);
  const { pattern } = await import(pathToFileURL(join(consumer.folder, "scenario.mjs")).href);
  const files = join(consumer.folder, "files");
  await mkdir(files);
  const expected = {
    passphrase: "written by Node",
    text: "a token from Node",
    context: { file: "report" },
    size: 2_500_000,
    range: { start: 1_234_567, end: 1_300_000 },
  };
  const keyring = await Keyring.generate();
  const sealed = await keyring.seal({ passphrase: expected.passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
  const file = await keyring.encryptBlob(new Blob([pattern(expected.size)]), { context: expected.context });
  await writeFile(join(files, "keyring.sealed"), sealed);
  await writeFile(join(files, "report.ftrs"), new Uint8Array(await file.arrayBuffer()));
  await writeFile(join(files, "expected.json"), JSON.stringify({ ...expected, token: keyring.encrypt(expected.text) }));
  keyring.free();
}

/** Opens in this Node what another runtime wrote. */
export async function readInNode(consumer, written) {
  const fortress = await import(pathToFileURL(join(consumer.folder, "node_modules/fortress-sdk/dist/node.js")).href);
  const { read } = await import(pathToFileURL(join(consumer.folder, "scenario.mjs")).href);
  await read(fortress, written);
}
