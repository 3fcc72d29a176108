/** The kernels under Fortress beside the crates that do the same: `tests/bench/kernels`, compiled by `cargo xtask bench`. */
import { IN_PLACE } from "../workloads.mjs";

/** The modules, and what their contestants are called after. */
export const modules = { "kernels.wasm": "SIMD", "kernels-relaxed.wasm": "relaxed SIMD" };

/** Contestants by suite: the number by which the module knows each one */
const suites = {
  "ChaCha20-Poly1305": { "Fortress kernel": 0, "RustCrypto": 4 },
  "AES-256-GCM": { "Fortress kernel": 1 },
  "AEGIS-256": { "Fortress kernel": 2, "aegis crate, prebuilt library": 5 },
};

/**
 * @param {{ load(name: string): Promise<BufferSource | undefined> }} where nothing comes where nothing was compiled
 * @returns {Promise<import("../workloads.mjs").Contestant[]>}
 */
export async function contestants({ load }) {
  const entered = [];
  for (const [file, simd] of Object.entries(modules)) {
    const module = await load(file);
    if (module === undefined || !WebAssembly.validate(module)) continue;
    const { seal, reset } = (await WebAssembly.instantiate(module)).instance.exports;
    for (const [suite, numbers] of Object.entries(suites)) {
      const tags = Object.values(numbers).map((number) => (reset(), seal(number, Math.max(...Object.values(IN_PLACE)))));
      if (tags.includes(0) || new Set(tags).size !== 1) throw new Error(`${suite}: the contestants do not do the same`);
      entered.push(...ofSuite(suite, numbers, seal, simd));
    }
  }
  return entered;
}

function ofSuite(suite, numbers, seal, simd) {
  return Object.entries(IN_PLACE).flatMap(([size, units]) => Object.entries(numbers).map(([name, number]) => (
    { workload: `kernel-${suite}-${size}`, name: `${name}, ${simd}`, units, run: () => seal(number, units) }
  )));
}
