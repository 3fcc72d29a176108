// Files: 64 MiB there and back by hash, and a part of it with few bytes on the wire.

import { createHash } from "node:crypto";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileCalled, findOnDisk, hashFile, MARKER, picture, press, settled, writeBigFile } from "./lib.mjs";

const BIG_MEBIBYTES = 64;

export async function fileSteps(world) {
  const { check, engine, page, server, browser, scratch } = world;
  const name = `survey ${engine}.bin`;
  const path = join(scratch, name);
  const hash = await writeBigFile(path, BIG_MEBIBYTES);
  const stored = {};

  await check.step(`a file of ${BIG_MEBIBYTES} MiB is encrypted while it is sent`, async () => {
    await watchUpload(page);
    await page.upload("#file-input", path);
    stored.id = await fileCalled(page, name);
    world.bigFile = { id: stored.id, name, path, hash };
    const { label, figures, speed } = await page.evaluate(() => globalThis.uploadShown);
    check.equal(label, `Encrypting ${name}`);
    check.ok(figures.length > 0, "progress is shown while it is under way");
    check.ok(figures.every((text) => / of .*, \d+ %, .* MB\/s$/.test(text)), `how far and how fast: ${figures.at(-1)}`);
    check.ok(/^[\d,.]+ MB\/s$/.test(speed), `how fast it was: ${speed}`);
    console.log(`        ${speed}, ${figures.length} times progress`);
    check.equal(await page.evaluate(() => document.querySelector("#upload-list").childElementCount), 0);
  });

  await check.step("neither its content nor its name lies on the server", async () => {
    const { size } = await stat(join(server.folder, "objects", encodeURIComponent(`files/${stored.id}`)));
    check.ok(size > BIG_MEBIBYTES * 1024 * 1024, "the server has all of it");
    check.equal((await findOnDisk(server.folder, [MARKER, name])).found, []);
  });

  await check.step("it comes back the same, as a download", async () => {
    await noSaveDialog(page);
    await emptyFolder(browser.downloads);
    await press(page, `[data-file="${stored.id}"]`, "Download");
    const said = await settled(page, `[data-file="${stored.id}"] > .message`, { timeout: 120_000 });
    console.log(`        ${said}`);
    check.ok(await downloaded(browser.downloads, hash), "a download has the same bytes");
  });

  if (engine === "chromium") {
    await check.step("it comes back the same, streamed to disk", async () => {
      // The dialog is the browser's own and no script can answer it; the file it gives is real.
      await page.evaluate(async () => {
        const folder = await navigator.storage.getDirectory();
        window.showSaveFilePicker = ({ suggestedName }) => folder.getFileHandle(suggestedName, { create: true });
      });
      await press(page, `[data-file="${stored.id}"]`, "Download");
      await page.waitFor(() => document.querySelector("#file-list .transfer") !== null).catch(() => undefined);
      await settled(page, `[data-file="${stored.id}"] > .message[data-tone=good]`, { timeout: 120_000 });
      const streamed = await page.evaluate(async (wanted) => {
        const file = await (await (await navigator.storage.getDirectory()).getFileHandle(wanted)).getFile();
        const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
        return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      }, name);
      check.equal(streamed, hash);
      await noSaveDialog(page);
    });
  }

  await check.step("a part is read without the rest", async () => {
    const item = `[data-file="${stored.id}"]`;
    await press(page, item, "Read a part");
    await page.fill(`${item} input[name=from]`, String(40 * 1024 * 1024 + 1000));
    await page.fill(`${item} input[name=length]`, "4096");
    await press(page, item, "Read");
    const travelled = Number(await page.waitFor((css) => document.querySelector(`${css} .part [data-travelled]`)?.dataset.travelled, { args: [item] }));
    check.includes(await page.text(`${item} .part-bytes`), "this line must");
    check.ok(travelled > 4096 && travelled < 100_000, `${travelled} bytes travelled for 4,096`);
    console.log(`        ${travelled} bytes travelled`);
    await picture(world, "06-a-part-of-a-file");
  });

  await check.step("an empty file comes back empty", async () => {
    const empty = `nothing ${engine}.txt`;
    await writeFile(join(scratch, empty), "");
    await page.upload("#file-input", join(scratch, empty));
    const item = `[data-file="${await fileCalled(page, empty)}"]`;
    await emptyFolder(browser.downloads);
    await press(page, item, "Download");
    await settled(page, `${item} > .message[data-tone=good]`);
    check.ok(await downloaded(browser.downloads, createHash("sha256").digest("hex")), "a download has no bytes");
    await press(page, item, "Delete");
    await press(page, item, "Delete for good?");
    await page.waitFor((css) => document.querySelector(css) === null, { args: [item] });
  });

  await check.step("a file that is dropped is taken as a chosen one is", async () => {
    const [dropped, text] = [`dropped ${engine}.txt`, "dropped here"];
    const { over, after } = await page.evaluate(drop, dropped, text);
    check.equal([over, after], [true, false]);
    const item = `[data-file="${await fileCalled(page, dropped)}"]`;
    await emptyFolder(browser.downloads);
    await press(page, item, "Download");
    await settled(page, `${item} > .message[data-tone=good]`);
    check.ok(await downloaded(browser.downloads, createHash("sha256").update(text).digest("hex")), "a download has the same bytes");
    await press(page, item, "Delete");
    await press(page, item, "Delete for good?");
    await page.waitFor((css) => document.querySelector(css) === null, { args: [item] });
  });

  await check.step("a cancelled upload leaves nothing behind", async () => {
    const before = await page.evaluate(() => fetch("/api/objects").then((answer) => answer.json()).then((list) => list.length));
    await page.evaluate(() => {
      new MutationObserver((_changes, observer) => {
        const cancel = document.querySelector("#upload-list button");
        if (!cancel) return;
        observer.disconnect();
        cancel.click();
      }).observe(document.querySelector("#upload-list"), { childList: true, subtree: true });
    });
    await page.upload("#file-input", path);
    await page.waitFor(() => document.querySelector("#announcer").textContent.includes("was not stored"), { timeout: 60_000 });
    const after = await page.evaluate(() => fetch("/api/objects").then((answer) => answer.json()).then((list) => list.length));
    check.equal(after, before);
    check.equal((await findOnDisk(join(server.folder, "beside"), [])).files, 0);
  });
}

