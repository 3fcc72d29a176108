/**
 * The frame: one piece of WebAssembly memory into which the inputs of a call are laid out one after another, and from
 * which its result is read, so that a call crosses the border once and copies each byte once.
 *
 * Layout of inputs: numbers are u32, little endian (WebAssembly's own order); a string or byte string is its length, then
 * its bytes; a context is the number of its pairs, then key and value of each. The last input of a call may stand
 * without its length. A token is 1 and its text, or 0 and its bytes; a list of tokens 1 and a list of texts, or 0 and one of bytes, in
 * which each begins a multiple of three bytes after the first. The module wipes what a call laid out before the call returns, and {@link Frame.wipe} does where no
 * call came of it; {@link Frame.wipeResult} wipes a secret result once it is read.
 */

import { isPlain } from "../arguments.js";
import { decode, decodeAll, decodedLength, encode, filledLength, hostDecodes, hostEncodes } from "./base64.js";
import { decodeUtf8, isWellFormed, lengthOf, viewOf } from "./bytes.js";
import { fortressError, invalidArgument, valuesFailed, type ErrorCode, type Failure, type FortressError } from "../errors.js";
import type { Bytes } from "../types.js";
import type { InitOutput } from "../generated/fortress_fields.js";

const encoder = new TextEncoder();
const ascii = new TextDecoder();

/**
 * Up to this many UTF-16 units a loop writes ASCII faster than `encodeInto` is called: measured, up to 300 in Chromium, 200
 * in Firefox and 50 in Node, where the difference is small.
 */
const SHORT_STRING = 224;

/** Up to about this many characters the module decodes a token sooner than the engine is called for it: each measured apart, in Chromium. */
const SHORT_TOKEN = 120;

/** Bytes of names that are kept. */
const KEPT_NAMES = 4096;

/** An input area above this is given back: the next call hardly needs as much. */
const KEPT = 1 << 22;

/** What the frame uses of a module. */
export type Exports = Pick<InitOutput, "memory" | "frame_reserve" | "frame_result" | "frame_limit" | "frame_host_encodes">;

/** Where a call is, which decides what an exception means. */
export type Phase = typeof IDLE | typeof OUTSIDE | typeof INSIDE;
/** There is none. */
export const IDLE = 0;
/** Its inputs are being written, or its result read: an exception is the caller's or the engine's. */
export const OUTSIDE = 1;
/** In WebAssembly: an exception leaves it in the middle of something. */
export const INSIDE = 2;

export class Frame {
  private bytes: Uint8Array<ArrayBuffer>;
  private words: Uint32Array<ArrayBuffer>;
  private start = 0;
  private capacity = 0;
  /** Where the next input goes, relative to `start`. */
  private end = 0;
  /** Bytes of the last result. */
  private result = 0;
  /** The last list of names, and what it was written as. */
  private writtenNames: readonly string[] = [];
  private written: Bytes = new Uint8Array(4);
  operation = "";
  phase: Phase = IDLE;
  /** True once its instance stopped. */
  lost = false;
  /** Bytes that the inputs of a call take at most. */
  private readonly limit: number;
  /** Where the module says where its results are: a word that holds their address. */
  private readonly resultWord: number;

  constructor(private readonly wasm: Exports) {
    this.bytes = new Uint8Array(wasm.memory.buffer);
    this.words = new Uint32Array(wasm.memory.buffer);
    this.resultWord = wasm.frame_result() >>> 2;
    this.limit = wasm.frame_limit();
    if (hostEncodes) wasm.frame_host_encodes();
    this.grow(4096);
    this.phase = IDLE;
  }

  /** Begins a call. Until it writes its first input, and again from when it asks for their length, it is in WebAssembly. */
  begin(operation: string): this {
    this.operation = operation;
    this.end = 0;
    this.result = 0;
    if (this.capacity > KEPT) this.grow(4096);
    this.phase = INSIDE;
    return this;
  }

