// Where the bytes lie: FOLDER/objects holds what is stored, FOLDER/beside what is on its way there. A
// marker says that the folder is ours; in any other, and of files that others put into it, nothing is
// touched.

import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "./store-error.mjs";

const MARKER = ".fortress-example";
const MARKER_TEXT = "Made by the storage server of the Fortress web example.\n";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const NAME = /^[a-z]+(?:\/[a-z0-9-]{1,64})?$/;
const NAME_HINT = "a name is a word, or a word, a slash and up to 64 letters, digits and dashes";

export class Folder {
  /** Takes an empty folder, one that is not there yet, or one of ours. @param {string} path */
  static async open(path) {
    await mkdir(path, { recursive: true });
    const found = await readdir(path);
    if (found.length > 0 && !found.includes(MARKER)) {
      throw Object.assign(new Error(`${path} holds other files. Choose an empty folder, or one that this server made.`), { code: "foreign_folder" });
    }
    await writeFile(join(path, MARKER), MARKER_TEXT);
    await mkdir(join(path, "objects"), { recursive: true });
    await mkdir(join(path, "beside"), { recursive: true });
    // What was on its way when the server last stopped.
    for (const file of await readdir(join(path, "beside"))) if (UUID.test(file)) await rm(join(path, "beside", file));
    return new Folder(path);
  }

  #path;

  constructor(path) {
    this.#path = path;
  }

  /** Every stored object; a file whose name we would not have written is somebody else's. */
  async *objects() {
    for (const file of await readdir(join(this.#path, "objects"), { withFileTypes: true })) {
      const name = file.name.replace("%2F", "/");
      if (!file.isFile() || !NAME.test(name) || encodeURIComponent(name) !== file.name) continue;
      const { size, mtimeMs } = await stat(this.object(name));
      yield { name, size, modified: mtimeMs };
    }
  }

  /** @param {string} name */
  object(name) {
    return join(this.#path, "objects", encodeURIComponent(name));
  }

  /** A new place for bytes on their way. */
  beside() {
    return join(this.#path, "beside", randomUUID());
  }
}

/** @param {string} name */
export function checkName(name) {
  if (!NAME.test(name)) throw new StoreError(400, "bad_name", `"${name}" cannot be an object's name: ${NAME_HINT}.`);
}
