/** `fortress-sdk/grants` in Node. */

import { readFile } from "node:fs/promises";
import * as api from "../grants.js";
import { wholeModule } from "./node-module.js";

const fortress = api.connectGrants({ whole: wholeModule, signatures: () => readFile(new URL("./signatures.wasm", import.meta.url)) });

export const { init, Grant, SigningKey, verifyingKey } = fortress;
export type Grant = api.Grant;
export type SigningKey = api.SigningKey;
export * from "./errors.js";
export type * from "../grants.js";
