/**
 * The WebAssembly instance: made from the compiled module, used by every call, and replaced when it is lost.
 *
 * A trap inside WebAssembly (a panic of the core, memory that cannot grow, a stack that overflowed) leaves an instance in
 * an unknown state. {@link Instance.failure} is the one place that sees it: it wipes the instance's memory, keys and all,
 * and marks it lost. Handles into it throw `instance_lost` from then on; the next call gets a fresh instance from the
 * module that is already compiled.
 */

import { FortressError, fortressError } from "../errors.js";
import { __wbg_reset_state as replaceInstance, initSync, type InitOutput } from "../generated/fortress_wasm.js";
import type { WasmSource } from "../types.js";
import { Frame } from "./frame.js";
import { compile } from "./load.js";

export class Instance {
  /** True once a trap was seen; nothing of this instance is used again. */
  lost = false;
  readonly frame: Frame;

  constructor(wasm: InitOutput) {
    this.frame = new Frame(wasm);
  }

  /** What a call's caller shall see of what it threw. */
  failure(error: unknown, operation: string): unknown {
    if (error instanceof FortressError || !isTrap(error)) return error;
    this.lost = true;
    try {
      this.frame.wipeEverything();
    } catch {
      // Memory that cannot even be viewed holds nothing that can be read.
    }
    return fortressError(
      "instance_lost",
      `${operation}: the WebAssembly instance stopped (${(error as Error).message}); its keyrings are gone from memory. Open them again: the next call uses a fresh instance`,
      operation,
      error,
    );
  }
}

/** A trap, or a stack that overflowed (a RangeError; an InternalError in Firefox), possibly halfway through a call. */
function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError || (error instanceof Error && error.name === "InternalError");
}

let defaultSource: (() => WasmSource) | undefined;
let compiled: WebAssembly.Module | undefined;
let loading: Promise<void> | undefined;
let current: Instance | undefined;

/** Names where the module comes from when `init` is called without a source. Each platform's entry does, `/slim` does not. */
export function setDefaultSource(source: () => WasmSource): void {
  defaultSource ??= source;
}

/** Loads, compiles and instantiates the module, once. A failure is forgotten, so that the next call tries again. */
export async function init(source?: WasmSource): Promise<void> {
  if (compiled !== undefined) return;
  const from = source ?? defaultSource?.();
  if (loading === undefined && from === undefined) {
    throw fortressError("not_initialised", "fortress-sdk/slim does not bring its WebAssembly module: call `await init(module)` first, with a compiled module, its bytes, a response or a URL", "init");
  }
  loading ??= load(from as WasmSource);
  await loading;
}

async function load(source: WasmSource): Promise<void> {
  try {
    const module = await compile(source, "init");
    current = new Instance(initSync({ module }));
    compiled = module;
  } finally {
    loading = undefined;
  }
}

/** The instance for a new call: the current one, or a fresh one in place of a lost one. */
export function instance(operation: string): Instance {
  if (current === undefined) {
    throw fortressError("not_initialised", `${operation}: the WebAssembly module is not loaded yet; call \`await init()\` first`, operation);
  }
  if (current.lost) {
    try {
      replaceInstance();
      current = new Instance(initSync({ module: compiled as WebAssembly.Module }));
    } catch (cause) {
      throw fortressError("instance_lost", `${operation}: the WebAssembly instance was lost and no new one could be made; free memory, or reload`, operation, cause);
    }
  }
  return current;
}

/** Runs one call of the module, whatever it throws. `body` gets the instance's frame, ready for its inputs. */
export function run<T>(operation: string, body: (frame: Frame) => T): T {
  return runIn(instance(operation), operation, body);
}

/** As {@link run}, in the instance that a handle lives in. */
export function runIn<T>(home: Instance, operation: string, body: (frame: Frame) => T): T {
  try {
    return body(home.frame.begin());
  } catch (error) {
    throw home.failure(error, operation);
  }
}
