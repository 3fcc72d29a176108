// Unlocking without the passphrase: a passkey, and staying unlocked on this device.

import { seriousIssues, tooWide } from "./access.mjs";
import { picture, problemCode, settled } from "./lib.mjs";

const unlocked = (page) => page.waitFor(() => !document.querySelector("#workspace").hidden && document.querySelectorAll("#version-list li").length > 0);
const locked = (page) => page.waitFor(() => !document.querySelector("#welcome").hidden && document.querySelector("#passphrase-submit").textContent === "Unlock");

export async function waySteps(world) {
  const { browser, engine, server } = world;
  // Passkeys belong to a name.
  const page = await browser.open(server.url.replace("127.0.0.1", "localhost"));
  await page.fill("#passphrase", world.passphrase);
  await page.press("Enter");
  await unlocked(page);
  await deviceSteps({ ...world, page });
  if (engine === "chromium") await passkeySteps({ ...world, page });
  await page.close();
}

async function deviceSteps({ check, page, server, passphrase }) {
  const address = server.url.replace("127.0.0.1", "localhost");
  await check.step("who stays unlocked on this device is not asked after a reload", async () => {
    await page.click("#way-stay");
    check.includes(await settled(page, "#way-message[data-tone=good]"), "without asking");
    const key = await page.text("#top-key");
    await page.goto(address);
    await unlocked(page);
    check.equal(await page.text("#top-key"), key);
    check.equal(await page.evaluate(() => document.querySelector("#way-stay").checked), true);
    check.equal(await page.evaluate(() => document.querySelectorAll(".problem").length), 0);
  });

  await check.step("a rotation renews this device's copy", async () => {
    await page.fill("#rotate-passphrase", passphrase);
    await page.click("#rotate-submit");
    check.includes(await settled(page, "#rotate-message[data-tone=good]"), "from now on");
    const key = await page.text("#top-key");
    await page.goto(address);
    await unlocked(page);
    check.equal(await page.text("#top-key"), key);
  });

  await check.step("locking asks for the passphrase again", async () => {
    await page.click("#lock");
    await locked(page);
    await page.goto(address);
    await locked(page);
    check.equal(await page.evaluate(() => indexedDB.databases().then((all) => all.map(({ name }) => name))), ["fortress"]);
    await page.fill("#passphrase", passphrase);
    await page.press("Enter");
    await unlocked(page);
    check.equal(await page.evaluate(() => document.querySelector("#way-stay").checked), false);
  });
}

async function passkeySteps(world) {
  const { check, page, server, passphrase } = world;
  const address = server.url.replace("127.0.0.1", "localhost");
  const authenticator = await page.virtualAuthenticator();

  await check.step("a passkey unlocks the page", async () => {
    await page.click("#way-passkey");
    check.includes(await settled(page, "#way-message[data-tone=good]"), "unlocks this page");
    check.equal(await page.text("#way-passkey"), "Remove the passkey");
    check.equal(await seriousIssues(page), []);
    await picture(world, "16-ways");
    await page.click("#lock");
    await page.waitForVisible("#passkey-submit");
    check.equal(await seriousIssues(page), []);
    await picture(world, "17-passkey");
    await page.click("#passkey-submit");
    await unlocked(page);
    await page.goto(address);
    await page.waitForVisible("#passkey-submit");
    await page.click("#passkey-submit");
    await unlocked(page);
  });

  await check.step("a rotation without the passkey at hand takes its copy away, one with it renews it", async () => {
    const rotate = async () => {
      const versions = await page.evaluate(() => document.querySelectorAll("#version-list li").length);
      await page.fill("#rotate-passphrase", passphrase);
      await page.click("#rotate-submit");
      await settled(page, "#rotate-message[data-tone=good]");
      // And what it changes on the page has moved what is below.
      await page.waitFor((before) => document.querySelectorAll("#version-list li").length > before, { args: [versions] });
    };
    await page.click("#lock");
    await locked(page);
    await page.fill("#passphrase", passphrase);
    await page.press("Enter");
    await unlocked(page);
    await rotate();
    await page.waitFor(() => document.querySelector("#way-passkey").textContent === "Add a passkey");
    await page.click("#way-passkey");
    await settled(page, "#way-message[data-tone=good]");
    await rotate();
    await page.click("#lock");
    await page.waitForVisible("#passkey-submit");
    await page.click("#passkey-submit");
    await unlocked(page);
  });

  await check.step("an older copy is not opened with", async () => {
    await page.click("#lock");
    await page.waitForVisible("#passkey-submit");
    const other = await world.browser.open(address);
    await other.fill("#passphrase", passphrase);
    await other.press("Enter");
    await unlocked(other);
    // The other tab's copy is not renewed, as by a browser that has none.
    await other.evaluate(() => (IDBDatabase.prototype.transaction = () => { throw new DOMException("off", "SecurityError"); }));
    await other.fill("#rotate-passphrase", passphrase);
    await other.click("#rotate-submit");
    await settled(other, "#rotate-message[data-tone=good]");
    // Only the tab in front may ask for a passkey.
    await other.close();
    await page.waitForVisible("#passkey-submit");
    await page.click("#passkey-submit");
    check.includes(await settled(page, "#passphrase-message[data-tone=bad]"), "was changed since");
    check.equal(await page.evaluate(() => document.querySelector("#passkey-submit").hidden), true);
  });

  await check.step("who is not the person is told, and the passphrase still opens", async () => {
    await page.fill("#passphrase", passphrase);
    await page.press("Enter");
    await unlocked(page);
    await page.click("#way-passkey");
    await settled(page, "#way-message[data-tone=good]");
    await page.click("#lock");
    await page.waitForVisible("#passkey-submit");
    await authenticator.verify(false);
    await page.click("#passkey-submit");
    check.equal(await problemCode(page, "#passphrase-message"), "passkey_cancelled");
    await page.resize(360, 740);
    check.equal(await tooWide(page), []);
    await picture(world, "18-passkey-refused", { fullPage: false });
    await page.resize(1440, 900);
    await page.fill("#passphrase", passphrase);
    await page.press("Enter");
    await unlocked(page);
  });
  await authenticator.remove();
}
