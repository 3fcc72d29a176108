/** `fortress-sdk` in workerd and edge runtimes: the module is imported, already compiled. */

import wasm from "./fortress.wasm";
import * as api from "../api.js";

const fortress = api.connect({ wasm: () => wasm });

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "../errors.js";
export type * from "../api.js";
