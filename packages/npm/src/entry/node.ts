/** `fortress-sdk` in Node: the module that suits the engine is read from disk, and AES-256-GCM is `node:crypto`'s. */

import { readFile } from "node:fs/promises";
import * as api from "../api.js";
import { bestKind } from "../module/engine.js";
import { nodeKey } from "../stream/node-aes.js";

// Deno and Bun come here too. Their `node:crypto` is a layer of its own, slower than their WebCrypto.
const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);

const modules = { relaxed: "./fortress-relaxed.wasm", simd: "./fortress.wasm", portable: "./fortress-portable.wasm" };

const fortress = api.connect({
  wasm: () => readFile(new URL(modules[bestKind()], import.meta.url)),
  ...(isNode ? { aes: nodeKey } : {}),
});

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "../errors.js";
export type * from "../api.js";
