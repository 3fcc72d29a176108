/** Rows and columns: many values under one key derivation, in one crossing. */

import { isPlain } from "./arguments.js";
import { fortressError, FortressError, invalidArgument, valuesFailed, type Failure } from "./errors.js";
import type { HoistedColumn as HoistedColumnHandle } from "./generated/fortress_fields.js";
import { encode, encodedLength, hostEncodes } from "./module/base64.js";
import { decodeUtf8, viewOf } from "./module/bytes.js";
import type { Frame } from "./module/frame.js";
import { Handle } from "./module/handle.js";
import type { KeyringHandle } from "./module/keyrings.js";
import type { Bytes, Context, Token, Value } from "./types.js";

/** A row to encrypt: field names and values. */
export type Row = Readonly<Record<string, Value>>;

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

/** An encrypted column whose header is stored once. */
export interface HoistedColumn {
  /** The header that all values share. */
  readonly header: Token;
  readonly values: (Token | null)[];
}

/** What a column's values are bound to: one context for the column, and one for each value. */
export interface ColumnOptions<C = Context, V = Context> {
  /** The column's context. */
  readonly context?: C;
  /** The values' own contexts, in their order; should name the row, or equal columns' values can be exchanged. */
  readonly contexts?: readonly V[];
}

/** The same for a column that is stored. */
export interface StoredColumnOptions<C = Context, V = Context> extends ColumnOptions<C, V> {
  /** Of a column whose header is stored once: the header. */
  readonly header?: string;
}

type Keyring = Handle<KeyringHandle>;

/** Cuts the values of a result, which stand one after the other, at these ends. Notes those that it cannot read. */
type ReadValues<T> = (bytes: Bytes, ends: readonly number[], operation: string, failures: Failure[]) => T[];

/** The values as bytes of the caller's own. */
export const asBytes: ReadValues<Bytes> = (bytes, ends) => ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));

/** The values as text. */
export const asText: ReadValues<string> = (bytes, ends, operation, failures) =>
  cutText(bytes, ends, (index) => {
    try {
      return decodeUtf8(bytes.subarray(ends[index - 1] ?? 0, ends[index]), operation);
    } catch (error) {
      failures.push(failureOf(index, error));
      return "";
    }
  });

/** Encrypts a row; with `hoisted`, the header comes first. */
export function encryptRow(keyring: Keyring, row: Row, context: object | undefined, hoisted: boolean, operation: string): { names: string[]; tokens: Token[] } {
  const [names, values] = fieldsOf(row, operation);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== "string" && viewOf(value, operation) === undefined) throw invalidArgument(operation, `a string or a Uint8Array as the field ${JSON.stringify(names[index])}`, value);
  }
  return naming(names, operation, () =>
    keyring.run(operation, (raw, frame) => {
      frame.context(context, operation).names(names, operation).list(values as Value[], operation);
      const length = frame.check(raw.encrypt_row(frame.length, hoisted), operation);
      return { names, tokens: readTokens(frame, length, names.length + (hoisted ? 1 : 0)) };
    }),
  );
}

/** Decrypts a row of either layout. */
export function decryptRow<T>(keyring: Keyring, row: EncryptedRow, context: object | undefined, read: ReadValues<T>, operation: string): Record<string, T> {
  const stored = storedRow(row, operation);
  const { names } = stored;
  const values = naming(names, operation, () =>
    keyring.run(operation, (raw, frame) => {
      writeRow(frame, stored, context, operation);
      return readValues(frame, frame.check(raw.decrypt_row(frame.length), operation), names.length, read, operation);
    }),
  );
  return byName(names, values);
}

/** Encrypts a row anew, in the layout that it has. */
export function reencryptRow(keyring: Keyring, row: EncryptedRow, context: object | undefined, operation: string): Record<string, Token> | HoistedRow {
  const stored = storedRow(row, operation);
  const { names, header } = stored;
  const tokens = naming(names, operation, () =>
    keyring.run(operation, (raw, frame) => {
      writeRow(frame, stored, context, operation);
      return readTokens(frame, frame.check(raw.reencrypt_row(frame.length), operation), names.length + (header === undefined ? 0 : 1));
    }),
  );
  return header === undefined ? byName(names, tokens) : { header: tokens.shift() as Token, fields: byName(names, tokens) };
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

/** Encrypts a column; `null` stays `null`. */
export function encryptColumn(keyring: Keyring, values: readonly (Value | null)[], options: ColumnOptions<object, object>, operation: string): (Token | null)[] {
  return inBatches(values, valueLength, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      writeBatch(frame.context(options.context, operation), batch, contexts, operation);
      return readTokens(frame, frame.check(raw.encrypt_column(frame.length), operation), batch.length);
    }),
  );
}

