/** Decrypting envelopes: as streams, and whole to Blobs. */

import { init } from "../module/instance.js";
import { openWhole } from "../source/source.js";
import { BlobBuilder } from "../stream/blob.js";
import { MessageTransform, type Emit } from "../stream/message.js";
import { byteStream, type Sink } from "../stream/transform.js";
import type { DecryptOptions, AnyIdentity, Source, SourceOptions } from "../types.js";
import { Opened, prefixLength } from "./open.js";

/**
 * A stream that turns an envelope, in arrays of any size, into its plaintext. What it passes on is authentic; that it
 * was all of it is known when the stream ends without an error.
 */
export function decryptingStream(identities: readonly AnyIdentity[], options: DecryptOptions<object>, operation: string): TransformStream<Uint8Array, Uint8Array> {
  return byteStream(
    operation,
    async (emit) => {
      await init(undefined, operation);
      return new EnvelopeSink(identities, options.context, emit, operation);
    },
    options.onProgress,
  );
}

/** Decrypts a whole envelope to a Blob of this type. */
export async function decryptToBlob(
  source: Source,
  identities: readonly AnyIdentity[],
  options: DecryptOptions<object> & SourceOptions & { readonly type?: string },
  operation: string,
): Promise<Blob> {
  await init(undefined, operation);
  const result = new BlobBuilder();
  const sink = new EnvelopeSink(
    identities,
    options.context,
    (output) => {
      result.add(output);
    },
    operation,
  );
  try {
    const { size: total, blocks } = await openWhole(source, options, operation);
    let processed = 0;
    for await (const block of blocks) {
      await sink.push(block);
      processed += block.length;
      options.onProgress?.({ processed, ...(total === undefined ? {} : { total }) });
    }
    await sink.finish();
    return result.blob(options.type ?? "");
  } finally {
    sink.free();
  }
}

/** Collects the prefix, opens it, and passes the rest to the message. */
export class EnvelopeSink implements Sink {
  private start = new Uint8Array();
  /** Bytes of it that have come; the rest is room, so that a start which comes byte by byte is not copied every time. */
  private filled = 0;
  private transform: MessageTransform | undefined;
  private freeMessage: (() => void) | undefined;
  /** Set once its keys are to be gone, though an external key may not have answered yet. */
  private freed = false;

  constructor(
    private readonly identities: readonly AnyIdentity[],
    private readonly context: object | undefined,
    private readonly emit: Emit,
    private readonly operation: string,
  ) {}

  push(input: Uint8Array): void | Promise<void> {
    if (this.transform !== undefined) return this.transform.push(input);
    this.hold(input);
    const start = this.start.subarray(0, this.filled);
    const length = prefixLength(start, this.operation);
    if (length === undefined || start.length < length) return;
    const rest = start.subarray(length);
    const transform = this.open(start.subarray(0, length));
    return transform instanceof Promise ? transform.then((open) => open.push(rest)) : transform.push(rest);
  }

  async finish(): Promise<void> {
    // A start that is too short to open: the core says what is missing.
    await (this.transform ?? (await this.open(this.start.subarray(0, this.filled)))).finish();
  }

  private hold(input: Uint8Array): void {
    const needed = this.filled + input.length;
    if (needed > this.start.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.start.length));
      larger.set(this.start.subarray(0, this.filled));
      this.start = larger;
    }
    this.start.set(input, this.filled);
    this.filled = needed;
  }

  free(): void {
    this.freed = true;
    this.freeMessage?.();
  }

  private open(prefix: Uint8Array): MessageTransform | Promise<MessageTransform> {
    const opened = Opened.open(prefix, this.identities, this.context, this.operation);
    return opened instanceof Promise ? opened.then((open) => this.decrypting(open)) : this.decrypting(opened);
  }

  private decrypting(opened: Opened): MessageTransform {
    const message = opened.intoMessage();
    this.freeMessage = () => {
      message.handle.free();
    };
    if (this.freed) this.freeMessage();
    this.transform = new MessageTransform(message, this.emit);
    this.start = new Uint8Array();
    return this.transform;
  }
}
