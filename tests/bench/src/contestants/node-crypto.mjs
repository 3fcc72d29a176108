/** AES-256-GCM of `node:crypto`, bare: one key, counted nonces, one cipher object for each piece. */
import { createCipheriv, createDecipheriv, createSecretKey } from "node:crypto";
import { bytes, mustEqual, PIECE, pieces, STREAM, VALUE } from "../workloads.mjs";

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  const key = createSecretKey(bytes(32));
  const value = bytes(VALUE);
  const encrypted = seal(key, 0, value);
  mustEqual(open(key, 0, encrypted), value, "node:crypto");
  const data = bytes(STREAM);
  const plain = pieces(data);
  const sealed = plain.map((piece, i) => seal(key, i, piece));
  const single = "bare node:crypto AES-256-GCM";
  const stream = `bare node:crypto AES-256-GCM, ${PIECE / 1024} KiB pieces`;
  return [
    { workload: "single-encrypt", name: single, units: 1, run: () => seal(key, 0, value) },
    { workload: "single-decrypt", name: single, units: 1, run: () => open(key, 0, encrypted) },
    { workload: "stream-encrypt", name: stream, units: data.length, run: () => plain.forEach((piece, i) => seal(key, i, piece)) },
    { workload: "stream-decrypt", name: stream, units: data.length, run: () => sealed.forEach((piece, i) => open(key, i, piece)) },
  ];
}

function seal(key, i, piece) {
  const cipher = createCipheriv("aes-256-gcm", key, nonce(i));
  const body = cipher.update(piece);
  cipher.final();
  return { body, tag: cipher.getAuthTag() };
}

function open(key, i, { body, tag }) {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce(i), { authTagLength: 16 });
  decipher.setAuthTag(tag);
  const piece = decipher.update(body);
  decipher.final();
  return piece;
}

function nonce(i) {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(i, 8);
  return iv;
}
