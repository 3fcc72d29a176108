/** `fortress-sdk/slim`: the caller brings the module, by `await init(source)`. For libraries and unusual platforms. */

export { decryptBlob, decryptRange, decryptStream, encryptBlob, encryptStream, init, inspect, inspectSource, Keyring, openSource, rewrap } from "../api.js";
export * from "../errors.js";
export type * from "../api.js";
