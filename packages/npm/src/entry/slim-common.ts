/** `fortress-sdk/slim` for `require`, and `fortress-sdk/grants/slim` in the same file, as in `node-common.ts`. */

export * from "./slim.js";
export * as grants from "./grants-slim.js";
