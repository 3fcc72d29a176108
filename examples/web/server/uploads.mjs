// Uploads: an object of any size arrives in parts, each appended where the last one ended, and gets its
// name when the client says that it is whole. One whose client has gone makes room when room is needed.

import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { StoreError } from "./store-error.mjs";

/** @typedef {{ path: string, size: number, busy: boolean, touched: number }} Upload  `touched` is when it last received anything */

export class Uploads {
  /** @type {Map<string, Upload>} */ #open = new Map();
  #folder;
  #space;
  #limits;

  /** @param {import("./folder.mjs").Folder} folder  @param {import("./space.mjs").Space} space  @param {import("./store.mjs").Limits} limits */
  constructor(folder, space, limits) {
    this.#folder = folder;
    this.#space = space;
    this.#limits = limits;
  }

  begin() {
    if (this.#open.size >= this.#limits.uploads) this.dropAbandoned();
    if (this.#open.size >= this.#limits.uploads) {
      throw new StoreError(429, "too_many_uploads", `${this.#limits.uploads} uploads are already open. Finish or cancel one first.`);
    }
    const id = randomUUID();
    this.#open.set(id, { path: this.#folder.beside(), size: 0, busy: false, touched: performance.now() });
    return id;
  }

  async append(id, offset, body, partBytes) {
    const upload = this.#idle(id);
    if (offset !== upload.size) throw new StoreError(409, "wrong_offset", `The next part starts at byte ${upload.size}, not ${offset}.`);
    upload.busy = true;
    try {
      upload.size += await this.#space.receive(body, upload.path, Math.min(partBytes, this.#limits.objectBytes - offset));
      return upload.size;
    } catch (error) {
      // What arrived of a failed part is taken back, so that the client can send it again.
      await truncate(upload.path, offset).catch(() => {});
      throw error;
    } finally {
      upload.busy = false;
      upload.touched = performance.now();
    }
  }

  /** One that can get its name. */
  whole(id) {
    const upload = this.#idle(id);
    if (upload.size === 0) throw new StoreError(409, "empty_upload", "This upload has received no part yet.");
    return upload;
  }

  /** Its bytes have become an object's. */
  named(id) {
    this.#open.delete(id);
  }

  abort(id) {
    this.#drop(id, this.#idle(id));
  }

  /** Drops what has received nothing for so long that its client must have gone. */
  dropAbandoned() {
    const before = performance.now() - this.#limits.idleMilliseconds;
    for (const [id, upload] of this.#open) if (!upload.busy && upload.touched <= before) this.#drop(id, upload);
  }

  #drop(id, upload) {
    this.#open.delete(id);
    this.#space.give(upload.size);
    rmSync(upload.path, { force: true });
  }

  #idle(id) {
    const upload = this.#open.get(id);
    if (!upload) throw new StoreError(404, "no_upload", "This upload is not open: it was finished, cancelled or given up, or the server restarted.");
    if (upload.busy) throw new StoreError(409, "busy", "A part of this upload is still arriving.");
    return upload;
  }
}
