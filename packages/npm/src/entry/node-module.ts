/** Where Node finds the whole module. */

import { readFile } from "node:fs/promises";
import { bestKind } from "../module/engine.js";

const modules = { relaxed: "./fortress-relaxed.wasm", simd: "./fortress.wasm", portable: "./fortress-portable.wasm" };

/** The bytes of the one that suits the engine. */
export function wholeModule(): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL(modules[bestKind()], import.meta.url));
}
