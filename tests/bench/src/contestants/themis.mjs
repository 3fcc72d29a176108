/** wasm-themis: Secure Cell in Seal mode, which like a token derives its key and binds a context. */
import { initialize, SecureCellSeal, SymmetricKey } from "wasm-themis";
import { bytes, mustEqual, pieces, VALUE } from "../workloads.mjs";

/** Bytes of its loop: enough for its speed, which does not depend on the length. */
const LOOP = 2 * 1024 * 1024;

/**
 * @param {{ themisWasm?: string }} where
 * @returns {Promise<import("../workloads.mjs").Contestant[]>}
 */
export async function contestants({ themisWasm }) {
  await (themisWasm === undefined ? initializeInNode() : initialize(themisWasm));
  const name = "wasm-themis Secure Cell";
  const cell = SecureCellSeal.withKey(new SymmetricKey());
  const [value, context] = [bytes(VALUE), new TextEncoder().encode("row 42")];
  const encrypted = cell.encrypt(value, context);
  mustEqual(cell.decrypt(encrypted, context), value, name);
  const plain = pieces(bytes(LOOP));
  const sealed = plain.map((piece) => cell.encrypt(piece));
  return [
    { workload: "single-encrypt", name, units: 1, run: () => cell.encrypt(value, context) },
    { workload: "single-decrypt", name, units: 1, run: () => cell.decrypt(encrypted, context) },
    { workload: "stream-encrypt", name, units: LOOP, run: () => plain.forEach((piece) => cell.encrypt(piece)) },
    { workload: "stream-decrypt", name, units: LOOP, run: () => sealed.forEach((piece) => cell.decrypt(piece)) },
  ];
}

/** It takes any runtime with `fetch` for a browser, and would fetch its module from a path. */
async function initializeInNode() {
  const { fetch } = globalThis;
  globalThis.fetch = undefined;
  try {
    await initialize();
  } finally {
    globalThis.fetch = fetch;
  }
}
