// Who uses the page without a mouse, on a small screen, with a screen reader, or in the dark.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { picture } from "./lib.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_TABS = 60;

export const accessSteps = { keyboard, axeAndLayout };

/** From the first Tab to a saved record, without a mouse. */
async function keyboard(world) {
  const { check, page, passphrase } = world;

  await check.step("the first screen has no serious accessibility issue", async () => {
    await page.waitFor(() => document.querySelector("#passphrase-submit")?.textContent);
    check.equal(await seriousIssues(page), []);
    await picture(world, "01-welcome");
    await scheme(page, "dark");
    check.equal(await seriousIssues(page), []);
    await picture(world, "01-welcome-dark");
    await scheme(page, "");
  });

  await check.step("a keyring is made with the keyboard alone", async () => {
    await tabTo(page, "passphrase");
    await page.type(passphrase);
    await page.press("Enter");
    await page.waitFor(() => !document.querySelector("#workspace").hidden, { timeout: 30_000 });
    check.equal(await page.evaluate(() => document.activeElement.id), "workspace-title");
    check.equal(await page.evaluate(() => document.querySelector("#passphrase").value), "");
  });

  await check.step("a record is saved with the keyboard alone", async () => {
    await tabTo(page, "record-name");
    await page.type("Katherine Johnson");
    await page.press("Tab");
    await page.type("katherine@space.example");
    await page.press("Tab");
    await page.press("Tab");
    await page.type("Checks the numbers.");
    await page.press("Tab");
    // Where the window has no focus, as WebKit's under automation, no element matches.
    check.ok(await page.evaluate(() => !document.hasFocus() || document.activeElement.matches(":focus-visible")), "the focus is seen");
    await page.press("Enter");
    await page.waitFor(() => document.querySelector("#record-list h3")?.textContent === "Katherine Johnson");
    await page.waitFor(() => document.activeElement.id === "record-name");
  });
}

async function axeAndLayout(world) {
  const { check, page } = world;
  await page.evaluate(() => document.querySelector("#log").setAttribute("open", ""));

  for (const [name, colours] of [["light", ""], ["dark", "dark"]]) {
    await check.step(`the workspace has no serious accessibility issue, ${name}`, async () => {
      await scheme(page, colours);
      check.equal(await seriousIssues(page), []);
      await picture(world, `11-workspace-${name}`, { fullPage: false });
      await picture(world, `12-workspace-${name}-whole`);
    });
  }

  for (const [name, colours] of [["light", ""], ["dark", "dark"]]) {
    await check.step(`at 360 pixels nothing is cut off or scrolls sideways, ${name}`, async () => {
      await page.resize(360, 740);
      await scheme(page, colours);
      check.equal(await page.evaluate(() => innerWidth), 360);
      check.equal(await tooWide(page), []);
      check.equal(await seriousIssues(page), []);
      await picture(world, `13-phone-${name}`, { fullPage: false });
      await picture(world, `14-phone-${name}-whole`);
    });
  }

  await check.step("at 360 pixels the first screen fits too", async () => {
    await scheme(page, "");
    await page.click("#lock");
    await page.waitFor(() => !document.querySelector("#welcome").hidden);
    check.equal(await tooWide(page), []);
    await picture(world, "15-phone-unlock", { fullPage: false });
  });
  await page.resize(1440, 900);
}

async function tabTo(page, id) {
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return;
    await page.press("Tab");
  }
  throw new Error(`${MOST_TABS} tabs do not reach #${id}`);
}

/** Axe's serious and critical findings, each with where it is. */
export async function seriousIssues(page) {
  await page.evaluate(`(() => { if (!globalThis.axe) { ${AXE}; } return true; })()`);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target.join(" ")} ${any[0]?.message ?? ""}`).join("; ")}`);
  });
}

/** The colours follow `color-scheme` alone, so setting it is what the system's setting would do. */
async function scheme(page, colours) {
  await page.evaluate((wanted) => {
    document.documentElement.style.colorScheme = wanted;
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    for (const transition of transitions) transition.finish();
  }, colours);
}

/** Elements that reach beyond the viewport and do not scroll inside a box of their own. */
export async function tooWide(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    for (const element of document.querySelectorAll("body *")) {
      const { right, left, width: own } = element.getBoundingClientRect();
      const scrolls = element.parentElement.closest("pre, .visually-hidden, .skip") !== null || element.matches(".visually-hidden, .skip, option");
      if (own > 0 && !scrolls && (right > width + 0.5 || left < -0.5)) wide.push(`${element.tagName.toLowerCase()}#${element.id}.${element.className} ends at ${Math.round(right)}`);
    }
    return wide;
  });
}
