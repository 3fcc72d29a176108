// Copies of the package with a module and an instance of their own, to set one path of the code against another.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const dist = new URL("../../dist/", import.meta.url);

/** The whole modules. */
export const modules = ["fortress.wasm", "fortress-relaxed.wasm", "fortress-portable.wasm"];
/** Those for fields alone. */
export const fieldsModules = ["fields.wasm", "fields-relaxed.wasm", "fields-portable.wasm"];

/** The bytes of the one with SIMD. */
export const wasm = readFileSync(new URL("fortress.wasm", dist));

/** Those of the module of signatures. */
export const signatures = readFileSync(new URL("signatures.wasm", dist));

/** A fresh copy of `/slim` with `/fields/slim` and `/grants/slim`, which have no module yet. Its AES-256-GCM is WebCrypto's. */
export function slimCopy() {
  return entriesOf("slim", common());
}

/** A fresh copy of the Node entries, whose AES-256-GCM is `node:crypto`'s. */
export function nodeCopy() {
  return entriesOf("node", common([...modules, "signatures.wasm"]));
}

function entriesOf(name, entries) {
  return { ...entries[name](), fields: entries[`fields-${name}`](), grants: entries[`grants-${name}`]() };
}

/** A copy of what is there for `require`, with these modules beside it. */
function common(beside = []) {
  const folder = temporary();
  for (const name of ["common.cjs", ...beside]) copyFileSync(new URL(name, dist), join(folder, name));
  return require(join(folder, "common.cjs"));
}

/** A folder that goes with the process: its modules are read when they are first needed. */
function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "fortress-npm-test-"));
  folders.push(folder);
  return folder;
}

const folders = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs `body` with a property of `object` replaced. */
export async function replaced(object, name, value, body) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  try {
    return await body();
  } finally {
    if (before === undefined) delete object[name];
    else Object.defineProperty(object, name, before);
  }
}

/** `getRandomValues` that gives every copy the same bytes. For tests of sameness only. */
export function predictable() {
  let counter = 0;
  return (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(counter++, 2654435761) >>> 13) & 255;
    return array;
  };
}
