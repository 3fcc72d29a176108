/// <reference lib="esnext.disposable" preserve="true" />
/** What every keyring does: versions, scopes, tokens, rows and columns. */

import { optionsOf, type Known } from "./arguments.js";
import { fortressError, invalidArgument } from "./errors.js";
import { Handle } from "./module/handle.js";
import { registerKeyring, type KeyringHandle } from "./module/keyrings.js";
import {
  asBytes,
  asText,
  byName,
  decryptAll,
  decryptColumn,
  decryptRow,
  destinationOf,
  encryptAll,
  encryptColumn,
  encryptColumnHoisted,
  encryptRow,
  reencryptColumn,
  reencryptRow,
  storedToken,
  type ColumnOptions,
  type EncryptedRow,
  type HoistedColumn,
  type HoistedRow,
  type StoredColumnOptions,
  type StoredHoistedRow,
} from "./rows.js";
import type { Bytes, Context, ContextOf, KeyVersion, Profile, StoredToken, Token, Value } from "./types.js";

interface Description {
  readonly profile: Profile;
  readonly primary: string;
  readonly path: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly versions: readonly { readonly id: string; readonly created: number; readonly state: KeyVersion["state"] }[];
}

/** What the keyrings of all entries have in common; {@link Keyring} is what you make. */
export abstract class FieldKeyring {
  readonly #handle: Handle<KeyringHandle>;
  /** Of a sealed keyring that another module opened. */
  readonly #metadata: Readonly<Record<string, string>> | undefined;
  #description: Description | undefined;

  /** @internal */
  protected constructor(handle: Handle<KeyringHandle>, metadata?: Readonly<Record<string, string>>) {
    // Callers without TypeScript see a constructor.
    if (!(handle instanceof Handle)) throw fortressError("invalid_argument", "Keyring: make one with Keyring.generate or Keyring.open", "Keyring");
    this.#handle = handle;
    this.#metadata = metadata;
    registerKeyring(this, handle);
  }

  /** What is written by default, and how soon to rotate. */
  get profile(): Profile {
    return this.#describe("profile").profile;
  }

  /** The scope that this keyring is narrowed to; empty for one that is not. */
  get path(): readonly string[] {
    return this.#describe("path").path;
  }

  /** Public metadata of the sealed keyring that this one was opened from, authenticated; otherwise empty. */
  get metadata(): Readonly<Record<string, string>> {
    return this.#metadata ?? this.#describe("metadata").metadata;
  }

  /** The id of the version that encrypts: 8 hexadecimal digits. */
  get primary(): string {
    return this.#describe("primary").primary;
  }

  /** All versions, oldest first. */
  get versions(): readonly KeyVersion[] {
    return this.#describe("versions").versions.map(({ id, created, state }) => ({ id, created: new Date(created * 1000), state }));
  }

