/** Chromium over the DevTools protocol and Firefox over WebDriver BiDi, both through puppeteer-core. */
import puppeteer from "puppeteer-core";
import { Page } from "./page.mjs";
import { boundToUs } from "./resources.mjs";

/**
 * @param {"chromium" | "firefox"} engine
 * @param {string} executablePath
 * @param {{ width: number, height: number, profile: { path: string, remove(): Promise<void> }, downloads?: string }} options
 * @returns {Promise<import("./launch.mjs").Browser>}
 */
export async function launchPuppeteer(engine, executablePath, { width, height, profile, downloads }) {
  const browser = await puppeteer.launch({
    browser: engine === "firefox" ? "firefox" : "chrome",
    executablePath,
    headless: true,
    userDataDir: profile.path,
    defaultViewport: { width, height },
    // A benchmark may compute for minutes inside one evaluation.
    protocolTimeout: 15 * 60_000,
    timeout: 60_000,
    // resources.mjs sees to signals.
    handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
    ...(engine === "firefox" ? firefox(downloads) : chromium(downloads)),
  });
  const release = boundToUs(browser.process().pid);
  return {
    engine,
    version: await browser.version(),
    downloads,
    async open(url) {
      return openTab(browser, url);
    },
    async close() {
      await browser.close();
      release();
      await profile.remove();
    },
  };
}

class PuppeteerPage extends Page {
  #browser;
  #page;
  #errors = [];

  constructor(browser, page) {
    super();
    this.#browser = browser;
    this.#page = page;
    page.on("pageerror", (error) => this.#errors.push(String(error?.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.#errors.push(withSource(message));
    });
  }

  async run(expression) {
    return this.#page.evaluate(expression);
  }

  async goto(url) {
    await this.#page.goto(url, { waitUntil: "load", timeout: 60_000 });
  }

  async click(selector) {
    const element = await this.#page.waitForSelector(selector, { visible: true, timeout: 15_000 });
    await element.click();
  }

  /** Presses a key by its name, with modifiers before it: "Enter", "Shift+Tab". */
  async press(key) {
    const [last, ...modifiers] = key.split("+").reverse();
    for (const modifier of modifiers) await this.#page.keyboard.down(modifier);
    await this.#page.keyboard.press(last);
    for (const modifier of modifiers) await this.#page.keyboard.up(modifier);
  }

  /** Types into the element that has the focus, key by key. */
  async type(text) {
    await this.#page.keyboard.type(text);
  }

  async upload(selector, ...paths) {
    const input = await this.#page.waitForSelector(selector, { timeout: 15_000 });
    await input.uploadFile(...paths);
  }

  async screenshot(path, { fullPage = false } = {}) {
    await this.#page.screenshot({ path, fullPage });
  }

  async resize(width, height) {
    await this.#page.setViewport({ width, height });
  }

  async newTab(url) {
    return openTab(this.#browser, url);
  }

  consoleErrors() {
    return [...this.#errors];
  }

  /**
   * Chromium alone: an authenticator in software, inside this device, for this tab. It is there and verifies its user unless told otherwise.
   *
   * @param {object} [options] of the DevTools protocol's WebAuthn.addVirtualAuthenticator
   */
  async virtualAuthenticator(options = {}) {
    const session = await this.#page.createCDPSession();
    await session.send("WebAuthn.enable");
    const usual = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true };
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: { ...usual, hasPrf: true, isUserVerified: true, automaticPresenceSimulation: true, ...options },
    });
    const send = (command, more = {}) => session.send(`WebAuthn.${command}`, { authenticatorId, ...more });
    return {
      credentials: async () => (await send("getCredentials")).credentials,
      removeCredential: (credentialId) => send("removeCredential", { credentialId }),
      /** Does it find its user to be the right one? */
      verify: (isUserVerified) => send("setUserVerified", { isUserVerified }),
      /** Does somebody touch it when it asks? */
      present: (enabled) => send("setAutomaticPresenceSimulation", { enabled }),
      async remove() {
        await send("removeVirtualAuthenticator");
        await session.detach();
      },
    };
  }

  /** Chromium alone: what this page's origin may store, in bytes, until it is closed. */
  async limitStorage(quotaSize) {
    const session = await this.#page.createCDPSession();
    await session.send("Storage.overrideQuotaForOrigin", { origin: await this.evaluate("location.origin"), quotaSize });
  }

  async close() {
    await this.#page.close();
  }
}

async function openTab(browser, url) {
  const page = new PuppeteerPage(browser, await browser.newPage());
  await page.goto(url);
  return page;
}

function withSource(message) {
  const { url, lineNumber } = message.location();
  return url ? `${message.text()} (${url}${lineNumber === undefined ? "" : `:${lineNumber + 1}`})` : message.text();
}

function chromium(downloads) {
  return {
    downloadBehavior: downloads ? { policy: "allow", downloadPath: downloads } : { policy: "deny" },
    args: [
      // Root, as containers and CI are, may not use the sandbox.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      // Without these it looks for its maker's hosts at every start.
      "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  };
}

function firefox(downloads) {
  return {
    extraPrefsFirefox: {
      "browser.download.folderList": 2,
      "browser.download.dir": downloads ?? "/dev/null",
      "browser.download.useDownloadDir": true,
      "browser.download.always_ask_before_handling_new_types": false,
      "browser.download.alwaysOpenPanel": false,
      "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream,text/plain,video/mp4,video/webm,image/png",
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "browser.safebrowsing.update.enabled": false,
    },
  };
}
