/** Everything that the package exports, and how an entry connects it to a platform. */

import { listOf, optionsOf, unbuffered, type Known } from "./arguments.js";
import { decryptingStream, decryptToBlob } from "./envelope/decrypt.js";
import { encryptingStream, encryptToBlob } from "./envelope/encrypt.js";
import { openFile, type EncryptedFile } from "./envelope/file.js";
import { rewrapBlob } from "./envelope/rewrap.js";
import { inspect, inspectSource } from "./inspect.js";
import { ABORT, DECRYPT, decryptRange as decryptRangeOf, ENCRYPT, Keyring, RANGE, SOURCE, type RangeOptions } from "./keyring.js";
import { whole } from "./module/instance.js";
import { Identity, publicIdentity, scopeIdentity, ShareSet } from "./sharing.js";
import { setHostAes, type HostAes } from "./stream/host-aes.js";
import type { AbortOptions, Bytes, Context, ContextOf, Data, DecryptOptions, EncryptOptions, AnyIdentity, Keep, Recipient, Source, SourceOptions, WasmSource } from "./types.js";

export { Identity, inspect, inspectSource, Keyring, publicIdentity, scopeIdentity, ShareSet };

/** Who may open what is encrypted. */
export interface Recipients {
  readonly recipients: Recipient | readonly Recipient[];
}

/** What opens it: one of these is enough. */
export interface Identities {
  readonly identity: AnyIdentity | readonly AnyIdentity[];
}

/**
 * Loads the WebAssembly module. Everything that returns a promise does so by itself; call it where a synchronous function
 * comes first. Calling it again does nothing; after a failure it tries again.
 *
 * @throws `wasm_unavailable`; with `fortress-sdk/slim` and no source, `not_initialised`.
 */
export async function init(source?: WasmSource): Promise<void> {
  await whole.init(source);
}

/** A stream that encrypts for these recipients. Its memory stays flat whatever its length. */
export function encryptStream<C extends ContextOf<C> = Context>(options: Recipients & EncryptOptions<C>): TransformStream<Uint8Array, Bytes> {
  const own = optionsOf(options, { ...RECIPIENTS, ...ENCRYPT }, "encryptStream");
  return encryptingStream(listOf(own.recipients), own, "encryptStream") as TransformStream<Uint8Array, Bytes>;
}

/** A stream that decrypts. What it passes on is authentic; that it was all is known when it ends without an error. */
export function decryptStream<C extends ContextOf<C> = Context>(options: Identities & DecryptOptions<C>): TransformStream<Uint8Array, Bytes> {
  const own = optionsOf(options, { ...IDENTITIES, ...DECRYPT }, "decryptStream");
  return decryptingStream(listOf(own.identity), own, "decryptStream") as TransformStream<Uint8Array, Bytes>;
}

/** Encrypts a Blob or bytes for these recipients. */
export async function encryptBlob<C extends ContextOf<C> = Context>(data: Data, options: Recipients & EncryptOptions<C> & AbortOptions): Promise<Blob> {
  const own = optionsOf(options, { ...RECIPIENTS, ...ENCRYPT, ...ABORT }, "encryptBlob");
  return encryptToBlob(unbuffered(data, "encryptBlob"), listOf(own.recipients), own, "encryptBlob");
}

/** Decrypts a whole envelope to a Blob of this type. Nothing comes out unless all of it is authentic. */
export async function decryptBlob<C extends ContextOf<C> = Context>(source: Source, options: Identities & DecryptOptions<C> & SourceOptions & { readonly type?: string }): Promise<Blob> {
  const own = optionsOf(options, { ...IDENTITIES, ...DECRYPT, ...SOURCE, type: true }, "decryptBlob");
  return decryptToBlob(unbuffered(source, "decryptBlob"), listOf(own.identity), own, "decryptBlob");
}

/** Decrypts the plaintext from `start` up to, not including, `end`. */
export async function decryptRange<C extends ContextOf<C> = Context>(source: Source, options: Identities & RangeOptions<C>): Promise<Bytes> {
  const own = optionsOf(options, { ...IDENTITIES, ...RANGE }, "decryptRange");
  return decryptRangeOf(source, listOf(own.identity), own);
}

/** Opens a file for reading parts of it, its size and its metadata. */
export async function openSource<C extends ContextOf<C> = Context>(source: Source, options: Identities & SourceOptions & { readonly context?: C }): Promise<EncryptedFile> {
  const own = optionsOf(options, { ...IDENTITIES, ...SOURCE, context: true }, "openSource");
  return openFile(unbuffered(source, "openSource"), listOf(own.identity), own, true, "openSource");
}

/**
 * Rewrites who may open an envelope: its header alone, whatever its size. `recipients` take the place of all, or are added to those
 * that `keep` names. Whoever could open it before can still open a copy from before.
 *
 * Give the `context` where recipients are added: it proves that this is the envelope that you mean, and not another one
 * that a server put in its place. For sealed keyrings there is {@link Keyring.rewrap}.
 */
export async function rewrap<C extends ContextOf<C> = Context>(envelope: Data, options: Identities & Partial<Recipients> & { readonly context?: C; readonly keep?: Keep }): Promise<Blob> {
  const { identity, context, keep, recipients } = optionsOf(options, { ...IDENTITIES, ...RECIPIENTS, context: true, keep: true }, "rewrap");
  return rewrapBlob(unbuffered(envelope, "rewrap"), listOf(identity), context, keep, listOf(recipients), "rewrap");
}

const RECIPIENTS: Known<Recipients> = { recipients: true };
const IDENTITIES: Known<Identities> = { identity: true };

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
  whole.setDefaultSource(platform.wasm);
  if (platform.aes !== undefined) setHostAes(platform.aes);
  return { init, Keyring, Identity, ShareSet, publicIdentity, scopeIdentity, encryptStream, decryptStream, encryptBlob, decryptBlob, decryptRange, openSource, rewrap, inspect, inspectSource };
}

export type * from "./types.js";
export type { EncryptedFile } from "./envelope/file.js";
export type { AllOptions, FieldKeyring, GenerateOptions } from "./field-keyring.js";
export type { GrantActions, GrantOptions } from "./granting.js";
export type { InspectedField, InspectedRecipient, Inspection } from "./inspection.js";
export type { AlsoFor, RangeOptions, RewrapOptions } from "./keyring.js";
export type { ColumnOptions, EncryptedRow, HoistedColumn, HoistedRow, Row, StoredColumnOptions, StoredHoistedRow } from "./rows.js";
export type { SealOptions } from "./sealed.js";
export type { ShareSetOptions } from "./sharing.js";
