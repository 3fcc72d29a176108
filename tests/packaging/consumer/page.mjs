// The page of every browser build: the outcome waits for whoever drives the browser.
import * as fortress from "fortress-sdk";
import { scenario } from "./scenario.mjs";

globalThis.outcome = scenario(fortress, { files: new URL("/files/", location.href).href });
