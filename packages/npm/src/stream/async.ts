/**
 * Chunks computed by WebCrypto, many of its calls in flight: one alone spends most of its time travelling to another
 * thread and back.
 */

import { Chunker } from "./chunker.js";
import type { AsyncHostKey } from "./host-aes.js";
import { chunkFailed, endOfInput, hostFailed, nextNonces, type ChunkTransform, type Emit, type MessageHandle } from "./message.js";
import { OrderedOutput } from "./ordered.js";

/** Chunks in flight, at most. */
const IN_FLIGHT = 32;
/**
 * Chunks that go out as one array, where other threads compute them: the streams of those engines take longer over an
 * array than the host over a chunk. Where the host computes at once, each chunk as it is costs less than its copy.
 */
const JOINED = 64;
/** Chunks that wait for an earlier one besides: this bounds the memory of a stream to a few megabytes. */
const WAITING = JOINED;

export class AsyncTransform implements ChunkTransform {
  private readonly chunker: Chunker;
  private readonly output: OrderedOutput;
  private inFlight = 0;
  private error: unknown;
  private failed = false;
  /** Wakes the one that waits for a place in flight, or for the end. */
  private wake: (() => void) | undefined;
  /** How few chunks must be in flight for that. */
  private wakeAt = 0;

  constructor(
    private readonly message: MessageHandle,
    private readonly key: AsyncHostKey,
    emit: Emit,
  ) {
    this.chunker = new Chunker(message.inputChunk);
    this.output = new OrderedOutput(key.atOnce ? 1 : JOINED, message.outputChunk, emit);
  }

  async push(input: Uint8Array): Promise<void> {
    const pieces = this.chunker.pieces(ownedAlone(input));
    for (let at = 0; at < pieces.length; ) {
      if (this.inFlight >= IN_FLIGHT || this.isCongested()) await this.until(IN_FLIGHT / 2);
      if (this.failed) throw this.error;
      const batch = pieces.slice(at, at + IN_FLIGHT - this.inFlight);
      this.submit(batch, this.message.inputChunk, pieces.length - at);
      at += batch.length;
    }
  }

  async finish(): Promise<void> {
    const rest = this.chunker.rest();
    if (this.message.direction === "encrypt" || rest.length > 0) {
      await this.until(IN_FLIGHT - 1);
      if (this.failed) throw this.error;
      this.submit([rest], rest.length, 1);
    }
    await this.until(0);
    if (this.failed) throw this.error;
    endOfInput(this.message);
  }

  /** Pieces of `length` bytes; they are the first of `left` that came together, and no output waits for more than those. */
  private submit(pieces: readonly Uint8Array[], length: number, left: number): void {
    const nonces = nextNonces(this.message, pieces.length, length);
    const nonceLength = nonces.length / pieces.length;
    pieces.forEach((piece, index) => {
      const nonce = nonces.subarray(index * nonceLength, (index + 1) * nonceLength);
      const result = this.message.direction === "encrypt" ? this.key.seal(nonce, piece) : this.key.open(nonce, piece);
      this.settle(result, this.output.place(left - index));
    });
  }

  private settle(result: Promise<ArrayBuffer>, put: (result: ArrayBuffer) => void): void {
    this.inFlight += 1;
    result.then(
      (output) => {
        this.inFlight -= 1;
        if (this.failed) return;
        try {
          put(output);
        } catch (error) {
          this.fail(error);
        }
        if (this.inFlight <= this.wakeAt && !this.isCongested()) this.wake?.();
      },
      (error: unknown) => {
        if (!this.failed) this.fail(this.hostError(error));
      },
    );
  }

  /** No more is emitted: what comes after a chunk that failed is not known to belong there. */
  private fail(error: unknown): void {
    this.failed = true;
    this.error = error;
    this.wake?.();
  }

  /** `OperationError` is how WebCrypto says that a chunk is not authentic. */
  private hostError(error: unknown): unknown {
    try {
      const unauthentic = this.message.direction === "decrypt" && error instanceof Error && error.name === "OperationError";
      return unauthentic ? chunkFailed(this.message) : hostFailed(this.message.operation, error);
    } catch (lost) {
      return lost;
    }
  }

  private isCongested(): boolean {
    return this.output.waiting >= IN_FLIGHT + WAITING;
  }

  /** Waits until at most `left` chunks are in flight. */
  private async until(left: number): Promise<void> {
    this.wakeAt = left;
    while (!this.failed && (this.inFlight > left || this.isCongested())) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.wake = undefined;
  }
}

/** WebCrypto refuses memory that others can change or resize meanwhile: it gets a copy. */
function ownedAlone(input: Uint8Array): Uint8Array {
  const { buffer } = input;
  const shared = typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;
  return shared || (buffer as { resizable?: boolean }).resizable === true ? new Uint8Array(input) : input;
}
