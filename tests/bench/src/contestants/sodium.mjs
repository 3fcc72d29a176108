/** libsodium-wrappers: bare calls, and secretstream in 16 KiB pieces. */
import sodium from "libsodium-wrappers";
import { bareSignature, bytes, IN_PLACE, MESSAGES, mustEqual, pieces, STREAM, VALUE } from "../workloads.mjs";

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  await sodium.ready;
  return [...values(), ...messages(), ...inPlace(), ...identities(), ...signatures(), ...stream()];
}

function values() {
  const name = "libsodium XChaCha20-Poly1305, bare";
  const [key, nonce, value] = [bytes(32), bytes(24), bytes(VALUE)];
  const encrypt = () => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(value, null, null, nonce, key);
  const encrypted = encrypt();
  const decrypt = () => sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, encrypted, null, nonce, key);
  mustEqual(decrypt(), value, name);
  return ["single", "member"].flatMap((kind) => [
    { workload: `${kind}-encrypt`, name, units: 1, run: encrypt },
    { workload: `${kind}-decrypt`, name, units: 1, run: decrypt },
  ]);
}

/** X-Wing alone: a shared secret, which is yet to encrypt something. */
function identities() {
  const name = "libsodium X-Wing, bare";
  const { publicKey, privateKey } = sodium.crypto_kem_keypair();
  const { ciphertext, sharedSecret } = sodium.crypto_kem_enc(publicKey);
  mustEqual(sodium.crypto_kem_dec(ciphertext, privateKey), sharedSecret, name);
  return [
    { workload: "identity-generate", name, units: 1, run: () => sodium.crypto_kem_keypair() },
    { workload: "identity-seal", name, units: 1, run: () => sodium.crypto_kem_enc(publicKey) },
    { workload: "identity-open", name, units: 1, run: () => sodium.crypto_kem_dec(ciphertext, privateKey) },
  ];
}

function signatures() {
  const { publicKey, privateKey } = sodium.crypto_sign_keypair();
  return bareSignature(
    "libsodium Ed25519, bare signature",
    (statement) => sodium.crypto_sign_detached(statement, privateKey),
    (signature, statement) => sodium.crypto_sign_verify_detached(signature, statement, publicKey),
  );
}

function messages() {
  const name = "libsodium ChaCha20-Poly1305, bare";
  const [key, nonce] = [bytes(32), bytes(12)];
  return Object.entries(MESSAGES).flatMap(([size, units]) => {
    const message = bytes(units);
    const encrypt = () => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(message, null, null, nonce, key);
    const encrypted = encrypt();
    const decrypt = () => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, encrypted, null, nonce, key);
    mustEqual(decrypt(), message, name);
    return [
      { workload: `call-${size}-encrypt`, name, units, run: encrypt },
      { workload: `call-${size}-decrypt`, name, units, run: decrypt },
    ];
  });
}

/** What the wrapper calls, within the memory of its module: a caller's bytes would have to get there and back. */
function inPlace() {
  const { _malloc: allocate, _crypto_aead_chacha20poly1305_ietf_encrypt_detached: seal, HEAPU8: memory } = sodium.libsodium;
  const [key, nonce, tag, text] = [32, 12, 16, Math.max(...Object.values(IN_PLACE))].map((length) => allocate(length));
  memory.set(bytes(32), key);
  memory.set(bytes(12), nonce);
  return Object.entries(IN_PLACE).map(([size, units]) => (
    { workload: `kernel-ChaCha20-Poly1305-${size}`, name: "libsodium, in place", units, run: () => seal(text, tag, null, text, units, 0, null, 0, 0, null, nonce, key) }
  ));
}

function stream() {
  const name = "libsodium secretstream";
  const key = bytes(32);
  const data = bytes(STREAM);
  const plain = pieces(data);
  const tag = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
  const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
  const encrypted = plain.map((piece) => sodium.crypto_secretstream_xchacha20poly1305_push(state, piece, null, tag));
  const decrypt = () => {
    const reader = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, key);
    for (const piece of encrypted) {
      if (!sodium.crypto_secretstream_xchacha20poly1305_pull(reader, piece, null)) throw new Error("libsodium refuses its own stream");
    }
  };
  return [
    {
      workload: "stream-encrypt",
      name,
      units: data.length,
      run() {
        const writer = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
        for (const piece of plain) sodium.crypto_secretstream_xchacha20poly1305_push(writer.state, piece, null, tag);
      },
    },
    { workload: "stream-decrypt", name, units: data.length, run: decrypt },
  ];
}
