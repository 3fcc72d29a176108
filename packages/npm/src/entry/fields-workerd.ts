/** `fortress-sdk/fields` in workerd and edge runtimes: the module is imported, already compiled. */

import wasm from "./fields.wasm";
import * as api from "../fields.js";

const fortress = api.connectFields({
  wasm: () => wasm,
  sealed: async () => (await import("./fields-workerd-sealed.js")).sealed,
});

export const { init, inspect, Keyring } = fortress;
export type Keyring = api.Keyring;
export * from "./errors.js";
export type * from "../fields.js";
