/** Rows and columns: many values under one key derivation, in one crossing. */

import { invalidArgument } from "./errors.js";
import type { KeyringHandle } from "./generated/fortress_wasm.js";
import type { Frame } from "./module/frame.js";
import { decodeUtf8 } from "./module/frame.js";
import type { Handle } from "./module/handle.js";
import type { Bytes, Context, Token } from "./types.js";

/** A row to encrypt: field names and values. */
export type Row = Readonly<Record<string, string | Uint8Array>>;

/** An encrypted row whose header is stored once. */
export interface HoistedRow<K extends string = string> {
  /** The header that all fields share. */
  readonly header: Token;
  readonly fields: Record<K, Token>;
}

/** A row to decrypt, in either layout. */
export type EncryptedRow<K extends string = string> = Readonly<Record<K, string>> | { readonly header: string; readonly fields: Readonly<Record<K, string>> };

type Keyring = Handle<KeyringHandle>;

/** Reads each value of a result out of the frame. */
type ReadValue<T> = (bytes: Uint8Array<ArrayBuffer>, operation: string) => T;

/** A value as bytes of the caller's own. */
export const asBytes: ReadValue<Bytes> = (bytes) => bytes.slice();
/** A value as text. */
export const asText: ReadValue<string> = decodeUtf8;

/** Encrypts a row; with `hoisted`, the header comes first. */
export function encryptRow(keyring: Keyring, row: Row, context: Context | undefined, hoisted: boolean, operation: string): { names: string[]; tokens: Token[] } {
  const names = fieldsOf(row, operation);
  return keyring.run(operation, (raw, frame) => {
    frame.context(context, operation).u32(names.length);
    for (const name of names) frame.string(name, operation).value(row[name] as string | Uint8Array, operation);
    const length = frame.check(raw.encrypt_row(frame.length, hoisted), operation);
    return { names, tokens: readTokens(frame, length, names.length + (hoisted ? 1 : 0)) };
  });
}

/** Decrypts a row of either layout. */
export function decryptRow<T>(keyring: Keyring, row: EncryptedRow, context: Context | undefined, read: ReadValue<T>, operation: string): Record<string, T> {
  const hoisted = isHoisted(row);
  const fields: Readonly<Record<string, string>> = hoisted ? row.fields : (row as Readonly<Record<string, string>>);
  const names = fieldsOf(fields, operation);
  const values = keyring.run(operation, (raw, frame) => {
    frame.context(context, operation).string(hoisted ? row.header : "", operation).u32(names.length);
    for (const name of names) frame.string(name, operation).string(tokenText(fields[name], operation), operation);
    return readValues(frame, frame.check(raw.decrypt_row(frame.length), operation), names.length, read, operation);
  });
  return byName(names, values);
}

/** An object from names and values, whatever the names. */
export function byName<T>(names: readonly string[], values: readonly T[]): Record<string, T> {
  const result: Record<string, T> = {};
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    if (name !== "__proto__") result[name] = values[index] as T;
    else Object.defineProperty(result, name, { value: values[index], enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** Which values of a column share a crossing. */
const BATCH_BYTES = 1 << 19;
const BATCH_VALUES = 1 << 15;

/** What a column's values may be bound to: one context for the column, and one for each value. */
export interface ColumnOptions {
  /** The column's context. */
  readonly context?: Context;
  /** The values' own contexts, in their order; should name the row, or equal columns' values can be exchanged. */
  readonly contexts?: readonly Context[];
}

/** Encrypts a column; `null` stays `null`. */
export function encryptColumn(keyring: Keyring, values: readonly (string | Uint8Array | null)[], options: ColumnOptions, operation: string): (Token | null)[] {
  return inBatches(values, options, operation, (frame, value) => frame.value(value, operation), (frame, count) => {
    const length = frame.check(keyring.get(operation).encrypt_column(frame.length), operation);
    return readTokens(frame, length, count);
  }, keyring);
}

/** Decrypts a column; `null` stays `null`. */
export function decryptColumn<T>(keyring: Keyring, tokens: readonly (string | null)[], options: ColumnOptions, read: ReadValue<T>, operation: string): (T | null)[] {
  return inBatches(tokens, options, operation, (frame, token) => frame.string(tokenText(token, operation), operation), (frame, count) => {
    const length = frame.check(keyring.get(operation).decrypt_column(frame.length), operation);
    return readValues(frame, length, count, read, operation);
  }, keyring);
}

/** Lays out as many values as fit a batch, calls, and goes on with the rest. */
function inBatches<V, R>(
  values: readonly (V | null)[],
  options: ColumnOptions,
  operation: string,
  write: (frame: Frame, value: V) => void,
  call: (frame: Frame, count: number) => R[],
  keyring: Keyring,
): (R | null)[] {
  if (!Array.isArray(values)) throw invalidArgument(operation, "an array of values", values);
  const { context, contexts } = options;
  if (contexts !== undefined && contexts.length !== values.length) {
    throw invalidArgument(operation, `as many contexts as values (${String(values.length)})`, contexts.length);
  }
  const results: (R | null)[] = [];
  while (results.length < values.length) {
    keyring.run(operation, (_, frame) => {
      frame.context(context, operation).u32(contexts === undefined ? 0 : 1);
      const countAt = frame.length;
      frame.u32(0);
      const first = results.length;
      let count = 0;
      let next = first;
      for (; next < values.length && count < BATCH_VALUES && frame.length < BATCH_BYTES; next++) {
        const value = values[next];
        if (value === null) continue;
        if (contexts !== undefined) frame.context(contexts[next], operation);
        write(frame, value as V);
        count += 1;
      }
      frame.patch(countAt, count);
      const batch = call(frame, count);
      let taken = 0;
      for (let index = first; index < next; index++) results.push(values[index] === null ? null : (batch[taken++] as R));
    });
  }
  return results;
}

/** The texts of a result: lengths, then all of them in one string, which is cut. */
function readTokens(frame: Frame, length: number, count: number): Token[] {
  const texts = frame.asciiText(length, 4 * count);
  const tokens = new Array<Token>(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + frame.resultU32(index);
    tokens[index] = texts.slice(at, end) as Token;
    at = end;
  }
  return tokens;
}

/** The values of a result: lengths, then all of them. They are wiped once they are read. */
function readValues<T>(frame: Frame, length: number, count: number, read: ReadValue<T>, operation: string): T[] {
  const view = frame.view(length);
  try {
    const values = new Array<T>(count);
    let at = 4 * count;
    for (let index = 0; index < count; index++) {
      const end = at + frame.resultU32(index);
      values[index] = read(view.subarray(at, end), operation);
      at = end;
    }
    return values;
  } finally {
    frame.wipeResult(length);
  }
}

function fieldsOf(row: unknown, operation: string): string[] {
  if (typeof row !== "object" || row === null || Array.isArray(row)) throw invalidArgument(operation, "an object of fields", row);
  return Object.keys(row);
}

function isHoisted(row: EncryptedRow): row is { header: string; fields: Readonly<Record<string, string>> } {
  return typeof (row as { header?: unknown }).header === "string" && typeof (row as { fields?: unknown }).fields === "object";
}

/** Tokens come from storage: what is not a string is named as such. */
export function tokenText(token: unknown, operation: string): string {
  if (typeof token === "string") return token;
  throw invalidArgument(operation, "a token's text", token);
}
