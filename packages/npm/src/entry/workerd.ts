/** `fortress-sdk` in workerd and edge runtimes: the module is imported, already compiled. One for all of them: an import is there whether it is used or not. */

import wasm from "./fortress.wasm";
import * as api from "../api.js";

const fortress = api.connect({ wasm: () => wasm });

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring, Identity, ShareSet, publicIdentity, scopeIdentity } = fortress;
export type Keyring = api.Keyring;
export type Identity = api.Identity;
export type ShareSet = api.ShareSet;
export * from "./errors.js";
export type * from "../api.js";
