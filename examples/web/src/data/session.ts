// An unlocked keyring and what this page does with it. The passphrase is used and forgotten: the server
// keeps the keyring sealed by it, and the open keyring lives in this tab until it is locked.

import { Keyring, type Profile } from "fortress-sdk";
import * as server from "../storage/server.ts";

const KEYRING_OBJECT = "keyring";

export class Session {
  #open: Open;

  private constructor(keyring: Keyring) {
    this.#open = narrow(keyring);
  }

  static async create(passphrase: string, profile: Profile): Promise<Session> {
    const keyring = await Keyring.generate({ profile });
    const sealed = await keyring.seal({ passphrase });
    // Two tabs may create at once; the server keeps the first, and the second is told.
    await server.write(KEYRING_OBJECT, sealed, { ifNoneMatch: "*" });
    return new Session(keyring);
  }

  static async unlock(passphrase: string): Promise<Session> {
    return new Session((await openStored(passphrase)).keyring);
  }

  static async isCreated(): Promise<boolean> {
    return (await server.list()).some(({ name }) => name === KEYRING_OBJECT);
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

  /** Adds a key, which encrypts from now on, and tells its id. */
  async rotate(passphrase: string): Promise<string> {
    return this.#change(passphrase, (keyring) => keyring.rotate());
  }

  /** Destroys an older key. What is still encrypted with it is lost. */
  async destroy(passphrase: string, id: string): Promise<void> {
    return this.#change(passphrase, (keyring) => keyring.destroyVersion(id));
  }

  /** Wipes the keys from memory. */
  lock(): void {
    free(this.#open);
  }

  /** Changes the stored keyring and goes on with that one. A wrong passphrase changes nothing. */
  async #change<T>(passphrase: string, change: (keyring: Keyring) => T): Promise<T> {
    const { keyring, etag } = await openStored(passphrase);
    const result = change(keyring);
    await server.write(KEYRING_OBJECT, await keyring.seal({ passphrase }), { ifMatch: etag });
    const before = this.#open;
    this.#open = narrow(keyring);
    free(before);
    return result;
  }
}

interface Open {
  readonly root: Keyring;
  readonly records: Keyring;
  readonly files: Keyring;
  readonly labels: Keyring;
}

function narrow(root: Keyring): Open {
  return { root, records: root.scope("records"), files: root.scope("files"), labels: root.scope("labels") };
}

function free(open: Open): void {
  for (const keyring of [open.records, open.files, open.labels, open.root]) keyring.free();
}

async function openStored(passphrase: string): Promise<{ keyring: Keyring; etag: string }> {
  const { bytes, etag } = await server.read(KEYRING_OBJECT);
  return { keyring: await Keyring.open(bytes, { passphrase }), etag };
}
