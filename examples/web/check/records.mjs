// Records: saved encrypted, read back, the same in a new tab, and nothing legible on the server.

import { findOnDisk, picture, press, problemCode } from "./lib.mjs";

const GRACE = { name: "Grace Hopper", email: "grace@navy.example", phone: "+1 202 555 0142", notes: "Found a moth in relay 70.\nKeeps nanoseconds of wire." };

export async function recordSteps(world) {
  const { check, page, browser, server, passphrase } = world;

  await check.step("a record is saved and read back", async () => {
    for (const [field, text] of Object.entries(GRACE)) await page.fill(`#record-${field}`, text);
    await page.click("#record-form button[type=submit]");
    const shown = await page.waitFor((name) => {
      const item = [...document.querySelectorAll("#record-list [data-record]")].find((candidate) => candidate.querySelector("h3").textContent === name);
      return item && Object.fromEntries([...item.querySelectorAll("[data-field]")].map((value) => [value.dataset.field, value.textContent]));
    }, { args: [GRACE.name] });
    check.equal({ name: GRACE.name, ...shown }, GRACE);
    check.equal(await page.evaluate(() => document.querySelector("#record-form input").value), "");
  });

  await check.step("the server holds tokens and no text", async () => {
    const { found, files } = await findOnDisk(server.folder, [...Object.values(GRACE), passphrase]);
    check.equal(found, []);
    check.ok(files >= 2, "the keyring and a record are on the server's disk");
  });

  await check.step("the panel lays the token's bytes out, and a field lights its bytes up", async () => {
    await press(page, "#record-list", "On the server");
    await page.waitFor(() => document.querySelectorAll("#object-view .token").length === 4);
    await page.evaluate(() => document.querySelectorAll("#object-view .token")[1].click());
    const names = await page.evaluate(() => [...document.querySelectorAll(".hex-field-name")].map((name) => name.textContent));
    check.ok(names.includes("key id") && names.includes("suite"), `the fields are named: ${names.join(", ")}`);
    const lit = await page.evaluate(() => {
      const field = [...document.querySelectorAll(".hex-field")].find((button) => button.textContent.startsWith("key id"));
      field.focus();
      return [...document.querySelectorAll(".hex .lit")].map((part) => part.textContent).join(" ");
    });
    check.includes(lit, await page.text("#top-key").then((id) => id.match(/../g).join(" ")));
    await picture(world, "04-record-on-the-server");
  });

  await check.step("a new tab unlocks with the passphrase and reads the record", async () => {
    const tab = await browser.open(server.url);
    await tab.fill("#passphrase", "not the passphrase");
    await tab.click("#passphrase-submit");
    check.equal(await problemCode(tab, "#passphrase-message"), "wrong_passphrase");
    await tab.screenshot(`${world.artifacts}/05-wrong-passphrase.png`);
    await tab.fill("#passphrase", passphrase);
    await tab.press("Enter");
    await tab.waitFor((name) => document.querySelector("#record-list")?.textContent.includes(name), { args: [GRACE.name], timeout: 30_000 });
    await tab.click("#lock");
    check.equal(await tab.evaluate(() => document.body.innerText.includes("Grace")), false);
    check.equal(await tab.evaluate(() => document.querySelector("#record-list").childElementCount), 0);
    await tab.close();
  });

  await check.step("a record can be deleted, after a second press", async () => {
    await page.click("#record-example");
    await page.click("#record-form button[type=submit]");
    await page.waitFor(() => document.querySelector("#record-list h3")?.textContent === "Ada Lovelace");
    const before = await page.evaluate(() => document.querySelectorAll("#record-list [data-record]").length);
    await press(page, "#record-list li:first-child", "Delete");
    await press(page, "#record-list li:first-child", "Delete for good?");
    await page.waitFor((count) => document.querySelectorAll("#record-list [data-record]").length === count - 1, { args: [before] });
    await page.waitFor(() => document.activeElement.id === "records-title");
  });
}
