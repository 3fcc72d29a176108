/** `fortress-sdk` for `require`, with `/fields` and `/grants` in the same file: they work on one another's objects, and CommonJS files share none. */

export * from "./node.js";
export * as fields from "./fields-node.js";
export * as grants from "./grants-node.js";
