import { existsSync, mkdirSync } from "node:fs";
import { launchPuppeteer } from "./puppeteer.mjs";
import { temporaryFolder } from "./resources.mjs";
import { launchWebKit } from "./webkit.mjs";

/** @typedef {"chromium" | "firefox" | "webkit"} Engine */

/**
 * @typedef {object} LaunchOptions
 * @property {number} [width] of the viewport, 1280 unless told
 * @property {number} [height] of the viewport, 800 unless told
 * @property {boolean} [acceptDownloads] save downloads to `browser.downloads` instead of refusing them
 */

/**
 * @typedef {object} Browser
 * @property {Engine} engine
 * @property {string} version as the browser names itself, such as "Chrome/156.0.8078.79"
 * @property {string | undefined} downloads the folder downloads arrive in, when they are accepted
 * @property {(url: string) => Promise<import("./page.mjs").Page>} open a page in a tab of its own
 * @property {() => Promise<void>} close ends the browser's processes and removes its profile
 */

/** @type {readonly Engine[]} */
export const engines = ["chromium", "firefox", "webkit"];

/**
 * Starts a browser with an empty profile.
 *
 * @param {Engine} engine
 * @param {LaunchOptions} [options]
 * @returns {Promise<Browser>}
 */
export async function launch(engine, { width = 1280, height = 800, acceptDownloads = false } = {}) {
  const start = starters[engine];
  if (!start) throw new TypeError(`no browser is called "${engine}": expected one of ${engines.join(", ")}`);
  const profile = temporaryFolder(`fortress-${engine}-`);
  const downloads = acceptDownloads ? `${profile.path}/downloads` : undefined;
  if (downloads) mkdirSync(downloads);
  try {
    return await start({ width, height, profile, downloads });
  } catch (cause) {
    await profile.remove();
    throw new Error(`${engine} did not start: ${cause.message}`, { cause });
  }
}

const starters = {
  chromium: (options) => launchPuppeteer("chromium", executable("FORTRESS_CHROMIUM", "/usr/bin/chromium", "chromium"), options),
  firefox: (options) => launchPuppeteer("firefox", executable("FORTRESS_FIREFOX", "/usr/bin/firefox", "firefox-esr"), options),
  webkit: (options) => launchWebKit(executable("FORTRESS_WEBKIT_DRIVER", "/usr/bin/WebKitWebDriver", "webkit2gtk-driver"), options),
};

/** Where the program is; an environment variable names it on systems that keep it elsewhere than Debian. */
function executable(variable, usual, debianPackage) {
  const path = process.env[variable] ?? usual;
  if (existsSync(path)) return path;
  throw new Error(`there is no ${path}: install Debian's package ${debianPackage} (cargo xtask setup does), or name the program in ${variable}`);
}
