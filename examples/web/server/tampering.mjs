// What a hostile or broken server could do to bytes it holds. This one keeps what it needs to put them
// back.

import { closeSync, createReadStream, createWriteStream, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { StoreError } from "./store-error.mjs";

export class Tampering {
  /** @type {Map<string, { at: number } | { tail: string, bytes: number }>} */ #done = new Map();
  #store;
  #folder;
  #space;

  /** @param {import("./store.mjs").Store} store  @param {import("./folder.mjs").Folder} folder  @param {import("./space.mjs").Space} space */
  constructor(store, folder, space) {
    this.#store = store;
    this.#folder = folder;
    this.#space = space;
  }

  flip(name, at) {
    const { size } = this.#untampered(name);
    if (!(at >= 0 && at < size)) throw new StoreError(416, "bad_range", `"${name}" has no byte ${at}; it has ${size} bytes.`);
    this.#flipByte(name, at);
    this.#done.set(name, { at });
    return this.#store.record(name, size, Date.now(), `One bit of byte ${at.toLocaleString("en")} was flipped.`);
  }

  async cut(name, size) {
    const before = this.#untampered(name);
    if (!(size >= 0 && size < before.size)) throw new StoreError(416, "bad_range", `"${name}" has ${before.size} bytes, so it cannot be cut to ${size}.`);
    const tail = this.#folder.beside();
    await pipeline(this.#store.read(name, size, before.size), createWriteStream(tail));
    if (!this.#store.holds(before)) {
      rmSync(tail);
      throw this.#changed(name);
    }
    truncateSync(this.#folder.object(name), size);
    this.#done.set(name, { tail, bytes: before.size - size });
    return this.#store.record(name, size, Date.now(), `The last ${(before.size - size).toLocaleString("en")} bytes were cut off.`);
  }

  async undo(name) {
    const before = this.#store.entry(name);
    const done = this.#done.get(name);
    if (!done) throw new StoreError(409, "not_tampered", `"${name}" is as it was stored.`);
    this.#done.delete(name);
    const path = this.#folder.object(name);
    if ("at" in done) {
      this.#flipByte(name, done.at);
    } else {
      await pipeline(createReadStream(done.tail), createWriteStream(path, { fd: openSync(path, "a") }));
      rmSync(done.tail);
      if (!this.#store.holds(before)) {
        this.#space.give(done.bytes);
        throw this.#changed(name);
      }
    }
    return this.#store.record(name, statSync(path).size, Date.now());
  }

  /** The object was written anew or deleted, and what was cut off it has no place to go back to. */
  forget(name) {
    const done = this.#done.get(name);
    this.#done.delete(name);
    if (!done || "at" in done) return;
    this.#space.give(done.bytes);
    rmSync(done.tail, { force: true });
  }

  #untampered(name) {
    if (this.#done.has(name)) throw new StoreError(409, "already_tampered", `"${name}" has been changed already. Put it back first.`);
    return this.#store.entry(name);
  }

  #changed(name) {
    return new StoreError(409, "changed", `"${name}" was written or deleted meanwhile.`);
  }

  #flipByte(name, at) {
    const file = openSync(this.#folder.object(name), "r+");
    try {
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, at);
      byte[0] ^= 1;
      writeSync(file, byte, 0, 1, at);
    } finally {
      closeSync(file);
    }
  }
}
