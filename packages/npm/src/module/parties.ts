/** Recipients and identities: from what callers write to a list in WebAssembly memory. */

import { isPlain, optionsOf, type Known } from "../arguments.js";
import { describe, fortressError, invalidArgument } from "../errors.js";
import { KeyringHandle, Parties, type GrantHandle, type IdentityHandle, type ShareSetHandle } from "../generated/fortress_wasm.js";
import type { Identity } from "../sharing.js";
import type { AnyIdentity, Argon2Options, Keep, Recipient } from "../types.js";
import { carry } from "./carry.js";
import type { Frame } from "./frame.js";
import type { Handle } from "./handle.js";
import { instance, whole, type Instance } from "./instance.js";
import { handleOf, type KeyringHandle as AnyKeyring } from "./keyrings.js";

/** The handles of `Identity` objects. */
export const identityHandles = new WeakMap<object, Handle<IdentityHandle>>();
/** The handles of `Grant` objects. */
export const grantHandles = new WeakMap<object, Handle<GrantHandle>>();
/** The handles of `ShareSet` objects. */
export const shareSetHandles = new WeakMap<object, Handle<ShareSetHandle>>();

/** Lends a keyring to a call of the whole module. One of another module is copied into it for as long as that takes. */
export function withKeyring<T>(keyring: Handle<AnyKeyring>, operation: string, body: (keyring: Handle<KeyringHandle>) => T): T {
  if (keyring.home.module === whole) return body(keyring as Handle<KeyringHandle>);
  const copy = carry(keyring, whole, KeyringHandle, operation);
  try {
    return body(copy);
  } finally {
    copy.free();
  }
}

/** Writes which recipients stay. */
export function writeKeep(frame: Frame, keep: Keep | undefined, operation: string): Frame {
  if (!Array.isArray(keep)) {
    const named = keep === undefined ? 0 : (["none", "others", "all"] as readonly unknown[]).indexOf(keep);
    if (named < 0) throw invalidArgument(operation, 'as `keep` "none", "others", "all" or an array of places', keep);
    return frame.u32(named);
  }
  frame.u32(3).u32(keep.length);
  for (const place of keep as readonly unknown[]) {
    if (typeof place !== "number" || !Number.isInteger(place) || place < 0 || place > 0xffffffff) throw invalidArgument(operation, "whole numbers as the places that `keep` names", place);
    frame.u32(place);
  }
  return frame;
}

/** Builds the list, hands it to `body` for one call, and wipes it. */
export function withParties<T>(parties: readonly (Recipient | AnyIdentity | Answered)[], operation: string, body: (parties: Parties, home: Instance) => T): T {
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

function add(list: Parties, party: Recipient | AnyIdentity | Answered, home: Instance, operation: string): void {
  if (typeof party === "string") {
    home.run(operation, (frame) => {
      frame.check(list.add_public(frame.lastValue(party, operation).length), operation);
    });
    return;
  }
  if (typeof party !== "object" || (party as unknown) === null) throw invalidArgument(operation, EXPECTED, party);
  if (party instanceof Answered) {
    home.run(operation, (frame) => {
      party.add(list, frame, operation);
    });
    return;
  }
  const keyring = handleOf(party);
  if (keyring !== undefined) {
    withKeyring(keyring, operation, (own) => {
      own.run(operation, (raw) => {
        list.add_keyring(raw);
      });
    });
    return;
  }
  const identity = identityHandles.get(party);
  if (identity !== undefined) {
    identity.run(operation, (raw) => {
      list.add_identity(raw);
    });
    return;
  }
  const grant = grantHandles.get(party);
  if (grant !== undefined) {
    grant.run(operation, (raw) => {
      list.add_grant(raw, Date.now() / 1000);
    });
    return;
  }
  if (shareSetHandles.has(party)) {
    addShareSet(list, party, undefined, operation);
    return;
  }
  if (!isPlain(party)) throw invalidArgument(operation, EXPECTED, party);
  if (Object.hasOwn(party, "shares")) addShares(list, party as BySet | ByShares, home, operation);
  else addPassphrase(list, party as ByPassphrase, home, operation);
}

/** A share set with holders, or shares that open. */
function addShares(list: Parties, party: BySet | ByShares, home: Instance, operation: string): void {
  const { shares, holders } = optionsOf<BySet>(party as BySet, BY_SHARES, operation);
  if (!Array.isArray(shares)) {
    addShareSet(list, shares, holders, operation);
    return;
  }
  if (holders !== undefined) throw invalidArgument(operation, "a ShareSet as the `shares` that holders are to get", shares);
  home.run(operation, (frame) => {
    frame.check(list.add_shares(frame.list(texts(shares, "the text of a share", operation), operation).length), operation);
  });
}

function addShareSet(list: Parties, set: object, holders: readonly (string | Identity)[] | undefined, operation: string): void {
  const handle = typeof set === "object" && (set as unknown) !== null ? shareSetHandles.get(set) : undefined;
  if (handle === undefined) throw invalidArgument(operation, "a ShareSet, or an array of the texts of shares, as `shares`", set);
  handle.run(operation, (raw, frame) => frame.check(list.add_share_set(raw, frame.list(texts(holders ?? [], "a public identity", operation), operation).length), operation));
}

function texts(list: readonly unknown[], what: string, operation: string): string[] {
  if (!Array.isArray(list)) throw invalidArgument(operation, `an array, each ${what}`, list);
  return list.map((text: unknown) => {
    // Of an identity, its public part.
    const own = typeof text === "object" && text !== null && identityHandles.has(text) ? (text as Identity).publicIdentity : text;
    if (typeof own !== "string") throw invalidArgument(operation, what, own);
    return own;
  });
}

function addPassphrase(list: Parties, party: ByPassphrase, home: Instance, operation: string): void {
  if (!Object.hasOwn(party, "passphrase")) throw invalidArgument(operation, EXPECTED, party);
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
type BySet = Extract<Recipient, { readonly shares: unknown }>;
type ByShares = Extract<AnyIdentity, { readonly shares: unknown }>;

const EXPECTED = "a Keyring, Identity or Grant of this copy of fortress-sdk, a public identity, { passphrase }, { shares } or an external key";
const BY_SHARES: Known<BySet> = { shares: true, holders: true };

const BY_PASSPHRASE: Known<ByPassphrase> = { passphrase: true, argon2: true };
const ARGON2: Known<Argon2Options> = { passes: true, memoryKiB: true, lanes: true };
