/**
 * A file on a server, read with HTTP Range requests (RFC 9110, 14).
 *
 * The server is not trusted with the content, which is authenticated when it is decrypted; what is checked here is
 * that it answers what was asked, so that a server that does it otherwise is named as such and not as an attack.
 */

import { fortressError, invalidArgument, publicAddress, type ErrorCode, type FortressError } from "../errors.js";
import type { RangeReader, WholeFile } from "./source.js";

/** Loads an address. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where a file is, how it is loaded, and for whom. */
export interface Address {
  readonly url: string;
  readonly fetch: Fetch;
  readonly operation: string;
}

export class HttpReader implements RangeReader {
  private total: number | undefined;
  /** The file's version, as its server names it, from the first answer. */
  private version: string | undefined;

  constructor(private readonly address: Address) {}

  get size(): number {
    if (this.total === undefined) throw this.error("source_failed", "its size is not known before the first read");
    return this.total;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { response, length } = await this.request(start, end, signal);
    const body = new Uint8Array(length);
    let filled = 0;
    for await (const part of this.body(response, length, signal)) {
      body.set(part, filled);
      filled += part.length;
    }
    return body;
  }

  async *stream(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const { response, length } = await this.request(start, end, signal);
    yield* this.body(response, length, signal);
  }

  /** The body of a response, which must have `length` bytes. Of a longer one no more is read. */
  private async *body(response: Response, length: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
    let received = 0;
    for await (const part of bodyOf(response, (reading) => this.network(reading, signal))) {
      received += part.length;
      if (received > length) break;
      yield part;
    }
    if (received !== length) throw this.wrongLength(length, received);
  }

  /** Asks for a range; the file may end before its end. Returns the response and how long its body must be. */
  private async request(start: number, end: number, signal?: AbortSignal): Promise<{ response: Response; length: number }> {
    const init: RequestInit = { headers: { range: `bytes=${String(start)}-${String(end - 1)}` }, ...(signal === undefined ? {} : { signal }) };
    const response = await load(this.address, init, signal);
    try {
      return { response, length: this.accept(response, start, end) };
    } catch (error) {
      // Without this the rest of the file may go on loading.
      await response.body?.cancel().catch(() => undefined);
      throw error;
    }
  }

  private accept(response: Response, start: number, end: number): number {
    if (response.status === 200) {
      throw this.error("range_unsupported", "the server ignores Range requests and answered with the whole file; serve it with Range support, or decrypt it whole with decryptBlob or decryptStream");
    }
    if (response.status === 416) throw this.error("source_changed", `the server says that the file has no bytes from ${String(start)} on; it is shorter than before, or empty`);
    if (response.status !== 206) throw this.error("source_failed", `the server answered with status ${String(response.status)}`);
    const encoding = response.headers.get("content-encoding");
    if (encoding !== null && encoding !== "identity") throw this.error("range_unsupported", `the server compresses ranges (${encoding}); serve encrypted files without compression`);
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
    if (range === null) {
      throw this.error("range_unsupported", "the answer has no Content-Range with the file's size; from another origin it must be listed in Access-Control-Expose-Headers");
    }
    const [first, last, total] = [Number(range[1]), Number(range[2]), Number(range[3])];
    this.checkVersion(response, total);
    const expectedLast = Math.min(end, total) - 1;
    if (first !== start || last !== expectedLast) {
      throw this.error("source_failed", `the server answered with bytes ${String(first)} to ${String(last)} of ${String(total)}, asked for ${String(start)} to ${String(expectedLast)}`);
    }
    return last - first + 1;
  }

  /** Parts of two files must not be mixed: authentication would fail without telling why. */
  private checkVersion(response: Response, total: number): void {
    const version = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
    this.total ??= total;
    this.version ??= version;
    if (this.total !== total || this.version !== version) {
      throw this.error("source_changed", "the file on the server changed while it was read; open it again");
    }
  }

  private wrongLength(expected: number, got: number): FortressError {
    return this.error("source_failed", `the server announced ${String(expected)} bytes and sent ${String(got)}${got > expected ? " or more" : ""}`);
  }

  private error(code: ErrorCode, message: string): FortressError {
    const { url, operation } = this.address;
    return fortressError(code, `${operation}: ${publicAddress(url)}: ${message}`, operation);
  }

  private network<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return named(work, this.address, signal);
  }
}

/** A whole file as it arrives. */
export async function fetchWhole(address: Address, signal: AbortSignal | undefined): Promise<WholeFile> {
  const { url, operation } = address;
  const response = await load(address, signal === undefined ? {} : { signal }, signal);
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw fortressError("source_failed", `${operation}: ${publicAddress(url)}: the server answered with status ${String(response.status)}`, operation);
  }
  return { size: lengthOf(response), blocks: bodyOf(response, (reading) => named(reading, address, signal)) };
}

/** Asks for an address. What a caller's own `fetch` gives may be anything. */
async function load(address: Address, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
  const response: unknown = await named(address.fetch(address.url, init), address, signal);
  if (!isResponse(response)) throw invalidArgument(address.operation, "a Response from the option fetch", response);
  return response;
}

/** Is it a Response, of any realm, or one that another library made, with a stream as its body? */
function isResponse(value: unknown): value is Response {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, body } = value as Partial<Response>;
  return typeof status === "number" && typeof headers?.get === "function" && (body === null || typeof body?.getReader === "function");
}

/** Bytes of a body, where the server tells: Content-Length counts what travels, which is less where that is compressed. */
function lengthOf({ headers }: Response): number | undefined {
  const encoding = headers.get("content-encoding");
  const length = headers.get("content-length");
  return length !== null && (encoding === null || encoding === "identity") ? Number(length) : undefined;
}

/** A response's body; cancelled when the loop over it ends early. Not every engine iterates streams by itself. */
async function* bodyOf(response: Response, wrap: <T>(reading: Promise<T>) => Promise<T>): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await wrap(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Gives a failure of the network a code; the reason of an abort passes as it is. */
async function named<T>(work: Promise<T>, { url, operation }: Address, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    signal?.throwIfAborted();
    // Without the cause itself: engines name the whole address in it, which may be signed.
    throw fortressError("source_failed", `${operation}: ${publicAddress(url)}: the file could not be loaded (${publicReason(cause, url)})`, operation);
  }
}

/** Why, and why that, as Node tells it; all addresses without what may be a secret in them, also where the engine writes them in another way. */
function publicReason(cause: unknown, url: string): string {
  const reasons = cause instanceof Error ? [cause.message, ...(cause.cause instanceof Error ? [cause.cause.message] : [])] : [String(cause)];
  // By a function: in a text, `$&` would stand for the address itself.
  return reasons.map((reason) => reason.replaceAll(url, () => publicAddress(url)).replaceAll(/[a-z][a-z0-9+.-]*:\/\/\S+/gi, publicAddress)).join(": ");
}
