/** @noble: bare calls of its ciphers, signatures and Argon2id. */
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { argon2id } from "@noble/hashes/argon2.js";
import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { bareSignature, bytes, IN_PLACE, MESSAGES, mustEqual, pieces, VALUE } from "../workloads.mjs";

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
    ...signatures(),
    passphrase(),
    ...["single", "member"].flatMap((kind) => [
      { workload: `${kind}-encrypt`, name, units: 1, run: () => xchacha20poly1305(key, nonce).encrypt(value) },
      { workload: `${kind}-decrypt`, name, units: 1, run: decrypt },
    ]),
    { workload: "stream-encrypt", name, units: LOOP, run: () => plain.forEach((piece) => xchacha20poly1305(key, nonce).encrypt(piece)) },
    { workload: "stream-decrypt", name, units: LOOP, run: () => sealed.forEach((piece) => xchacha20poly1305(key, nonce).decrypt(piece)) },
  ];
}

/** The derivation alone, at the cost that Fortress has by default. */
function passphrase() {
  const run = () => argon2id("correct horse battery staple", bytes(16), { t: 3, m: 65_536, p: 4, dkLen: 32 });
  return { workload: "passphrase-unlock", name: "@noble/hashes Argon2id, bare", units: 1, run };
}

function signatures() {
  const { publicKey, secretKey } = ml_dsa65.keygen(bytes(32));
  return bareSignature(
    "@noble/post-quantum ML-DSA-65, bare signature",
    (statement) => ml_dsa65.sign(statement, secretKey),
    (signature, statement) => ml_dsa65.verify(signature, statement, publicKey),
  );
}

/** With an array for each, and into one that is there. */
function messages() {
  const [key, nonce] = [bytes(32), bytes(12)];
  return Object.entries(MESSAGES).flatMap(([size, units]) => {
    const message = bytes(units);
    const encrypted = chacha20poly1305(key, nonce).encrypt(message);
    const [toEncrypted, toMessage] = [new Uint8Array(encrypted.length), new Uint8Array(units)];
    return Object.entries({ "bare": [], "into an array": [toEncrypted, toMessage] }).flatMap(([how, [sealed, opened]]) => {
      const name = `@noble/ciphers ChaCha20-Poly1305, ${how}`;
      const decrypt = () => chacha20poly1305(key, nonce).decrypt(encrypted, opened);
      mustEqual(decrypt(), message, name);
      return [
        { workload: `call-${size}-encrypt`, name, units, run: () => chacha20poly1305(key, nonce).encrypt(message, sealed) },
        { workload: `call-${size}-decrypt`, name, units, run: decrypt },
      ];
    });
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
