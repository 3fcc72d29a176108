// Runs in the browser; the runner calls `bench`.
import { contestants as age } from "./contestants/age.mjs";
import { contestants as fortress } from "./contestants/fortress.mjs";
import { contestants as kernels } from "./contestants/kernels.mjs";
import { contestants as noble } from "./contestants/noble.mjs";
import { contestants as sodium } from "./contestants/sodium.mjs";
import { contestants as themis } from "./contestants/themis.mjs";
import { contestants as webcrypto } from "./contestants/webcrypto.mjs";
import { measure } from "./measure.mjs";

globalThis.bench = async (options) => {
  const entered = [];
  for (const enter of [fortress, webcrypto, sodium, noble, age, themis, kernels]) entered.push(...(await enter({ themisWasm: "libthemis.wasm", load })));
  return measure(entered, { ...options, onProgress: (text) => (document.title = text) });
};

async function load(name) {
  const response = await fetch(name);
  return response.ok ? response.arrayBuffer() : undefined;
}
