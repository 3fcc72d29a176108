/** `fortress-sdk` in browsers, Deno, Bun and bundles: the module lies beside this file. */

import * as api from "../api.js";

const fortress = api.connect({ wasm: () => new URL("./fortress.wasm", import.meta.url) });

export const { init, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "../errors.js";
export type * from "../api.js";
