/**
 * Chunks computed by WebCrypto. Its calls are kept in flight, because one call alone spends most of its time travelling
 * to another thread and back; their results go out in order, each as it is: joining them to larger arrays costs a third
 * of the speed, since every byte is then moved into memory that was not touched before.
 */

import { Chunker } from "./chunker.js";
import type { AsyncHostKey } from "./host-aes.js";
import { chunkFailed, endOfInput, hostFailed, nextNonce, type ChunkTransform, type Emit, type MessageHandle } from "./message.js";

/** Chunks in flight, at most: with those waiting for their turn this bounds the memory of a stream to about a megabyte. */
const IN_FLIGHT = 32;

export class AsyncTransform implements ChunkTransform {
  private readonly chunker: Chunker;
  /** Results at their position modulo the ring's length, while an earlier one is still being computed. */
  private readonly results = new Array<ArrayBuffer | undefined>(IN_FLIGHT).fill(undefined);
  private submitted = 0;
  private emitted = 0;
  private error: unknown;
  private failed = false;
  /** Wakes the one that waits for a place in flight, or for the end. */
  private wake: (() => void) | undefined;
  /** How few chunks must be on their way for that. */
  private wakeAt = 0;

  constructor(
    private readonly message: MessageHandle,
    private readonly key: AsyncHostKey,
    private readonly emit: Emit,
  ) {
    this.chunker = new Chunker(message.inputChunk);
  }

  async push(input: Uint8Array): Promise<void> {
    for (const piece of this.chunker.pieces(input)) {
      if (this.submitted - this.emitted >= IN_FLIGHT) await this.until(IN_FLIGHT / 2);
      if (this.failed) throw this.error;
      this.submit(piece);
    }
  }

  async finish(): Promise<void> {
    const rest = this.chunker.rest();
    if (this.message.direction === "encrypt" || rest.length > 0) {
      await this.until(IN_FLIGHT - 1);
      if (this.failed) throw this.error;
      this.submit(rest);
    }
    await this.until(0);
    if (this.failed) throw this.error;
    endOfInput(this.message);
  }

  private submit(piece: Uint8Array): void {
    const position = this.submitted;
    const nonce = nextNonce(this.message, piece.length);
    const result = this.message.direction === "encrypt" ? this.key.seal(nonce, piece) : this.key.open(nonce, piece);
    this.submitted += 1;
    result.then(
      (output) => {
        if (this.failed) return;
        try {
          this.settle(position, output);
        } catch (error) {
          this.fail(error);
        }
      },
      (error: unknown) => {
        if (!this.failed) this.fail(this.hostError(error));
      },
    );
  }

  private settle(position: number, output: ArrayBuffer): void {
    this.results[position % IN_FLIGHT] = output;
    for (;;) {
      const place = this.emitted % IN_FLIGHT;
      const next = this.results[place];
      if (next === undefined) break;
      this.results[place] = undefined;
      this.emitted += 1;
      if (next.byteLength > 0) this.emit(new Uint8Array(next));
    }
    if (this.submitted - this.emitted <= this.wakeAt) this.wake?.();
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

  /** Waits until at most `left` chunks are on their way. */
  private async until(left: number): Promise<void> {
    this.wakeAt = left;
    while (!this.failed && this.submitted - this.emitted > left) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.wake = undefined;
  }
}
