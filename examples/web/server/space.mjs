// How many bytes the server holds and is receiving. Every chunk is counted as it arrives, so that many
// bodies at once keep the limit as one does.

import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StoreError } from "./store-error.mjs";

export class Space {
  #limit;
  #reclaim;
  #used = 0;

  /** @param {number} limit in bytes  @param {() => void} reclaim is called when the space is full, before anything is refused */
  constructor(limit, reclaim) {
    this.#limit = limit;
    this.#reclaim = reclaim;
  }

  take(bytes) {
    if (this.#used + bytes > this.#limit) this.#reclaim();
    if (this.#used + bytes > this.#limit) throw new StoreError(507, "full", "The server's storage is full. Delete something first.");
    this.#used += bytes;
  }

  give(bytes) {
    this.#used -= bytes;
  }

  /** Appends a body to a file and says how long it was. What does not arrive whole is given back. */
  async receive(body, path, limit) {
    let size = 0;
    const count = new Transform({
      transform: (chunk, _encoding, done) => {
        try {
          if (size + chunk.length > limit) throw new StoreError(413, "too_large", `That is more than the ${limit} bytes this server takes at once.`);
          this.take(chunk.length);
          size += chunk.length;
          done(null, chunk);
        } catch (error) {
          done(error);
        }
      },
    });
    try {
      await pipeline(body, count, createWriteStream(path, { flags: "a" }));
      return size;
    } catch (error) {
      this.give(size);
      throw error;
    }
  }
}
