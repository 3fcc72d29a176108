/** What the package's modules weigh on the wire: with brotli as servers send it, at its best. */
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";

const folder = dirname(createRequire(import.meta.url).resolve("fortress-sdk/fortress.wasm"));

/** @returns {Promise<{ workload: string, name: string, perUnit: number }[]>} bytes of each */
export async function sizes({ only = "" } = {}) {
  if (!"size".includes(only)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(".wasm")).sort();
  return Promise.all(names.map(async (name) => {
    const { length } = await promisify(brotliCompress)(await readFile(join(folder, name)));
    return { workload: "size", name, perUnit: length };
  }));
}
