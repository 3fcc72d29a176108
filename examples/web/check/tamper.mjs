// A hostile server: a flipped byte and a cut end are noticed, and nothing of them is shown or saved.

import { readdir } from "node:fs/promises";
import { downloaded, emptyFolder, noSaveDialog } from "./files.mjs";
import { picture, press, problemCode, settled } from "./lib.mjs";

export async function tamperSteps(world) {
  const { check, page, browser } = world;
  const { id, hash } = world.bigFile;
  const item = `[data-file="${id}"]`;
  const waitTampered = (yes) => page.waitFor((css, wanted) => document.querySelector(`${css} .tamper`).hasAttribute("data-tampered") === wanted, { args: [item, yes] });
  const downloads = async () => (await readdir(browser.downloads)).filter((file) => !file.endsWith(".part") && !file.endsWith(".crdownload")).sort();

  await check.step("a range outside of a sound is refused as such", async () => {
    check.equal(await page.evaluate((id) => fetch(`/play/${id}`, { headers: { range: "bytes=999999999-" } }).then(({ status }) => status), world.sound), 416);
  });

  await noSaveDialog(page);
  await page.click(`${item} .tamper summary`);

  await check.step("a flipped byte is noticed, and nothing is saved", async () => {
    const before = await downloads();
    await press(page, item, "Let the server flip a byte");
    await waitTampered(true);
    await press(page, item, "Download");
    check.equal(await problemCode(page, `${item} > .message`), "authentication_failed");
    check.equal(await downloads(), before);
    await picture(world, "09-flipped-byte");
  });

  await check.step("the parts that were not touched still open", async () => {
    await press(page, item, "Read a part");
    await press(page, item, "Read");
    check.includes(await page.waitFor((css) => document.querySelector(`${css} .part-bytes`)?.textContent, { args: [item] }), "000000");
  });

  await check.step("a cut file is reported as cut", async () => {
    await press(page, item, "Put it back");
    await waitTampered(false);
    await press(page, item, "Let the server cut the end");
    await waitTampered(true);
    await press(page, item, "Download");
    check.equal(await problemCode(page, `${item} > .message`), "truncated");
    await picture(world, "10-cut-file");
  });

  await check.step("put back, it opens again", async () => {
    await press(page, item, "Put it back");
    await waitTampered(false);
    await emptyFolder(browser.downloads);
    await press(page, item, "Download");
    await settled(page, `${item} > .message[data-tone=good]`, { timeout: 120_000 });
    check.ok(await downloaded(browser.downloads, hash), "a download has the same bytes");
  });

  await check.step("a sound whose end was changed stops with the reason", async () => {
    const sound = `[data-file="${world.sound}"]`;
    await page.click(`${sound} .tamper summary`);
    await press(page, sound, "Let the server flip a byte");
    await page.waitFor((css) => document.querySelector(`${css} .tamper`).hasAttribute("data-tampered"), { args: [sound] });
    await page.evaluate((id) => fetch(`/play/${id}`).then((answer) => answer.arrayBuffer()).catch(() => undefined), world.sound);
    check.equal(await problemCode(page, `${sound} > .message`), "authentication_failed");
    await press(page, sound, "Put it back");
  });

  await check.step("a record whose bytes were changed does not open, and the others do", async () => {
    const record = await page.evaluate(() => document.querySelector("#record-list [data-record]").dataset.record);
    await page.evaluate(async (object) => {
      const text = await (await fetch(`/api/objects/${object}`)).text();
      // The last character of the first token: part of its tag, or of the text just before it.
      const at = text.indexOf('",') - 8;
      await fetch(`/api/tamper/${object}`, { method: "POST", body: JSON.stringify({ flip: at }) });
      new BroadcastChannel("fortress-example").postMessage("changed");
    }, `records/${record}`);
    const code = await problemCode(page, `[data-record="${record}"]`);
    check.ok(["authentication_failed", "invalid_text"].includes(code), `the record shows ${code}`);
    await page.evaluate(async (object) => {
      await fetch(`/api/tamper/${object}`, { method: "POST", body: JSON.stringify({ undo: true }) });
      new BroadcastChannel("fortress-example").postMessage("changed");
    }, `records/${record}`);
    await page.waitFor((css) => document.querySelector(css) && !document.querySelector(`${css} .problem`), { args: [`[data-record="${record}"]`] });
  });
}
