/** Where a browser finds the whole module. */

import { bestKind } from "../module/engine.js";

// Written out: bundlers find a file by exactly this expression.
const modules = {
  relaxed: () => new URL("./fortress-relaxed.wasm", import.meta.url),
  simd: () => new URL("./fortress.wasm", import.meta.url),
  portable: () => new URL("./fortress-portable.wasm", import.meta.url),
};

/** The address of the one that suits the engine. */
export function wholeModule(): URL {
  return modules[bestKind()]();
}
