/** Cuts a stream of byte arrays of any size into pieces of one size. */

import type { Bytes } from "../types.js";

/**
 * Whole pieces are handed out as views of what came in, without a copy; only a piece that lies across two arrays is
 * put together in a buffer of its own.
 */
export class Chunker {
  private held: Bytes | undefined;
  private filled = 0;

  constructor(private readonly pieceLength: number) {}

  /** The pieces that `input` completes, in order. What is left over is kept for the next call. */
  pieces(input: Uint8Array): Uint8Array[] {
    const size = this.pieceLength;
    const pieces: Uint8Array[] = [];
    let at = 0;
    if (this.filled > 0) {
      at = this.hold(input.subarray(0, size - this.filled));
      if (this.filled < size) return pieces;
      pieces.push(this.held as Bytes);
      this.held = undefined;
      this.filled = 0;
    }
    for (; input.length - at >= size; at += size) pieces.push(input.subarray(at, at + size));
    this.hold(input.subarray(at));
    return pieces;
  }

  /** What is left at the end: shorter than a piece, possibly empty. */
  rest(): Uint8Array {
    return this.held === undefined ? new Uint8Array() : this.held.subarray(0, this.filled);
  }

  private hold(part: Uint8Array): number {
    if (part.length === 0) return 0;
    this.held ??= new Uint8Array(this.pieceLength);
    this.held.set(part, this.filled);
    this.filled += part.length;
    return part.length;
  }
}
