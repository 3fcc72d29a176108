/** Keyrings on their way from one module's memory to another's. */

import { Handle } from "./handle.js";
import type { KeyringHandle } from "./keyrings.js";
import type { WasmModule } from "./loaded.js";

/** The class of keyrings in a module. */
export interface Keyrings<T extends KeyringHandle> {
  adopt(length: number): T | undefined;
}

/**
 * Copies a keyring into a module that is loaded. Its keys go from memory to memory, and JavaScript owns no copy of them; what either side wrote for it
 * is wiped.
 */
export function carry<T extends KeyringHandle>(keyring: Handle<KeyringHandle>, to: WasmModule, keyrings: Keyrings<T>, operation: string): Handle<T> {
  const home = to.instance(operation);
  const raw = keyring.run(operation, (from, source) => {
    const length = source.check(from.expose(), operation);
    try {
      return home.run(operation, (target) => keyrings.adopt(target.rest(source.view(length)).length) ?? target.fail(operation));
    } finally {
      source.wipeResult(length);
    }
  });
  return new Handle(home, raw, "keyring");
}
