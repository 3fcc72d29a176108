/** `fortress-sdk/grants` in workerd and edge runtimes: the modules are imported, already compiled. */

import whole from "./fortress.wasm";
import signatures from "./signatures.wasm";
import * as api from "../grants.js";

const fortress = api.connectGrants({ whole: () => whole, signatures: () => signatures });

export const { init, Grant, SigningKey, verifyingKey } = fortress;
export type Grant = api.Grant;
export type SigningKey = api.SigningKey;
export * from "./errors.js";
export type * from "../grants.js";
