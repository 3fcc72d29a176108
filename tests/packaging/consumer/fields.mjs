// Node (import), Deno and Bun.
import * as fields from "fortress-sdk/fields";
import { fieldsScenario } from "./scenario.mjs";

console.log(JSON.stringify(await fieldsScenario(fields)));
