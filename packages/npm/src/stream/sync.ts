/** Chunks computed at once by the host, such as `node:crypto`. */

import { Chunker } from "./chunker.js";
import type { SyncHostKey } from "./host-aes.js";
import { chunkFailed, endOfInput, nextNonces, type ChunkTransform, type Emit, type MessageHandle } from "./message.js";

/** Chunks per output array. */
const BATCH = 16;

export class SyncTransform implements ChunkTransform {
  private readonly chunker: Chunker;

  constructor(
    private readonly message: MessageHandle,
    private readonly key: SyncHostKey,
    private readonly emit: Emit,
  ) {
    this.chunker = new Chunker(message.inputChunk);
  }

  push(input: Uint8Array): void {
    const { inputChunk, outputChunk } = this.message;
    let out: Uint8Array<ArrayBuffer> | undefined;
    let filled = 0;
    let left = input.length;
    try {
      for (const piece of this.chunker.pieces(input)) {
        // As many chunks as can still come of this input: no more is allocated than is filled.
        out ??= new Uint8Array(Math.min(BATCH, Math.floor(left / inputChunk) + 1) * outputChunk);
        this.compute(piece, out, filled);
        filled += outputChunk;
        left -= piece.length;
        if (filled === out.length) {
          this.emit(out);
          out = undefined;
          filled = 0;
        }
      }
    } finally {
      // What was computed before a failure is authentic, and goes out.
      if (out !== undefined && filled > 0) this.emit(out.subarray(0, filled));
    }
  }

  finish(): void {
    const rest = this.chunker.rest();
    const { inputChunk, outputChunk, direction } = this.message;
    if (direction === "encrypt" || rest.length > 0) {
      const out = new Uint8Array(Math.max(0, rest.length + outputChunk - inputChunk));
      this.compute(rest, out, 0);
      if (out.length > 0) this.emit(out);
    }
    endOfInput(this.message);
  }

  private compute(piece: Uint8Array, out: Uint8Array, at: number): void {
    const nonce = nextNonces(this.message, 1, piece.length);
    if (this.message.direction === "encrypt") {
      this.key.seal(nonce, piece, out, at);
      return;
    }
    try {
      this.key.open(nonce, piece, out, at);
    } catch {
      throw chunkFailed(this.message);
    }
  }
}
