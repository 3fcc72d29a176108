/** Rows and columns: many values under one key derivation, in one crossing. */

import { invalidArgument } from "./errors.js";
import type { KeyringHandle } from "./generated/fortress_wasm.js";
import { decodeUtf8, type Frame } from "./module/frame.js";
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

/** The same as it comes from storage. */
export interface StoredHoistedRow<K extends string = string> {
  readonly header: string;
  readonly fields: Readonly<Record<K, string>>;
}

/** A row to decrypt, in either layout. */
export type EncryptedRow<K extends string = string> = Readonly<Record<K, string>> | StoredHoistedRow<K>;

type Keyring = Handle<KeyringHandle>;

/** Cuts the values of a result, which stand one after the other, at these ends. */
type ReadValues<T> = (bytes: Bytes, ends: readonly number[], operation: string) => T[];

/** The values as bytes of the caller's own. */
export const asBytes: ReadValues<Bytes> = (bytes, ends) => ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));

/** The values as text. ASCII is decoded once and cut. */
export const asText: ReadValues<string> = (bytes, ends, operation) => {
  const all = ascii.decode(bytes);
  // In other text a character has more bytes than units; undecodable bytes become one unit that has three bytes.
  if (all.length === bytes.length && !all.includes("\ufffd")) return ends.map((end, index) => all.slice(ends[index - 1] ?? 0, end));
  return ends.map((end, index) => decodeUtf8(bytes.subarray(ends[index - 1] ?? 0, end), operation));
};

const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

/** Encrypts a row; with `hoisted`, the header comes first. */
export function encryptRow(keyring: Keyring, row: Row, context: Context | undefined, hoisted: boolean, operation: string): { names: string[]; tokens: Token[] } {
  const names = fieldsOf(row, operation);
  return keyring.run(operation, (raw, frame) => {
    frame.context(context, operation).list(names, operation).list(Object.values(row), operation);
    const length = frame.check(raw.encrypt_row(frame.length, hoisted), operation);
    return { names, tokens: readTokens(frame, length, names.length + (hoisted ? 1 : 0)) };
  });
}

/** Decrypts a row of either layout. */
export function decryptRow<T>(keyring: Keyring, row: EncryptedRow, context: Context | undefined, read: ReadValues<T>, operation: string): Record<string, T> {
  const hoisted = isHoisted(row);
  const fields: Readonly<Record<string, string>> = hoisted ? row.fields : (row);
  const names = fieldsOf(fields, operation);
  const values = keyring.run(operation, (raw, frame) => {
    const tokens = Object.values(fields);
    for (const token of tokens) tokenText(token, operation);
    frame.context(context, operation).u32(hoisted ? 1 : 0).string(hoisted ? row.header : "", operation).list(names, operation).list(tokens, operation);
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
  /** To decrypt hoisted members: the header that they share. */
  readonly header?: string;
  /** The values' own contexts, in their order; should name the row, or equal columns' values can be exchanged. */
  readonly contexts?: readonly Context[];
}

/** Encrypts a column; `null` stays `null`. */
export function encryptColumn(keyring: Keyring, values: readonly (string | Uint8Array | null)[], options: ColumnOptions, operation: string): (Token | null)[] {
  return inBatches(values, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      writeBatch(frame.context(options.context, operation), batch, contexts, operation);
      return readTokens(frame, frame.check(raw.encrypt_column(frame.length), operation), batch.length);
    }),
  );
}

/** Decrypts a column; `null` stays `null`. */
export function decryptColumn<T>(keyring: Keyring, tokens: readonly (string | null)[], options: ColumnOptions, read: ReadValues<T>, operation: string): (T | null)[] {
  return inBatches(tokens, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      for (const token of batch) tokenText(token, operation);
      const { context, header } = options;
      frame.context(context, operation).u32(header === undefined ? 0 : 1).string(header ?? "", operation);
      writeBatch(frame, batch, contexts, operation);
      return readValues(frame, frame.check(raw.decrypt_column(frame.length), operation), batch.length, read, operation);
    }),
  );
}

function writeBatch(frame: Frame, batch: readonly (string | Uint8Array)[], contexts: readonly (Context | undefined)[] | undefined, operation: string): void {
  frame.list(batch, operation).u32(contexts === undefined ? 0 : 1);
  for (const own of contexts ?? []) frame.context(own, operation);
}

/** Gathers as many values as fit a crossing, makes it, and goes on with the rest. */
function inBatches<V extends string | Uint8Array, R>(
  values: readonly (V | null)[],
  { contexts }: ColumnOptions,
  operation: string,
  cross: (batch: V[], contexts: Context[] | undefined) => R[],
): (R | null)[] {
  if (!Array.isArray(values)) throw invalidArgument(operation, "an array of values", values);
  if (contexts !== undefined && contexts.length !== values.length) {
    throw invalidArgument(operation, `as many contexts as values (${String(values.length)})`, contexts.length);
  }
  const results = new Array<R | null>(values.length);
  for (let next = 0; next < values.length; ) {
    const places: number[] = [];
    const batch: V[] = [];
    for (let bytes = 0; next < values.length && batch.length < BATCH_VALUES && bytes < BATCH_BYTES; next++) {
      const value = values[next] as V | null;
      results[next] = null;
      if (value === null) continue;
      places.push(next);
      batch.push(value);
      // What is not a value is refused when it is written.
      bytes += value?.length ?? 0;
    }
    const crossed = cross(batch, contexts === undefined ? undefined : places.map((place) => contexts[place] as Context));
    for (let index = 0; index < places.length; index++) results[places[index] as number] = crossed[index] as R;
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
function readValues<T>(frame: Frame, length: number, count: number, read: ReadValues<T>, operation: string): T[] {
  const ends = new Array<number>(count);
  let end = 0;
  for (let index = 0; index < count; index++) ends[index] = end += frame.resultU32(index);
  try {
    return read(frame.view(length).subarray(4 * count), ends, operation);
  } finally {
    frame.wipeResult(length);
  }
}

function fieldsOf(row: unknown, operation: string): string[] {
  if (typeof row !== "object" || row === null || Array.isArray(row)) throw invalidArgument(operation, "an object of fields", row);
  return Object.keys(row);
}

function isHoisted(row: EncryptedRow): row is StoredHoistedRow {
  return typeof (row as { header?: unknown }).header === "string" && typeof (row as { fields?: unknown }).fields === "object";
}

/** Tokens come from storage: what is not a string is named as such. */
export function tokenText(token: unknown, operation: string): string {
  if (typeof token === "string") return token;
  throw invalidArgument(operation, "a token's text", token);
}
