/** A sink as a pair of streams of byte arrays. */

import { invalidArgument } from "../errors.js";
import { isBytes } from "../module/bytes.js";
import type { Progress } from "../types.js";
import type { ChunkTransform, Emit } from "./message.js";
import { Turns } from "./turn.js";

/** A transform that holds keys. */
export interface Sink extends ChunkTransform {
  /** Wipes them; called once, whatever the end. */
  free(): void;
}

/** What may wait on either side of the stream, in bytes, before its source is asked to wait. */
const HIGH_WATER_MARK = 1 << 20;

/**
 * The two ends of a stream around the sink that `start` makes. Input and output are each bounded by
 * {@link HIGH_WATER_MARK} and the one array that exceeds it.
 */
export function byteStream(operation: string, start: (emit: Emit) => Promise<Sink>, onProgress?: (progress: Progress) => void): TransformStream<Uint8Array, Uint8Array> {
  const pair = new Pair(operation, start, onProgress);
  // A `TransformStream` has the same two ends, but its own bookkeeping takes Chromium as long as a fifth of a chunk.
  return { readable: pair.readable, writable: pair.writable };
}

class Pair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  private output!: ReadableStreamDefaultController<Uint8Array>;
  private input!: WritableStreamDefaultController;
  private sink: Sink | undefined;
  private processed = 0;
  private readonly turns = new Turns();
  /** Set once the pair has ended, however it did. */
  private ended = false;
  /** Set once the writer has given up, though a write may still be under way. */
  private aborted = false;
  /** Wakes the write that waits for its output to be read. */
  private drained: (() => void) | undefined;

  constructor(
    private readonly operation: string,
    start: (emit: Emit) => Promise<Sink>,
    private readonly onProgress?: (progress: Progress) => void,
  ) {
    const output = new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK });
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.output = controller;
        },
        pull: () => this.drained?.(),
        cancel: (reason) => {
          this.end();
          this.input.error(reason);
        },
      },
      output,
    );
    // Input of the wrong kind has no byteLength; it must reach `write`, which says what is wrong with it.
    const input = { highWaterMark: HIGH_WATER_MARK, size: (piece: Uint8Array | undefined) => (piece as { byteLength?: number } | undefined)?.byteLength ?? 1 };
    this.writable = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.input = controller;
          // `abort` is not called while a write waits. Older engines have no signal: there it waits for the reader.
          (controller.signal as AbortSignal | undefined)?.addEventListener("abort", () => {
            this.aborted = true;
            this.drained?.();
          });
          return this.failing(async () => {
            const sink = await start((part) => {
              if (!this.ended) this.output.enqueue(part);
            });
            if (this.ended) sink.free();
            else this.sink = sink;
          });
        },
        write: (piece) => this.failing(() => this.write(piece)),
        close: () => this.failing(() => this.close()),
        abort: (reason) => {
          this.fail(reason);
        },
      },
      input,
    );
  }

  private async write(piece: Uint8Array): Promise<void> {
    if (!isBytes(piece)) throw invalidArgument(this.operation, "Uint8Arrays in the stream", piece);
    if ((this.output.desiredSize ?? 0) <= 0) await this.demand();
    // Where source, host and destination are all at once, nothing but promises would run until the stream ends.
    if (this.turns.due) await this.turns.give();
    if (this.aborted) return;
    await this.sink?.push(piece);
    this.processed += piece.length;
    this.onProgress?.({ processed: this.processed });
  }

  private async close(): Promise<void> {
    await this.sink?.finish();
    if (this.ended) return;
    this.end();
    this.output.close();
  }

  /** Waits until the reader wants more, or no more will be read. */
  private async demand(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.ended || this.aborted) resolve();
      this.drained = resolve;
    });
    this.drained = undefined;
  }

  /** A failure of either side ends both. */
  private async failing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    this.end();
    this.output.error(error);
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.sink?.free();
    this.drained?.();
  }
}