  #describe(operation: string): Description {
    return this.#handle.run(operation, (raw, frame) => (this.#description ??= frame.json(raw.describe(), operation) as Description));
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
  scope(...segments: readonly string[]): this {
    const { home } = this.#handle;
    const raw = this.#handle.run("scope", (keyring, frame) => {
      frame.u32(segments.length);
      for (const segment of segments) {
        if (typeof segment !== "string") throw invalidArgument("scope", "strings as segments", segment);
        frame.string(segment, "scope");
      }
      return keyring.scope(frame.length) ?? frame.fail("scope");
    });
    return this.narrowed(new Handle(home, raw, "keyring"));
  }

  /**
   * Encrypts a value of at most 16 MiB. The context must be given again, equal, to decrypt.
   *
   * @throws `value_too_large`, `invalid_context`.
   */
  encrypt<C extends ContextOf<C> = Context>(value: Value, context?: C): Token {
    return this.#handle.run("encrypt", (raw, frame) => {
      frame.context(context, "encrypt").lastValue(value, "encrypt");
      return frame.tokenText(frame.check(raw.encrypt(frame.length, false), "encrypt")) as Token;
    });
  }

  /** As {@link Keyring.encrypt}, with the token as bytes in place of text: a quarter shorter. It decrypts as its text does. */
  encryptBytes<C extends ContextOf<C> = Context>(value: Value, context?: C): Bytes {
    return this.#handle.run("encryptBytes", (raw, frame) => {
      frame.context(context, "encryptBytes").lastValue(value, "encryptBytes");
      return frame.copy(frame.check(raw.encrypt(frame.length, true), "encryptBytes"));
    });
  }

  /**
   * As {@link Keyring.encryptBytes}, to the start of an array of the caller's: who encrypts many large messages makes no array for each. Returns how many
   * bytes are written, which {@link Keyring.tokenLength} tells before. The value may lie in the destination.
   *
   * @throws as {@link Keyring.encrypt}, and `invalid_argument` when the destination is too short; then nothing is written.
   */
  encryptInto<C extends ContextOf<C> = Context>(value: Value, destination: Uint8Array | ArrayBuffer, context?: C): number {
    return this.#handle.run("encryptInto", (raw, frame) => {
      const into = destinationOf(destination, "encryptInto");
      frame.context(context, "encryptInto").lastValue(value, "encryptInto");
      return frame.copyInto(into, frame.check(raw.encrypt(frame.length, true), "encryptInto"));
    });
  }

  /** Bytes of the token of a value of as many bytes. Its text is a third longer. */
  tokenLength(length: number): number {
    if (!Number.isSafeInteger(length) || length < 0) throw invalidArgument("tokenLength", "a whole number of bytes", length);
    return this.#handle.run("tokenLength", (raw) => raw.token_len(length));
  }

  /**
   * Decrypts a token, text or bytes, to bytes.
   *
   * @throws `authentication_failed` when token, context, scope or keyring do not belong together, `unknown_key`,
   *   `key_destroyed`, `invalid_text`, `truncated` and the like when it is no token.
   */
  decrypt<C extends ContextOf<C> = Context>(token: StoredToken, context?: C): Bytes {
    return this.#handle.run("decrypt", (raw, frame) => {
      frame.context(context, "decrypt").token(storedToken(token, "decrypt"), "decrypt");
      const length = frame.check(raw.decrypt(frame.length), "decrypt");
      const value = frame.copy(length);
      frame.wipeResult(length);
      return value;
    });
  }

  /**
   * As {@link Keyring.decrypt}, to the start of an array of the caller's. Returns how many bytes are written: those of the value. The token may lie in the
   * destination.
   *
   * @throws as {@link Keyring.decrypt}, and `invalid_argument` when the destination is too short; then nothing is written.
   */
  decryptInto<C extends ContextOf<C> = Context>(token: StoredToken, destination: Uint8Array | ArrayBuffer, context?: C): number {
    return this.#handle.run("decryptInto", (raw, frame) => {
      const into = destinationOf(destination, "decryptInto");
      frame.context(context, "decryptInto").token(storedToken(token, "decryptInto"), "decryptInto");
      const length = frame.check(raw.decrypt(frame.length), "decryptInto");
      try {
        return frame.copyInto(into, length);
      } finally {
        frame.wipeResult(length);
      }
    });
  }

  /** Decrypts a token to text. @throws as {@link Keyring.decrypt}, and `invalid_utf8` when the value is not text. */
  decryptText<C extends ContextOf<C> = Context>(token: StoredToken, context?: C): string {
    return this.#handle.run("decryptText", (raw, frame) => {
      frame.context(context, "decryptText").token(storedToken(token, "decryptText"), "decryptText");
      const length = frame.check(raw.decrypt(frame.length), "decryptText");
      try {
        return frame.utf8Text(length, "decryptText");
      } finally {
        frame.wipeResult(length);
      }
    });
  }

  /** Encrypts a token's value anew under the primary version: text to text, bytes to bytes. */
  reencrypt<C extends ContextOf<C> = Context>(token: string, context?: C): Token;
  reencrypt<C extends ContextOf<C> = Context>(token: Uint8Array | ArrayBuffer, context?: C): Bytes;
  reencrypt<C extends ContextOf<C> = Context>(token: StoredToken, context?: C): Token | Bytes;
  reencrypt<C extends ContextOf<C> = Context>(token: StoredToken, context?: C): Token | Bytes {
    return this.#handle.run("reencrypt", (raw, frame) => {
      const asBytes = typeof token !== "string";
      frame.context(context, "reencrypt").token(storedToken(token, "reencrypt"), "reencrypt");
      const length = frame.check(raw.reencrypt(frame.length, asBytes), "reencrypt");
      return asBytes ? frame.copy(length) : (frame.tokenText(length) as Token);
    });
  }

  /**
   * Was this token made by the primary version? If not, {@link Keyring.reencrypt} brings it up to date, or for what belongs to
   * a row or a column {@link Keyring.reencryptRow} or {@link Keyring.reencryptColumn}. Of those whose header is stored once, ask
   * for the header.
   */
  isCurrent(token: StoredToken): boolean {
    return this.#handle.run("isCurrent", (raw, frame) => {
      const length = frame.check(raw.is_current(frame.token(storedToken(token, "isCurrent"), "isCurrent").length), "isCurrent");
      return frame.view(length)[0] === 1;
    });
  }

  /**
   * Encrypts the fields of a row under one key derivation: several times faster than one by one. Every field is bound to
   * its name and to the context, and decrypts by itself with {@link Keyring.decryptRow}.
   *
   * @throws `value_too_large` for values of 16 KiB and more; encrypt those one by one.
   */
  encryptRow<K extends string, C extends ContextOf<C> = Context>(row: Readonly<Record<K, Value>>, context?: C): Record<K, Token> {
    const { names, tokens } = encryptRow(this.#handle, row, context, false, "encryptRow");
    return byName(names, tokens);
  }

  /** As {@link Keyring.encryptRow}, with the part that all fields share stored once: 62 bytes less a field. */
  encryptRowHoisted<K extends string, C extends ContextOf<C> = Context>(row: Readonly<Record<K, Value>>, context?: C): HoistedRow<K> {
    const { names, tokens } = encryptRow(this.#handle, row, context, true, "encryptRowHoisted");
    const [header, ...fields] = tokens;
    return { header: header as Token, fields: byName(names, fields) };
  }

  /** Decrypts a row, or some of its fields, of either layout, to bytes. */
  decryptRow<K extends string, C extends ContextOf<C> = Context>(row: StoredHoistedRow<K>, context?: C): Record<K, Bytes>;
  decryptRow<K extends string, C extends ContextOf<C> = Context>(row: Readonly<Record<K, string>>, context?: C): Record<K, Bytes>;
  decryptRow<C extends ContextOf<C> = Context>(row: EncryptedRow, context?: C): Record<string, Bytes>;
  decryptRow<C extends ContextOf<C> = Context>(row: EncryptedRow, context?: C): Record<string, Bytes> {
    return decryptRow(this.#handle, row, context, asBytes, "decryptRow");
  }

  /** As {@link Keyring.decryptRow}, to text. */
  decryptRowText<K extends string, C extends ContextOf<C> = Context>(row: StoredHoistedRow<K>, context?: C): Record<K, string>;
  decryptRowText<K extends string, C extends ContextOf<C> = Context>(row: Readonly<Record<K, string>>, context?: C): Record<K, string>;
  decryptRowText<C extends ContextOf<C> = Context>(row: EncryptedRow, context?: C): Record<string, string>;
  decryptRowText<C extends ContextOf<C> = Context>(row: EncryptedRow, context?: C): Record<string, string> {
    return decryptRow(this.#handle, row, context, asText, "decryptRowText");
  }

  /** Encrypts a row, or some of its fields, anew under the primary version, in the layout that it has. */
  reencryptRow<K extends string, C extends ContextOf<C> = Context>(row: StoredHoistedRow<K>, context?: C): HoistedRow<K>;
  reencryptRow<K extends string, C extends ContextOf<C> = Context>(row: Readonly<Record<K, string>>, context?: C): Record<K, Token>;
  reencryptRow<C extends ContextOf<C> = Context>(row: EncryptedRow, context?: C): Record<string, Token> | HoistedRow {
    return reencryptRow(this.#handle, row, context, "reencryptRow");
  }

  /**
   * Encrypts many values of one column, a group of them under one key derivation; `null` stays `null`. Give each value a
   * context that names its row, or whoever stores them can exchange equal columns' values.
   *
   * @throws `value_too_large` for values of 16 KiB and more.
   */
  encryptColumn<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(values: readonly (Value | null)[], options: ColumnOptions<C, V> = {}): (Token | null)[] {
    return encryptColumn(this.#handle, values, optionsOf(options, COLUMN, "encryptColumn"), "encryptColumn");
  }

  /**
   * As {@link Keyring.encryptColumn}, with the header that all values share stored once: 62 bytes less a value. Takes at most
   * 1,048,576 values. Give the header again to decrypt.
   */
  encryptColumnHoisted<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(values: readonly (Value | null)[], options: ColumnOptions<C, V> = {}): HoistedColumn {
    return encryptColumnHoisted(this.#handle, values, optionsOf(options, COLUMN, "encryptColumnHoisted"), "encryptColumnHoisted");
  }

  /** Decrypts values of a column to bytes. */
  decryptColumn<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: StoredColumnOptions<C, V> = {}): (Bytes | null)[] {
    return decryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "decryptColumn"), asBytes, "decryptColumn");
  }

  /** As {@link Keyring.decryptColumn}, to text. */
  decryptColumnText<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: StoredColumnOptions<C, V> = {}): (string | null)[] {
    return decryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "decryptColumnText"), asText, "decryptColumnText");
  }

  /** Encrypts values of a column anew under the primary version; with their header, to a column whose header is stored once. */
  reencryptColumn<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: StoredColumnOptions<C, V> & { readonly header: string }): HoistedColumn;
  reencryptColumn<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options?: ColumnOptions<C, V>): (Token | null)[];
  reencryptColumn<C extends ContextOf<C> = Context, V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: StoredColumnOptions<C, V> = {}): (Token | null)[] | HoistedColumn {
    return reencryptColumn(this.#handle, tokens, optionsOf(options, STORED_COLUMN, "reencryptColumn"), "reencryptColumn");
  }

  /** Encrypts many values, each as {@link Keyring.encrypt} does, to tokens that have nothing in common; `null` stays `null`. */
  encryptAll<V extends ContextOf<V> = Context>(values: readonly (Value | null)[], options: AllOptions<V> = {}): (Token | null)[] {
    return encryptAll(this.#handle, values, optionsOf(options, ALL, "encryptAll"), "encryptAll");
  }

  /** Decrypts many tokens, each a text, as {@link Keyring.decrypt} does. */
  decryptAll<V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: AllOptions<V> = {}): (Bytes | null)[] {
    return decryptAll(this.#handle, tokens, optionsOf(options, ALL, "decryptAll"), asBytes, "decryptAll");
  }

  /** As {@link Keyring.decryptAll}, to text. */
  decryptAllText<V extends ContextOf<V> = Context>(tokens: readonly (string | null)[], options: AllOptions<V> = {}): (string | null)[] {
    return decryptAll(this.#handle, tokens, optionsOf(options, ALL, "decryptAllText"), asText, "decryptAllText");
  }

  /** Wipes the keys. Again it does nothing. Keyrings that were narrowed from this one are freed on their own. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal A keyring of the same class. */
  protected abstract narrowed(handle: Handle<KeyringHandle>): this;
}

/** What many values are bound to: the contexts of each, in their order. */
export type AllOptions<V = Context> = Pick<ColumnOptions<Context, V>, "contexts">;

/** What a new keyring is like. */
export interface GenerateOptions {
  /** By default `balanced`. */
  readonly profile?: Profile;
}

/** Seconds since 1970: the core has no clock. */
export function now(): number {
  return Date.now() / 1000;
}

export const GENERATE: Known<GenerateOptions> = { profile: true };
const ALL: Known<AllOptions> = { contexts: true };
const COLUMN: Known<ColumnOptions> = { context: true, contexts: true };
const STORED_COLUMN: Known<StoredColumnOptions> = { ...COLUMN, header: true };
