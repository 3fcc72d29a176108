/** What callers pass, made certain before it is used. */

import { fortressError, invalidArgument } from "./errors.js";
import { viewOf } from "./module/bytes.js";
import type { Data } from "./types.js";

/** The names of all options that a function knows; the compiler keeps it complete. */
export type Known<T> = Readonly<Record<keyof T, true>>;

/**
 * The options that the caller gave, and nothing that all objects inherit: what someone put into `Object.prototype` must
 * not become a recipient. A name that is not known is a slip, which could cost the protection that was asked for.
 */
export function optionsOf<T extends object>(given: T | undefined, known: Known<T>, operation: string): T {
  const options = Object.create(null) as Record<string, unknown>;
  if (given === undefined) return options as T;
  if (!isPlain(given)) throw invalidArgument(operation, "a plain object of options", given);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      throw fortressError("invalid_argument", `${operation}: there is no option ${JSON.stringify(name)}; there are ${Object.keys(known).join(", ")}`, operation);
    }
    options[name] = value;
  }
  return options as T;
}

/**
 * Is it an object literal, of this realm or another one, or an object without a prototype? Others, such as a Map or a
 * promise that was not awaited, have no fields of their own and would pass for an empty one.
 */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

/** One, or a list. */
export function listOf<T>(one: T | readonly T[] | undefined): readonly T[] {
  if (one === undefined) return [];
  return Array.isArray(one) ? (one as readonly T[]) : [one as T];
}

/** An ArrayBuffer as the bytes that it holds; anything else as it is. */
export function unbuffered<T>(data: T, operation: string): Exclude<T, ArrayBuffer> | Uint8Array {
  return data instanceof ArrayBuffer ? (viewOf(data, operation) as Uint8Array) : (data as Exclude<T, ArrayBuffer>);
}

/** What a Blob or an array holds. */
export async function bytesOf(data: Data, operation: string): Promise<Uint8Array> {
  const bytes = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : viewOf(data, operation);
  if (bytes === undefined) throw invalidArgument(operation, "a Uint8Array or a Blob", data);
  return bytes;
}
