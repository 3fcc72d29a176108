/** `fortress-sdk` in Node: the module that suits the engine is read from disk, and AES-256-GCM is `node:crypto`'s. */

import * as api from "../api.js";
import { nodeKey } from "../stream/node-aes.js";
import { wholeModule } from "./node-module.js";

// Deno and Bun come here too. Their `node:crypto` is a layer of its own, slower than their WebCrypto.
const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);

const fortress = api.connect({
  wasm: wholeModule,
  ...(isNode ? { aes: nodeKey } : {}),
});

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring, Identity, ShareSet, publicIdentity, scopeIdentity } = fortress;
export type Keyring = api.Keyring;
export type Identity = api.Identity;
export type ShareSet = api.ShareSet;
export * from "./errors.js";
export type * from "../api.js";
