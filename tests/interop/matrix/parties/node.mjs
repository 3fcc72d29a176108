/** The npm package in Node. */
import { readFile, writeFile } from "node:fs/promises";
import { json } from "node:stream/consumers";
import * as fortress from "fortress-sdk";
import * as grants from "fortress-sdk/grants";
import { carryOut } from "./web.mjs";

const plan = await json(process.stdin);
const blob = async (path) => new Blob([await readFile(path)]);
const answers = await carryOut({ ...fortress, ...grants }, plan, {
  read: (name) => blob(`${plan.folder}/${name}`),
  plain: (length) => blob(`${plan.plain}/${length}`),
  write: async (name, data) => writeFile(`${plan.folder}/${name}`, data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data),
});
process.stdout.write(JSON.stringify(answers));
