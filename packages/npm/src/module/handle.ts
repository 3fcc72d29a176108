/** Handles: JavaScript's side of an object that lives in WebAssembly memory. */

import { fortressError } from "../errors.js";
import type { Frame } from "./frame.js";
import type { Instance } from "./loaded.js";

/** What wasm-bindgen generates for each class. */
interface Raw {
  free(): void;
}

/** Owns one object in WebAssembly memory. `free` drops and wipes it there; what is never freed goes when it is collected. */
export class Handle<T extends Raw> {
  private raw: T | undefined;

  constructor(
    readonly home: Instance,
    raw: T,
    private readonly what: string,
  ) {
    this.raw = raw;
  }

  /** The object, for one call of `operation`. */
  get(operation: string): T {
    if (this.home.lost) {
      throw fortressError("instance_lost", `${operation}: the ${this.what} was in a WebAssembly instance that stopped, and is gone from memory; open it again`, operation);
    }
    if (this.raw === undefined) {
      throw fortressError("freed", `${operation}: the ${this.what} was freed and wiped; open it again`, operation);
    }
    return this.raw;
  }

  /** Runs one call on the object. */
  run<R>(operation: string, body: (raw: T, frame: Frame) => R): R {
    const raw = this.get(operation);
    return this.home.run(operation, (frame) => body(raw, frame));
  }

  /** Takes the object out, for a call that consumes it. */
  take(operation: string): T {
    const raw = this.get(operation);
    this.raw = undefined;
    return raw;
  }

  /** Drops and wipes the object. Again, or after its instance was lost, it does nothing. */
  free(): void {
    const raw = this.raw;
    this.raw = undefined;
    if (raw !== undefined) this.home.drop(raw);
  }
}
