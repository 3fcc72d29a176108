// Rotation: a new key, old data still open, old data brought under the new key, and the old key destroyed.

import { fileCalled, picture, press, problemCode, settled } from "./lib.mjs";
import { lockSteps, rotationSteps } from "./tabs.mjs";

export async function keySteps(world) {
  const { check, page, server, passphrase } = world;
  const versions = (tab = page) => tab.evaluate(() => [...document.querySelectorAll("#version-list li")].map((item) => [item.querySelector("code").textContent, item.dataset.state]));

  await check.step("rotation with a wrong passphrase changes nothing", async () => {
    const before = await versions();
    await page.fill("#rotate-passphrase", "something else");
    await page.click("#rotate-submit");
    check.equal(await problemCode(page, "#rotate-message"), "wrong_passphrase");
    check.equal(await versions(), before);
  });

  await rotationSteps(world, (tab) =>
    check.step("rotation adds a key, and old data stays open", async () => {
      const [[old]] = await versions(tab);
      const shown = await tab.evaluate(() => [...document.querySelectorAll("#record-list h3, #file-list h3")].map((title) => title.textContent));
      await tab.fill("#rotate-passphrase", passphrase);
      await tab.click("#rotate-submit");
      check.includes(await settled(tab, "#rotate-message[data-tone=good]"), "from now on");
      const after = await tab.waitFor(() => document.querySelectorAll("#version-list li").length === 2).then(() => versions(tab));
      check.equal(after.map(([, state]) => state).sort(), ["decrypt-only", "primary"]);
      check.ok(after.some(([id, state]) => id === old && state === "decrypt-only"), "the old key only decrypts");
      check.equal(await tab.evaluate(() => [...document.querySelectorAll("#record-list h3, #file-list h3")].map((title) => title.textContent)), shown);
      check.equal(await tab.evaluate(() => document.querySelectorAll(".problem").length), 0);
    }),
  );
  await picture(world, "08-rotated");

  await check.step("old data is re-encrypted, files by their headers alone", async () => {
    const before = await page.evaluate((id) => fetch(`/api/objects/files/${id}`).then((answer) => answer.arrayBuffer()).then((bytes) => crypto.subtle.digest("SHA-256", bytes.slice(-1_000_000))).then((digest) => [...new Uint8Array(digest)].join()), world.bigFile.id);
    await page.click("#older-submit");
    const said = await settled(page, "#older-message[data-tone=good]", { timeout: 60_000 });
    console.log(`        ${said}`);
    await page.waitFor(() => document.querySelector("#older").hidden);
    const primary = await page.text("#top-key");
    const keys = await page.evaluate(() => [...document.querySelectorAll(".item .item-meta code")].map((key) => key.textContent));
    check.equal([...new Set(keys)], [primary]);
    const after = await page.evaluate((id) => fetch(`/api/objects/files/${id}`).then((answer) => answer.arrayBuffer()).then((bytes) => crypto.subtle.digest("SHA-256", bytes.slice(-1_000_000))).then((digest) => [...new Uint8Array(digest)].join()), world.bigFile.id);
    check.equal(after, before);
    const sent = await page.evaluate(() => fetch("/api/log").then((answer) => answer.json()).then((log) => log.filter(({ method }) => method === "PATCH").reduce((sum, { received }) => sum + received, 0)));
    check.ok(sent > 0 && sent < 10_000, `${sent} bytes were sent for headers`);
  });

  await check.step("re-encrypted data opens, also in a new tab", async () => {
    await fileCalled(page, world.bigFile.name);
    const tab = await world.browser.open(server.url);
    await tab.fill("#passphrase", passphrase);
    await tab.press("Enter");
    await fileCalled(tab, world.bigFile.name);
    const item = `[data-file="${world.bigFile.id}"]`;
    await press(tab, item, "Read a part");
    await press(tab, item, "Read");
    check.includes(await tab.waitFor((css) => document.querySelector(`${css} .part-bytes`)?.textContent, { args: [item] }), "000000");
    await tab.close();
  });

  await lockSteps(world, (tab) =>
    check.step("the old key is destroyed, and everything else stays open", async () => {
      const [[old]] = (await versions(tab)).filter(([, state]) => state === "decrypt-only");
      await press(tab, "#version-list", "Destroy");
      await press(tab, "#version-list", "Destroy for good?");
      check.equal((await versions(tab)).length, 2);
      await tab.fill("#rotate-passphrase", passphrase);
      await press(tab, "#version-list", "Destroy");
      await press(tab, "#version-list", "Destroy for good?");
      check.includes(await settled(tab, "#rotate-message[data-tone=good]"), "gone from the keyring");
      await tab.waitFor((id) => [...document.querySelectorAll("#version-list li")].some((item) => item.dataset.state === "destroyed" && item.textContent.includes(id)), { args: [old] });
      check.equal(await tab.evaluate(() => document.querySelectorAll(".problem").length), 0);
      await fileCalled(tab, world.bigFile.name);
    }),
  );
}
