/** The types that callers meet. */

import type { FieldKeyring } from "./field-keyring.js";
import type { Grant } from "./grants.js";
import type { Identity, ShareSet } from "./sharing.js";

declare const tokenBrand: unique symbol;
declare const publicIdentityBrand: unique symbol;
declare const scopeIdentityBrand: unique symbol;
declare const verifyingKeyBrand: unique symbol;

/** An encrypted value as text: base64url without padding. A plain string to store, a type of its own in code. */
export type Token = string & { readonly [tokenBrand]: true };

/** A token as it is stored: its text, or its bytes. */
export type StoredToken = string | Uint8Array | ArrayBuffer;

/** What others encrypt for, as text that starts with `fortress1`: 1,961 characters to give out. {@link publicIdentity} reads one. */
export type PublicIdentity = string & { readonly [publicIdentityBrand]: true };

/**
 * What others encrypt for at a keyring's scope, as text that starts with `fortress-scope-1`: 1,974 characters to give out. Who has it reads nothing back; the
 * keyring opens it.
 */
export type ScopeIdentity = string & { readonly [scopeIdentityBrand]: true };

/** What others know a granter's signature by, as text that starts with `fortress-verifying-key-1`. */
export type VerifyingKey = string & { readonly [verifyingKeyBrand]: true };

/** Bytes that this package allocated and the caller owns. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What a token holds. */
export type Value = string | Uint8Array | ArrayBuffer;

/** Bytes in memory, or a Blob. */
export type Data = Blob | Uint8Array | ArrayBuffer;

/** A named set of choices: which suites are written, and how soon a key should be rotated. Reading never depends on it. */
export type Profile = "lightning" | "balanced" | "fortress" | "archive";

/** An AEAD. What a profile writes follows the platform; naming one overrides it for one envelope. */
export type Suite = "AES-256-GCM" | "ChaCha20-Poly1305" | "AEGIS-256" | "AEGIS-256X2";

/** What a ciphertext is bound to: given at encryption and again, equal, at decryption. Authenticated, never stored. */
export type Context = Readonly<Record<string, string>>;

/**
 * What a type must be to be taken as a context: all of its fields are text, and all are there. An `interface` is one too, which is no {@link Context} as it has no
 * index signature.
 */
export type ContextOf<C> = object & NoFunction & Readonly<Record<keyof C, string>> & Readonly<Partial<Record<NameIn<C>, string>>>;
/** A function has no fields, and would pass for a context without any. */
interface NoFunction {
  readonly call?: string;
}
/** The fields of any member of a union. */
type NameIn<C> = C extends unknown ? keyof C : never;

/** Argon2id parameters of a new passphrase recipient; by default those that RFC 9106 recommends second. */
export interface Argon2Options {
  /** Passes over the memory. */
  readonly passes: number;
  /** Memory in KiB, at least 8,192. */
  readonly memoryKiB: number;
  /** Lanes. */
  readonly lanes: number;
}

/**
 * Who may open what is written: holders of a keyring, of an identity, of a passphrase, of an external key, or enough holders of a share set's shares, of
 * whom the first find theirs in the header. The identity of a scope, and a grant, stand for the holders of the keyring that they are from.
 */
export type Recipient =
  | FieldKeyring
  | Identity
  | PublicIdentity
  | ScopeIdentity
  | Grant
  | ShareSet
  | { readonly shares: ShareSet; readonly holders: readonly (PublicIdentity | Identity)[] }
  | { readonly passphrase: string; readonly argon2?: Argon2Options }
  | ExternalKey;

/** What opens it. */
export type AnyIdentity = FieldKeyring | Identity | Grant | { readonly passphrase: string } | { readonly shares: readonly string[] } | ExternalKey | ExternalKeys;

/**
 * Which recipients stay when a header is rewritten: none, those that the given identity does not open, all, or those at these places, as `inspect` lists
 * them, from 0.
 */
export type Keep = "none" | "others" | "all" | readonly number[];

/**
 * A key that never comes here: in hardware, in a service, behind a prompt. It wraps the 32-byte key of a file or of a sealed keyring, and unwraps it.
 * What its methods throw, the caller gets, unless something else opens.
 */
export interface ExternalKey {
  /** What it is known by: 1 to 1,024 bytes, which anyone can read in the header. */
  readonly reference: string;
  /**
   * Wraps a file key, to at most 8,192 bytes. `associated`, 32 bytes, stands for the header: a key that authenticates it binds what it wraps to that
   * header. The file key's array is overwritten afterwards.
   */
  wrap(fileKey: Bytes, associated: Bytes): Promise<Uint8Array>;
  /** Unwraps what `wrap` gave, with the same associated data, to an array of its own, which is overwritten afterwards. */
  unwrap(wrapped: Bytes, associated: Bytes): Promise<Uint8Array>;
  /** Does it open what is wrapped under this reference? By default what has its own. */
  opens?(reference: string): boolean;
}

/** Several external keys of which one opens, found out by one question, such as "use one of your passkeys". */
export interface ExternalKeys {
  /** May what is wrapped under this reference be among what they open? */
  opens(reference: string): boolean;
  /** Unwraps one of these, and says which. */
  unwrapAny(wrapped: readonly WrappedKey[], associated: Bytes): Promise<{ readonly reference: string; readonly fileKey: Uint8Array }>;
}

/** A file key as an external key wrapped it. */
export interface WrappedKey {
  readonly reference: string;
  readonly wrapped: Bytes;
}

/** An encrypted file: in memory, on disk, or on a server that answers HTTP Range requests (a URL or its text). */
export type Source = Data | URL | string;

/** Where the WebAssembly module comes from: a compiled module, its bytes, a response, or an address to fetch. */
export type WasmSource =
  | WebAssembly.Module
  | BufferSource
  | Response
  | URL
  | string
  | Promise<WebAssembly.Module | BufferSource | Response | URL | string>;

/** How far a stream has come, in bytes of its input; `total` where it is known. */
export interface Progress {
  readonly processed: number;
  readonly total?: number;
}

/** Options of everything that encrypts an envelope. */
export interface EncryptOptions<C = Context> {
  /** Must be given again to decrypt. */
  readonly context?: C;
  /** The AEAD; by default what the platform does fastest. */
  readonly suite?: Suite;
  /** Public: anyone can read it, nobody can alter it unnoticed. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: Progress) => void;
}

/** Options of everything that decrypts an envelope. */
export interface DecryptOptions<C = Context> {
  /** The context given at encryption. */
  readonly context?: C;
  readonly onProgress?: (progress: Progress) => void;
}

/** Options of work that may take long. */
export interface AbortOptions {
  /** Aborts it; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options for sources that may take long to read. */
export interface SourceOptions extends AbortOptions {
  /**
   * Loads addresses in place of the platform's `fetch`, to add credentials or headers. It is given what `fetch` is, and must pass
   * on the `range` header and the signal.
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** One version of a keyring's key. */
export interface KeyVersion {
  /** 8 hexadecimal digits, as in every ciphertext that it made. */
  readonly id: string;
  readonly created: Date;
  /** `primary` encrypts; the others only decrypt, until they are destroyed. */
  readonly state: "primary" | "decrypt-only" | "destroyed";
}
