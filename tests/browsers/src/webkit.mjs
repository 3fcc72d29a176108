/** WebKitGTK's MiniBrowser, on a display of its own, driven through WebKitWebDriver. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Page } from "./page.mjs";
import { freePort, listens, startProcess, until } from "./resources.mjs";
import { findElement, keyActions, Session } from "./webdriver.mjs";

/**
 * @param {string} driverPath
 * @param {{ width: number, height: number, profile: { path: string, remove(): Promise<void> }, downloads?: string }} options
 * @returns {Promise<import("./launch.mjs").Browser>}
 */
export async function launchWebKit(driverPath, { width, height, profile, downloads }) {
  const binary = miniBrowser();
  const home = homeFolder(profile.path, downloads);
  const display = await startDisplay();
  const driver = await startDriver(driverPath, { ...process.env, ...home, DISPLAY: display.name }).catch(async (error) => {
    await display.stop();
    throw error;
  });
  const stop = async () => {
    await driver.stop();
    await display.stop();
  };
  try {
    const session = await Session.start(driver.address, { "webkitgtk:browserOptions": { binary, args: ["--automation"] } });
    await session.command("POST", "/timeouts", { script: 15 * 60_000, pageLoad: 60_000 });
    // The browser starts with one empty window, and the session ends with its last one.
    const empty = [await session.command("GET", "/window")];
    return {
      engine: "webkit",
      version: `${session.capabilities.browserName}/${session.capabilities.browserVersion}`,
      downloads,
      async open(url) {
        return openTab(session, url, { width, height, empty });
      },
      async close() {
        await session.end().catch(() => {}); // a crashed browser has no session left
        await stop();
        await profile.remove();
      },
    };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${driver.output()}`, { cause: error });
  }
}

class WebKitPage extends Page {
  #session;
  #handle;
  #size;
  #empty;
  #errors = [];

  constructor(session, handle, { width, height, empty }) {
    super();
    this.#session = session;
    this.#handle = handle;
    this.#size = [width, height];
    this.#empty = empty;
  }

  async run(expression) {
    const script = `const done = arguments[0];
const errors = (${watchErrors})();
${expression}.then((value) => done([value, errors.splice(0)]));`;
    const [value, errors] = await this.#do((command) => command("POST", "/execute/async", { script, args: [] }));
    this.#errors.push(...errors);
    return value;
  }

  async goto(url) {
    await this.#do((command) => command("POST", "/url", { url }));
    await this.run("Promise.resolve()");
  }

  async click(selector) {
    await this.waitForVisible(selector);
    await this.#do(async (command) => command("POST", `${await findElement(command, selector)}/click`));
  }

  /** Presses a key by its name, with modifiers before it: "Enter", "Shift+Tab". */
  async press(key) {
    await this.#do((command) => command("POST", "/actions", keyActions(key)));
  }

  /** Types into the element that has the focus, key by key. */
  async type(text) {
    for (const character of text) await this.press(character === "+" ? "\uE025" : character);
  }

  async upload(selector, ...paths) {
    await this.#do(async (command) => command("POST", `${await findElement(command, selector)}/value`, { text: paths.join("\n") }));
  }

  async screenshot(path, { fullPage = false } = {}) {
    if (fullPage) {
      const height = await this.evaluate(() => document.documentElement.scrollHeight);
      const [width, usual] = this.#size;
      await this.resize(width, Math.max(height, usual));
      await this.screenshot(path);
      await this.resize(width, usual);
      return;
    }
    const picture = await this.#do((command) => command("GET", "/screenshot"));
    await writeFile(path, Buffer.from(picture, "base64"));
  }

  /** Gives the window the size at which its viewport has the one asked for. */
  async resize(width, height) {
    this.#size = [width, height];
    const window = { width, height };
    // The toolbar's and the tabs' share is known only once they are drawn, so the window is corrected until it fits.
    for (let tries = 0; tries < 10; tries += 1) {
      await this.#do((command) => command("POST", "/window/rect", window));
      const [innerWidth, innerHeight] = await this.evaluate(() => new Promise((resolve) => setTimeout(() => resolve([innerWidth, innerHeight]), 30)));
      if (innerWidth === width && innerHeight === height) return;
      window.width += width - innerWidth;
      window.height += height - innerHeight;
    }
    throw new Error(`the window does not take the size ${width}x${height}`);
  }

  async newTab(url) {
    const [width, height] = this.#size;
    return openTab(this.#session, url, { width, height, empty: this.#empty });
  }

  /** What was thrown between the page's load and the last evaluation: WebDriver shows no console. */
  consoleErrors() {
    return [...this.#errors];
  }

  async close() {
    await this.#do(async (command) => {
      const handles = await command("GET", "/window/handles");
      if (handles.length === 1) this.#empty.push((await command("POST", "/window/new", { type: "window" })).handle);
      await command("DELETE", "/window");
    });
  }

  #do(steps) {
    return this.#session.inWindow(this.#handle, steps);
  }
}

async function openTab(session, url, options) {
  // Windows and not tabs: a page in a background tab is hidden, and browsers slow hidden pages down.
  const page = new WebKitPage(session, options.empty.pop() ?? (await session.newWindow()), options);
  await page.resize(options.width, options.height);
  await page.goto(url);
  return page;
}

/** Runs in the page: the list of errors seen since it was first called there. */
function watchErrors() {
  const key = Symbol.for("errors the test sees");
  if (globalThis[key]) return globalThis[key];
  const errors = (globalThis[key] = []);
  addEventListener("error", ({ message, error }) => errors.push(`${message}\n${error?.stack ?? ""}`));
  addEventListener("unhandledrejection", ({ reason }) => errors.push(`unhandled: ${reason}\n${reason?.stack ?? ""}`));
  return errors;
}

/** Debian keeps the browser beside the library, in a folder named by architecture and version. */
function miniBrowser() {
  if (process.env.FORTRESS_MINIBROWSER) return process.env.FORTRESS_MINIBROWSER;
  const found = readdirSync("/usr/lib", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
    .flatMap(({ name }) => ["6.0", "4.1", "4.0"].map((version) => `/usr/lib/${name}/webkit${version === "6.0" ? "" : "2"}gtk${version === "6.0" ? "-6.0" : `-${version}`}/MiniBrowser`))
    .find((path) => existsSync(path));
  if (!found) throw new Error("there is no MiniBrowser under /usr/lib: install Debian's package webkit2gtk-driver, which depends on it");
  return found;
}

/** A home inside the profile, so that nothing is read from or left in the user's own. */
function homeFolder(profile, downloads) {
  const config = `${profile}/config`;
  mkdirSync(`${config}/gtk-3.0`, { recursive: true });
  // MiniBrowser's toolbar is 447 pixels wide at least; with this a window can be as narrow as a phone.
  writeFileSync(`${config}/gtk-3.0/gtk.css`, "* { min-width: 0; min-height: 0; padding: 0; margin: 0; border-width: 0; font-size: 6px; }\n");
  if (downloads) writeFileSync(`${config}/user-dirs.dirs`, `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  return { HOME: profile, XDG_CONFIG_HOME: config, XDG_CACHE_HOME: `${profile}/cache`, XDG_DATA_HOME: `${profile}/data` };
}

/** A virtual screen; the server picks a free display number itself and writes it to descriptor 3. */
async function startDisplay() {
  const path = process.env.FORTRESS_XVFB ?? "/usr/bin/Xvfb";
  if (!existsSync(path)) throw new Error(`there is no ${path}: install Debian's package xvfb (cargo xtask setup does)`);
  const server = startProcess(path, ["-displayfd", "3", "-screen", "0", "1920x4096x24", "-nolisten", "tcp"]);
  let number = "";
  server.child.stdio[3].on("data", (chunk) => (number += chunk));
  await until(() => number.endsWith("\n"), { what: "Xvfb", stopped: server.ended }).catch(async (error) => {
    await server.stop();
    throw new Error(`${error.message}\n${server.output()}`);
  });
  return { name: `:${number.trim()}`, stop: server.stop };
}

async function startDriver(path, env) {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const driver = startProcess(path, [`--port=${port}`, "--host=127.0.0.1"], { env });
  await until(() => listens(port), { what: "WebKitWebDriver", stopped: driver.ended }).catch(async (error) => {
    await driver.stop();
    throw new Error(`${error.message}\n${driver.output()}`);
  });
  return { address, stop: driver.stop, output: driver.output };
}
