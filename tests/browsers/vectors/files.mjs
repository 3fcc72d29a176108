/** Where the shared vectors lie, for what runs them in Node or sends a page there. */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { fieldsFamilies } from "./vectors.mjs";

/** The folder of all. */
export const data = fileURLToPath(new URL("../../vectors", import.meta.url));

const folders = ["", "python/"];
/** The package takes shares only to open something: those of `shared-envelopes.json`. */
const BEYOND = "shares.json";

/** The files of both folders, the core's and the independent implementation's: the whole package reads all but one. */
export const files = folders.flatMap(filesOf);

/** Those that `fortress-sdk/fields` reads. */
export const fieldsFiles = files.filter((file) => fieldsFamilies.includes(basename(file)));

export async function load(file) {
  return JSON.parse(await readFile(`${data}/${file}`, "utf8"));
}

function filesOf(folder) {
  return readdirSync(`${data}/${folder}`).filter((file) => file.endsWith(".json") && file !== BEYOND).map((file) => folder + file);
}
