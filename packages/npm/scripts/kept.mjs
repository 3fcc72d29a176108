// Do kept values keep what was decrypted or encrypted with them? Prints bytes of heap that each of 200 takes.
// `node --expose-gc scripts/kept.mjs`
import { Keyring } from "../dist/node.js";

const keyring = await Keyring.generate();
const values = Array.from({ length: 5000 }, (_, i) => `person ${i} ${"x".repeat(80)}`);
const tokens = keyring.encryptColumn(values);

for (const [what, make] of [["value", () => keyring.decryptColumnText(tokens)[0]], ["token", () => keyring.encryptColumn(values)[0]]]) {
  const kept = [make()];
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  while (kept.length < 200) kept.push(make());
  globalThis.gc();
  const each = Math.round((process.memoryUsage().heapUsed - before) / kept.length);
  console.log(`${each} bytes of heap for each kept ${what}`);
  if (each > 8192) process.exitCode = 1;
}
