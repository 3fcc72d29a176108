// Objects: named runs of bytes, and nothing known about what they mean.
//
// Every write goes to a file beside the old one and takes its place by a rename, so a reader sees the
// old object or the new one and never a half of each. The index lives in memory; a precondition is
// checked in the same tick as the rename it guards.

import { randomUUID } from "node:crypto";
import { createReadStream, openSync, renameSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { checkName, Folder } from "./folder.mjs";
import { Space } from "./space.mjs";
import { StoreError } from "./store-error.mjs";
import { Tampering } from "./tampering.mjs";
import { Uploads } from "./uploads.mjs";

/** @typedef {{ name: string, size: number, modified: number, etag: string, tampered: string | null }} Entry */
/** @typedef {{ objectBytes: number, totalBytes: number, objects: number, uploads: number, idleMilliseconds: number }} Limits */

/**
 * What must hold for a write to happen: of the object itself, and of another one.
 * @typedef {{ ifMatch?: string, ifNoneMatch?: string, other?: { name: string, etag: string } }} Guard
 */

export class Store {
  /** @type {Map<string, Entry>} */ #index = new Map();
  #folder;
  #limits;
  #space;

  /** @param {string} path  @param {Limits} limits */
  static async open(path, limits) {
    const folder = await Folder.open(path);
    const store = new Store(folder, limits);
    for await (const { name, size, modified } of folder.objects()) {
      store.#space.take(size);
      store.record(name, size, modified);
    }
    return store;
  }

  constructor(folder, limits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#space = new Space(limits.totalBytes, () => this.uploads.dropAbandoned());
    this.uploads = new Uploads(folder, this.#space, limits);
    this.tampering = new Tampering(this, folder, this.#space);
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

  /** Bytes [start, end) as a stream: of the object that has the name now, whatever takes its place meanwhile. */
  read(name, start, end) {
    this.entry(name);
    const path = this.#folder.object(name);
    return end > start ? createReadStream(path, { fd: openSync(path), start, end: end - 1 }) : Readable.from([]);
  }

  /** Is this what the server holds, still? @param {Entry} entry */
  holds(entry) {
    return this.#index.get(entry.name) === entry;
  }

  /** Stores a whole object. @param {string} name  @param {Guard} guard */
  async put(name, body, guard = {}) {
    checkName(name);
    return this.#write(name, guard, [() => body]);
  }

  /**
   * Replaces the first `length` bytes by `body` and keeps the rest: how a client rewrites a header. The rest must
   * still be there at the end, so a write meanwhile is a change, whether the client guards against it or not.
   * @param {string} name  @param {Guard} guard
   */
  async replacePrefix(name, length, body, guard = {}) {
    const old = this.entry(name);
    this.#check(name, guard);
    if (length > old.size) throw new StoreError(416, "bad_range", `"${name}" has ${old.size} bytes, so its first ${length} cannot be replaced.`);
    return this.#write(name, { ...guard, ifMatch: old.etag }, [() => body, () => this.read(name, length, old.size)]);
  }

  /** Makes an upload that is whole an object. @param {string} id  @param {string} name  @param {Guard} guard */
  finishUpload(id, name, guard = {}) {
    checkName(name);
    const { path, size } = this.uploads.whole(id);
    const entry = this.#commit(path, name, size, guard);
    this.uploads.named(id);
    return entry;
  }

  /** @param {string} name */
  remove(name) {
    const { size } = this.entry(name);
    this.#index.delete(name);
    this.#space.give(size);
    this.tampering.forget(name);
    rmSync(this.#folder.object(name), { force: true });
  }

  /** Notes what an object is now, under a new entity tag. */
  record(name, size, modified, tampered = null) {
    const entry = { name, size, modified: Math.round(modified), etag: `"${randomUUID()}"`, tampered };
    this.#index.set(name, entry);
    return entry;
  }

  /** Writes the bodies one after the other. */
  async #write(name, guard, bodies) {
    const beside = this.#folder.beside();
    let size = 0;
    try {
      for (const body of bodies) size += await this.#space.receive(body(), beside, this.#limits.objectBytes - size);
      return this.#commit(beside, name, size, guard);
    } catch (error) {
      this.#space.give(size);
      rmSync(beside, { force: true });
      throw error;
    }
  }

  #commit(beside, name, size, guard) {
    this.#check(name, guard);
    const old = this.#index.get(name);
    if (!old && this.#index.size >= this.#limits.objects) {
      throw new StoreError(507, "full", `The server holds its limit of ${this.#limits.objects} objects. Delete some first.`);
    }
    renameSync(beside, this.#folder.object(name));
    this.#space.give(old?.size ?? 0);
    this.tampering.forget(name);
    return this.record(name, size, Date.now());
  }

  #check(name, { ifMatch, ifNoneMatch, other }) {
    const etag = this.#index.get(name)?.etag;
    if (other && other.etag !== this.#index.get(other.name)?.etag) {
      throw new StoreError(412, "other_changed", `"${other.name}" has changed since you read it, and this write depends on it.`);
    }
    if (ifNoneMatch === "*" && etag) throw new StoreError(412, "exists", `The server already holds "${name}".`);
    if (ifMatch && ifMatch !== etag) throw new StoreError(412, "changed", `"${name}" has changed since you read it.`);
  }
}
