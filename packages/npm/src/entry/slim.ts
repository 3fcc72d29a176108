/** `fortress-sdk/slim`: the caller brings the module, by `await init(source)`. For libraries and unusual platforms. */

export { decryptBlob, decryptRange, decryptStream, encryptBlob, encryptStream, Identity, init, inspect, inspectSource, Keyring, openSource, publicIdentity, rewrap, scopeIdentity, ShareSet } from "../api.js";
export * from "./errors.js";
export type * from "../api.js";
