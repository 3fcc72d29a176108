/** A sink as a `TransformStream` of byte arrays. */

import { invalidArgument } from "../errors.js";
import { isBytes } from "../module/frame.js";
import type { Progress } from "../types.js";
import type { ChunkTransform, Emit } from "./message.js";

/** A transform that holds keys. */
export interface Sink extends ChunkTransform {
  /** Wipes them; called once, whatever the end. */
  free(): void;
}

/** What may wait on either side of the stream, in bytes, before its source is asked to wait. */
const HIGH_WATER_MARK = 1 << 20;

/**
 * A `TransformStream` around the sink that `start` makes. Input and output are each bounded by
 * {@link HIGH_WATER_MARK} and the one array that exceeds it.
 */
export function byteStream(operation: string, start: (emit: Emit) => Promise<Sink>, onProgress?: (progress: Progress) => void): TransformStream<Uint8Array, Uint8Array> {
  let sink: Sink | undefined;
  let processed = 0;
  const freeing = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      sink?.free();
      throw error;
    }
  };
  const transformer: Transformer<Uint8Array, Uint8Array> & { cancel(): void } = {
    async start(controller) {
      sink = await start((output) => {
        controller.enqueue(output);
      });
    },
    async transform(input) {
      await freeing(async () => {
        if (!isBytes(input)) throw invalidArgument(operation, "Uint8Arrays in the stream", input);
        await sink?.push(input);
        processed += input.length;
        onProgress?.({ processed });
      });
    },
    async flush() {
      await freeing(async () => sink?.finish());
      sink?.free();
    },
    // Called where the platform knows it; elsewhere the keys go when the stream is collected.
    cancel() {
      sink?.free();
    },
  };
  const strategy = new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK });
  // Input of the wrong kind has no byteLength; it must reach `transform`, which says what is wrong with it.
  const writable = { highWaterMark: HIGH_WATER_MARK, size: (input: Uint8Array | undefined) => (input as { byteLength?: number } | undefined)?.byteLength ?? 1 };
  return new TransformStream(transformer, writable, strategy);
}
