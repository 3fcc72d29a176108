/** @noble/ciphers: the bare XChaCha20-Poly1305 call. */
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { bytes, IN_PLACE, MESSAGES, mustEqual, pieces, VALUE } from "../workloads.mjs";

/** Bytes of its loop: enough for its speed, which does not depend on the length. */
const LOOP = 10 * 1024 * 1024;

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  const name = "@noble/ciphers XChaCha20-Poly1305, bare";
  const [key, nonce, value] = [bytes(32), bytes(24), bytes(VALUE)];
  const encrypted = xchacha20poly1305(key, nonce).encrypt(value);
  const decrypt = () => xchacha20poly1305(key, nonce).decrypt(encrypted);
  mustEqual(decrypt(), value, name);
  const plain = pieces(bytes(LOOP));
  const sealed = plain.map((piece) => xchacha20poly1305(key, nonce).encrypt(piece));
  return [
    ...messages(),
    ...inPlace(),
    ...["single", "member"].flatMap((kind) => [
      { workload: `${kind}-encrypt`, name, units: 1, run: () => xchacha20poly1305(key, nonce).encrypt(value) },
      { workload: `${kind}-decrypt`, name, units: 1, run: decrypt },
    ]),
    { workload: "stream-encrypt", name, units: LOOP, run: () => plain.forEach((piece) => xchacha20poly1305(key, nonce).encrypt(piece)) },
    { workload: "stream-decrypt", name, units: LOOP, run: () => sealed.forEach((piece) => xchacha20poly1305(key, nonce).decrypt(piece)) },
  ];
}

function messages() {
  const name = "@noble/ciphers ChaCha20-Poly1305, bare";
  const [key, nonce] = [bytes(32), bytes(12)];
  return Object.entries(MESSAGES).flatMap(([size, units]) => {
    const message = bytes(units);
    const encrypted = chacha20poly1305(key, nonce).encrypt(message);
    const decrypt = () => chacha20poly1305(key, nonce).decrypt(encrypted);
    mustEqual(decrypt(), message, name);
    return [
      { workload: `call-${size}-encrypt`, name, units, run: () => chacha20poly1305(key, nonce).encrypt(message) },
      { workload: `call-${size}-decrypt`, name, units, run: decrypt },
    ];
  });
}

/** Into an array that is there, which is how it is fastest. */
function inPlace() {
  const [key, nonce] = [bytes(32), bytes(12)];
  return Object.entries(IN_PLACE).map(([size, units]) => {
    const [message, output] = [bytes(units), new Uint8Array(units + 16)];
    return { workload: `kernel-ChaCha20-Poly1305-${size}`, name: "@noble/ciphers", units, run: () => chacha20poly1305(key, nonce).encrypt(message, output) };
  });
}
