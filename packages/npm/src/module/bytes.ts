/** Bytes and text of callers, by the engine's own means: what an object says of itself may be anything. */

import { fortressError, type FortressError } from "../errors.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Any Uint8Array, also from another realm, and nothing that only says that it is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return tagOf(value) === "Uint8Array";
}

/** Bytes of any kind as a Uint8Array over the same memory; `undefined` for anything else. */
export function viewOf(value: unknown, operation: string): Uint8Array | undefined {
  if (isBytes(value)) return value;
  if (!(value instanceof ArrayBuffer)) return undefined;
  try {
    return new Uint8Array(value);
  } catch {
    throw transferred(operation);
  }
}

/** How many there are. Engines that do not tell of a transferred buffer see an empty one. */
export function lengthOf(bytes: Uint8Array, operation: string): number {
  const length = ownLengthOf(bytes) as number;
  if (length === 0 && (bytes.buffer as Partial<ArrayBuffer>).detached === true) throw transferred(operation);
  return length;
}

/** Decodes UTF-8 strictly. */
export function decodeUtf8(bytes: Uint8Array, operation: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw fortressError("invalid_utf8", "the decrypted value is not UTF-8 text; read it as bytes", operation);
  }
}

/** Has it no half of a surrogate pair? Safari before 16.4 has no function for it. */
export function isWellFormed(text: string): boolean {
  return (text as Partial<Pick<string, "isWellFormed">>).isWellFormed?.() ?? !/\p{Surrogate}/u.test(text);
}

function transferred(operation: string): FortressError {
  return fortressError("invalid_argument", `${operation}: the bytes are no longer there: their buffer was transferred`, operation);
}

/** A subclass can have others by the same names. */
const tagOf = getter(Symbol.toStringTag);
const ownLengthOf = getter("length");

function getter(name: PropertyKey): (object: unknown) => unknown {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name) as { get: (this: unknown) => unknown };
  return (object) => Reflect.apply(get, object, []);
}
