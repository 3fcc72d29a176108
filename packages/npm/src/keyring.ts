/** Keyrings: versioned keys, the scopes below them, and everything that they encrypt. */

import { listOf, optionsOf, unbuffered, type Known } from "./arguments.js";
import { decryptingStream, decryptToBlob } from "./envelope/decrypt.js";
import { encryptingStream, encryptToBlob } from "./envelope/encrypt.js";
import { openFile, type EncryptedFile } from "./envelope/file.js";
import { finishHeader } from "./envelope/rewrap.js";
import { invalidArgument } from "./errors.js";
import { EnvelopeDraft, HeaderDraft, KeyringHandle } from "./generated/fortress_wasm.js";
import { completed, isExternal, withIdentities } from "./module/external.js";
import { hostEncodesBase64, viewOf } from "./module/frame.js";
import { Handle } from "./module/handle.js";
import { init, instance } from "./module/instance.js";
import { registerKeyring, withParties } from "./module/parties.js";
import {
  asBytes,
  asText,
  byName,
  decryptAll,
  decryptColumn,
  decryptRow,
  encryptAll,
  encryptColumn,
  encryptColumnHoisted,
  encryptRow,
  reencryptColumn,
  reencryptRow,
  tokenText,
  type ColumnOptions,
  type EncryptedRow,
  type HoistedColumn,
  type HoistedRow,
  type StoredColumnOptions,
  type StoredHoistedRow,
} from "./rows.js";
import type { Bytes, Context, Data, DecryptOptions, EncryptOptions, Identity, KeyVersion, Profile, Recipient, Source, SourceOptions, Token, Value } from "./types.js";

interface Description {
  readonly profile: Profile;
  readonly primary: string;
  readonly path: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly versions: readonly { readonly id: string; readonly created: number; readonly state: KeyVersion["state"] }[];
}

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
export class Keyring implements Disposable {
  readonly #handle: Handle<KeyringHandle>;
  #description: Description | undefined;

  private constructor(handle: Handle<KeyringHandle>) {
    this.#handle = handle;
    registerKeyring(this, handle);
  }

  /** A keyring with one fresh version. Seal it to keep it. */
  static async generate(options: GenerateOptions = {}): Promise<Keyring> {
    const { profile = "" } = optionsOf(options, GENERATE, "generate");
    await init();
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
  static async open(sealed: Data, identity: Identity | readonly Identity[]): Promise<Keyring> {
    await init();
    const bytes = await bytesOf(sealed, "open");
    return withIdentities(listOf(identity), bytes, "open", (parties, home) => {
      const raw = home.run("open", (frame) => KeyringHandle.open(parties, frame.rest(bytes).length) ?? frame.fail("open"));
      return new Keyring(new Handle(home, raw, "keyring"));
    });
  }

  /**
   * Rewrites who opens a sealed keyring, such as for a new passphrase, without changing its keys. Whoever could open it
   * before can still open a copy from before: rotate, so that what comes after is out of their reach.
   */
  static async rewrap(sealed: Data, options: RewrapOptions): Promise<Bytes> {
    const { identity, recipients } = optionsOf(options, REWRAP, "rewrap");
    await init();
    const bytes = await bytesOf(sealed, "rewrap");
    const draft = await withIdentities(listOf(identity), bytes, "rewrap", (parties, home) => {
      const raw = home.run("rewrap", (frame) => HeaderDraft.keyring(parties, frame.rest(bytes).length) ?? frame.fail("rewrap"));
      return new Handle(home, raw, "header");
    });
    const { replaced, header } = await finishHeader(draft, listOf(recipients), "rewrap");
    const rewrapped = new Uint8Array(header.length + bytes.length - replaced);
    rewrapped.set(header);
    rewrapped.set(bytes.subarray(replaced), header.length);
    return rewrapped;
  }

  /** What is written by default, and how soon to rotate. */
  get profile(): Profile {
    return this.#describe().profile;
  }

  /** The scope that this keyring is narrowed to; empty for one that is not. */
  get path(): readonly string[] {
    return this.#describe().path;
  }

  /** Public metadata of the sealed keyring that this one was opened from, authenticated; otherwise empty. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#describe().metadata;
  }

  /** The id of the version that encrypts: 8 hexadecimal digits. */
  get primary(): string {
    return this.#describe().primary;
  }

  /** All versions, oldest first. */
  get versions(): readonly KeyVersion[] {
    return this.#describe().versions.map(({ id, created, state }) => ({ id, created: new Date(created * 1000), state }));
  }

  #describe(): Description {
    const description = this.#handle.run("describe", (raw, frame) => (this.#description ??= frame.json(raw.describe(), "describe") as Description));
    return description;
  }

