/**
 * One envelope's message on its way: plaintext in and chunks out, or the reverse. What comes in is cut into chunks; each
 * chunk is computed by WebAssembly, or by the host's AES-256-GCM with a nonce that the core hands out for it.
 */

import { fortressError } from "../errors.js";
import type { Message } from "../generated/fortress_wasm.js";
import type { Handle } from "../module/handle.js";
import { AsyncTransform } from "./async.js";
import { currentHostAes } from "./host-aes.js";
import { PortableTransform } from "./portable.js";
import { SyncTransform } from "./sync.js";

/** Where a transform's output goes, in order. Arrays belong to the receiver. */
export type Emit = (output: Uint8Array<ArrayBuffer>) => void;

/** Takes the input of one message piece by piece. After an error it is of no more use. */
export interface ChunkTransform {
  /** Takes input of any length. A promise asks the caller to wait with more. */
  push(input: Uint8Array): void | Promise<void>;
  /** Ends the message; resolves when all output was emitted. */
  finish(): void | Promise<void>;
}

/** The core's message, and what about it does not change. */
export interface MessageHandle {
  readonly handle: Handle<Message>;
  readonly operation: string;
  readonly direction: "encrypt" | "decrypt";
  /** Bytes of a full chunk on the input side. */
  readonly inputChunk: number;
  /** Bytes of a full chunk on the output side. */
  readonly outputChunk: number;
}

/** Below this many bytes of input WebAssembly is done before the host's AES has a key. Measured in Chromium and Node. */
const SMALL_MESSAGE = 4096;

/**
 * The transform for a message, chosen once it is known whether the input is small: with the host's AES for AES-256-GCM
 * when the host has one, in WebAssembly otherwise. Both give the same bytes.
 */
export class MessageTransform implements ChunkTransform {
  private chosen: ChunkTransform | undefined;
  /** Input that came before the choice: less than {@link SMALL_MESSAGE} bytes. */
  private early: Uint8Array[] = [];
  private earlyLength = 0;

  constructor(
    private readonly message: MessageHandle,
    private readonly emit: Emit,
  ) {}

  push(input: Uint8Array): void | Promise<void> {
    if (this.chosen !== undefined) return this.chosen.push(input);
    if (this.earlyLength + input.length < SMALL_MESSAGE) {
      // Not `slice`: that of a Buffer does not copy.
      this.early.push(new Uint8Array(input));
      this.earlyLength += input.length;
      return;
    }
    return this.chooseAndPush(input);
  }

  private async chooseAndPush(input: Uint8Array): Promise<void> {
    this.chosen = await hostTransform(this.message, this.emit);
    for (const early of this.takeEarly()) await this.chosen.push(early);
    await this.chosen.push(input);
  }

  async finish(): Promise<void> {
    if (this.chosen === undefined) {
      this.chosen = new PortableTransform(this.message, this.emit);
      for (const early of this.takeEarly()) await this.chosen.push(early);
    }
    await this.chosen.finish();
  }

  private takeEarly(): Uint8Array[] {
    return this.early.splice(0);
  }
}

/** The transform with the host's AES where it can be used. */
export async function hostTransform(message: MessageHandle, emit: Emit): Promise<ChunkTransform> {
  const aes = currentHostAes();
  const hostComputes = message.handle.run(message.operation, (raw) => raw.host_computes());
  if (aes === undefined || !hostComputes) return new PortableTransform(message, emit);
  const key = exportKey(message);
  try {
    const hostKey = await aes(key);
    return hostKey.sync ? new SyncTransform(message, hostKey, emit) : new AsyncTransform(message, hostKey, emit);
  } catch (cause) {
    throw hostFailed(message.operation, cause);
  } finally {
    key.fill(0);
  }
}

/** Takes the message's key out of WebAssembly, for the host to import. It opens this one message. */
function exportKey({ handle, operation }: MessageHandle): Uint8Array {
  return handle.run(operation, (raw, frame) => {
    const length = frame.check(raw.expose_message_key(), operation);
    const key = frame.copy(length);
    frame.wipeResult(length);
    return key;
  });
}

/** The nonces for the next `count` chunks of `length` bytes, one after the other, as a view that the next call into the module overwrites. */
export function nextNonces({ handle, operation }: MessageHandle, count: number, length: number): Uint8Array {
  return handle.run(operation, (raw, frame) => frame.view(frame.check(raw.next_nonces(count, length), operation)));
}

/** Asks the core whether the input may end here. */
export function endOfInput({ handle, operation }: MessageHandle): void {
  handle.run(operation, (raw, frame) => frame.check(raw.end_of_input(), operation));
}

/** Tells the core that the host found a chunk that is not authentic; returns the core's error for it. */
export function chunkFailed({ handle, operation }: MessageHandle): Error {
  return handle.run(operation, (raw, frame) => {
    raw.chunk_failed();
    return frame.error(operation);
  });
}

/** The host's AES failed for another reason than its data, such as memory. */
export function hostFailed(operation: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return fortressError("host_failed", `the platform's AES-256-GCM failed (${reason}); try again`, operation, cause);
}
