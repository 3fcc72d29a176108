/** Random access: an encrypted file whose header is read and opened once. */

import { fortressError } from "../errors.js";
import type { MessageRanges } from "../generated/fortress_wasm.js";
import { Handle } from "../module/handle.js";
import { init } from "../module/instance.js";
import { rangeReader, type RangeReader } from "../source/source.js";
import { currentHostAes } from "../stream/host-aes.js";
import { hostTransform } from "../stream/message.js";
import type { AbortOptions, Bytes, AnyIdentity, Source, SourceOptions } from "../types.js";
import { decryptingMessage, Opened, readPrefix } from "./open.js";

/** From this many bytes of plaintext on the host's AES is faster than WebAssembly, though it must be given the key first. */
const HOST_RANGE = 1 << 15;
/** Plaintext bytes decrypted at once in WebAssembly: whole chunks, and what a stream over the file hands out. */
const WINDOW = 1 << 18;

/**
 * An encrypted file, opened for reading parts of it. Obtained from `openSource`.
 *
 * Holds the file's key in WebAssembly memory until {@link EncryptedFile.free}.
 */
export class EncryptedFile implements Disposable {
  /** Bytes of the plaintext. */
  readonly size: number;
  /** What is being read. */
  private readonly readings = new Set<Reading>();

  /** @internal */
  constructor(
    private readonly reader: RangeReader,
    private readonly ranges: Handle<MessageRanges>,
    /** Public metadata, authenticated. */
    readonly metadata: Readonly<Record<string, string>>,
    operation: string,
  ) {
    this.size = ranges.run(operation, (raw) => raw.plaintext_len());
  }

  /**
   * The plaintext from `start` up to, not including, `end`, by default to the file's end.
   *
   * @throws `out_of_range` when it does not lie within the file, `authentication_failed` when the file was altered.
   */
  read(start = 0, end = this.size, options: AbortOptions = {}): Promise<Bytes> {
    return this.readFor("read", start, end, options.signal);
  }

  /** @internal */
  async readFor(operation: string, start: number, end: number, signal: AbortSignal | undefined): Promise<Bytes> {
    const length = this.check(start, end, operation);
    const reading = this.begin(signal);
    try {
      let result: Bytes | undefined;
      let filled = 0;
      for await (const part of this.parts(start, end, reading.signal, operation)) {
        // Only now: before the first part is authentic, the length is what somebody claims.
        result ??= allocate(length, operation);
        result.set(part, filled);
        filled += part.length;
      }
      return result ?? new Uint8Array();
    } finally {
      this.finished(reading);
    }
  }

  /** The same as a stream, which reads and decrypts as it is read. */
  stream(start = 0, end = this.size, options: AbortOptions = {}): ReadableStream<Bytes> {
    this.check(start, end, "stream");
    const reading = this.begin(options.signal);
    const parts = this.parts(start, end, reading.signal, "stream");
    const finished = (): void => {
      this.finished(reading);
    };
    return new ReadableStream<Bytes>({
      async pull(controller) {
        try {
          const { done, value } = await parts.next();
          if (done !== true) {
            controller.enqueue(value);
            return;
          }
        } catch (error) {
          finished();
          throw error;
        }
        finished();
        controller.close();
      },
      async cancel(reason) {
        // A server that does not answer is not waited for.
        reading.abort(reason);
        finished();
        await parts.return();
      },
    });
  }

