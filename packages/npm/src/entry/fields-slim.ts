/** `fortress-sdk/fields/slim`: the caller brings the module, and that of `fortress-sdk/slim` where keyrings are opened and sealed. */

import * as api from "../fields.js";

const fortress = api.connectFields({ sealed: async () => (await import("../sealed.js")).connectSealed() });

export const { init, inspect, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "./errors.js";
export type * from "../fields.js";
