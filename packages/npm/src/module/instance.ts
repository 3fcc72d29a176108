/** The module with everything in it. */

import * as glue from "../generated/fortress_wasm.js";
import type { WasmSource } from "../types.js";
import type { Frame } from "./frame.js";
import { WasmModule, type Instance } from "./loaded.js";

export type { Instance };

export const whole = new WasmModule(glue, { entry: "fortress-sdk/slim", file: "fortress.wasm" });

/** Loads it, once. A failure is forgotten, so that the next call tries again. */
export function init(source?: WasmSource, operation?: string): Promise<void> {
  return whole.init(source, operation);
}

/** Its instance for a new call. */
export function instance(operation: string): Instance {
  return whole.instance(operation);
}

/** Runs one call of it. `body` gets the instance's frame, ready for its inputs. */
export function run<T>(operation: string, body: (frame: Frame) => T): T {
  return whole.run(operation, body);
}