  /** Wipes the file's key. What is being read fails with `freed`. */
  free(): void {
    this.ranges.free();
    const reason = fortressError("freed", "the file was freed and wiped while it was read; open it again", "free");
    for (const reading of this.readings) reading.abort(reason);
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal Proves `size` from the last chunk. */
  async authenticateSize(signal: AbortSignal | undefined, operation: string): Promise<void> {
    const [start, end] = this.located(operation, (raw) => raw.last_chunk());
    const chunk = await this.reader.read(start, end, signal);
    this.ranges.run(operation, (raw, frame) => frame.check(raw.authenticate_length(frame.rest(chunk).length), operation));
  }

  private begin(signal: AbortSignal | undefined): Reading {
    const reading = new Reading(signal);
    this.readings.add(reading);
    return reading;
  }

  private finished(reading: Reading): void {
    reading.end();
    this.readings.delete(reading);
  }

  /** Decrypts the range from one request. */
  private async *parts(start: number, end: number, signal: AbortSignal | undefined, operation: string): AsyncGenerator<Bytes, void> {
    const byHost = end - start >= HOST_RANGE && currentHostAes() !== undefined && this.ranges.run(operation, (raw) => raw.host_computes());
    yield* byHost ? this.hostParts(start, end, signal, operation) : this.windows(start, end, signal, operation);
  }

  /** Whole chunks by the host's AES, as they arrive, without what of the first and the last one was not asked for. */
  private async *hostParts(start: number, end: number, signal: AbortSignal | undefined, operation: string): AsyncGenerator<Bytes, void> {
    const [first, last] = this.located(operation, (raw) => raw.locate(start, end));
    const raw = this.ranges.run(operation, (ranges, frame) => ranges.for_host(start, end) ?? frame.fail(operation));
    const message = decryptingMessage(new Handle(this.ranges.home, raw, "file"), operation);
    const parts: Bytes[] = [];
    try {
      let at = start - (start % message.outputChunk);
      const transform = await hostTransform(message, (part) => {
        parts.push(part.subarray(Math.max(0, start - at), end - at));
        at += part.length;
      });
      for await (const block of this.reader.stream(first, last, signal)) {
        await transform.push(block);
        yield* parts.splice(0);
      }
      await transform.finish();
      yield* parts;
    } finally {
      message.handle.free();
    }
  }

  /** In WebAssembly, a window at a time. Windows end where chunks end, so no chunk is read twice. */
  private async *windows(start: number, end: number, signal: AbortSignal | undefined, operation: string): AsyncGenerator<Bytes, void> {
    if (start === end) return;
    const [first, last] = this.located(operation, (raw) => raw.locate(start, end));
    const bytes = new Collector(this.reader.stream(first, last, signal));
    try {
      for (let from = start; from < end; ) {
        const to = Math.min(end, (Math.floor(from / WINDOW) + 1) * WINDOW);
        const [chunksStart, chunksEnd] = this.located(operation, (raw) => raw.locate(from, to));
        yield this.decrypt(from, to, await bytes.take(chunksEnd - chunksStart), operation);
        from = to;
      }
    } finally {
      await bytes.cancel();
    }
  }

  private decrypt(from: number, to: number, chunks: Uint8Array, operation: string): Bytes {
    return this.ranges.run(operation, (raw, frame) => {
      const length = frame.check(raw.decrypt(from, to, frame.rest(chunks).length), operation);
      const part = frame.copy(length);
      frame.wipeResult(length);
      return part;
    });
  }

  private located(operation: string, call: (raw: MessageRanges) => number): [number, number] {
    return this.ranges.run(operation, (raw, frame) => frame.json(call(raw), operation) as [number, number]);
  }

  private check(start: number, end: number, operation: string): number {
    if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end && end <= this.size) return end - start;
    throw fortressError("out_of_range", `${operation}: the range ${String(start)} to ${String(end)} does not lie within the file's ${String(this.size)} bytes`, operation);
  }
}

/** Opens a file: reads its header and, with `authenticate`, its last chunk. One or two requests for a file on a server. */
export async function openFile(
  source: Source,
  identities: readonly AnyIdentity[],
  options: SourceOptions & { readonly context?: object },
  authenticate: boolean,
  operation: string,
): Promise<EncryptedFile> {
  await init(undefined, operation);
  const reader = rangeReader(source, options.fetch, operation);
  const prefix = await readPrefix(reader, options.signal, operation);
  const opened = await Opened.open(prefix, identities, options.context, operation);
  const metadata = opened.metadata();
  const file = new EncryptedFile(reader, opened.intoRanges(reader.size), metadata, operation);
  try {
    if (authenticate) await file.authenticateSize(options.signal, operation);
    return file;
  } catch (error) {
    file.free();
    throw error;
  }
}

/** Memory for a result; a length of the caller's, but of a file that anyone may have made. */
function allocate(length: number, operation: string): Bytes {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw fortressError("value_too_large", `${operation}: there is no memory for ${String(length)} bytes at once; read the range as a stream, or in parts`, operation, cause);
  }
}

/** One reading of a range, which its reader, its signal and the file itself can end. */
class Reading {
  private readonly controller = new AbortController();
  private readonly follow = (): void => {
    this.controller.abort(this.given?.reason);
  };

  constructor(private readonly given: AbortSignal | undefined) {
    if (given?.aborted === true) this.follow();
    else given?.addEventListener("abort", this.follow);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** Lets go of the given signal, which may live longer. */
  end(): void {
    this.given?.removeEventListener("abort", this.follow);
  }
}

/** Takes exact numbers of bytes from arrays of any size. */
class Collector {
  private readonly blocks: AsyncIterator<Uint8Array>;
  private left: Uint8Array = new Uint8Array();

  constructor(blocks: AsyncIterable<Uint8Array>) {
    this.blocks = blocks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or fewer where the input ends. */
  async take(length: number): Promise<Uint8Array> {
    if (this.left.length >= length) return this.split(length);
    const taken = new Uint8Array(length);
    for (let filled = 0; ; ) {
      const part = this.split(Math.min(length - filled, this.left.length));
      taken.set(part, filled);
      filled += part.length;
      if (filled === length) return taken;
      const next: IteratorResult<Uint8Array, unknown> = await this.blocks.next();
      if (next.done === true) return taken.subarray(0, filled);
      this.left = next.value;
    }
  }

  async cancel(): Promise<void> {
    await this.blocks.return?.();
  }

  private split(length: number): Uint8Array {
    const head = this.left.subarray(0, length);
    this.left = this.left.subarray(length);
    return head;
  }
}
