/**
 * The WebAssembly instance: made from the compiled module, used by every call, and replaced when it is lost.
 *
 * A trap inside WebAssembly (a panic of the core, memory that cannot grow, a stack that overflowed) leaves an instance in
 * an unknown state. {@link Instance.run} is the one place that sees it: it wipes the instance's memory, keys and all,
 * marks it lost and makes a fresh one from the module that is already compiled. Handles into the lost one throw
 * `instance_lost` from then on.
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
  /** True while a call is under way. A stack that overflows may leave it so, with the call abandoned in the middle. */
  private busy = false;

  constructor(wasm: InitOutput) {
    this.frame = new Frame(wasm);
  }

  /** Runs one call, whatever it throws. */
  run<T>(operation: string, body: (frame: Frame) => T): T {
    if (this.abandoned()) throw stopped("a call was abandoned", operation);
    this.busy = true;
    try {
      const result = body(this.frame.begin());
      this.busy = false;
      return result;
    } catch (error) {
      const failure = this.failure(error, operation);
      this.busy = false;
      throw failure;
    }
  }

  /** Was a call abandoned in the middle? Then the instance is lost. */
  abandoned(): boolean {
    if (this.busy) this.lose();
    return this.busy;
  }

  /** What a call's caller shall see of what it threw. */
  private failure(error: unknown, operation: string): unknown {
    if (error instanceof FortressError || !isTrap(error)) return error;
    this.lose();
    return stopped((error as Error).message, operation, error);
  }

  private lose(): void {
    this.lost = true;
    try {
      this.frame.wipeEverything();
    } catch {
      // Memory that cannot even be viewed holds nothing that can be read.
    }
    try {
      // At once: handles that are collected from now on must not be dropped in memory that is wiped.
      replace();
    } catch {
      // No memory for another one yet; the next call tries again.
    }
  }
}

function stopped(reason: string, operation: string, cause?: unknown): FortressError {
  return fortressError(
    "instance_lost",
    `${operation}: the WebAssembly instance stopped (${reason}); its keyrings are gone from memory. Open them again: the next call uses a fresh instance`,
    operation,
    cause,
  );
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
  const attempt = (loading ??= load(source ?? defaultSource?.()));
  try {
    await attempt;
  } finally {
    if (loading === attempt) loading = undefined;
  }
}

async function load(source: WasmSource | undefined): Promise<void> {
  if (source === undefined) {
    throw fortressError("not_initialised", "fortress-sdk/slim does not bring its WebAssembly module: call `await init(module)` first, with a compiled module, its bytes, a response or a URL", "init");
  }
  const module = await compile(source, "init");
  current = new Instance(initSync({ module }));
  compiled = module;
}

/** The instance for a new call: the current one, or a fresh one in place of a lost one. */
export function instance(operation: string): Instance {
  if (current === undefined) {
    throw fortressError("not_initialised", `${operation}: the WebAssembly module is not loaded yet; call \`await init()\` first`, operation);
  }
  current.abandoned();
  if (current.lost) {
    try {
      replace();
    } catch (cause) {
      throw fortressError("instance_lost", `${operation}: the WebAssembly instance was lost and no new one could be made; free memory, or reload`, operation, cause);
    }
  }
  return current;
}

function replace(): void {
  replaceInstance();
  current = new Instance(initSync({ module: compiled as WebAssembly.Module }));
}

/** Runs one call of the module. `body` gets the instance's frame, ready for its inputs. */
export function run<T>(operation: string, body: (frame: Frame) => T): T {
  return instance(operation).run(operation, body);
}
