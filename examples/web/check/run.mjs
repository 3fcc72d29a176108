// The end-to-end check: `node check/run.mjs [chromium] [firefox] [webkit]`, all three unless told.
//
// It starts the storage server on the built page, drives the page as a person would, reads the server's
// disk to see that nothing legible lies there, and leaves screenshots in the repository's artifacts/demo.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engines, launch } from "@fortress-tests/browsers";
import { start } from "../server/start.mjs";
import { accessSteps } from "./access.mjs";
import { dataSteps } from "./data.mjs";
import { fileSteps } from "./files.mjs";
import { keySteps } from "./keys.mjs";
import { Check } from "./lib.mjs";
import { mediaSteps } from "./media.mjs";
import { recordSteps } from "./records.mjs";
import { serverSteps } from "./server.mjs";
import { sharedServerSteps } from "./server-shared.mjs";
import { shareSteps } from "./shares.mjs";
import { tabSteps } from "./tabs.mjs";
import { tamperSteps } from "./tamper.mjs";
import { waySteps } from "./ways.mjs";

const ARTIFACTS = fileURLToPath(new URL("../../../artifacts/demo", import.meta.url));

// Firefox logs this, with no address, when a player drops a service worker's response that it no longer wants, as it may
// while it seeks. That the bytes are right and the sound plays on is checked by itself.
const DROPPED_BY_FIREFOX = /Failed to load ‘’\. A ServiceWorker intercepted the request/;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !engines.includes(name));
if (unknown.length > 0) {
  console.error(`No browser is called ${unknown.join(", ")}; the check knows ${engines.join(", ")}.`);
  process.exit(2);
}

const scratch = await mkdtemp(join(tmpdir(), "fortress-check-"));
const check = new Check();
const clips = {};
try {
  await check.group("server", async () => {
    await serverSteps(check);
    await sharedServerSteps(check, scratch);
  });
  await check.group("data", () => dataSteps(check));
  for (const engine of wanted.length > 0 ? wanted : engines) await checkIn(engine);
} finally {
  await rm(scratch, { recursive: true, force: true });
}
console.log(`\n${check.passed} passed, ${check.failed} failed`);
process.exitCode = check.failed > 0 ? 1 : 0;

async function checkIn(engine) {
  const artifacts = join(ARTIFACTS, engine);
  await rm(artifacts, { recursive: true, force: true });
  await mkdir(artifacts, { recursive: true });

  const reports = [];
  const server = await start({ root: process.env.FORTRESS_DEMO_DIST, onReport: (report) => reports.push(report) });
  let browser;
  try {
    browser = await launch(engine, { width: 1440, height: 900, acceptDownloads: true });
    const page = await browser.open(server.url);
    const world = { check, engine, browser, page, server, artifacts, scratch, clips, passphrase: "correct horse battery staple" };
    check.onFailure = (name) => page.screenshot(join(artifacts, `failed-${name.replaceAll(/\W+/g, "-")}.png`)).catch(() => {});
    const failedBefore = check.failed;
    await check.group(`${engine} (${browser.version})`, async () => {
      await accessSteps.keyboard(world);
      if (check.failed > failedBefore) throw new Error("without a keyring and a first record, the rest cannot be checked");
      await recordSteps(world);
      await fileSteps(world);
      await mediaSteps(world);
      await tabSteps(world);
      await check.step("the console is free of errors", () => noErrors(page));
      await keySteps(world);
      await tamperSteps(world);
      await accessSteps.axeAndLayout(world);
      await waySteps(world);
      await shareSteps(world);
      await check.step("nothing broke the content security policy", () => check.equal(reports, []));
    });
  } catch (error) {
    check.fail(`${engine} could not be driven`, error);
  } finally {
    check.onFailure = undefined;
    await browser?.close();
    await server.close();
  }
}

async function noErrors(page) {
  const errors = await page.consoleErrors();
  check.equal(errors.filter((error) => !DROPPED_BY_FIREFOX.test(error)), []);
}
