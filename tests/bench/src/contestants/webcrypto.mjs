/** AES-256-GCM of the host, bare: one key, counted nonces, no format, nothing committed, bound or looked up. */
import { bytes, mustEqual, PIECE, pieces, STREAM, VALUE } from "../workloads.mjs";

const { subtle } = globalThis.crypto;

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  const key = await subtle.importKey("raw", bytes(32), "AES-GCM", false, ["encrypt", "decrypt"]);
  return [...(await single(key)), ...(await streams(key))];
}

async function single(key) {
  const name = "bare WebCrypto AES-256-GCM, awaited";
  const value = bytes(VALUE);
  const parameters = { name: "AES-GCM", iv: bytes(12) };
  const encrypted = await subtle.encrypt(parameters, key, value);
  mustEqual(new Uint8Array(await subtle.decrypt(parameters, key, encrypted)), value, name);
  return [
    { workload: "single-encrypt", name, units: 1, asynchronous: true, run: () => subtle.encrypt(parameters, key, value) },
    { workload: "single-decrypt", name, units: 1, asynchronous: true, run: () => subtle.decrypt(parameters, key, encrypted) },
  ];
}

async function streams(key) {
  const data = bytes(STREAM);
  const plain = pieces(data);
  const encrypted = new Array(plain.length);
  const encryptOne = (i) => subtle.encrypt({ name: "AES-GCM", iv: nonce(i) }, key, plain[i]);
  const decryptOne = (i) => subtle.decrypt({ name: "AES-GCM", iv: nonce(i) }, key, encrypted[i]);
  await inFlight(plain.length, 32, async (i) => (encrypted[i] = await encryptOne(i)));
  mustEqual(new Uint8Array(await decryptOne(7)), plain[7], "WebCrypto");
  // The best number in flight differs from browser to browser: each direction gets its own best.
  const lanes = { encrypt: await best(encryptOne), decrypt: await best(decryptOne) };
  const name = `bare WebCrypto AES-256-GCM, ${PIECE / 1024} KiB pieces in flight`;
  return [
    ...(await workers(key, data, lanes)),
    { workload: "stream-encrypt", name, units: data.length, run: () => inFlight(plain.length, lanes.encrypt, encryptOne) },
    { workload: "stream-decrypt", name, units: data.length, run: () => inFlight(plain.length, lanes.decrypt, decryptOne) },
  ];
}

/** The same loops in as many workers as there are processors, each on data of its own, which is there before and whose results nobody gets. */
async function workers(key, data, lanes) {
  const count = globalThis.navigator?.hardwareConcurrency ?? 1;
  if (typeof Worker !== "function" || count < 2) return [];
  const code = URL.createObjectURL(new Blob([`(${workerLoop})(${inFlight})`], { type: "text/javascript" }));
  const share = Math.ceil(data.length / count / PIECE) * PIECE;
  const asks = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const worker = new Worker(code);
    const ask = (message) => new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
      worker.postMessage(message);
    });
    await ask({ key, data: data.slice(index * share, (index + 1) * share), piece: PIECE, lanes });
    return ask;
  }));
  return ["encrypt", "decrypt"].map((direction) => (
    { workload: `stream-${direction}`, name: `bare WebCrypto AES-256-GCM in ${count} workers`, units: data.length, run: () => Promise.all(asks.map((ask) => ask(direction))) }
  ));
}

/** Runs in a worker, as text. Takes what it works on first, and does what it is told then. */
function workerLoop(inFlight) {
  let loops;
  globalThis.onmessage = async ({ data: message }) => {
    if (typeof message === "string") await loops[message]();
    else loops = await prepared(message);
    postMessage("done");
  };

  async function prepared({ key, data, piece, lanes }) {
    const count = Math.ceil(data.length / piece);
    const parameters = (i) => {
      const iv = new Uint8Array(12);
      new DataView(iv.buffer).setUint32(8, i);
      return { name: "AES-GCM", iv };
    };
    const encryptOne = (i) => crypto.subtle.encrypt(parameters(i), key, data.subarray(i * piece, (i + 1) * piece));
    const encrypted = new Array(count);
    await inFlight(count, lanes.encrypt, async (i) => (encrypted[i] = await encryptOne(i)));
    return {
      encrypt: () => inFlight(count, lanes.encrypt, encryptOne),
      decrypt: () => inFlight(count, lanes.decrypt, (i) => crypto.subtle.decrypt(parameters(i), key, encrypted[i])),
    };
  }
}

/** Does `count` operations, so many of them at a time. */
function inFlight(count, lanes, operation) {
  let next = 0;
  const lane = async () => {
    while (next < count) await operation(next++);
  };
  return Promise.all(Array.from({ length: lanes }, lane));
}

async function best(operation) {
  const tried = [];
  for (let round = 0; round < 3; round += 1) {
    for (const lanes of [4, 8, 16, 32, 64]) {
      const start = performance.now();
      await inFlight(1600, lanes, operation);
      tried.push({ lanes, time: performance.now() - start });
    }
  }
  return tried.reduce((a, b) => (b.time < a.time ? b : a)).lanes;
}

function nonce(i) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(8, i);
  return iv;
}
