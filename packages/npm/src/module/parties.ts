/** Recipients and identities: from what callers write to a list in WebAssembly memory. */

import { isPlain, optionsOf, type Known } from "../arguments.js";
import { describe, fortressError, invalidArgument } from "../errors.js";
import { Parties, type KeyringHandle } from "../generated/fortress_wasm.js";
import type { Argon2Options, Identity, Recipient } from "../types.js";
import type { Frame } from "./frame.js";
import type { Handle } from "./handle.js";
import { instance, type Instance } from "./instance.js";

const keyrings = new WeakMap<object, Handle<KeyringHandle>>();

/** Lets parties find the handle of a `Keyring`. */
export function registerKeyring(keyring: object, handle: Handle<KeyringHandle>): void {
  keyrings.set(keyring, handle);
}

/** Builds the list, hands it to `body` for one call, and wipes it. */
export function withParties<T>(parties: readonly (Recipient | Identity | Answered)[], operation: string, body: (parties: Parties, home: Instance) => T): T {
  const home = instance(operation);
  const list = home.run(operation, () => new Parties());
  try {
    for (const party of parties) add(list, party, home, operation);
    return body(list, home);
  } finally {
    // A lost instance was wiped whole, and must not be called.
    if (!home.lost) list.free();
  }
}

/** An external key that was asked, with its answer: it stands in the key's place for one call. */
export class Answered {
  constructor(
    private readonly reference: string,
    private readonly wrapped: Uint8Array,
    private readonly associated: Uint8Array,
    /** What it unwrapped, `"refused"` where it did not, nothing where it wrapped. */
    private readonly answer: Uint8Array | "refused" | undefined,
  ) {}

  static failed(reference: string, wrapped: Uint8Array, associated: Uint8Array): Answered {
    return new Answered(reference, wrapped, associated, "refused");
  }

  /** Has it given a file key? */
  get opens(): boolean {
    return typeof this.answer === "object";
  }

  add(list: Parties, frame: Frame, operation: string): void {
    frame.string(this.reference, operation);
    for (const bytes of [this.wrapped, this.associated]) frame.u32(bytes.length).rest(bytes);
    if (this.answer === undefined) frame.check(list.add_wrapped(frame.length), operation);
    else frame.check(list.add_unwrapped(frame.lastValue(this.answer, operation).length, this.answer === "refused"), operation);
  }

  /** Overwrites the file key, which came for this one call. */
  wipe(): void {
    if (typeof this.answer === "object") this.answer.fill(0);
  }
}

function add(list: Parties, party: Recipient | Identity | Answered, home: Instance, operation: string): void {
  if (typeof party !== "object" || (party as unknown) === null) throw invalidArgument(operation, "a Keyring or { passphrase }", party);
  if (party instanceof Answered) {
    home.run(operation, (frame) => {
      party.add(list, frame, operation);
    });
    return;
  }
  const keyring = keyrings.get(party);
  if (keyring !== undefined) {
    keyring.run(operation, (raw) => {
      list.add_keyring(raw);
    });
    return;
  }
  if (!isPlain(party) || !Object.hasOwn(party, "passphrase")) throw invalidArgument(operation, "a Keyring of this copy of fortress-sdk, or { passphrase }", party);
  const { passphrase, argon2 } = optionsOf<ByPassphrase>(party, BY_PASSPHRASE, operation);
  if (typeof (passphrase as unknown) !== "string") throw invalidArgument(operation, "a string as the passphrase", passphrase);
  const costs = argon2 === undefined ? undefined : optionsOf(argon2, ARGON2, operation);
  const numbers = costs && ([u32(costs.passes, operation), u32(costs.memoryKiB, operation), u32(costs.lanes, operation)] as const);
  home.run(operation, (frame) => {
    // The same characters typed on different systems are the same passphrase (spec R-3).
    frame.lastValue(passphrase.normalize("NFC"), operation);
    frame.check(numbers === undefined ? list.add_passphrase(frame.length) : list.add_passphrase_with(frame.length, ...numbers), operation);
  });
}

/** Numbers that do not fit cannot reach the core, which checks the rest. */
function u32(value: unknown, operation: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  const got = typeof value === "number" ? String(value) : describe(value);
  throw fortressError("argon2_limits", `${operation}: Argon2 parameters are whole numbers below 2^32, got ${got}`, operation);
}

type ByPassphrase = Extract<Recipient, { readonly passphrase: string }>;

const BY_PASSPHRASE: Known<ByPassphrase> = { passphrase: true, argon2: true };
const ARGON2: Known<Argon2Options> = { passes: true, memoryKiB: true, lanes: true };
