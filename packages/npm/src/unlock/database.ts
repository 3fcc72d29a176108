/** The IndexedDB database that keyrings and this device's keys are kept in, and what can go wrong with it as errors of ours. */

import { FortressError, fortressError, type ErrorCode } from "../errors.js";

/** What is in it. */
export type Table = "keyrings" | "device-keys";

/** Opens the database when it is first used, gives way to a newer version of the page in another tab, and opens it again afterwards. */
export class Database {
  #opening: Promise<IDBDatabase> | undefined;

  constructor(readonly name: string) {}

  /** Runs one transaction, which is whole or does not happen. `body` may wait for its requests and for nothing else. */
  async run<T>(table: Table, mode: IDBTransactionMode, operation: string, body: (table: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      const transaction = await this.#begin(table, mode, operation);
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => {
          resolve();
        };
        transaction.onabort = () => {
          reject(transaction.error ?? new DOMException("the transaction was aborted", "AbortError"));
        };
      });
      // What ended it is thrown once; whoever waits for the body sees the body's own error.
      ended.catch(() => undefined);
      let result: T;
      try {
        result = await body(transaction.objectStore(table));
      } catch (error) {
        abort(transaction);
        throw error;
      }
      await ended;
      return result;
    } catch (error) {
      throw asOurs(error, this.name, operation);
    }
  }

  /** Closes it; it is opened again when it is used. */
  close(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(
      (database) => {
        database.close();
      },
      () => undefined,
    );
  }

  async #begin(table: Table, mode: IDBTransactionMode, operation: string): Promise<IDBTransaction> {
    const options = { durability: "strict" } as const;
    try {
      return (await this.#open(operation)).transaction(table, mode, options);
    } catch (error) {
      // It was closed between two uses, by the browser or for another tab.
      if ((error as DOMException | null)?.name !== "InvalidStateError") throw error;
      this.#opening = undefined;
      return (await this.#open(operation)).transaction(table, mode, options);
    }
  }

  #open(operation: string): Promise<IDBDatabase> {
    if (this.#opening !== undefined) return this.#opening;
    const opening = openDatabase(this.name, operation, () => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }
}

/** What a request gives. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new DOMException("the request failed", "UnknownError"));
    };
  });
}

function openDatabase(name: string, operation: string, closed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    if (globalThis.indexedDB === undefined) throw storageError("storage_unavailable", "there is no IndexedDB here: it takes a browser", operation);
    const request = indexedDB.open(name, VERSION);
    let blocked: ReturnType<typeof setTimeout> | undefined;
    let given = false;
    request.onupgradeneeded = () => {
      for (const table of TABLES) request.result.createObjectStore(table, { keyPath: "name" });
    };
    request.onblocked = () => {
      blocked ??= setTimeout(() => {
        given = true;
        reject(storageError("storage_blocked", `another tab holds an older version of the database ${JSON.stringify(name)} open; close it`, operation));
      }, BLOCKED);
    };
    request.onerror = () => {
      clearTimeout(blocked);
      reject(request.error ?? new DOMException("the database did not open", "UnknownError"));
    };
    request.onsuccess = () => {
      clearTimeout(blocked);
      const database = request.result;
      // Given up already; a connection that nobody has would block the next one.
      if (given) {
        database.close();
        return;
      }
      database.onversionchange = () => {
        database.close();
        closed();
      };
      database.onclose = closed;
      resolve(database);
    };
  });
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

/** Errors of IndexedDB by what they mean to a caller. */
function asOurs(error: unknown, name: string, operation: string): unknown {
  if (error instanceof FortressError || !(error instanceof DOMException)) return error;
  const where = `the database ${JSON.stringify(name)}`;
  switch (error.name) {
    case "QuotaExceededError":
      return storageError("storage_full", `there is no room left for ${where}; free some`, operation, error);
    case "VersionError":
      return storageError("storage_unavailable", `${where} was made by a newer version of this page; reload it`, operation, error);
    case "SecurityError":
    case "InvalidStateError":
    case "DataCloneError":
    case "NotFoundError":
      return storageError("storage_unavailable", `this browser does not keep what belongs into ${where} (${error.message}): storage is off, or this is a private window`, operation, error);
    default:
      return storageError("storage_failed", `${where} reports ${error.name} (${error.message})`, operation, error);
  }
}

function storageError(code: ErrorCode, text: string, operation: string, cause?: unknown): FortressError {
  return fortressError(code, `${operation}: ${text}`, operation, cause);
}

/** Where everything is kept unless told otherwise. */
export const DATABASE = "fortress";
const VERSION = 1;
const TABLES: readonly Table[] = ["keyrings", "device-keys"];
/** Milliseconds that other tabs are given to finish what they are writing. */
const BLOCKED = 5000;
