/** `fortress-sdk/fields` in Node. */

import { readFile } from "node:fs/promises";
import * as api from "../fields.js";
import { bestKind } from "../module/engine.js";

const modules = { relaxed: "./fields-relaxed.wasm", simd: "./fields.wasm", portable: "./fields-portable.wasm" };

const fortress = api.connectFields({
  wasm: () => readFile(new URL(modules[bestKind()], import.meta.url)),
  sealed: async () => (await import("./fields-node-sealed.js")).sealed,
});

export const { init, inspect, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "./errors.js";
export type * from "../fields.js";