  /** What the call takes as the length of its inputs. Ask for it last: from here on, WebAssembly is at work. */
  get length(): number {
    // An argument's getter may have made a call in between that stopped the instance.
    if (this.lost) throw fortressError("instance_lost", `${this.operation}: the WebAssembly instance stopped while the arguments were read; open its keyrings again`, this.operation);
    this.phase = INSIDE;
    return this.end;
  }

  /** Sets aside what is written, for a call in the middle of this one: by a getter among its arguments. */
  suspend(): Bytes {
    const written = this.bytes.slice(this.start, this.start + this.end);
    this.phase = IDLE;
    return written;
  }

  /** Goes on with a call that was suspended. */
  resume(operation: string, written: Bytes): void {
    this.begin(operation).rest(written);
    written.fill(0);
  }

  /** Makes room for `more` bytes after what is written. */
  private reserve(more: number): void {
    this.phase = OUTSIDE;
    if (this.end + more > this.capacity) this.grow(Math.max(this.end + more, Math.min(this.capacity * 2, KEPT)));
    if (this.bytes.length === 0) this.refresh();
  }

  private grow(wanted: number): void {
    if (wanted > this.limit) throw this.tooLarge(`a call takes at most ${String(this.limit)} bytes of arguments`);
    this.phase = INSIDE;
    const start = this.wasm.frame_reserve(wanted, this.end) >>> 0;
    this.phase = OUTSIDE;
    if (start === 0) throw this.tooLarge("WebAssembly gets no memory for them; free some");
    this.start = start;
    this.capacity = wanted;
  }

  private tooLarge(why: string): FortressError {
    return fortressError("value_too_large", `${this.operation}: the arguments are too large: ${why}. Encrypt large data as an envelope, with encryptBlob or encryptStream`, this.operation);
  }

  /** Memory that grew has a new buffer, and the views of the old one are empty. */
  private refresh(): void {
    this.bytes = new Uint8Array(this.wasm.memory.buffer);
    this.words = new Uint32Array(this.wasm.memory.buffer);
  }

  /** Writes a number. */
  u32(value: number): this {
    this.reserve(4);
    this.put(this.start + this.end, value);
    this.end += 4;
    return this;
  }

