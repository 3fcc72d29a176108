/** `fortress-sdk` in browsers, Deno, Bun and bundles: the modules lie beside this file, and the one that suits the engine is fetched. */

import * as api from "../api.js";
import { bestKind } from "../module/engine.js";

// Written out: bundlers find a file by exactly this expression.
const modules = {
  relaxed: () => new URL("./fortress-relaxed.wasm", import.meta.url),
  simd: () => new URL("./fortress.wasm", import.meta.url),
  portable: () => new URL("./fortress-portable.wasm", import.meta.url),
};

const fortress = api.connect({ wasm: () => modules[bestKind()]() });

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "../errors.js";
export type * from "../api.js";
