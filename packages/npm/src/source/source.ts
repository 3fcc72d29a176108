/** Encrypted files to read from: in memory, as Blobs, and over HTTP. */

import { invalidArgument } from "../errors.js";
import { isBytes } from "../module/bytes.js";
import { blocks } from "../stream/blob.js";
import type { Source, SourceOptions } from "../types.js";
import { fetchWhole, HttpReader, type Fetch } from "./http.js";

/** Reads ranges of a file. */
export interface RangeReader {
  /** Bytes of the file; known after the first read. */
  readonly size: number;
  /** Exactly the bytes from `start` up to `end`, or fewer where the file ends before. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The same bytes as they arrive. */
  stream(start: number, end: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A reader for any source. */
export function rangeReader(source: Source, fetch: SourceOptions["fetch"], operation: string): RangeReader {
  const load = fetcher(fetch, operation);
  if (isBytes(source)) return new BytesReader(source);
  if (source instanceof Blob) return new BlobReader(source, operation);
  return new HttpReader({ url: address(source, operation), fetch: load, operation });
}

/** A whole file from its start. */
export interface WholeFile {
  /** Its bytes; `undefined` where its server does not tell. */
  readonly size: number | undefined;
  readonly blocks: AsyncIterable<Uint8Array>;
}

/** Opens the whole file, without Range requests. */
export async function openWhole(source: Source, { signal, fetch }: SourceOptions, operation: string): Promise<WholeFile> {
  const load = fetcher(fetch, operation);
  if (isBytes(source)) return { size: source.length, blocks: blocks(source, signal, operation) };
  if (source instanceof Blob) return { size: source.size, blocks: blocks(source, signal, operation) };
  return fetchWhole({ url: address(source, operation), fetch: load, operation }, signal);
}

function address(source: unknown, operation: string): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  throw invalidArgument(operation, "a Blob, a Uint8Array or the URL of an encrypted file", source);
}

/** The caller's way to load addresses, or the platform's. */
function fetcher(given: unknown, operation: string): Fetch {
  if (given === undefined) return (url, init) => fetch(url, init);
  if (typeof given !== "function") throw invalidArgument(operation, "a function as the option fetch", given);
  const own = given as Fetch;
  return async (url, init) => own(url, init);
}

class BytesReader implements RangeReader {
  readonly size: number;

  constructor(private readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    return Promise.resolve(this.bytes.subarray(start, end));
  }

  stream(start: number, end: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return blocks(this.bytes.subarray(start, end), signal, "read");
  }
}

class BlobReader implements RangeReader {
  readonly size: number;

  constructor(
    private readonly blob: Blob,
    private readonly operation: string,
  ) {
    this.size = blob.size;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    return new Uint8Array(await this.blob.slice(start, end).arrayBuffer());
  }

  stream(start: number, end: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return blocks(this.blob.slice(start, end), signal, this.operation);
  }
}