/** Encrypts a column, with its header once. */
export function encryptColumnHoisted(keyring: Keyring, values: readonly (Value | null)[], options: ColumnOptions<object, object>, operation: string): HoistedColumn {
  return hoistedColumn(keyring, options, operation, (column) =>
    inBatches(values, valueLength, options, operation, (batch, contexts) =>
      column.run(operation, (raw, frame) => {
        writeBatch(frame, batch, contexts, operation);
        return readTokens(frame, frame.check(raw.encrypt(frame.length), operation), batch.length);
      }),
    ),
  );
}

/** Decrypts a column; `null` stays `null`. */
export function decryptColumn<T>(keyring: Keyring, tokens: readonly (string | null)[], options: StoredColumnOptions<object, object>, read: ReadValues<T>, operation: string): (T | null)[] {
  return inBatches(tokens, tokenLength, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      writeStored(frame, batch, contexts, options, operation);
      return readValues(frame, frame.check(raw.decrypt_column(frame.length), operation), batch.length, read, operation);
    }),
  );
}

/** Encrypts a column anew; with a header, as one whose header is stored once. */
export function reencryptColumn(keyring: Keyring, tokens: readonly (string | null)[], options: StoredColumnOptions<object, object>, operation: string): (Token | null)[] | HoistedColumn {
  if (options.header === undefined) {
    return inBatches(tokens, tokenLength, options, operation, (batch, contexts) =>
      keyring.run(operation, (raw, frame) => {
        writeStored(frame, batch, contexts, options, operation);
        return readTokens(frame, frame.check(raw.reencrypt_column(frame.length), operation), batch.length);
      }),
    );
  }
  return hoistedColumn(keyring, options, operation, (column) =>
    inBatches(tokens, tokenLength, options, operation, (batch, contexts) =>
      column.run(operation, (raw, frame) => {
        writeStored(frame, batch, contexts, options, operation);
        return readTokens(frame, frame.check(raw.reencrypt(keyring.get(operation), frame.length), operation), batch.length);
      }),
    ),
  );
}

/** Encrypts values by themselves. */
export function encryptAll(keyring: Keyring, values: readonly (Value | null)[], options: ColumnOptions<object, object>, operation: string): (Token | null)[] {
  return inBatches(values, valueLength, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      writeBatch(frame, batch, contexts, operation);
      return readTokens(frame, frame.check(raw.encrypt_all(frame.length), operation), batch.length);
    }),
  );
}

/** Decrypts tokens that were encrypted by themselves. */
export function decryptAll<T>(keyring: Keyring, tokens: readonly (string | null)[], options: ColumnOptions<object, object>, read: ReadValues<T>, operation: string): (T | null)[] {
  return inBatches(tokens, tokenLength, options, operation, (batch, contexts) =>
    keyring.run(operation, (raw, frame) => {
      writeContexts(frame.tokens(batch, operation), contexts, operation);
      return readValues(frame, frame.check(raw.decrypt_all(frame.length), operation), batch.length, read, operation);
    }),
  );
}

/** A token's text, or its bytes. */
export function storedToken(token: unknown, operation: string): string | Uint8Array {
  const given = typeof token === "string" ? token : viewOf(token, operation);
  if (given !== undefined) return given;
  throw invalidArgument(operation, "a token: its text, or its bytes as a Uint8Array", token);
}

/** Where a result is to go. */
export function destinationOf(destination: unknown, operation: string): Uint8Array {
  const bytes = viewOf(destination, operation);
  if (bytes !== undefined) return bytes;
  throw invalidArgument(operation, "a Uint8Array as the destination", destination);
}

function hoistedColumn(keyring: Keyring, { context }: ColumnOptions<object, object>, operation: string, write: (column: Handle<HoistedColumnHandle>) => (Token | null)[]): HoistedColumn {
  const raw = keyring.run(operation, (handle, frame) => handle.hoisted_column(frame.context(context, operation).length) ?? frame.fail(operation));
  const column = new Handle(keyring.home, raw, "column");
  try {
    const values = write(column);
    const header = column.run(operation, (handle, frame) => frame.tokenText(frame.check(handle.header(), operation)) as Token);
    return { header, values };
  } finally {
    column.free();
  }
}

