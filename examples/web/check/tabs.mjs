// Two tabs: what one of them changes reaches the other, and takes nothing away from it.

import { seriousIssues, tooWide } from "./access.mjs";
import { fileCalled, picture, press, problemCode } from "./lib.mjs";

/** A second tab of the same browser, unlocked. */
export async function unlockedTab({ browser, server, passphrase, bigFile }) {
  const tab = await browser.open(server.url);
  await tab.fill("#passphrase", passphrase);
  await tab.press("Enter");
  await fileCalled(tab, bigFile.name);
  return tab;
}

export async function tabSteps(world) {
  const { check, page } = world;
  const tab = await unlockedTab(world);

  await check.step("a change in another tab does not stop what is being read here", async () => {
    await page.evaluate(async (id) => {
      const { fetch: real } = window;
      const part = async () => {
        const answer = await real(`/play/${id}`, { headers: { range: "bytes=2000000-2000999" } });
        return [answer.status, (await answer.arrayBuffer()).byteLength];
      };
      await part();
      // The server's next answer is held back until the other tab's change has come.
      const released = new Promise((resolve) => (globalThis.release = resolve));
      await new Promise((asked) => {
        window.fetch = async (input, init) => {
          if (String(input).endsWith(`files/${id}`)) {
            asked();
            await released;
          }
          return real(input, init);
        };
        globalThis.heard = part();
      });
    }, world.sound);
    await tab.fill("#record-name", "Hedy Lamarr");
    await tab.click("#record-form button[type=submit]");
    await page.waitFor(() => document.querySelector("#record-list h3")?.textContent === "Hedy Lamarr");
    const heard = await page.evaluate(() => {
      globalThis.release();
      return globalThis.heard;
    });
    check.equal(heard, [206, 1000]);
    check.equal(await page.evaluate(() => document.querySelectorAll("#file-list .problem").length), 0);
  });
  await tab.close();

  await check.step("where no service worker is allowed a sound plays all the same, and its plaintext is let go of", async () => {
    const other = await unlockedTab(world);
    await other.evaluate(() => {
      Object.defineProperty(navigator, "serviceWorker", { value: undefined });
      globalThis.plaintexts = new Set();
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        const url = createObjectURL.call(URL, blob);
        globalThis.plaintexts.add(url);
        return url;
      };
      URL.revokeObjectURL = (url) => {
        globalThis.plaintexts.delete(url);
        revokeObjectURL.call(URL, url);
      };
    });
    const item = `[data-file="${world.sound}"]`;
    await press(other, item, "Play");
    await other.waitFor((css) => document.querySelector(`${css} audio`)?.duration > 100, { args: [item] });
    check.equal(await other.evaluate(() => globalThis.plaintexts.size), 1);
    await press(other, item, "Read a part");
    check.equal(await other.evaluate(() => globalThis.plaintexts.size), 0);
    await press(other, item, "Play");
    await other.waitFor(() => globalThis.plaintexts.size === 1);
    await other.click("#lock");
    await other.waitFor(() => globalThis.plaintexts.size === 0);
    await other.close();
  });
}

/** What a rotation in another tab does to the page, in which something is being typed. */
export async function rotationSteps(world, rotate) {
  const { check, page, passphrase } = world;
  await page.fill("#record-name", "Half a name");
  const tab = await unlockedTab(world);
  await rotate(tab);
  await tab.close();

  await check.step("a tab whose keyring was rotated in another asks to unlock again", async () => {
    await page.waitFor(() => document.querySelector("#renewal").open);
    check.equal(await page.evaluate(() => document.activeElement.id), "renewal-passphrase");
    check.equal(await seriousIssues(page), []);
    await picture(world, "16-unlock-again", { fullPage: false });
    await page.resize(360, 740);
    check.equal(await tooWide(page), []);
    await page.fill("#renewal-passphrase", "something else");
    await page.press("Enter");
    check.equal(await problemCode(page, "#renewal-message"), "wrong_passphrase");
    await picture(world, "17-phone-unlock-again", { fullPage: false });
    await page.resize(1440, 900);
  });

  await check.step("and goes on with what was typed, under the new key", async () => {
    const before = await page.text("#top-key");
    await page.fill("#renewal-passphrase", passphrase);
    await page.press("Enter");
    const primary = await page.waitFor((key) => {
      const now = document.querySelector("#top-key").textContent;
      return !document.querySelector("#renewal").open && now !== key && now;
    }, { args: [before] });
    check.equal(await page.evaluate(() => document.querySelector("#record-name").value), "Half a name");
    await page.click("#record-form button[type=submit]");
    const key = await page.waitFor(() => {
      const newest = document.querySelector("#record-list [data-record]");
      return newest?.querySelector("h3").textContent === "Half a name" ? newest.querySelector(".item-meta code").textContent : undefined;
    });
    check.equal(key, primary);
  });
}

/** A change of the keyring in another tab, and a page that does not unlock again. */
export async function lockSteps(world, change) {
  const { check, page, passphrase, bigFile } = world;
  const tab = await unlockedTab(world);
  await change(tab);
  await tab.close();

  await check.step("a tab that does not unlock again locks", async () => {
    await page.waitFor(() => document.querySelector("#renewal").open);
    await page.click("#renewal-lock");
    await page.waitFor(() => !document.querySelector("#welcome").hidden && document.querySelector("#workspace").hidden);
    check.equal(await page.evaluate(() => document.querySelectorAll("#record-list li, #file-list li").length), 0);
    await page.fill("#passphrase", passphrase);
    await page.press("Enter");
    await fileCalled(page, bigFile.name);
  });
}
