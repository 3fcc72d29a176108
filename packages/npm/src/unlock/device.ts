/** This device: a key in the browser's storage that no script can read wraps file keys (spec X-4). */

import { optionsOf, type Known } from "../arguments.js";
import { invalidArgument } from "../errors.js";
import { isBytes } from "../module/bytes.js";
import type { Bytes, ExternalKey } from "../types.js";
import { DATABASE, Database, resultOf } from "./database.js";
import { AES, derivedKey, toBase64url, WrappingKey } from "./wrapping.js";

/** Which of this device's keys. */
export interface DeviceKeyOptions {
  /** By default `"default"`: one for each person who uses this browser, for instance. */
  readonly name?: string;
  /** The IndexedDB database, by default `"fortress"`. */
  readonly database?: string;
}

/** What else it takes. */
export interface DeviceSecretOptions extends DeviceKeyOptions {
  /**
   * At least 16 random bytes that are not kept in this browser, such as what your server gives to who is signed in: then the files of this
   * browser alone open nothing. Give it again, equal, to open.
   */
  readonly secret?: Uint8Array;
}

/**
 * This browser's key, made when it is first asked for: a recipient and an identity, so that a reload opens a keyring without a question. It is
 * AES-256-GCM, not extractable: scripts of this site can use it while they run here, and cannot take it away. Chromium and Firefox keep it in
 * their files as it is, though: whoever reads those has it, unless there is a `secret` besides.
 *
 * @throws `storage_unavailable`, `storage_full`, `storage_blocked`, `storage_failed`.
 */
export async function deviceKey(options: DeviceSecretOptions = {}): Promise<ExternalKey> {
  const operation = "deviceKey";
  const { secret, ...where } = optionsOf(options, SECRET, operation);
  const { name, database } = own(where, operation);
  const more = secret === undefined ? undefined : bytesOfSecret(secret, operation);
  try {
    const found = await database.run("device-keys", "readonly", operation, (table) => resultOf(table.get(name) as IDBRequest<StoredKey | undefined>));
    if (found !== undefined) return await keyOf(found, more);
    // Made before the transaction, which ends when it is left alone.
    const id = crypto.getRandomValues(new Uint8Array(ID));
    const made: StoredKey = { name, id, key: await crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]), created: new Date() };
    const kept = await database.run("device-keys", "readwrite", operation, async (table) => {
      const other = await resultOf(table.get(name) as IDBRequest<StoredKey | undefined>);
      // Another tab was first.
      if (other !== undefined) return other;
      await resultOf(table.add(made));
      return made;
    });
    return await keyOf(kept, more);
  } finally {
    database.close();
  }
}

/** Deletes this browser's key: what was sealed for it is opened by the other recipients alone. */
export async function forgetDeviceKey(options: DeviceKeyOptions = {}): Promise<void> {
  const operation = "forgetDeviceKey";
  const { name, database } = own(options, operation);
  try {
    await database.run("device-keys", "readwrite", operation, (table) => resultOf(table.delete(name)));
  } finally {
    database.close();
  }
}

interface StoredKey {
  readonly name: string;
  readonly id: Uint8Array;
  readonly key: CryptoKey;
  readonly created: Date;
}

async function keyOf({ id, key }: StoredKey, secret: Bytes | undefined): Promise<ExternalKey> {
  const reference = `device:${toBase64url(id)}`;
  return secret === undefined ? new WrappingKey(reference, key) : new WrappingKey(reference, key, await derivedKey(secret, LABEL, reference));
}

function bytesOfSecret(secret: unknown, operation: string): Bytes {
  if (isBytes(secret) && secret.length >= SECRET_LENGTH) return Uint8Array.from(secret);
  throw invalidArgument(operation, "a Uint8Array of at least 16 bytes as the secret", secret);
}

function own(options: DeviceKeyOptions, operation: string): { name: string; database: Database } {
  const { name = "default", database = DATABASE } = optionsOf(options, KNOWN, operation);
  for (const text of [name, database]) if (typeof text !== "string" || text === "") throw invalidArgument(operation, "a name", text);
  return { name, database: new Database(database) };
}

const ID = 16;
const LABEL = "fortress-sdk/device@v1";
/** Bytes, at least. */
const SECRET_LENGTH = 16;
const KNOWN: Known<DeviceKeyOptions> = { name: true, database: true };
const SECRET: Known<DeviceSecretOptions> = { ...KNOWN, secret: true };
