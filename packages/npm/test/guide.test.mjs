import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = new URL("../", import.meta.url);

for (const page of ["README.md", "../../docs/guide/web.md"]) {
  const text = await readFile(new URL(page, root), "utf8");
  const examples = [...text.matchAll(/(?:^|\n)##* ([^\n]+)|\n```js\n([\s\S]*?)```/g)];
  let heading = page;
  let number = 0;
  for (const [, title, code] of examples) {
    if (title !== undefined) heading = title;
    if (code === undefined) continue;
    number += 1;
    test(`${page}: example ${number}, ${heading}, runs as it stands`, async () => {
      // Inside the package, so that its own name resolves to it, as it does for who installed it.
      const file = new URL(`test/.example-${page.length}-${heading.replace(/\W+/g, "-")}.mjs`, root);
      await writeFile(file, code);
      try {
        const { stderr } = await promisify(execFile)(process.execPath, [fileURLToPath(file)]);
        assert.equal(stderr, "");
      } finally {
        await rm(file);
      }
    });
  }
}
