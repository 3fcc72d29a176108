/** Blobs as input and output of long work. */

import { invalidArgument } from "../errors.js";
import { isBytes } from "../module/bytes.js";
import { Turns } from "./turn.js";

/** Bytes read at once. */
const BLOCK = 1 << 21;
/** Bytes of output that are collected before the platform takes them over. */
const PART = 1 << 24;

/** The data in blocks, the next one being read while the caller works on one. */
export async function* blocks(data: Blob | Uint8Array, signal: AbortSignal | undefined, operation: string): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  const turns = new Turns();
  if (isBytes(data)) {
    for (let at = 0; at < data.length; at += BLOCK) {
      // Or no timer could abort, and no progress would be drawn.
      if (turns.due) await turns.give();
      signal?.throwIfAborted();
      yield data.subarray(at, at + BLOCK);
    }
    return;
  }
  if (!(data instanceof Blob)) throw invalidArgument(operation, "a Blob or a Uint8Array", data);
  let next = data.size > 0 ? data.slice(0, BLOCK).arrayBuffer() : undefined;
  for (let at = BLOCK; next !== undefined; at += BLOCK) {
    const block: ArrayBuffer = await next;
    if (turns.due) await turns.give();
    signal?.throwIfAborted();
    next = at < data.size ? data.slice(at, at + BLOCK).arrayBuffer() : undefined;
    // Awaited after the yield; a failure before that is not unhandled.
    next?.catch(() => undefined);
    yield new Uint8Array(block);
  }
}

/** Collects output to a Blob. */
export class BlobBuilder {
  private blobs: Blob[] = [];
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private length = 0;

  add(part: Uint8Array<ArrayBuffer>): void {
    this.parts.push(part);
    this.length += part.length;
    if (this.length >= PART) this.flush();
  }

  /** All that was added, as one Blob. */
  blob(type: string): Blob {
    return new Blob([...this.blobs, ...this.parts], { type });
  }

  private flush(): void {
    // Browsers copy a Blob's bytes out of the page's memory, and large ones to disk.
    this.blobs.push(new Blob(this.parts));
    this.parts = [];
    this.length = 0;
  }
}