/** Keeps what the page shows of the next upload, however short it is. */
async function watchUpload(page) {
  await page.evaluate(() => {
    const list = document.querySelector("#upload-list");
    const shown = (globalThis.uploadShown = { label: undefined, figures: [], speed: undefined });
    const observer = new MutationObserver(() => {
      const bar = list.querySelector("progress");
      if (!bar) return;
      shown.label = bar.getAttribute("aria-label");
      if (bar.value > 0 && bar.value < bar.max) shown.figures.push(list.querySelector(".item-meta").textContent);
    });
    observer.observe(list, { childList: true, subtree: true });
    list.addEventListener("stored", (event) => {
      shown.speed = event.detail.speed;
      observer.disconnect();
    }, { once: true });
  });
}

/** Runs in the page: drags a file over the zone and lets it fall. Whether the zone shows it, and whether still after that. */
function drop(name, text) {
  const zone = document.querySelector("#drop");
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, { type: "text/plain" }));
  const dispatch = (type) => zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  dispatch("dragover");
  const over = zone.classList.contains("over");
  dispatch("drop");
  return { over, after: zone.classList.contains("over") };
}

export async function emptyFolder(folder) {
  for (const name of await readdir(folder)) await rm(join(folder, name));
}

/** Chromium's save dialog cannot be answered by a script; without it the page falls back to a download. */
export async function noSaveDialog(page) {
  await page.evaluate(() => {
    window.showSaveFilePicker = undefined;
  });
}

/** Waits until a download with these bytes is whole; browsers choose names of their own for a second one. */
export async function downloaded(folder, hash) {
  const limit = performance.now() + 60_000;
  while (performance.now() < limit) {
    for (const name of await readdir(folder)) if ((await hashFile(join(folder, name)).catch(() => undefined)) === hash) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
