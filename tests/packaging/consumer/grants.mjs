// Node (import), Deno and Bun.
import * as fortress from "fortress-sdk";
import * as grants from "fortress-sdk/grants";
import { grantsScenario } from "./scenario.mjs";

console.log(JSON.stringify(await grantsScenario(fortress, grants)));