function writeRow(frame: Frame, { names, tokens, header }: StoredRow, context: object | undefined, operation: string): void {
  frame.context(context, operation).u32(header === undefined ? 0 : 1).string(header ?? "", operation).names(names, operation).tokens(tokens, operation);
}

function writeStored(frame: Frame, batch: readonly string[], contexts: readonly object[] | undefined, { context, header }: StoredColumnOptions<object, object>, operation: string): void {
  frame.context(context, operation).u32(header === undefined ? 0 : 1).string(header ?? "", operation);
  writeContexts(frame.tokens(batch, operation), contexts, operation);
}

function writeBatch(frame: Frame, batch: readonly Value[], contexts: readonly object[] | undefined, operation: string): void {
  writeContexts(frame.list(batch, operation), contexts, operation);
}

function writeContexts(frame: Frame, contexts: readonly object[] | undefined, operation: string): void {
  frame.u32(contexts === undefined ? 0 : 1);
  for (const own of contexts ?? []) frame.context(own, operation);
}

/** Which values of a column share a crossing. */
const BATCH_BYTES = 1 << 19;
const BATCH_VALUES = 1 << 15;

/** Gathers as many values as fit a crossing, makes it, and goes on with the rest. What fails is told together, at the end. */
function inBatches<V extends Value, R>(
  values: readonly (V | null)[],
  lengthOf: (value: V, position: number, operation: string) => number,
  { contexts }: ColumnOptions<object, object>,
  operation: string,
  cross: (batch: V[], contexts: object[] | undefined) => R[],
): (R | null)[] {
  if (!Array.isArray(values)) throw invalidArgument(operation, "an array of values", values);
  checkContexts(values, contexts, operation);
  const results = new Array<R | null>(values.length);
  const failures: Failure[] = [];
  for (let next = 0; next < values.length; ) {
    const places: number[] = [];
    const batch: V[] = [];
    for (let bytes = 0; next < values.length && batch.length < BATCH_VALUES && bytes < BATCH_BYTES; next++) {
      const value = values[next] as V | null;
      results[next] = null;
      if (value === null) continue;
      places.push(next);
      batch.push(value);
      bytes += lengthOf(value, next, operation);
    }
    try {
      const crossed = cross(batch, contexts === undefined ? undefined : places.map((place) => contexts[place] as object));
      for (let index = 0; index < places.length; index++) results[places[index] as number] = crossed[index] as R;
    } catch (error) {
      if (!(error instanceof FortressError) || error.failures === undefined) throw error;
      for (const failure of error.failures) failures.push({ ...failure, position: places[failure.position] as number });
    }
  }
  if (failures.length > 0) throw valuesFailed(failures, operation);
  return results;
}

function checkContexts(values: readonly unknown[], contexts: readonly object[] | undefined, operation: string): void {
  if (contexts === undefined) return;
  if (!Array.isArray(contexts)) throw invalidArgument(operation, "an array of contexts", contexts);
  if (contexts.length !== values.length) {
    throw fortressError("invalid_argument", `${operation}: expected as many contexts as values, ${String(values.length)}, got ${String(contexts.length)}`, operation);
  }
  for (let position = 0; position < values.length; position++) {
    const own: unknown = contexts[position];
    if (values[position] !== null && !isPlain(own)) throw invalidArgument(operation, `a plain object of strings as the context of value ${String(position)}`, own);
  }
}

function valueLength(value: unknown, position: number, operation: string): number {
  if (typeof value === "string") return value.length;
  const bytes = viewOf(value, operation);
  if (bytes === undefined) throw invalidArgument(operation, `a string, a Uint8Array or null as value ${String(position)}`, value);
  return bytes.length;
}

function tokenLength(token: unknown, position: number, operation: string): number {
  if (typeof token === "string") return token.length;
  throw invalidArgument(operation, `a token's text or null as value ${String(position)}`, token);
}

/** The tokens of a result: lengths, then all of them; where the engine writes their text, each at a multiple of three bytes. */
function readTokens(frame: Frame, length: number, count: number): Token[] {
  const { bytes, ends } = cuts(frame, length, count, hostEncodes ? filled : whole);
  return (hostEncodes ? cutTokens(bytes, ends, frame) : cutText(bytes, ends)) as Token[];
}

