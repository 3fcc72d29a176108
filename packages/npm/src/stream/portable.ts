/** Chunks computed in WebAssembly: every suite, and messages too small for the host to gain. */

import type { ChunkTransform, Emit, MessageHandle } from "./message.js";

/** Input per crossing. Bounds the frame; large enough that the crossing costs nothing. */
const BLOCK = 1 << 17;

export class PortableTransform implements ChunkTransform {
  constructor(
    private readonly message: MessageHandle,
    private readonly emit: Emit,
  ) {}

  push(input: Uint8Array): void {
    const { handle, operation, direction } = this.message;
    for (let at = 0; at < input.length; at += BLOCK) {
      handle.run(operation, (raw, frame) => {
        frame.rest(input.subarray(at, at + BLOCK));
        const length = frame.check(raw.update(frame.length), operation);
        if (length === 0) return;
        const output = frame.copy(length);
        if (direction === "decrypt") frame.wipeResult(length);
        this.emit(output);
      });
    }
  }

  finish(): void {
    const { handle, operation, direction } = this.message;
    handle.run(operation, (raw, frame) => {
      const length = frame.check(raw.finish(), operation);
      if (length === 0) return;
      const output = frame.copy(length);
      if (direction === "decrypt") frame.wipeResult(length);
      this.emit(output);
    });
  }
}
