/** Where the shared vectors lie, for what runs them in Node or sends a page there. */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fieldsFamilies, families } from "./vectors.mjs";

/** The folder of all. */
export const data = fileURLToPath(new URL("../../vectors", import.meta.url));

const folders = ["", "python/"];

/** The files of both folders, the core's and the independent implementation's, that the whole package reads. */
export const files = folders.flatMap((folder) => filesOf(folder, Object.keys(families)));

/** Those that `fortress-sdk/fields` reads. */
export const fieldsFiles = folders.flatMap((folder) => filesOf(folder, fieldsFamilies));

export async function load(file) {
  return JSON.parse(await readFile(`${data}/${file}`, "utf8"));
}

function filesOf(folder, names) {
  const there = readdirSync(`${data}/${folder}`);
  return names.filter((file) => there.includes(file)).map((file) => folder + file);
}
