/** Keyrings: versioned keys, the scopes below them, and everything that they encrypt. */

import { listOf, optionsOf, unbuffered, type Known } from "./arguments.js";
import { decryptingStream, decryptToBlob } from "./envelope/decrypt.js";
import { encryptingStream, encryptToBlob } from "./envelope/encrypt.js";
import { openFile, type EncryptedFile } from "./envelope/file.js";
import { FieldKeyring, GENERATE, now, type GenerateOptions } from "./field-keyring.js";
import { KeyringHandle } from "./generated/fortress_wasm.js";
import { grant, type GrantOptions } from "./granting.js";
import { Handle } from "./module/handle.js";
import { init, instance } from "./module/instance.js";
import { openSealed, rewrapSealed, seal, type SealOptions } from "./sealed.js";
import type { AbortOptions, AnyIdentity, Bytes, Context, ContextOf, Data, DecryptOptions, EncryptOptions, Keep, Recipient, ScopeIdentity, Source, SourceOptions } from "./types.js";

/**
 * Versioned keys in WebAssembly memory. One version is primary and encrypts; the others decrypt until they are destroyed.
 *
 * Values encrypt synchronously to tokens, files and streams to envelopes. `free()` wipes the keys; a keyring that was
 * freed, or whose WebAssembly instance stopped, throws an `InstanceError` with code `freed` or `instance_lost`.
 *
 * ```ts
 * const keyring = await Keyring.generate();
 * const email = keyring.scope("acme", "users", "email");
 * const token = email.encrypt("ada@example.org", { row: "42" });
 * const text = email.decryptText(token, { row: "42" });
 * ```
 */
export class Keyring extends FieldKeyring {
  readonly #handle: Handle<KeyringHandle>;

  private constructor(handle: Handle<KeyringHandle>) {
    super(handle);
    this.#handle = handle;
  }

  /** A keyring with one fresh version. Seal it to keep it. */
  static async generate(options: GenerateOptions = {}): Promise<Keyring> {
    const { profile = "" } = optionsOf(options, GENERATE, "generate");
    await init(undefined, "generate");
    const home = instance("generate");
    const raw = home.run("generate", (frame) => KeyringHandle.generate(frame.lastValue(profile, "generate").length, now()) ?? frame.fail("generate"));
    return new Keyring(new Handle(home, raw, "keyring"));
  }

  /**
   * Opens a sealed keyring. A passphrase takes a moment: it is derived with Argon2id.
   *
   * @throws `wrong_passphrase`, `wrong_recipient` when none of its recipients is the identity's kind, `not_fortress` and the
   *   like when it is not a sealed keyring.
   */
  static async open(sealed: Data, identity: AnyIdentity | readonly AnyIdentity[]): Promise<Keyring> {
    return new Keyring(await openSealed(sealed, listOf(identity), "open"));
  }

  /**
   * Opens a sealed keyring by shares of a share set that it was sealed for: their texts, as many as the set asks for.
   *
   * @throws `not_enough_shares`, `different_share_sets`, `invalid_share`, or `authentication_failed` when one of them is wrong.
   */
  static async recover(sealed: Data, shares: readonly string[]): Promise<Keyring> {
    return new Keyring(await openSealed(sealed, [{ shares }], "recover"));
  }

  /**
   * Rewrites who opens a sealed keyring, such as for a new passphrase, without changing its keys. Whoever could open it
   * before can still open a copy from before: rotate, so that what comes after is out of their reach.
   */
  static async rewrap(sealed: Data, options: RewrapOptions): Promise<Bytes> {
    const { identity, recipients, keep } = optionsOf(options, REWRAP, "rewrap");
    return rewrapSealed(sealed, listOf(identity), keep, listOf(recipients), "rewrap");
  }

