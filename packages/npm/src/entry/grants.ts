/** `fortress-sdk/grants` in browsers, Deno, Bun and bundles. */

import * as api from "../grants.js";
import { wholeModule } from "./web-module.js";

const fortress = api.connectGrants({ whole: wholeModule, signatures: () => new URL("./signatures.wasm", import.meta.url) });

export const { init, Grant, SigningKey, verifyingKey } = fortress;
export type Grant = api.Grant;
export type SigningKey = api.SigningKey;
export * from "./errors.js";
export type * from "../grants.js";