/** The texts of tokens, several by one call. */
function cutTokens(bytes: Bytes, ends: readonly number[], frame: Frame): string[] {
  const texts = new Array<string>(ends.length);
  let start = 0;
  for (let first = 0; first < ends.length; ) {
    const last = lastTogether(ends, first, start, DECODED_BYTES);
    const end = ends[last] as number;
    const text = encode(bytes.subarray(start, end));
    let at = 0;
    for (; first <= last; first += 1) {
      texts[first] = text.slice(at, at + encodedLength(frame.resultU32(first)));
      at = (((ends[first] as number) - start) / 3) * 4;
    }
    start = end;
  }
  return texts;
}

/** The values of a result: lengths, then all of them. They are wiped once they are read. */
function readValues<T>(frame: Frame, length: number, count: number, read: ReadValues<T>, operation: string): T[] {
  const { bytes, ends } = cuts(frame, length, count, whole);
  const failures: Failure[] = [];
  try {
    const values = read(bytes, ends, operation, failures);
    if (failures.length > 0) throw valuesFailed(failures, operation);
    return values;
  } finally {
    frame.wipeResult(length);
  }
}

function cuts(frame: Frame, length: number, count: number, taken: (length: number) => number): { bytes: Bytes; ends: number[] } {
  const ends = new Array<number>(count);
  let end = 0;
  for (let index = 0; index < count; index++) ends[index] = end += taken(frame.resultU32(index));
  return { bytes: frame.view(length).subarray(4 * count), ends };
}

const whole = (length: number): number => length;
const filled = (length: number): number => Math.ceil(length / 3) * 3;

const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes that are decoded together and cut. A piece keeps the whole text in memory in some engines: no more than this of
 * what the caller has let go.
 */
const DECODED = 2048;
const DECODED_BYTES = (DECODED / 4) * 3;

/** The last of the pieces from `first` on, which begins at `start`, that are read together. */
function lastTogether(ends: readonly number[], first: number, start: number, most: number): number {
  let last = first;
  while (last + 1 < ends.length && (ends[last + 1] as number) - start <= most) last += 1;
  return last;
}

/** Cuts text at these ends. Where it is not ASCII, `decode` gives the piece of an index; without it, it is. */
function cutText(bytes: Bytes, ends: readonly number[], decode?: (index: number) => string): string[] {
  const pieces = new Array<string>(ends.length);
  let start = 0;
  for (let first = 0; first < ends.length; ) {
    const last = lastTogether(ends, first, start, DECODED);
    const end = ends[last] as number;
    const text = ascii.decode(bytes.subarray(start, end));
    // In other text a character has more bytes than units; undecodable bytes become one unit that has three bytes.
    const isAscii = decode === undefined || (text.length === end - start && !text.includes("\ufffd"));
    let at = 0;
    for (; first <= last; first += 1) {
      const to = (ends[first] as number) - start;
      pieces[first] = isAscii ? text.slice(at, to) : decode(first);
      at = to;
    }
    start = end;
  }
  return pieces;
}

interface StoredRow {
  readonly names: string[];
  readonly tokens: string[];
  readonly header: string | undefined;
}

function storedRow(row: EncryptedRow, operation: string): StoredRow {
  const hoisted = isHoisted(row);
  const [names, tokens] = fieldsOf(hoisted ? row.fields : row, operation);
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (typeof token !== "string") throw invalidArgument(operation, `a token's text as the field ${JSON.stringify(names[index])}`, token);
  }
  return { names, tokens: tokens as string[], header: hoisted ? row.header : undefined };
}

/** A row's names and values, read once: a getter may give another value each time. */
function fieldsOf(row: unknown, operation: string): [string[], unknown[]] {
  if (!isPlain(row)) throw invalidArgument(operation, "a plain object of fields", row);
  const names = Object.keys(row);
  const values = new Array<unknown>(names.length);
  for (let index = 0; index < names.length; index++) values[index] = row[names[index] as string];
  return [names, values];
}

function isHoisted(row: unknown): row is StoredHoistedRow {
  return isPlain(row) && Object.hasOwn(row, "header") && typeof row["header"] === "string" && Object.hasOwn(row, "fields") && typeof row["fields"] === "object";
}

/** Gives what failed of a row its fields' names. */
function naming<T>(names: readonly string[], operation: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof FortressError) || error.failures === undefined) throw error;
    throw valuesFailed(error.failures.map((failure) => ({ ...failure, field: names[failure.position] as string })), operation);
  }
}

function failureOf(position: number, error: unknown): Failure {
  if (!(error instanceof FortressError)) throw error;
  return { position, code: error.code, message: error.message };
}
