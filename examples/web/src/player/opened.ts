/** A file that is open for playing. */

import { type EncryptedFile } from "fortress-sdk";

export interface Playable {
  readonly file: EncryptedFile;
  readonly type: string;
  /** Of the stored bytes that were opened. */
  readonly etag: string;
}

/** Shared by all reads of a file, and freed after the last of them once it is closed. */
export class Opened {
  #reads = 0;
  #closed = false;

  constructor(readonly playable: Promise<Playable>) {}

  async use<T>(read: (playable: Playable) => T | Promise<T>): Promise<T> {
    this.#reads += 1;
    try {
      return await read(await this.playable);
    } finally {
      this.#reads -= 1;
      if (this.#closed && this.#reads === 0) this.free();
    }
  }

  /** Reads under way end well; there should be no new ones. */
  close(): void {
    this.#closed = true;
    if (this.#reads === 0) this.free();
  }

  /** Wipes its key at once, and fails the reads under way. */
  free(): void {
    this.playable.then(({ file }) => file.free()).catch(() => undefined);
  }
}
