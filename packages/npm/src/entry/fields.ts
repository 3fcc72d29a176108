/** `fortress-sdk/fields` in browsers, Deno, Bun and bundles. */

import * as api from "../fields.js";
import { bestKind } from "../module/engine.js";

// Written out: bundlers find a file by exactly this expression.
const modules = {
  relaxed: () => new URL("./fields-relaxed.wasm", import.meta.url),
  simd: () => new URL("./fields.wasm", import.meta.url),
  portable: () => new URL("./fields-portable.wasm", import.meta.url),
};

const fortress = api.connectFields({
  wasm: () => modules[bestKind()](),
  sealed: async () => (await import("./fields-sealed.js")).sealed,
});

export const { init, inspect, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "./errors.js";
export type * from "../fields.js";
