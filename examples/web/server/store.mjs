// Objects on disk: named runs of bytes, and nothing known about what they mean.
//
// Every write goes to a file beside the old one and takes its place by a rename, so a reader sees the
// old object or the new one and never a half of each. The index lives in memory; a precondition is
// checked in the same tick as the rename it guards.

import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, renameSync } from "node:fs";
import { mkdir, open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

const NAME = /^[a-z]+(?:\/[a-z0-9-]{1,64})?$/;
const NAME_HINT = "a name is a word, or a word, a slash and up to 64 letters, digits and dashes";

export class StoreError extends Error {
  /** @param {number} status  @param {string} code  @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.name = "StoreError";
    this.status = status;
    this.code = code;
  }
}

/** @typedef {{ name: string, size: number, modified: number, etag: string, tampered: string | null }} Entry */

export class Store {
  /** @type {Map<string, Entry>} */ #index = new Map();
  /** @type {Map<string, { path: string, size: number, busy: boolean }>} */ #uploads = new Map();
  /** @type {Map<string, { kind: "flip", at: number } | { kind: "cut", size: number, tail: string }>} */ #tampered = new Map();
  #folder;
  #limits;

  /** @param {string} folder  @param {{ objectBytes: number, totalBytes: number, objects: number, uploads: number }} limits */
  static async open(folder, limits) {
    const store = new Store(folder, limits);
    await rm(join(folder, "beside"), { recursive: true, force: true });
    await mkdir(join(folder, "beside"), { recursive: true });
    await mkdir(join(folder, "objects"), { recursive: true });
    for (const file of await readdir(join(folder, "objects"))) {
      const { size, mtimeMs } = await stat(join(folder, "objects", file));
      store.#record(decodeURIComponent(file), size, mtimeMs);
    }
    return store;
  }

  constructor(folder, limits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  list() {
    return [...this.#index.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** @param {string} name */
  entry(name) {
    const entry = this.#index.get(name);
    if (!entry) throw new StoreError(404, "not_found", `The server holds no object named "${name}".`);
    return entry;
  }

  /** Bytes [start, end) as a stream. @param {string} name */
  read(name, start, end) {
    this.entry(name);
    return end > start ? createReadStream(this.#path(name), { start, end: end - 1 }) : Readable.from([]);
  }

  /** Stores a whole object. @param {{ ifMatch?: string, ifNoneMatch?: string }} guard */
  async put(name, body, guard = {}) {
    this.#checkName(name);
    const beside = this.#beside();
    try {
      const size = await this.#receive(body, createWriteStream(beside), this.#limits.objectBytes);
      return this.#commit(beside, name, size, guard);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  /** Replaces the first `length` bytes by `body` and keeps the rest: how a client rewrites a header. */
  async replacePrefix(name, length, body, guard = {}) {
    const old = this.entry(name);
    if (length > old.size) throw new StoreError(416, "bad_range", `"${name}" has ${old.size} bytes, so its first ${length} cannot be replaced.`);
    const beside = this.#beside();
    try {
      const prefix = await this.#receive(body, createWriteStream(beside), this.#limits.objectBytes);
      await pipeline(this.read(name, length, old.size), createWriteStream(beside, { flags: "a" }));
      return this.#commit(beside, name, prefix + old.size - length, { ifMatch: old.etag, ...guard });
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  async remove(name) {
    this.entry(name);
    this.#index.delete(name);
    await this.#forgetTampering(name);
    await rm(this.#path(name), { force: true });
  }

  // Uploads: an object of any size arrives in parts, each appended where the last one ended, and gets
  // its name when the client says that it is whole.

  beginUpload() {
    if (this.#uploads.size >= this.#limits.uploads) {
      throw new StoreError(429, "too_many_uploads", `${this.#limits.uploads} uploads are already open. Finish or cancel one first.`);
    }
    const id = randomUUID();
    this.#uploads.set(id, { path: this.#beside(), size: 0, busy: false });
    return id;
  }

  async appendPart(id, offset, body, partBytes) {
    const upload = this.#upload(id);
    if (offset !== upload.size) throw new StoreError(409, "wrong_offset", `The next part starts at byte ${upload.size}, not ${offset}.`);
    upload.busy = true;
    try {
      upload.size += await this.#receive(body, createWriteStream(upload.path, { flags: "a" }), partBytes);
      if (upload.size > this.#limits.objectBytes) throw this.#tooLarge(this.#limits.objectBytes);
      return upload.size;
    } catch (error) {
      // What arrived of a failed part is taken back, so that the client can send it again.
      await truncate(upload.path, offset).catch(() => {});
      upload.size = offset;
      throw error;
    } finally {
      upload.busy = false;
    }
  }

  finishUpload(id, name, guard = {}) {
    this.#checkName(name);
    const upload = this.#upload(id);
    if (upload.size === 0) throw new StoreError(409, "empty_upload", "This upload has received no part yet.");
    const entry = this.#commit(upload.path, name, upload.size, guard);
    this.#uploads.delete(id);
    return entry;
  }

  async abortUpload(id) {
    const upload = this.#upload(id);
    this.#uploads.delete(id);
    await rm(upload.path, { force: true });
  }

  // Tampering: what a hostile or broken server could do to bytes it holds. It keeps what it needs to
  // put them back.

  async flip(name, at) {
    const entry = this.#untampered(name);
    if (!(at >= 0 && at < entry.size)) throw new StoreError(416, "bad_range", `"${name}" has no byte ${at}; it has ${entry.size} bytes.`);
    await this.#flipByte(name, at);
    this.#tampered.set(name, { kind: "flip", at });
    return this.#record(name, entry.size, Date.now(), `One bit of byte ${at.toLocaleString("en")} was flipped.`);
  }

  async cut(name, size) {
    const entry = this.#untampered(name);
    if (!(size >= 0 && size < entry.size)) throw new StoreError(416, "bad_range", `"${name}" has ${entry.size} bytes, so it cannot be cut to ${size}.`);
    const tail = this.#beside();
    await pipeline(this.read(name, size, entry.size), createWriteStream(tail));
    await truncate(this.#path(name), size);
    this.#tampered.set(name, { kind: "cut", size, tail });
    return this.#record(name, size, Date.now(), `The last ${(entry.size - size).toLocaleString("en")} bytes were cut off.`);
  }

  async undo(name) {
    const entry = this.entry(name);
    const done = this.#tampered.get(name);
    if (!done) throw new StoreError(409, "not_tampered", `"${name}" is as it was stored.`);
    let size = entry.size;
    if (done.kind === "flip") {
      await this.#flipByte(name, done.at);
    } else {
      await pipeline(createReadStream(done.tail), createWriteStream(this.#path(name), { flags: "a" }));
      size = (await stat(this.#path(name))).size;
    }
    await this.#forgetTampering(name);
    return this.#record(name, size, Date.now());
  }

  #untampered(name) {
    if (this.#tampered.has(name)) throw new StoreError(409, "already_tampered", `"${name}" has been changed already. Put it back first.`);
    return this.entry(name);
  }

  async #flipByte(name, at) {
    const file = await open(this.#path(name), "r+");
    try {
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, at);
      byte[0] ^= 1;
      await file.write(byte, 0, 1, at);
    } finally {
      await file.close();
    }
  }

  async #forgetTampering(name) {
    const done = this.#tampered.get(name);
    this.#tampered.delete(name);
    if (done?.kind === "cut") await rm(done.tail, { force: true });
  }

  // Below: the few steps that the verbs above are made of.

  #commit(beside, name, size, guard) {
    const old = this.#index.get(name);
    if (guard.ifNoneMatch === "*" && old) throw new StoreError(412, "exists", `The server already holds "${name}".`);
    if (guard.ifMatch && guard.ifMatch !== old?.etag) throw new StoreError(412, "changed", `"${name}" has changed since you read it.`);
    if (!old && this.#index.size >= this.#limits.objects) {
      throw new StoreError(507, "full", `The server holds its limit of ${this.#limits.objects} objects. Delete some first.`);
    }
    renameSync(beside, this.#path(name));
    void this.#forgetTampering(name);
    return this.#record(name, size, Date.now());
  }

  #record(name, size, modified, tampered = null) {
    const entry = { name, size, modified: Math.round(modified), etag: `"${randomUUID()}"`, tampered };
    this.#index.set(name, entry);
    return entry;
  }

  async #receive(body, file, limit) {
    const room = this.#limits.totalBytes - this.#used();
    let size = 0;
    const count = new Transform({
      transform: (chunk, _encoding, done) => {
        size += chunk.length;
        if (size > limit) done(this.#tooLarge(limit));
        else if (size > room) done(new StoreError(507, "full", "The server's storage is full. Delete something first."));
        else done(null, chunk);
      },
    });
    await pipeline(body, count, file);
    return size;
  }

  #used() {
    let bytes = 0;
    for (const { size } of this.#index.values()) bytes += size;
    for (const { size } of this.#uploads.values()) bytes += size;
    return bytes;
  }

  #upload(id) {
    const upload = this.#uploads.get(id);
    if (!upload) throw new StoreError(404, "no_upload", "This upload is not open: it was finished, cancelled, or the server restarted.");
    if (upload.busy) throw new StoreError(409, "busy", "A part of this upload is still arriving.");
    return upload;
  }

  #tooLarge(limit) {
    return new StoreError(413, "too_large", `That is more than the ${limit} bytes this server takes at once.`);
  }

  #checkName(name) {
    if (!NAME.test(name)) throw new StoreError(400, "bad_name", `"${name}" cannot be an object's name: ${NAME_HINT}.`);
  }

  #path(name) {
    return join(this.#folder, "objects", encodeURIComponent(name));
  }

  #beside() {
    return join(this.#folder, "beside", randomUUID());
  }
}
