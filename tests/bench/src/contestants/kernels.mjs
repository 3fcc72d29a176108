/** The kernels under Fortress beside the crates that do the same: `tests/bench/kernels`, compiled by `cargo xtask bench`. */
import { bytes, IN_PLACE, PIECE, pieces, STREAM } from "../workloads.mjs";

/** The modules, and what their contestants are called after. */
export const modules = { "kernels.wasm": "SIMD", "kernels-relaxed.wasm": "relaxed SIMD" };

/** Contestants by suite: the number by which the module knows each one */
const suites = {
  "ChaCha20-Poly1305": { "Fortress kernel": 0, "RustCrypto": 3 },
  "AES-256-GCM": { "Fortress kernel": 1 },
  "AEGIS-256": { "Fortress kernel": 2, "aegis crate, prebuilt library": 4 },
};

/** Those in which somebody who has such a kernel would write a loop. */
const LOOPS = ["ChaCha20-Poly1305", "AEGIS-256"];

/**
 * @param {{ load(name: string): Promise<BufferSource | undefined> }} where nothing comes where nothing was compiled
 * @returns {Promise<import("../workloads.mjs").Contestant[]>}
 */
export async function contestants({ load }) {
  const entered = [];
  for (const [file, simd] of Object.entries(modules)) {
    const module = await load(file);
    if (module === undefined || !WebAssembly.validate(module)) continue;
    const { exports } = (await WebAssembly.instantiate(module)).instance;
    for (const [suite, numbers] of Object.entries(suites)) {
      const tags = Object.values(numbers).map((number) => (exports.reset(), exports.seal(number, Math.max(...Object.values(IN_PLACE)))));
      if (tags.includes(0) || new Set(tags).size !== 1) throw new Error(`${suite}: the contestants do not do the same`);
      entered.push(...ofSuite(suite, numbers, exports, simd));
      if (LOOPS.includes(suite)) entered.push(loop(suite, numbers["Fortress kernel"], exports, simd));
    }
  }
  return entered;
}

function ofSuite(suite, numbers, { seal }, simd) {
  return Object.entries(IN_PLACE).flatMap(([size, units]) => Object.entries(numbers).map(([name, number]) => (
    { workload: `kernel-${suite}-${size}`, name: `${name}, ${simd}`, units, run: () => seal(number, units) }
  )));
}

/** In one thread, each piece into an array of its own, as WebCrypto gives it: nothing is bound, ordered or passed on. */
function loop(suite, number, { seal, reset, input, output, memory }, simd) {
  const plain = pieces(bytes(STREAM));
  const [from, to] = [input(), output()];
  const encrypt = (piece) => {
    const all = new Uint8Array(memory.buffer);
    all.set(piece, from);
    seal(number, piece.length);
    return all.slice(to, to + piece.length + TAG);
  };
  reset();
  if (seal(number, PIECE) === (encrypt(plain[0]), seal(number, PIECE))) throw new Error(`${suite}: the loop does not encrypt what it is given`);
  return { workload: "stream-encrypt", name: `bare WebAssembly ${suite}, ${simd}, ${PIECE / 1024} KiB pieces`, units: STREAM, run: () => plain.forEach(encrypt) };
}

const TAG = 16;
