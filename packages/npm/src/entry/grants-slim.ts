/** `fortress-sdk/grants/slim`: the caller brings the module, and that of `fortress-sdk/slim` besides. */

export { Grant, init, SigningKey, verifyingKey } from "../grants.js";
export * from "./errors.js";
export type * from "../grants.js";
