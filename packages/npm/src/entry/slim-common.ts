/** `fortress-sdk/slim` for `require`, with `/fields/slim` and `/grants/slim` in the same file, as in `node-common.ts`. */

export * from "./slim.js";
export * as fields from "./fields-slim.js";
export * as grants from "./grants-slim.js";