  private put(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** Writes a context, empty when there is none. */
  context(context: object | undefined, operation: string): this {
    if (context === undefined) return this.u32(0);
    if (!isPlain(context)) throw invalidArgument(operation, "a plain object of strings, such as { row: id }, as the context", context);
    const countAt = this.end;
    this.u32(0);
    let count = 0;
    for (const key in context) {
      if (!Object.hasOwn(context, key)) continue;
      const value: unknown = context[key];
      if (typeof value !== "string") throw invalidArgument(operation, `a string as the context's ${JSON.stringify(key)}`, value);
      this.string(key, operation).string(value, operation);
      count += 1;
    }
    this.put(this.start + countAt, count);
    return this;
  }

  /** Writes a string's length and UTF-8. */
  string(text: string, operation: string): this {
    const at = this.end;
    this.reserve(4 + 3 * text.length);
    this.end += 4;
    const written = this.text(text, operation);
    this.put(this.start + at, written);
    return this;
  }

  /** Writes a list: the number of its values, their lengths, then all of them one after the other. */
  list(values: readonly (string | Uint8Array | ArrayBuffer)[], operation: string): this {
    this.u32(values.length).reserve(4 * values.length);
    const lengthsAt = this.end;
    this.end += 4 * values.length;
    if (this.asciiList(values, lengthsAt)) return this;
    for (let index = 0; index < values.length; index++) {
      const from = this.end;
      this.lastValue(values[index] as string | Uint8Array | ArrayBuffer, operation);
      this.put(this.start + lengthsAt + 4 * index, this.end - from);
    }
    return this;
  }

  /** Writes a list of strings by one call of `encodeInto`, if they are long enough together and all of them ASCII. */
  private asciiList(values: readonly unknown[], lengthsAt: number): boolean {
    let units = 0;
    for (const value of values) {
      if (typeof value !== "string") return false;
      units += value.length;
    }
    if (units <= SHORT_STRING) return false;
    this.reserve(units);
    const start = this.start + this.end;
    const { read, written } = encoder.encodeInto(values.join(""), this.bytes.subarray(start, start + units));
    if (read !== units || written !== units) return false;
    for (let index = 0; index < values.length; index++) this.put(this.start + lengthsAt + 4 * index, (values[index] as string).length);
    this.end += units;
    return true;
  }

  /** Writes the names of a row's fields, as a list. Rows come with the same ones again and again: what was written last is kept. */
  names(names: readonly string[], operation: string): this {
    const { writtenNames, written } = this;
    if (isSame(names, writtenNames)) {
      this.reserve(written.length);
      this.bytes.set(written, this.start + this.end);
      this.end += written.length;
      return this;
    }
    const from = this.end;
    this.list(names, operation);
    if (this.end - from <= KEPT_NAMES) {
      this.writtenNames = names;
      this.written = this.bytes.slice(this.start + from, this.start + this.end);
    }
    return this;
  }

  /** Writes a token, as the last input: its bytes where there are some or the engine decodes it, and otherwise its text. */
  token(text: string | Uint8Array, operation: string): this {
    const at = this.end;
    this.u32(0);
    if (typeof text !== "string") return this.rest(text);
    if (hostDecodes && text.length > SHORT_TOKEN) {
      const length = decodedLength(text.length);
      this.reserve(length);
      const start = this.start + this.end;
      if (decode(text, this.bytes.subarray(start, start + length))) {
        this.end += length;
        return this;
      }
    }
    this.put(this.start + at, 1);
    return this.lastValue(text, operation);
  }

  /** Writes a list of tokens, in the same way. */
  tokens(texts: readonly string[], operation: string): this {
    const at = this.end;
    this.u32(0);
    if (hostDecodes && this.decodedList(texts)) return this;
    this.end = at;
    return this.u32(1).list(texts, operation);
  }

  private decodedList(texts: readonly string[]): boolean {
    const heads = 4 + 4 * texts.length;
    let length = 0;
    for (const text of texts) length += filledLength(text.length);
    this.reserve(heads + length);
    let at = this.start + this.end;
    this.put(at, texts.length);
    for (const text of texts) this.put((at += 4), decodedLength(text.length));
    const start = at + 4;
    if (!decodeAll(texts, this.bytes.subarray(start, start + length))) return false;
    this.end += heads + length;
    return true;
  }

  /** Writes a string or bytes without their length, as the last input. */
  lastValue(value: string | Uint8Array | ArrayBuffer, operation: string): this {
    if (typeof value === "string") {
      this.text(value, operation);
      return this;
    }
    const bytes = viewOf(value, operation);
    if (bytes === undefined) throw invalidArgument(operation, "a string or a Uint8Array", value);
    return this.rest(bytes);
  }

  /** Writes bytes without their length. */
  rest(data: Uint8Array): this {
    const length = lengthOf(data, this.operation);
    this.reserve(length);
    this.bytes.set(data, this.start + this.end);
    this.end += length;
    return this;
  }

  /** Writes UTF-8 and returns its length. */
  private text(text: string, operation: string): number {
    const units = text.length;
    this.reserve(3 * units);
    const start = this.start + this.end;
    const bytes = this.bytes;
    if (units <= SHORT_STRING && writeAscii(text, bytes, start)) {
      this.end += units;
      return units;
    }
    const { written } = encoder.encodeInto(text, bytes.subarray(start, start + 3 * units));
    // `encodeInto` replaces half of a surrogate pair; the text would come back as another one.
    if (written !== units && !isWellFormed(text)) {
      throw fortressError("invalid_argument", `${operation}: a text among the arguments has half of a surrogate pair and cannot be written as UTF-8`, operation);
    }
    this.end += written;
    return written;
  }

  /**
   * Checks the status that a call returned, which is the length of its result, or -1 when the result is an error: its
   * code, its text and the values that failed, a line each.
   */
  check(status: number, operation: string): number {
    this.phase = OUTSIDE;
    if (this.bytes.length === 0) this.refresh();
    if (status < 0) throw this.error(operation);
    return (this.result = status);
  }

  /** The error that the last call left. */
  error(operation: string): FortressError {
    if (this.bytes.length === 0) this.refresh();
    this.phase = OUTSIDE;
    const start = this.resultStart();
    let end = start;
    while (this.bytes[end] !== 0) end += 1;
    const [code = "", text = "", failures = "[]"] = decodeUtf8(this.bytes.subarray(start, end), operation).split("\n", 3);
    if (failures !== "[]") return valuesFailed(JSON.parse(failures) as Failure[], operation);
    return fortressError(code as ErrorCode, text, operation);
  }

  /** Throws the error that the last call left. */
  fail(operation: string): never {
    throw this.error(operation);
  }

  private resultStart(): number {
    return this.words[this.resultWord] ?? 0;
  }

  /** The result, as a view that the next call overwrites. */
  view(length: number): Bytes {
    const start = this.resultStart();
    return this.bytes.subarray(start, start + length);
  }

  /** The result, copied. */
  copy(length: number): Bytes {
    const start = this.resultStart();
    return this.bytes.slice(start, start + length);
  }

  /** The result, copied to the start of an array of the caller's. Returns its length. */
  copyInto(destination: Uint8Array, length: number): number {
    const room = lengthOf(destination, this.operation);
    if (length > room) {
      throw fortressError("invalid_argument", `${this.operation}: the result has ${String(length)} bytes, and the destination room for ${String(room)}`, this.operation);
    }
    Uint8Array.prototype.set.call(destination, this.view(length));
    return length;
  }

  /** The result, which is ASCII from byte `from` on, as a string. */
  asciiText(length: number, from = 0): string {
    const start = this.resultStart() + from;
    return ascii.decode(this.bytes.subarray(start, start + length - from));
  }

  /** The result, a token, as its text. */
  tokenText(length: number): string {
    return hostEncodes ? encode(this.view(length)) : this.asciiText(length);
  }

  /** The result as text; bytes that are not UTF-8 are `invalid_utf8`. */
  utf8Text(length: number, operation: string, from = 0): string {
    const start = this.resultStart() + from;
    return decodeUtf8(this.bytes.subarray(start, start + length - from), operation);
  }

  /** The result of a call with this status, as what its JSON says. */
  json(status: number, operation: string): unknown {
    return JSON.parse(this.utf8Text(this.check(status, operation), operation));
  }

  /** The ASCII text of a secret result, which is wiped. */
  secretText(status: number, operation: string): string {
    const length = this.check(status, operation);
    try {
      return this.asciiText(length);
    } finally {
      this.wipeResult(length);
    }
  }

  /** JSON of a secret result, which is wiped. */
  secretJson(status: number, operation: string): unknown {
    const length = this.check(status, operation);
    try {
      return JSON.parse(this.utf8Text(length, operation));
    } finally {
      this.wipeResult(length);
    }
  }

  /** The number at word `index` of the result. */
  resultU32(index: number): number {
    return this.words[(this.resultStart() >>> 2) + index] ?? 0;
  }

  /** Wipes a secret result that has been read. */
  wipeResult(length: number): void {
    const start = this.resultStart();
    this.bytes.fill(0, start, start + length);
  }

  /** Wipes what a call that failed has written or was given. */
  wipe(): void {
    if (this.bytes.length === 0) this.refresh();
    this.bytes.fill(0, this.start, this.start + this.end);
    this.wipeResult(this.result);
  }

  /** Wipes the whole memory of an instance that is never used again. */
  wipeEverything(): void {
    new Uint8Array(this.wasm.memory.buffer).fill(0);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Writes `text` if it is ASCII; otherwise what it has written is written over. Four at a time, which Chromium rewards. */
function writeAscii(text: string, bytes: Uint8Array, start: number): boolean {
  const units = text.length;
  let at = 0;
  for (; at + 4 <= units; at += 4) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    const d = text.charCodeAt(at + 3);
    if ((a | b | c | d) > 127) return false;
    const to = start + at;
    bytes[to] = a;
    bytes[to + 1] = b;
    bytes[to + 2] = c;
    bytes[to + 3] = d;
  }
  for (; at < units; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 127) return false;
    bytes[start + at] = unit;
  }
  return true;
}
