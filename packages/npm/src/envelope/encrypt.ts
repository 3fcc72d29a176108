/** Encrypting streams and Blobs to envelopes. */

import { BlobBuilder, blocks } from "../stream/blob.js";
import { isBytes } from "../module/bytes.js";
import { init } from "../module/instance.js";
import { MessageTransform } from "../stream/message.js";
import { byteStream } from "../stream/transform.js";
import type { EncryptOptions, Recipient } from "../types.js";
import { newEnvelope } from "./open.js";

/**
 * A stream that turns plaintext, in arrays of any size, into an envelope for these recipients. Its memory stays flat
 * whatever its length. Errors appear as errors of the stream.
 */
export function encryptingStream(recipients: readonly Recipient[], options: EncryptOptions<object>, operation: string): TransformStream<Uint8Array, Uint8Array> {
  return byteStream(
    operation,
    async (emit) => {
      await init(undefined, operation);
      const { prefix, message } = await newEnvelope(recipients, options, operation);
      emit(prefix);
      const transform = new MessageTransform(message, emit);
      return {
        push: (input) => transform.push(input),
        finish: () => transform.finish(),
        free: () => {
          message.handle.free();
        },
      };
    },
    options.onProgress,
  );
}

/** Encrypts a Blob or bytes to a Blob. Finished parts are handed to the platform, which may keep them on disk. */
export async function encryptToBlob(
  data: Blob | Uint8Array,
  recipients: readonly Recipient[],
  options: EncryptOptions<object> & { readonly signal?: AbortSignal },
  operation: string,
): Promise<Blob> {
  await init(undefined, operation);
  const { prefix, message } = await newEnvelope(recipients, options, operation);
  const result = new BlobBuilder();
  try {
    result.add(prefix);
    const transform = new MessageTransform(message, (output) => {
      result.add(output);
    });
    let processed = 0;
    for await (const block of blocks(data, options.signal, operation)) {
      await transform.push(block);
      processed += block.length;
      options.onProgress?.({ processed, total: isBytes(data) ? data.length : data.size });
    }
    await transform.finish();
    return result.blob("application/octet-stream");
  } finally {
    message.handle.free();
  }
}
