// Counting steps, comparing, and the data that the steps share.

import { createCipheriv, createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

export class Check {
  passed = 0;
  failed = 0;
  /** @type {((name: string) => unknown) | undefined} called when a step fails, to take a picture of it */
  onFailure;

  async group(title, run) {
    console.log(`\n${title}`);
    await run();
  }

  /** One thing that must hold. A failure is counted and the next step goes on. */
  async step(name, run) {
    const started = performance.now();
    try {
      await run();
      this.passed += 1;
      console.log(`  ok    ${name} (${Math.round(performance.now() - started)} ms)`);
    } catch (error) {
      this.fail(name, error);
      await this.onFailure?.(name);
    }
  }

  fail(name, error) {
    this.failed += 1;
    console.log(`  FAIL  ${name}\n${String(error?.stack ?? error).replaceAll(/^/gm, "        ")}`);
  }

  ok(value, what) {
    if (!value) throw new Error(`not so: ${what}`);
  }

  equal(actual, expected) {
    if (!isDeepStrictEqual(actual, expected)) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }

  includes(text, part) {
    if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)} in ${JSON.stringify(text)}`);
  }
}

/** A line that the generated files repeat, so that plaintext on the server's disk would be found. */
export const MARKER = "this line must never reach the server";

/** Writes a file that does not compress and carries the marker in every MiB; the same one every time. */
export async function writeBigFile(path, mebibytes) {
  const file = await open(path, "w");
  const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  const hash = createHash("sha256");
  for (let at = 0; at < mebibytes; at += 1) {
    const piece = noise.update(Buffer.alloc(1024 * 1024));
    piece.write(MARKER, 1000);
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return hash.digest("hex");
}

export async function hashFile(path) {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}

/** Which of the texts lie anywhere in the folder's files, as UTF-8, UTF-16, hex or base64. */
export async function findOnDisk(folder, texts) {
  const needles = texts.flatMap((text) => [
    [text, Buffer.from(text)],
    [text, Buffer.from(text, "utf16le")],
    [text, Buffer.from(Buffer.from(text).toString("hex"))],
    ...base64Forms(text).map((form) => [text, Buffer.from(form)]),
  ]);
  const found = new Set();
  let files = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const [text, needle] of needles) if (bytes.includes(needle)) found.add(text);
  }
  return { found: [...found], files };
}

/** Base64 has three phases; the characters that do not depend on the neighbours, in each. */
function base64Forms(text) {
  return [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString("base64url").slice(shift === 0 ? 0 : shift + 1, -3));
}

/** A picture of the page from its top: the whole of it, or what a window shows. */
export async function picture({ page, artifacts, engine }, name, { fullPage = true } = {}) {
  await page.evaluate(() => document.fonts.ready.then(() => scrollTo(0, 0)));
  const path = join(artifacts, `${name}.png`);
  if (!fullPage || engine !== "webkit") return page.screenshot(path, { fullPage });
  // WebKit pictures what a window shows, so the window grows; it paints the rest a moment later.
  const [width, height, whole] = await page.evaluate(() => [innerWidth, innerHeight, Math.max(innerHeight, document.documentElement.scrollHeight)]);
  await page.resize(width, whole);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 250)))));
  await page.screenshot(path);
  await page.resize(width, height);
}

/** What the page says in the element, once it says something that is not about being busy. */
export async function settled(page, selector, { timeout = 30_000 } = {}) {
  return page.waitFor(
    (css) => {
      const region = document.querySelector(css);
      return region && region.dataset.tone !== "busy" && region.textContent.trim() !== "" ? region.innerText : undefined;
    },
    { timeout, args: [selector] },
  );
}

/** The code of the problem that the page shows there. */
export async function problemCode(page, selector, { timeout = 60_000 } = {}) {
  return page.waitFor((css) => document.querySelector(`${css} [data-code]`)?.dataset.code, { timeout, args: [selector] });
}

/** The id of the stored file that has this name, once it is listed. */
export async function fileCalled(page, name, { timeout = 120_000 } = {}) {
  return page.waitFor((wanted) => [...document.querySelectorAll("#file-list [data-file]")].find((item) => item.querySelector("h3").textContent === wanted)?.dataset.file, { timeout, args: [name] });
}

/** Presses the button that has this text, inside the element. */
export async function press(page, within, text) {
  const found = await page.waitFor(
    (css, wanted) => {
      for (const old of document.querySelectorAll("[data-check-press]")) delete old.dataset.checkPress;
      const button = [...document.querySelectorAll(`${css} button`)].find((candidate) => candidate.textContent === wanted && !candidate.disabled);
      if (!button) return false;
      button.dataset.checkPress = "";
      button.scrollIntoView({ block: "center" });
      return true;
    },
    { args: [within, text] },
  );
  if (found) await page.click("[data-check-press]");
}