  /** Is the primary version as old as the profile lets it become? */
  rotationDue(at: Date = new Date()): boolean {
    if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw invalidArgument("rotationDue", "a valid Date", at);
    return this.#handle.run("rotationDue", (raw) => raw.rotation_due(at.getTime() / 1000));
  }

  /**
   * Adds a fresh version as primary and returns its id; the former one goes on decrypting. Seal the keyring again to keep
   * it; keyrings that were narrowed from it before do not know the new version.
   *
   * @throws `not_root` on a narrowed keyring.
   */
  rotate(): string {
    this.#description = undefined;
    return this.#handle.run("rotate", (raw, frame) => frame.asciiText(frame.check(raw.rotate(now()), "rotate")));
  }

  /**
   * Wipes a version for good: what it encrypted cannot be read by this keyring again. Keyrings that were narrowed from it
   * before, and files and streams that are open, have keys of their own: free them too.
   *
   * @throws `primary_in_use`, `unknown_key`, or `not_root` on a narrowed keyring.
   */
  destroyVersion(id: string): void {
    this.#description = undefined;
    this.#handle.run("destroyVersion", (raw, frame) => frame.check(raw.destroy_version(frame.lastValue(id, "destroyVersion").length), "destroyVersion"));
  }

  /**
   * This keyring narrowed: it opens and makes what belongs to the scope and below it, and nothing beside or above. It
   * lives on its own and is freed on its own.
   *
   * @throws `invalid_segment`: segments have 1 to 255 bytes, a path at most 16 of them.
   */
  scope(...segments: readonly string[]): Keyring {
    const { home } = this.#handle;
    const raw = this.#handle.run("scope", (keyring, frame) => {
      frame.u32(segments.length);
      for (const segment of segments) {
        if (typeof segment !== "string") throw invalidArgument("scope", "strings as segments", segment);
        frame.string(segment, "scope");
      }
      return keyring.scope(frame.length) ?? frame.fail("scope");
    });
    return new Keyring(new Handle(home, raw, "keyring"));
  }

  /**
   * Seals the keyring, all versions and scope included, for one or more recipients. Store the result anywhere.
   *
   * @throws `empty_passphrase`, `argon2_limits`, `no_recipient`, `too_many_recipients`.
   */
  async seal(recipient: Recipient | readonly Recipient[], options: SealOptions = {}): Promise<Bytes> {
    const { metadata } = optionsOf(options, SEAL, "seal");
    await init();
    const recipients = recipient === undefined ? [recipient] : listOf(recipient);
    if (!recipients.some(isExternal)) {
      return withParties(recipients, "seal", (parties) =>
        this.#handle.run("seal", (raw, frame) => frame.copy(frame.check(raw.seal(parties, frame.context(metadata, "seal").length), "seal"))),
      );
    }
    const draft = this.#handle.run("seal", (_, frame) => EnvelopeDraft.keyring(frame.context(metadata, "seal").length) ?? frame.fail("seal"));
    return completed(new Handle(this.#handle.home, draft, "draft"), recipients, "seal", (open, parties, frame) =>
      frame.copy(frame.check(open.seal(this.#handle.get("seal"), parties), "seal")),
    );
  }

  /**
   * Encrypts a value of at most 16 MiB. The context must be given again, equal, to decrypt.
   *
   * @throws `value_too_large`, `invalid_context`.
   */
  encrypt(value: Value, context?: Context): Token {
    return this.#handle.run("encrypt", (raw, frame) => {
      frame.context(context, "encrypt").lastValue(value, "encrypt");
      if (hostEncodesBase64) return frame.base64url(frame.check(raw.encrypt(frame.length), "encrypt")) as Token;
      return frame.asciiText(frame.check(raw.encrypt_text(frame.length), "encrypt")) as Token;
    });
  }

  /**
   * Decrypts a token to bytes.
   *
   * @throws `authentication_failed` when token, context, scope or keyring do not belong together, `unknown_key`,
   *   `key_destroyed`, `invalid_text`, `truncated` and the like when it is no token.
   */
  decrypt(token: string, context?: Context): Bytes {
    return this.#handle.run("decrypt", (raw, frame) => {
      frame.context(context, "decrypt").lastValue(tokenText(token, "decrypt"), "decrypt");
      const length = frame.check(raw.decrypt(frame.length), "decrypt");
      const value = frame.copy(length);
      frame.wipeResult(length);
      return value;
    });
  }

  /** Decrypts a token to text. @throws as {@link Keyring.decrypt}, and `invalid_utf8` when the value is not text. */
  decryptText(token: string, context?: Context): string {
    return this.#handle.run("decryptText", (raw, frame) => {
      frame.context(context, "decryptText").lastValue(tokenText(token, "decryptText"), "decryptText");
      const length = frame.check(raw.decrypt(frame.length), "decryptText");
      try {
        return frame.utf8Text(length, "decryptText");
      } finally {
        frame.wipeResult(length);
      }
    });
  }

  /** Encrypts a token's value anew under the primary version. */
  reencrypt(token: string, context?: Context): Token {
    return this.#handle.run("reencrypt", (raw, frame) => {
      frame.context(context, "reencrypt").lastValue(tokenText(token, "reencrypt"), "reencrypt");
      return frame.asciiText(frame.check(raw.reencrypt(frame.length), "reencrypt")) as Token;
    });
  }

  /**
   * Was this token made by the primary version? If not, {@link Keyring.reencrypt} brings it up to date, or for what belongs to
   * a row or a column {@link Keyring.reencryptRow} or {@link Keyring.reencryptColumn}. Of those whose header is stored once, ask
   * for the header.
   */
  isCurrent(token: string): boolean {
    return this.#handle.run("isCurrent", (raw, frame) => {
      const length = frame.check(raw.is_current(frame.lastValue(tokenText(token, "isCurrent"), "isCurrent").length), "isCurrent");
      return frame.view(length)[0] === 1;
    });
  }

  /**
   * Encrypts the fields of a row under one key derivation: several times faster than one by one. Every field is bound to
   * its name and to the context, and decrypts by itself with {@link Keyring.decryptRow}.
   *
   * @throws `value_too_large` for values of 16 KiB and more; encrypt those one by one.
   */
  encryptRow<K extends string>(row: Readonly<Record<K, Value>>, context?: Context): Record<K, Token> {
    const { names, tokens } = encryptRow(this.#handle, row, context, false, "encryptRow");
    return byName(names, tokens);
  }

  /** As {@link Keyring.encryptRow}, with the part that all fields share stored once: 62 bytes less a field. */
  encryptRowHoisted<K extends string>(row: Readonly<Record<K, Value>>, context?: Context): HoistedRow<K> {
    const { names, tokens } = encryptRow(this.#handle, row, context, true, "encryptRowHoisted");
    const [header, ...fields] = tokens;
    return { header: header as Token, fields: byName(names, fields) };
  }

  /** Decrypts a row, or some of its fields, of either layout, to bytes. */
  decryptRow<K extends string>(row: StoredHoistedRow<K>, context?: Context): Record<K, Bytes>;
  decryptRow<K extends string>(row: Readonly<Record<K, string>>, context?: Context): Record<K, Bytes>;
  decryptRow(row: EncryptedRow, context?: Context): Record<string, Bytes>;
  decryptRow(row: EncryptedRow, context?: Context): Record<string, Bytes> {
    return decryptRow(this.#handle, row, context, asBytes, "decryptRow");
  }

  /** As {@link Keyring.decryptRow}, to text. */
  decryptRowText<K extends string>(row: StoredHoistedRow<K>, context?: Context): Record<K, string>;
  decryptRowText<K extends string>(row: Readonly<Record<K, string>>, context?: Context): Record<K, string>;
  decryptRowText(row: EncryptedRow, context?: Context): Record<string, string>;
  decryptRowText(row: EncryptedRow, context?: Context): Record<string, string> {
    return decryptRow(this.#handle, row, context, asText, "decryptRowText");
  }

  /** Encrypts a row, or some of its fields, anew under the primary version, in the layout that it has. */
  reencryptRow<K extends string>(row: StoredHoistedRow<K>, context?: Context): HoistedRow<K>;
  reencryptRow<K extends string>(row: Readonly<Record<K, string>>, context?: Context): Record<K, Token>;
  reencryptRow(row: EncryptedRow, context?: Context): Record<string, Token> | HoistedRow {
    return reencryptRow(this.#handle, row, context, "reencryptRow");
  }

  /**
   * Encrypts many values of one column, a group of them under one key derivation; `null` stays `null`. Give each value a
   * context that names its row, or whoever stores them can exchange equal columns' values.
   *
   * @throws `value_too_large` for values of 16 KiB and more.
   */
  encryptColumn(values: readonly (Value | null)[], options: ColumnOptions = {}): (Token | null)[] {
    return encryptColumn(this.#handle, values, optionsOf(options, COLUMN, "encryptColumn"), "encryptColumn");
  }

  /**
   * As {@link Keyring.encryptColumn}, with the header that all values share stored once: 62 bytes less a value. Takes at most
   * 1,048,576 values. Give the header again to decrypt.
   */
  encryptColumnHoisted(values: readonly (Value | null)[], options: ColumnOptions = {}): HoistedColumn {
    return encryptColumnHoisted(this.#handle, values, optionsOf(options, COLUMN, "encryptColumnHoisted"), "encryptColumnHoisted");
  }

  /** Decrypts values of a column to bytes. */
  decryptColumn(tokens: readonly (string | null)[], options: StoredColumnOptions = {}): (Bytes | null)[] {
    return decryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "decryptColumn"), asBytes, "decryptColumn");
  }

  /** As {@link Keyring.decryptColumn}, to text. */
  decryptColumnText(tokens: readonly (string | null)[], options: StoredColumnOptions = {}): (string | null)[] {
    return decryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "decryptColumnText"), asText, "decryptColumnText");
  }

  /** Encrypts values of a column anew under the primary version; with their header, to a column whose header is stored once. */
  reencryptColumn(tokens: readonly (string | null)[], options: StoredColumnOptions & { readonly header: string }): HoistedColumn;
  reencryptColumn(tokens: readonly (string | null)[], options?: ColumnOptions): (Token | null)[];
  reencryptColumn(tokens: readonly (string | null)[], options: StoredColumnOptions = {}): (Token | null)[] | HoistedColumn {
    return reencryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "reencryptColumn"), "reencryptColumn");
  }

  /** Encrypts many values, each as {@link Keyring.encrypt} does, to tokens that have nothing in common; `null` stays `null`. */
  encryptAll(values: readonly (Value | null)[], options: AllOptions = {}): (Token | null)[] {
    return encryptAll(this.#handle, values, optionsOf(options, ALL, "encryptAll"), "encryptAll");
  }

  /** Decrypts many tokens, each as {@link Keyring.decrypt} does. */
  decryptAll(tokens: readonly (string | null)[], options: AllOptions = {}): (Bytes | null)[] {
    return decryptAll(this.#handle, tokens, optionsOf(options, ALL, "decryptAll"), asBytes, "decryptAll");
  }

  /** As {@link Keyring.decryptAll}, to text. */
  decryptAllText(tokens: readonly (string | null)[], options: AllOptions = {}): (string | null)[] {
    return decryptAll(this.#handle, tokens, optionsOf(options, ALL, "decryptAllText"), asText, "decryptAllText");
  }

  /** A stream that encrypts to this keyring, and to `recipients` besides. Its memory stays flat whatever its length. */
  encryptStream(options: EncryptOptions & AlsoFor = {}): TransformStream<Uint8Array, Bytes> {
    const own = optionsOf(options, { ...ENCRYPT, recipients: true }, "encryptStream");
    return encryptingStream(this.#and(own), own, "encryptStream") as TransformStream<Uint8Array, Bytes>;
  }

  /** A stream that decrypts. What it passes on is authentic; that it was all is known when it ends without an error. */
  decryptStream(options: DecryptOptions = {}): TransformStream<Uint8Array, Bytes> {
    return decryptingStream([this], optionsOf(options, DECRYPT, "decryptStream"), "decryptStream") as TransformStream<Uint8Array, Bytes>;
  }

  /** Encrypts a Blob or bytes to this keyring, and to `recipients` besides. */
  async encryptBlob(data: Data, options: EncryptOptions & AlsoFor & SourceOptions = {}): Promise<Blob> {
    const own = optionsOf(options, { ...ENCRYPT, ...SOURCE, recipients: true }, "encryptBlob");
    return encryptToBlob(unbuffered(data), this.#and(own), own, "encryptBlob");
  }

  /** Decrypts a whole envelope to a Blob of this type. Nothing comes out unless all of it is authentic. */
  async decryptBlob(source: Source, options: DecryptOptions & SourceOptions & { readonly type?: string } = {}): Promise<Blob> {
    return decryptToBlob(unbuffered(source), [this], optionsOf(options, { ...DECRYPT, ...SOURCE, type: true }, "decryptBlob"), "decryptBlob");
  }

  /**
   * Decrypts the plaintext from `start` up to, not including, `end`, reading nothing but the header and what holds it.
   * For many ranges of one file, {@link Keyring.openSource} opens it once.
   */
  async decryptRange(source: Source, range: RangeOptions): Promise<Bytes> {
    return decryptRange(source, [this], optionsOf(range, RANGE, "decryptRange"));
  }

  /** Opens a file for reading parts of it, its size and its metadata. */
  async openSource(source: Source, options: SourceOptions & { readonly context?: Context } = {}): Promise<EncryptedFile> {
    return openFile(unbuffered(source), [this], optionsOf(options, { ...SOURCE, context: true }, "openSource"), true, "openSource");
  }

  /** Wipes the keys. Again it does nothing. Keyrings that were narrowed from this one are freed on their own. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #and(options: AlsoFor): readonly Recipient[] {
    return [this, ...listOf(options.recipients)];
  }
}

/** Who else may open it. */
export interface AlsoFor {
  readonly recipients?: Recipient | readonly Recipient[];
}

/** What many values are bound to: the contexts of each, in their order. */
export type AllOptions = Pick<ColumnOptions, "contexts">;

/** What a new keyring is like. */
export interface GenerateOptions {
  /** By default `balanced`. */
  readonly profile?: Profile;
}

/** What goes with a sealed keyring. */
export interface SealOptions {
  /** Public: anyone can read it, nobody can alter it unnoticed. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Who could open a sealed keyring, and who can from now on. */
export interface RewrapOptions {
  readonly identity: Identity | readonly Identity[];
  readonly recipients: Recipient | readonly Recipient[];
}

/** A range of a file's plaintext. */
export interface RangeOptions extends SourceOptions {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  readonly context?: Context;
}

/** Opens a file for one range and closes it again. */
export async function decryptRange(source: Source, identities: readonly Identity[], options: RangeOptions): Promise<Bytes> {
  const file = await openFile(unbuffered(source), identities, options, false, "decryptRange");
  try {
    return await file.readFor("decryptRange", options.start, options.end, options.signal);
  } finally {
    file.free();
  }
}

/** What a Blob or an array holds. */
export async function bytesOf(data: Data, operation: string): Promise<Uint8Array> {
  const bytes = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : viewOf(data);
  if (bytes === undefined) throw invalidArgument(operation, "a Uint8Array or a Blob", data);
  return bytes;
}

/** Seconds since 1970: the core has no clock. */
function now(): number {
  return Date.now() / 1000;
}

const GENERATE: Known<GenerateOptions> = { profile: true };
const REWRAP: Known<RewrapOptions> = { identity: true, recipients: true };
const SEAL: Known<SealOptions> = { metadata: true };
const ALL: Known<AllOptions> = { contexts: true };
const COLUMN: Known<ColumnOptions> = { context: true, contexts: true };
const STORED_COLUMN: Known<StoredColumnOptions> = { ...COLUMN, header: true };
/** Of envelopes. */
export const ENCRYPT: Known<EncryptOptions> = { context: true, suite: true, metadata: true, onProgress: true };
export const DECRYPT: Known<DecryptOptions> = { context: true, onProgress: true };
export const SOURCE: Known<SourceOptions> = { signal: true };
export const RANGE: Known<RangeOptions> = { ...SOURCE, start: true, end: true, context: true };
