import * as fields from "fortress-sdk/fields";
import { fieldsScenario } from "./scenario.mjs";

globalThis.outcome = fieldsScenario(fields, () => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".wasm")).length);
