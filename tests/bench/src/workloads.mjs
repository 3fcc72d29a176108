/** What is measured. A contestant enters one workload or several. */

/** Bytes of a small value: an e-mail address, a name, a card number with room to spare. */
export const VALUE = 64;
/** Bytes of a message that is encrypted by one call. */
export const MESSAGES = { "16 KiB": 16 * 1024, "1 MiB": 1024 * 1024 };
/** Bytes of a message that lies in WebAssembly's memory. */
export const IN_PLACE = { "64 bytes": 64, "1 KiB": 1024, ...MESSAGES };
/** Bytes that a grant's signature covers: a header for one identity, and what it says. */
const STATEMENT = 1_800;
/** Bytes of a stream. */
export const STREAM = 100 * 1024 * 1024;
/** Bytes that loops without a stream of their own encrypt at once. */
export const PIECE = 16 * 1024;

/**
 * `unit` is what one unit of a run is: a value, reported in microseconds each, a page, in milliseconds, or a byte, reported in MB/s. What is
 * `long` runs once for a measurement, other work as often as fills one. A module is weighed, in bytes.
 *
 * @type {Record<string, { title: string, unit: "value" | "page" | "byte" | "module", rounds?: number, long?: true }>}
 */
export const workloads = {
  "single-encrypt": { title: `One value of ${VALUE} bytes, encrypt`, unit: "value", rounds: 15 },
  "single-decrypt": { title: `One value of ${VALUE} bytes, decrypt`, unit: "value", rounds: 15 },
  "member-encrypt": { title: `Each of several values of ${VALUE} bytes, encrypt`, unit: "value", rounds: 15 },
  "member-decrypt": { title: `Each of several values of ${VALUE} bytes, decrypt`, unit: "value", rounds: 15 },
  "identity-generate": { title: "A hybrid key pair (X-Wing), generate", unit: "value", rounds: 15 },
  "identity-seal": { title: "Something small for a hybrid public key, seal", unit: "value", rounds: 15 },
  "identity-open": { title: "The same, open", unit: "value", rounds: 15 },
  "identity-grant": { title: "A grant of a scope for one hybrid identity, make; bare signatures, sign", unit: "value", rounds: 15 },
  "identity-grant-open": { title: "The same, open and verify; bare signatures, verify", unit: "value", rounds: 15 },
  "passphrase-unlock": { title: "What a passphrase sealed, open: Argon2id, 64 MiB, 3 passes", unit: "value", rounds: 7 },
  "shares-split": { title: "A share set of any 2 of 3, make", unit: "value", rounds: 15 },
  "shares-recover": { title: "A keyring, recover by 2 shares of 3", unit: "value", rounds: 15 },
  "start-rest": { title: "A page at rest, from import to its first token, everything in the HTTP cache", unit: "page", rounds: 9 },
  "start-loading": { title: "A page that is just loading, from import to its first token, everything in the HTTP cache", unit: "page", rounds: 9 },
  ...Object.fromEntries(Object.keys(MESSAGES).flatMap((size) => ["encrypt", "decrypt"].map((direction) => [
    `call-${size}-${direction}`, { title: `One message of ${size}, ChaCha20-Poly1305, ${direction}`, unit: "byte", rounds: 15 },
  ]))),
  ...Object.fromEntries(["ChaCha20-Poly1305", "AEGIS-256", "AES-256-GCM"].flatMap((suite) => Object.keys(IN_PLACE).map((size) => [
    `kernel-${suite}-${size}`, { title: `One message of ${size} in WebAssembly's memory, ${suite}, encrypt`, unit: "byte", rounds: 15 },
  ]))),
  "stream-encrypt": { title: "Stream of 100 MiB, encrypt", unit: "byte", rounds: 7, long: true },
  "stream-decrypt": { title: "Stream of 100 MiB, decrypt", unit: "byte", rounds: 7, long: true },
  size: { title: "The package's modules on the wire, with brotli", unit: "module" },
};

/**
 * @typedef {object} Contestant
 * @property {keyof typeof workloads} workload
 * @property {string} name
 * @property {number} units that one call of `run` gets through
 * @property {() => unknown} run does it once; may give a promise
 * @property {boolean} [asynchronous] whether `run` gives a promise, which is then awaited before the next call
 */

/** Bytes that look random and are the same everywhere. */
export function bytes(length) {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 0x9e3779b9;
  for (let i = 0; i < words.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Throws unless a contestant's decryption gives back what it encrypted. */
export function mustEqual(actual, expected, who) {
  const same = actual.length === expected.length && actual.every((byte, i) => byte === expected[i]);
  if (!same) throw new Error(`${who} does not give back what it was given`);
}

/** The pieces of a long message, without copying. */
export function pieces(data, length = PIECE) {
  return Array.from({ length: Math.ceil(data.length / length) }, (_, i) => data.subarray(i * length, (i + 1) * length));
}

/** A stream from memory, in arrays of the size that files are read in. */
export function streamOf(data, length = 256 * 1024) {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset < data.length) controller.enqueue(data.subarray(offset, (offset += length)));
      else controller.close();
    },
  });
}

/** Takes everything, keeps nothing, and knows how much it was. */
export function sink() {
  let length = 0;
  const stream = new WritableStream({
    write(chunk) {
      length += chunk.length;
    },
  });
  return { stream, length: () => length };
}

/** All of a stream. */
export async function collect(stream) {
  const parts = [];
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A bare signature, of as many bytes as a grant signs. @returns {Contestant[]} */
export function bareSignature(name, sign, verify) {
  const statement = bytes(STATEMENT);
  const signature = sign(statement);
  if (!verify(signature, statement)) throw new Error(`${name} does not verify`);
  return [
    { workload: "identity-grant", name, units: 1, run: () => sign(statement) },
    { workload: "identity-grant-open", name, units: 1, run: () => verify(signature, statement) },
  ];
}
