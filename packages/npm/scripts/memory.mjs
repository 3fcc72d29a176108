// Does a long stream keep memory flat? Encrypts and decrypts MIB mebibytes (2048 by default) and prints how much the
// process grew in between; fails above 64 MiB. `node --expose-gc scripts/memory.mjs [MIB] [SUITE]`
import { fileURLToPath } from "node:url";
import { Keyring } from "../dist/node.js";

const MIB = 1 << 20;
const WARM_UP = 64 * MIB;

/** Pipes `mebibytes` through encryption and decryption; returns bytes that came out, and the most that the process grew. */
export async function growth(mebibytes, suite) {
  const keyring = await Keyring.generate();
  let made = 0;
  const source = new ReadableStream({
    pull(controller) {
      if (made === mebibytes) controller.close();
      // Each array is a new one, as a file's would be.
      else controller.enqueue(new Uint8Array(MIB).fill(made++));
    },
  });
  let received = 0;
  let baseline = 0;
  let most = 0;
  for await (const part of source.pipeThrough(keyring.encryptStream({ suite })).pipeThrough(keyring.decryptStream())) {
    const mark = Math.floor(received / (16 * MIB));
    received += part.length;
    if (Math.floor(received / (16 * MIB)) === mark) continue;
    globalThis.gc?.();
    const { rss } = process.memoryUsage();
    // The first of it warms up: code is compiled, pools are filled.
    if (received < WARM_UP) baseline = Math.max(baseline, rss);
    else most = Math.max(most, rss);
  }
  keyring.free();
  return { received, grown: most - baseline };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mebibytes = Number(process.argv[2] ?? 2048);
  const { received, grown } = await growth(mebibytes, process.argv[3]);
  console.log(`${received / MIB} MiB through encryption and decryption, grown by ${(grown / MIB).toFixed(1)} MiB`);
  if (received !== mebibytes * MIB || grown > 64 * MIB) process.exitCode = 1;
}