  /**
   * Seals the keyring, all versions and scope included, for one or more recipients. Store the result anywhere.
   *
   * @throws `empty_passphrase`, `argon2_limits`, `no_recipient`, `too_many_recipients`.
   */
  async seal(recipient: Recipient | readonly Recipient[], options: SealOptions = {}): Promise<Bytes> {
    return seal(this.#handle, recipient, options, "seal");
  }

  /**
   * Grants the scope that this keyring is narrowed to: to some, for a time, to encrypt or to decrypt or both, signed by a `SigningKey`. They open it with
   * `Grant.open`. Both are in `fortress-sdk/grants`.
   *
   * @throws `invalid_grant` for a keyring that is not narrowed, for times that are none and texts that are too long; `action_not_granted` for one that was granted itself.
   */
  async grant(options: GrantOptions): Promise<Bytes> {
    return grant(this.#handle, options, "grant");
  }

  /**
   * What others encrypt for at the scope that this keyring is narrowed to, and cannot read back: a web form, say. It is that of the primary version: give out the new
   * one after a rotation; what comes by the old one still opens.
   *
   * @throws `action_not_granted` for a keyring that was granted to decrypt.
   */
  scopeIdentity(): ScopeIdentity {
    return this.#handle.run("scopeIdentity", (raw, frame) => frame.asciiText(frame.check(raw.scope_identity(), "scopeIdentity")) as ScopeIdentity);
  }

  /** A stream that encrypts to this keyring, and to `recipients` besides. Its memory stays flat whatever its length. */
  encryptStream<C extends ContextOf<C> = Context>(options: EncryptOptions<C> & AlsoFor = {}): TransformStream<Uint8Array, Bytes> {
    const own = optionsOf(options, { ...ENCRYPT, recipients: true }, "encryptStream");
    return encryptingStream(this.#and(own), own, "encryptStream") as TransformStream<Uint8Array, Bytes>;
  }

  /** A stream that decrypts. What it passes on is authentic; that it was all is known when it ends without an error. */
  decryptStream<C extends ContextOf<C> = Context>(options: DecryptOptions<C> = {}): TransformStream<Uint8Array, Bytes> {
    return decryptingStream([this], optionsOf(options, DECRYPT, "decryptStream"), "decryptStream") as TransformStream<Uint8Array, Bytes>;
  }

  /** Encrypts a Blob or bytes to this keyring, and to `recipients` besides. */
  async encryptBlob<C extends ContextOf<C> = Context>(data: Data, options: EncryptOptions<C> & AlsoFor & AbortOptions = {}): Promise<Blob> {
    const own = optionsOf(options, { ...ENCRYPT, ...ABORT, recipients: true }, "encryptBlob");
    return encryptToBlob(unbuffered(data, "encryptBlob"), this.#and(own), own, "encryptBlob");
  }

  /** Decrypts a whole envelope to a Blob of this type. Nothing comes out unless all of it is authentic. */
  async decryptBlob<C extends ContextOf<C> = Context>(source: Source, options: DecryptOptions<C> & SourceOptions & { readonly type?: string } = {}): Promise<Blob> {
    return decryptToBlob(unbuffered(source, "decryptBlob"), [this], optionsOf(options, { ...DECRYPT, ...SOURCE, type: true }, "decryptBlob"), "decryptBlob");
  }

  /**
   * Decrypts the plaintext from `start` up to, not including, `end`, reading nothing but the header and what holds it.
   * For many ranges of one file, {@link Keyring.openSource} opens it once.
   */
  async decryptRange<C extends ContextOf<C> = Context>(source: Source, range: RangeOptions<C>): Promise<Bytes> {
    return decryptRange(source, [this], optionsOf(range, RANGE, "decryptRange"));
  }

  /** Opens a file for reading parts of it, its size and its metadata. */
  async openSource<C extends ContextOf<C> = Context>(source: Source, options: SourceOptions & { readonly context?: C } = {}): Promise<EncryptedFile> {
    return openFile(unbuffered(source, "openSource"), [this], optionsOf(options, { ...SOURCE, context: true }, "openSource"), true, "openSource");
  }

  /** @internal One that comes from elsewhere than a sealed keyring. */
  static of(handle: Handle<KeyringHandle>): Keyring {
    return new Keyring(handle);
  }

  /** @internal */
  protected override narrowed(handle: Handle<KeyringHandle>): this {
    return new Keyring(handle) as this;
  }

  #and(options: AlsoFor): readonly Recipient[] {
    return [this, ...listOf(options.recipients)];
  }
}

/** Who else may open it. */
export interface AlsoFor {
  readonly recipients?: Recipient | readonly Recipient[];
}

/** Who could open a sealed keyring, and who can from now on. */
export interface RewrapOptions {
  readonly identity: AnyIdentity | readonly AnyIdentity[];
  /** The new ones; by default none, where some stay. */
  readonly recipients?: Recipient | readonly Recipient[];
  /** Those who stay; by default none. */
  readonly keep?: Keep;
}

/** A range of a file's plaintext. */
export interface RangeOptions<C = Context> extends SourceOptions {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  readonly context?: C;
}

/** Opens a file for one range and closes it again. */
export async function decryptRange(source: Source, identities: readonly AnyIdentity[], options: RangeOptions<object>): Promise<Bytes> {
  const file = await openFile(unbuffered(source, "decryptRange"), identities, options, false, "decryptRange");
  try {
    return await file.readFor("decryptRange", options.start, options.end, options.signal);
  } finally {
    file.free();
  }
}

const REWRAP: Known<RewrapOptions> = { identity: true, recipients: true, keep: true };
/** Of envelopes. */
export const ENCRYPT: Known<EncryptOptions> = { context: true, suite: true, metadata: true, onProgress: true };
export const DECRYPT: Known<DecryptOptions> = { context: true, onProgress: true };
export const ABORT: Known<AbortOptions> = { signal: true };
export const SOURCE: Known<SourceOptions> = { ...ABORT, fetch: true };
export const RANGE: Known<RangeOptions> = { ...SOURCE, start: true, end: true, context: true };
