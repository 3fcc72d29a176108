/** Everything that the package exports, and how an entry connects it to a platform. */

import { decryptingStream, decryptToBlob } from "./envelope/decrypt.js";
import { encryptingStream, encryptToBlob } from "./envelope/encrypt.js";
import { openFile, type EncryptedFile } from "./envelope/file.js";
import { rewrapBlob } from "./envelope/rewrap.js";
import { inspect, inspectSource } from "./inspect.js";
import { decryptRange as decryptRangeOf, Keyring, listOf, type RangeOptions } from "./keyring.js";
import { init as initModule, setDefaultSource } from "./module/instance.js";
import { setHostAes, type HostAes } from "./stream/host-aes.js";
import type { Bytes, Context, DecryptOptions, EncryptOptions, Identity, Recipient, Source, SourceOptions, WasmSource } from "./types.js";

export { inspect, inspectSource, Keyring };

/** Who may open what is encrypted. */
export interface Recipients {
  readonly recipients: Recipient | readonly Recipient[];
}

/** What opens it: one of these is enough. */
export interface Identities {
  readonly identity: Identity | readonly Identity[];
}

/**
 * Loads the WebAssembly module. Everything that returns a promise does so by itself; call it where a synchronous function
 * comes first. Calling it again does nothing; after a failure it tries again.
 *
 * @throws `wasm_unavailable`; with `fortress-sdk/slim` and no source, `not_initialised`.
 */
export async function init(source?: WasmSource): Promise<void> {
  await initModule(source);
}

/** A stream that encrypts for these recipients. Its memory stays flat whatever its length. */
export function encryptStream(options: Recipients & EncryptOptions): TransformStream<Uint8Array, Uint8Array> {
  return encryptingStream(listOf(options.recipients), options, "encryptStream");
}

/** A stream that decrypts. What it passes on is authentic; that it was all is known when it ends without an error. */
export function decryptStream(options: Identities & DecryptOptions): TransformStream<Uint8Array, Uint8Array> {
  return decryptingStream(listOf(options.identity), options, "decryptStream");
}

/** Encrypts a Blob or bytes for these recipients. */
export function encryptBlob(data: Blob | Uint8Array, options: Recipients & EncryptOptions & SourceOptions): Promise<Blob> {
  return encryptToBlob(data, listOf(options.recipients), options, "encryptBlob");
}

/** Decrypts a whole envelope to a Blob of this type. Nothing comes out unless all of it is authentic. */
export function decryptBlob(source: Source, options: Identities & DecryptOptions & SourceOptions & { readonly type?: string }): Promise<Blob> {
  return decryptToBlob(source, listOf(options.identity), options, "decryptBlob");
}

/** Decrypts the plaintext from `start` up to, not including, `end`. */
export function decryptRange(source: Source, options: Identities & RangeOptions): Promise<Bytes> {
  return decryptRangeOf(source, listOf(options.identity), options);
}

/** Opens a file for reading parts of it, its size and its metadata. */
export function openSource(source: Source, options: Identities & SourceOptions & { readonly context?: Context }): Promise<EncryptedFile> {
  return openFile(source, listOf(options.identity), options, true, "openSource");
}

/**
 * Rewrites who may open an envelope: its header alone, whatever its size. Whoever could open it before can still open a
 * copy from before.
 *
 * Give the `context` where recipients are added: it proves that this is the envelope that you mean, and not another one
 * that a server put in its place. For sealed keyrings there is {@link Keyring.rewrap}.
 */
export function rewrap(envelope: Blob | Uint8Array, options: Identities & Recipients & { readonly context?: Context }): Promise<Blob> {
  return rewrapBlob(envelope, listOf(options.identity), options.context, listOf(options.recipients), "rewrap");
}

/** What an entry knows of its platform. */
export interface Platform {
  /** Where the module is. */
  readonly wasm: () => WasmSource;
  /** AES-256-GCM where something is better than WebCrypto. */
  readonly aes?: HostAes;
}

/**
 * Connects the package to a platform and returns its functions. Entries export what this returns, and not the functions
 * themselves: a bundler that drops modules without side effects must not drop the connection.
 */
export function connect(platform: Platform) {
  setDefaultSource(platform.wasm);
  if (platform.aes !== undefined) setHostAes(platform.aes);
  return { init, Keyring, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource };
}

export type * from "./types.js";
export type { EncryptedFile } from "./envelope/file.js";
export type { InspectedField, InspectedRecipient, Inspection } from "./inspect.js";
export type { AlsoFor, RangeOptions } from "./keyring.js";
export type { ColumnOptions, EncryptedRow, HoistedRow, Row, StoredHoistedRow } from "./rows.js";
