/** Sealed keyrings in the browser's storage. */

import { bytesOf, optionsOf, type Known } from "../arguments.js";
import { fortressError, invalidArgument } from "../errors.js";
import { inspect } from "../inspect.js";
import type { InspectedRecipient, Inspection } from "../inspection.js";
import { Keyring } from "../keyring.js";
import { isBytes } from "../module/bytes.js";
import { init } from "../module/instance.js";
import type { AnyIdentity, Bytes, Data } from "../types.js";
import { DATABASE, Database, resultOf } from "./database.js";
import { toBase64url } from "./wrapping.js";

/** A keyring in the store, as far as it can be told without opening it. */
export interface StoredKeyring {
  readonly name: string;
  /** Of what is stored now: another one after every save. */
  readonly version: string;
  readonly created: Date;
  readonly updated: Date;
  /** What unlocks it. */
  readonly recipients: readonly InspectedRecipient[];
  /** What anyone may read. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly sealed: Bytes;
}

/**
 * Sealed keyrings in IndexedDB, by name. They survive reloads, and several tabs may use them at once: a save names the version that it replaces,
 * and is refused when another tab was first. What is stored is sealed; the store holds no key.
 *
 * ```ts
 * const store = new KeyringStore();
 * await store.save("ada", await keyring.seal([await deviceKey(), { passphrase }]));
 * const keyring = await store.open("ada", [await deviceKey()]);
 * ```
 *
 * Every method throws `storage_unavailable` where there is no storage or it is off, `storage_full`, `storage_blocked` and `storage_failed`.
 */
export class KeyringStore implements Disposable {
  readonly #database: Database;

  constructor(options: KeyringStoreOptions = {}) {
    const { database = DATABASE } = optionsOf(options, STORE, "KeyringStore");
    this.#database = new Database(nameOf(database, "KeyringStore"));
  }

  /**
   * Keeps a sealed keyring. A new name must be free; to replace one, name the version that is replaced.
   *
   * @throws `store_conflict` when the name is taken, or what is stored has another version; `wrong_content`, `not_fortress` and the like when it
   *   is no sealed keyring.
   */
  async save(name: string, sealed: Data, options: SaveOptions = {}): Promise<StoredKeyring> {
    const operation = "save";
    const { replaces } = optionsOf(options, SAVE, operation);
    const own = nameOf(name, operation);
    const bytes = Uint8Array.from(await bytesOf(sealed, operation));
    await init();
    assertKeyring(bytes, operation);
    const entry = await this.#database.run("keyrings", "readwrite", operation, async (table) => {
      const stored = await resultOf(table.get(own) as IDBRequest<Entry | undefined>);
      assertVersion(own, stored, replaces, operation);
      const updated = new Date();
      const next: Entry = { name: own, version: freshVersion(), created: stored?.created ?? updated, updated, sealed: bytes };
      await resultOf(table.put(next));
      return next;
    });
    return described(entry);
  }

  /** A keyring by its name; `undefined` when there is none. */
  async load(name: string): Promise<StoredKeyring | undefined> {
    const own = nameOf(name, "load");
    await init();
    const entry = await this.#database.run("keyrings", "readonly", "load", (table) => resultOf(table.get(own) as IDBRequest<Entry | undefined>));
    return entry === undefined ? undefined : described(entry);
  }

  /** Opens a keyring, as `Keyring.open` does. @throws `not_stored` when there is none of this name. */
  async open(name: string, identity: AnyIdentity | readonly AnyIdentity[]): Promise<Keyring> {
    const stored = await this.load(name);
    if (stored === undefined) throw fortressError("not_stored", `open: there is no keyring ${JSON.stringify(name)} in this browser's storage`, "open");
    return Keyring.open(stored.sealed, identity);
  }

  /** All of them, by name. */
  async list(): Promise<StoredKeyring[]> {
    await init();
    const entries = await this.#database.run("keyrings", "readonly", "list", (table) => resultOf(table.getAll() as IDBRequest<Entry[]>));
    return entries.map(described);
  }

  /** Deletes a keyring; one that is not there is deleted already. With `version`, only that one. @throws `store_conflict` when it is another one. */
  async delete(name: string, options: DeleteOptions = {}): Promise<void> {
    const operation = "delete";
    const { version } = optionsOf(options, DELETE, operation);
    const own = nameOf(name, operation);
    await this.#database.run("keyrings", "readwrite", operation, async (table) => {
      const stored = await resultOf(table.get(own) as IDBRequest<Entry | undefined>);
      if (stored === undefined) return;
      if (version !== undefined) assertVersion(own, stored, version, operation);
      await resultOf(table.delete(own));
    });
  }

  /** Closes the database. It is opened again when the store is used. */
  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Where the keyrings are. */
export interface KeyringStoreOptions {
  /** The IndexedDB database, by default `"fortress"`. */
  readonly database?: string;
}

/** What a save takes the place of. */
export interface SaveOptions {
  /** The version that is replaced; without it the name must be free. */
  readonly replaces?: string;
}

/** What is deleted. */
export interface DeleteOptions {
  /** This version alone; without it whatever is there. */
  readonly version?: string;
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly created: Date;
  readonly updated: Date;
  readonly sealed: Bytes;
}

/** What is stored, as its header says. One whose bytes are none any more is listed all the same: it hides no other, and can be deleted. */
function described(entry: Entry): StoredKeyring {
  // Without any, it is an empty one, which opens as badly as one that was cut.
  const sealed = isBytes(entry.sealed) ? entry.sealed : new Uint8Array();
  const header = headerOf(sealed);
  return { ...entry, sealed, recipients: header?.recipients ?? [], metadata: header?.metadata ?? {} };
}

function headerOf(sealed: Bytes): Inspection["header"] {
  try {
    return inspect(sealed).header;
  } catch {
    return null;
  }
}

function assertKeyring(sealed: Bytes, operation: string): void {
  const content = inspect(sealed).header?.content;
  if (content !== "keyring") throw fortressError("wrong_content", `${operation}: expected a sealed keyring, got ${content ?? "a token"}`, operation);
}

function assertVersion(name: string, stored: Entry | undefined, expected: string | undefined, operation: string): void {
  // An entry that lost its version is there all the same.
  if (stored?.version === expected && (stored === undefined) === (expected === undefined)) return;
  const what =
    stored === undefined ? "is no longer there" : expected === undefined ? "is there already; name the version that you replace" : "was changed since, in another tab; load it again";
  throw fortressError("store_conflict", `${operation}: the keyring ${JSON.stringify(name)} ${what}`, operation);
}

/** Random, so that a keyring that was deleted and made anew is another one. */
function freshVersion(): string {
  return toBase64url(crypto.getRandomValues(new Uint8Array(12)));
}

function nameOf(name: unknown, operation: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw invalidArgument(operation, "a name", name);
}

const STORE: Known<KeyringStoreOptions> = { database: true };
const SAVE: Known<SaveOptions> = { replaces: true };
const DELETE: Known<DeleteOptions> = { version: true };
