// Sharing, with two profiles: somebody makes an identity in a browser of their own, is shared with by link, reads, and is taken out.

import { launch } from "@fortress-tests/browsers";
import { seriousIssues, tooWide } from "./access.mjs";
import { picture, press, problemCode, settled } from "./lib.mjs";

const NOTE = "Only whom it is shared with reads this.";

export async function shareSteps(world) {
  const { browser, engine, server, passphrase } = world;
  const page = await browser.open(server.url);
  await page.fill("#passphrase", passphrase);
  await page.press("Enter");
  await page.waitFor(() => !document.querySelector("#workspace").hidden && document.querySelector("#share-list li"));
  // Another profile: nothing of the first one's storage is there.
  const other = await launch(engine, { width: 1440, height: 900, acceptDownloads: true });
  try {
    await steps({ ...world, page }, { ...world, browser: other, page: await other.open(`${server.url}share.html`) });
  } finally {
    await other.close();
    await page.close();
  }
}

async function steps(ada, reader) {
  const { check, server, passphrase } = ada;
  let invitation, link;

  await check.step("somebody makes an identity in a profile of their own, and keeps it", async () => {
    const id = await reader.page.waitFor(() => document.querySelector("#own-id")?.textContent);
    invitation = await reader.page.evaluate(() => document.querySelector("#own-link").value);
    check.includes(invitation, "/#identity=fortress1");
    await reader.page.goto(`${server.url}share.html`);
    check.equal(await reader.page.waitFor(() => document.querySelector("#own-id")?.textContent), id);
    check.equal(await seriousIssues(reader.page), []);
    await picture(reader, "19-identity");
  });

  await check.step("their link fills in the form, and what is shared gets a link", async () => {
    await ada.page.evaluate((text) => (location.hash = new URL(text).hash), invitation);
    await ada.page.waitFor(() => document.querySelector("#share-identity").value.startsWith("fortress1"));
    check.equal(await ada.page.evaluate(() => location.hash), "");
    const fingerprint = await reader.page.text("#own-fingerprint");
    check.ok(fingerprint.length > 40, "a fingerprint to compare");
    await ada.page.waitFor((wanted) => document.querySelector("#share-whose").textContent.includes(wanted), { args: [fingerprint] });
    // A link that somebody else has the page open does not take the place of what is there.
    await ada.page.evaluate(() => (location.hash = "#identity=fortress1another"));
    check.includes(await settled(ada.page, "#share-message[data-tone=bad]"), "was not taken");
    check.equal(await ada.page.evaluate(() => document.querySelector("#share-identity").value), new URLSearchParams(new URL(invitation).hash.slice(1)).get("identity"));
    await ada.page.click("#share-submit");
    check.includes(await settled(ada.page, "#share-message[data-tone=good]"), "Shared for 30 days");
    link = await ada.page.evaluate(() => document.querySelector("#share-link").value);
    check.includes(link, "key=fortress-verifying-key-1");
    const id = await reader.page.text("#own-id");
    await ada.page.waitFor((wanted) => document.querySelector("#share-list")?.textContent.includes(wanted), { args: [id] });
    check.equal(await seriousIssues(ada.page), []);
    await picture(ada, "20-shared");
  });

  await check.step("the server gets grants that it cannot read, and neither link", async () => {
    const seen = await ada.page.evaluate(() => fetch("/api/log").then((answer) => answer.text()));
    check.ok(!seen.includes("identity=") && !seen.includes("verifying-key"), "no fragment was sent");
    const names = await ada.page.evaluate(() => fetch("/api/objects").then((answer) => answer.json()).then((objects) => objects.map(({ name }) => name).filter((name) => name.startsWith("grants/"))));
    check.equal(names.map((name) => name.replace(/.*-/, "")).sort(), ["files", "labels", "records"]);
  });

  await check.step("the link opens in the other profile: records, and a file", async () => {
    await reader.page.goto(link);
    await reader.page.waitFor(() => !document.querySelector("#shared").hidden);
    const shown = (page, css) => page.evaluate((selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent), css);
    check.equal((await shown(reader.page, "#shared-records h3")).sort(), (await shown(ada.page, "#record-list h3")).sort());
    check.equal((await shown(reader.page, "#shared-files h3")).sort(), (await shown(ada.page, "#file-list h3")).sort());
    check.equal(await reader.page.evaluate(() => document.querySelectorAll(".problem").length), 0);
    await press(reader.page, "#shared-files li:first-child", "Open");
    check.ok((await settled(reader.page, "#shared-files li:first-child [role=status]")).length > 0, "the file is read");
    check.equal(await seriousIssues(reader.page), []);
    await picture(reader, "21-opened");
  });

  await check.step("at 360 pixels nothing is cut off", async () => {
    for (const [world, name] of [[reader, "22-opened-phone"], [ada, "23-shared-phone"]]) {
      await world.page.resize(360, 740);
      check.equal(await tooWide(world.page), []);
      check.equal(await seriousIssues(world.page), []);
      await picture(world, name);
      await world.page.resize(1440, 900);
    }
  });

  await check.step("what is saved afterwards is read too", async () => {
    await ada.page.fill("#record-name", "Shared");
    await ada.page.fill("#record-notes", NOTE);
    await ada.page.press("Tab");
    await ada.page.click("#record-form button[type=submit]");
    await settled(ada.page, "#record-message[data-tone=good]");
    await reader.page.click("#open-form button[type=submit]");
    await reader.page.waitFor((text) => document.querySelector("#shared-records")?.textContent.includes(text), { args: [NOTE] });
  });

  await check.step("it opens for nobody else, by no other key, and not without its link", async () => {
    const open = async (text) => {
      await reader.page.fill("#link", text);
      await reader.page.click("#open-form button[type=submit]");
      return problemCode(reader.page, "#open-message[data-tone=bad]");
    };
    const stranger = await ada.browser.open(link);
    check.equal(await problemCode(stranger, "#open-message[data-tone=bad]"), "wrong_recipient");
    await stranger.close();
    const share = await reader.page.evaluate((text) => new URLSearchParams(new URL(text).hash.slice(1)).get("share"), link);
    check.equal(await open(`${server.url}share.html#share=${share}&key=fortress-verifying-key-1q`), "invalid_signing_key");
    check.equal(await open("https://example.org/"), "unexpected");
    await reader.page.fill("#link", link);
    await reader.page.click("#open-form button[type=submit]");
    await reader.page.waitFor(() => !document.querySelector("#shared").hidden);
  });

  await check.step("after a rotation the share reads what was there, and says so to whoever made it", async () => {
    await ada.page.fill("#rotate-passphrase", passphrase);
    await ada.page.click("#rotate-submit");
    await settled(ada.page, "#rotate-message[data-tone=good]");
    await ada.page.waitFor(() => document.querySelector("#share-list .hint")?.textContent.includes("before the last rotation"));
    await ada.page.fill("#record-name", "Out of reach");
    await ada.page.click("#record-form button[type=submit]");
    await ada.page.waitFor(() => document.querySelector("#record-list h3")?.textContent === "Out of reach");
    await reader.page.click("#open-form button[type=submit]");
    check.equal(await problemCode(reader.page, "#shared-records li:first-child"), "unknown_key");
    await reader.page.waitFor((text) => document.querySelector("#shared-records")?.textContent.includes(text), { args: [NOTE] });
  });

  await check.step("taking it away says what that cannot undo, and leads to rotation", async () => {
    await press(ada.page, "#share-list", "Remove");
    await press(ada.page, "#share-list", "Remove for good?");
    const said = await ada.page.waitFor(() => document.querySelector("#share-message").innerText.includes("Removed from the server") && document.querySelector("#share-message").innerText);
    check.includes(said, "It takes nothing back");
    check.includes(said, "Rotate the keyring");
    await ada.page.waitFor(() => document.querySelector("#share-list")?.textContent === "Shared with nobody.");
    await picture(ada, "24-removed");
    await press(ada.page, "#share-message", "Go to rotation");
    check.equal(await ada.page.evaluate(() => document.activeElement.id), "rotate-passphrase");
    await reader.page.click("#open-form button[type=submit]");
    check.equal(await problemCode(reader.page, "#open-message[data-tone=bad]"), "not_found");
  });
}
