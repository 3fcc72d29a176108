// The examples of what is read first. What one leaves to its reader, such as a `url`, is given to it: `support/given.mjs`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transform } from "esbuild";

const root = new URL("../", import.meta.url);
/** How many examples each page has at least: ones that are no longer found do not go unnoticed. */
const pages = { "README.md": 3, "../../README.md": 1, "../../docs/guide/web.md": 16 };
/** The examples that leave something to their reader, by page and heading. */
const given = {
  "../../README.md, Fortress": ["file", "destination", "url", "passphrase"],
  "../../docs/guide/web.md, From a server": ["files", "context", "url"],
};

for (const [page, count] of Object.entries(pages)) {
  const text = await readFile(new URL(page, root), "utf8");
  const examples = [...text.matchAll(/(?:^|\n)##* ([^\n]+)|\n```[jt]s\n([\s\S]*?)```/g)];
  let heading = page;
  let number = 0;
  for (const [, title, code] of examples) {
    if (title !== undefined) heading = title;
    if (code === undefined) continue;
    number += 1;
    const names = given[`${page}, ${heading}`];
    // Inside the package, so that its own name resolves to it, as it does for who installed it.
    const file = new URL(`test/.example-${page.length}-${number}-${heading.replace(/\W+/g, "-")}.mjs`, root);
    const skip = code.includes("fortress-sdk/unlock") ? "takes a browser's IndexedDB" : false;
    test(`${page}: example ${number}, ${heading}, runs as it stands`, { skip }, async () => {
      // Its types are taken off, and nothing else is changed.
      const script = (await transform(code, { loader: "ts", target: "esnext", tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } })).code;
      await writeFile(file, names === undefined ? script : `import { ${names.join(", ")} } from "./support/given.mjs";\n${script}`);
      try {
        const { stderr } = await promisify(execFile)(process.execPath, [fileURLToPath(file)]);
        assert.equal(stderr, "");
      } finally {
        await rm(file);
      }
    });
  }
  test(`${page} has ${count} examples and more`, () => assert.ok(number >= count, `${number}`));
}
