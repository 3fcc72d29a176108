// Node (import), Deno and Bun.
import * as fortress from "fortress-sdk";
import { scenario } from "./scenario.mjs";

const [files] = process.argv.slice(2);
console.log(JSON.stringify(await scenario(fortress, { files })));
