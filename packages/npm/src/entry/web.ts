/** `fortress-sdk` in browsers, Deno, Bun and bundles: the modules lie beside this file, and the one that suits the engine is fetched. */

import * as api from "../api.js";
import { wholeModule } from "./web-module.js";

const fortress = api.connect({ wasm: wholeModule });

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring, Identity, ShareSet, publicIdentity, scopeIdentity } = fortress;
export type Keyring = api.Keyring;
export type Identity = api.Identity;
export type ShareSet = api.ShareSet;
export * from "./errors.js";
export type * from "../api.js";
