/** Which handle is behind a `Keyring`, of whichever entry. */

import type { KeyringHandle as FieldsHandle } from "../generated/fortress_fields.js";
import type { Handle } from "./handle.js";

/** What every module can do with a keyring. */
export type KeyringHandle = { [K in keyof FieldsHandle]: FieldsHandle[K] };

const keyrings = new WeakMap<object, Handle<KeyringHandle>>();

/** Notes the handle of a new `Keyring`. */
export function registerKeyring(keyring: object, handle: Handle<KeyringHandle>): void {
  keyrings.set(keyring, handle);
}

/** The handle of a `Keyring`; `undefined` for anything else. */
export function handleOf(keyring: object): Handle<KeyringHandle> | undefined {
  return keyrings.get(keyring);
}
