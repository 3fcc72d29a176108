import * as fortress from "fortress-sdk";
import * as grants from "fortress-sdk/grants";
import { grantsScenario } from "./scenario.mjs";

globalThis.outcome = grantsScenario(fortress, grants, () => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".wasm")).length);
