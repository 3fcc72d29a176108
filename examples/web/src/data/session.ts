// An unlocked keyring and what this page does with it. The passphrase is used and forgotten: the server
// keeps the keyring sealed by it, and the open keyring lives in this tab until it is locked.

import { Keyring, type Profile } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { ServerError } from "../storage/server.ts";
import { OlderCopy, openBy, removeWay, renewWays, type Way } from "./ways.ts";

const KEYRING_OBJECT = "keyring";

/** What reads the stored data: a keyring for each kind of it. */
export type Reader = Readonly<Record<"records" | "files" | "labels", Keyring>>;

/** Fires `outdated` when the server holds another keyring than the one that is open here: rotated in another tab, say. */
export class Session extends EventTarget {
  #open: Open;
  #locked = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(keyring: Keyring, etag: string) {
    super();
    this.#open = narrow(keyring, etag);
  }

  static async create(passphrase: string, profile: Profile): Promise<Session> {
    const keyring = await Keyring.generate({ profile });
    return orFree(keyring, async () => {
      // Two tabs may create at once; the server keeps the first, and the second is told.
      const { etag } = await server.write(KEYRING_OBJECT, await keyring.seal({ passphrase }), { ifNoneMatch: "*" });
      return new Session(keyring, etag);
    });
  }

  static async unlock(passphrase: string): Promise<Session> {
    const { keyring, etag } = await openStored(passphrase);
    return orFree(keyring, () => new Session(keyring, etag));
  }

  /** Unlocks by a copy that this browser keeps, if it is one of the keyring that the server holds now. */
  static async unlockBy(way: Way): Promise<Session> {
    const { keyring, etag } = await openBy(way);
    return orFree(keyring, async () => {
      if ((await server.entry(KEYRING_OBJECT)).etag === etag) return new Session(keyring, etag);
      await removeWay(way);
      throw new OlderCopy();
    });
  }

  static async isCreated(): Promise<boolean> {
    return (await server.list()).some(({ name }) => name === KEYRING_OBJECT);
  }

  /** Of the stored keyring that is open here. */
  get etag(): string {
    return this.#open.etag;
  }

  get keyring(): Keyring {
    return this.#open.root;
  }

  /** Each kind of data has its own scope: the key that reads file names cannot read a record. */
  get records(): Keyring {
    return this.#open.records;
  }

  get files(): Keyring {
    return this.#open.files;
  }

  get labels(): Keyring {
    return this.#open.labels;
  }

  /**
   * Encrypts and writes under a guard: the server takes it only while it holds the keyring that is open here. So nothing
   * is ever written under a key that was replaced meanwhile, and may be destroyed next.
   */
  async write<T>(encryptAndWrite: (guard: server.Guard) => Promise<T>): Promise<T> {
    try {
      return await encryptAndWrite({ other: { name: KEYRING_OBJECT, etag: this.#open.etag } });
    } catch (error) {
      if (error instanceof ServerError && error.code === "other_changed") await this.isCurrent();
      throw error;
    }
  }

  /** Is the keyring that is open here the one that the server holds? */
  isCurrent(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { etag } = await server.entry(KEYRING_OBJECT);
      const current = this.#locked || etag === this.#open.etag;
      if (!current) this.dispatchEvent(new Event("outdated"));
      return current;
    });
  }

  /** Opens the keyring that the server holds now, and goes on with that one. */
  reopen(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      const { keyring, etag } = await openStored(passphrase);
      await orFree(keyring, () => this.#use(keyring, etag));
    });
  }

  /** Adds a key, which encrypts from now on, and tells its id. */
  rotate(passphrase: string): Promise<string> {
    return this.#change(passphrase, (keyring) => keyring.rotate());
  }

  /** Destroys an older key. What is still encrypted with it is lost. */
  destroy(passphrase: string, id: string): Promise<void> {
    return this.#change(passphrase, (keyring) => keyring.destroyVersion(id));
  }

  /** Wipes the keys from memory. */
  lock(): void {
    this.#locked = true;
    free(this.#open);
  }

  /** Changes the stored keyring and goes on with that one. A wrong passphrase changes nothing. */
  #change<T>(passphrase: string, change: (keyring: Keyring) => T): Promise<T> {
    return this.#inTurn(async () => {
      const { keyring, etag: before } = await openStored(passphrase);
      return orFree(keyring, async () => {
        const result = change(keyring);
        const { etag } = await server.write(KEYRING_OBJECT, await keyring.seal({ passphrase }), { ifMatch: before });
        this.#use(keyring, etag);
        // A copy that could not be renewed is found out when it is opened.
        await renewWays(keyring, etag).catch(() => undefined);
        return result;
      });
    });
  }

  #use(keyring: Keyring, etag: string): void {
    if (this.#locked) throw new Error("This tab was locked meanwhile.");
    const before = this.#open;
    this.#open = narrow(keyring, etag);
    free(before);
  }

  /** One step at a time, so that a change of our own is never taken for another tab's. */
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(step);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

interface Open {
  /** Of the stored keyring that this is. */
  readonly etag: string;
  readonly root: Keyring;
  readonly records: Keyring;
  readonly files: Keyring;
  readonly labels: Keyring;
}

function narrow(root: Keyring, etag: string): Open {
  return { etag, root, records: root.scope("records"), files: root.scope("files"), labels: root.scope("labels") };
}

function free(open: Open): void {
  for (const keyring of [open.records, open.files, open.labels, open.root]) keyring.free();
}

/** A keyring that does not come into use is wiped: whatever fails on the way, its keys do not stay behind. */
async function orFree<T>(keyring: Keyring, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    keyring.free();
    throw error;
  }
}

async function openStored(passphrase: string): Promise<{ keyring: Keyring; etag: string }> {
  const { bytes, etag } = await server.read(KEYRING_OBJECT);
  return { keyring: await Keyring.open(bytes, { passphrase }), etag };
}
