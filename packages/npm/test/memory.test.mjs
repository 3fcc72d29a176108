import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("../scripts/memory.mjs", import.meta.url));

// In a process of its own: other tests' garbage is not measured. `npm run test:memory` takes 2 GiB.
for (const [suite, mebibytes] of [["AES-256-GCM", 512], ["ChaCha20-Poly1305", 256]]) {
  test(`${mebibytes} MiB of ${suite} pass with memory flat`, async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, String(mebibytes), suite]);
    t.diagnostic(stdout.trim());
    assert.match(stdout, new RegExp(`^${mebibytes} MiB through`));
  });
}

test("a kept value keeps little of what came with it", async (t) => {
  const kept = fileURLToPath(new URL("../scripts/kept.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", kept]);
  t.diagnostic(stdout.trim());
});
