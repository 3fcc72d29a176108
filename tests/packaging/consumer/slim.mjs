// A library's way: the application hands in the module. Node and Deno and Bun.
import { readFile } from "node:fs/promises";
import * as fortress from "fortress-sdk/slim";
import { beforeInit, scenario } from "./scenario.mjs";

const [files] = process.argv.slice(2);
await beforeInit(fortress);
await fortress.init(readFile(new URL(import.meta.resolve("fortress-sdk/fortress.wasm"))));
console.log(JSON.stringify(await scenario(fortress, { files })));
