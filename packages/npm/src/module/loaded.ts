/**
 * The WebAssembly instance: made from the compiled module, used by every call, and replaced when it is lost.
 *
 * A trap inside WebAssembly (a panic of the core, memory that cannot grow, a stack that overflowed) leaves an instance in
 * an unknown state. {@link Instance.run} is the one place that sees it: it wipes the instance's memory, keys and all,
 * marks it lost and makes a fresh one from the module that is already compiled. Handles into the lost one throw
 * `instance_lost` from then on.
 *
 * What is thrown while JavaScript writes the arguments or reads the result stops nothing: a getter among the arguments may
 * throw what it likes, and may itself call.
 */

import { FortressError, fortressError } from "../errors.js";
import type { WasmSource } from "../types.js";
import { Frame, IDLE, INSIDE, type Exports, type Phase } from "./frame.js";
import { compile } from "./load.js";

export class Instance {
  readonly frame: Frame;
  private wiped = false;
  /** Calls that wait for one in their middle. */
  private suspended = 0;
  /** What was freed in the middle of a call, and is dropped after it. */
  private readonly doomed: { free(): void }[] = [];

  constructor(
    /** The module that it is of. */
    readonly module: WasmModule,
    wasm: Exports,
  ) {
    this.frame = new Frame(wasm);
  }

  /** True once a trap was seen; nothing of this instance is used again. */
  get lost(): boolean {
    return this.frame.lost;
  }

  /** Runs one call, whatever it throws. */
  run<T>(operation: string, body: (frame: Frame) => T): T {
    const { frame } = this;
    if (frame.phase !== IDLE || frame.lost) return this.runAmid(operation, body);
    let result: T;
    try {
      result = body(frame.begin(operation));
      frame.phase = IDLE;
    } catch (error) {
      // Without a call, which could itself find the stack at its end.
      const inside = (frame.phase as Phase) === INSIDE && !(error instanceof FortressError);
      frame.phase = IDLE;
      if (inside) frame.lost = true;
      throw this.failed(error, inside, operation);
    }
    if (this.doomed.length > 0) this.dropDoomed();
    return result;
  }

  /** Drops an object of the module; in the middle of a call, after it. */
  drop(raw: { free(): void }): void {
    if (this.lost) return;
    this.doomed.push(raw);
    if (this.frame.phase === IDLE) this.dropDoomed();
  }

  /** Was a call abandoned in the middle? Then the instance is lost. */
  abandoned(): boolean {
    // A stack at its end may have kept a lost one from being wiped.
    if (this.frame.phase === INSIDE || (this.lost && !this.wiped)) this.lose();
    return this.lost;
  }

  /** A call while another one is under way. */
  private runAmid<T>(operation: string, body: (frame: Frame) => T): T {
    const { frame } = this;
    if (this.abandoned()) throw stopped("a call was abandoned", operation);
    const outer = frame.operation;
    const written = frame.suspend();
    this.suspended += 1;
    try {
      return this.run(operation, body);
    } finally {
      this.suspended -= 1;
      if (!frame.lost) frame.resume(outer, written);
    }
  }

  private dropDoomed(): void {
    if (this.suspended > 0) return;
    for (let raw = this.doomed.pop(); raw !== undefined; raw = this.doomed.pop()) {
      const dropped = raw;
      try {
        this.run("free", () => {
          dropped.free();
        });
      } catch {
        // The instance stopped, and with it everything in it was wiped.
      }
    }
  }

  /** What a call's caller shall see of what it threw. */
  private failed(error: unknown, inside: boolean, operation: string): unknown {
    if (this.lost) this.lose();
    else this.frame.wipe();
    if (this.doomed.length > 0) this.dropDoomed();
    return inside ? stopped(error instanceof Error ? error.message : String(error), operation, error) : error;
  }

  private lose(): void {
    const { frame } = this;
    frame.lost = true;
    frame.phase = IDLE;
    this.doomed.length = 0;
    try {
      frame.wipeEverything();
      this.wiped = true;
    } catch {
      // Memory that cannot even be viewed holds nothing that can be read.
    }
    try {
      // At once: handles that are collected from now on must not be dropped in memory that is wiped.
      this.module.replace(this);
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

/** What wasm-bindgen generates for each set of modules. */
export interface Glue {
  initSync(options: { module: WebAssembly.Module }): Exports;
  /** Forgets the instance, so that another one can take its place. */
  __wbg_reset_state(): void;
}

/** A module of the package: loaded once, by whoever needs it first. */
export class WasmModule {
  private defaultSource: (() => WasmSource) | undefined;
  private compiled: WebAssembly.Module | undefined;
  private loading: Promise<void> | undefined;
  private current: Instance | undefined;

  constructor(
    private readonly glue: Glue,
    /** The entry that does not bring it, and the file that it is called for. */
    private readonly slim: { readonly entry: string; readonly file: string },
  ) {}

  /** Names where it comes from when {@link WasmModule.init} is called without a source. Each platform's entry does, `/slim` does not. */
  setDefaultSource(source: () => WasmSource): void {
    this.defaultSource ??= source;
  }

  /** Loads, compiles and instantiates it, once. A failure is forgotten, so that the next call tries again. */
  async init(source?: WasmSource, operation = "init"): Promise<void> {
    if (this.compiled !== undefined) return;
    const attempt = (this.loading ??= this.load(source ?? this.defaultSource?.(), operation));
    try {
      await attempt;
    } finally {
      if (this.loading === attempt) this.loading = undefined;
    }
  }

  /** The instance for a new call: the current one, or a fresh one in place of a lost one. */
  instance(operation: string): Instance {
    if (this.current === undefined) {
      throw this.defaultSource === undefined ? this.notBrought(operation) : fortressError("not_initialised", `${operation}: the WebAssembly module is not loaded yet; call \`await init()\` first`, operation);
    }
    if (this.current.abandoned()) {
      try {
        this.replace(this.current);
      } catch (cause) {
        throw fortressError("instance_lost", `${operation}: the WebAssembly instance was lost and no new one could be made; free memory, or reload`, operation, cause);
      }
    }
    return this.current;
  }

  /** Runs one call of the module. `body` gets the instance's frame, ready for its inputs. */
  run<T>(operation: string, body: (frame: Frame) => T): T {
    return this.instance(operation).run(operation, body);
  }

  /** Puts a fresh instance in the place of a lost one, unless that has happened. */
  replace(lost: Instance): void {
    if (this.current !== lost) return;
    this.glue.__wbg_reset_state();
    this.current = this.instantiated(this.compiled as WebAssembly.Module);
  }

  private async load(source: WasmSource | undefined, operation: string): Promise<void> {
    if (source === undefined) throw this.notBrought(operation);
    const module = await compile(source, operation);
    this.current = this.instantiated(module);
    this.compiled = module;
  }

  private notBrought(operation: string): FortressError {
    const { entry, file } = this.slim;
    return fortressError("not_initialised", `${operation}: ${entry} does not bring its WebAssembly module, ${file}: call \`await init(module)\` of ${entry} first, with a compiled module, its bytes, a response or a URL`, operation);
  }

  private instantiated(module: WebAssembly.Module): Instance {
    return new Instance(this, this.glue.initSync({ module }));
  }
}
