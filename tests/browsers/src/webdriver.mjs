/** The part of W3C WebDriver (https://www.w3.org/TR/webdriver2/) that the tests need, over fetch. */

/** Under this name an element reference travels (WebDriver, "web element identifier"). */
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

export class WebDriverError extends Error {
  constructor(command, { error, message }) {
    super(`${command}: ${error}${message ? `: ${message}` : ""}`);
    this.name = "WebDriverError";
    this.error = error;
  }
}

export class Session {
  #address;
  #queue = Promise.resolve();
  #window;

  constructor(address, capabilities) {
    this.#address = address;
    this.capabilities = capabilities;
  }

  /** @param {string} server the driver's address, such as "http://127.0.0.1:4444" */
  static async start(server, alwaysMatch) {
    const { sessionId, capabilities } = await request("POST", `${server}/session`, { capabilities: { alwaysMatch } });
    return new Session(`${server}/session/${sessionId}`, capabilities);
  }

  async end() {
    await request("DELETE", this.#address);
  }

  /** One command to the session as a whole, or to whichever window is current. */
  command(method, path, body) {
    return request(method, this.#address + path, body);
  }

  /** Opens a window and gives its handle. */
  async newWindow() {
    // The command needs some window that is open; the current one may have been closed.
    const [some] = await this.command("GET", "/window/handles");
    return this.inWindow(some, async (command) => (await command("POST", "/window/new", { type: "window" })).handle);
  }

  /**
   * Runs commands that belong to one window. A session has a single current window, so pages take turns.
   *
   * @template T
   * @param {string} handle
   * @param {(command: Session["command"]) => Promise<T>} steps
   * @returns {Promise<T>}
   */
  inWindow(handle, steps) {
    const turn = this.#queue.then(async () => {
      if (this.#window !== handle) {
        await this.command("POST", "/window", { handle });
        this.#window = handle;
      }
      return steps(this.command.bind(this));
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** The address of an element in a session, to which `/click` or `/value` is added. */
export async function findElement(command, selector) {
  const found = await command("POST", "/element", { using: "css selector", value: selector });
  return `/element/${found[elementKey]}`;
}

/** The actions that press a key with its modifiers: `keyActions("Shift+Tab")`. */
export function keyActions(key) {
  const names = key.split("+");
  const values = names.map((name) => keyCodes[name] ?? name);
  return {
    actions: [{
      type: "key",
      id: "keyboard",
      actions: [
        ...values.map((value) => ({ type: "keyDown", value })),
        ...values.toReversed().map((value) => ({ type: "keyUp", value })),
      ],
    }],
  };
}

async function request(method, address, body) {
  const response = await fetch(address, { method, ...(method === "POST" && { body: JSON.stringify(body ?? {}) }) });
  const text = await response.text();
  let value;
  try {
    ({ value } = JSON.parse(text));
  } catch {
    throw new Error(`the driver answered ${method} ${address} with ${response.status} and no JSON: ${text.slice(0, 200)}`);
  }
  const command = `${method} ${new URL(address).pathname.replace(/^\/session\/[^/]+/, "") || "/session"}`;
  if (!response.ok) throw new WebDriverError(command, value);
  return value;
}

/** Keys without a character, by their DOM names (WebDriver, "Keyboard actions"). */
const keyCodes = {
  Backspace: "\uE003", Tab: "\uE004", Enter: "\uE007", Shift: "\uE008", Control: "\uE009", Alt: "\uE00A",
  Escape: "\uE00C", Space: " ", PageUp: "\uE00E", PageDown: "\uE00F", End: "\uE010", Home: "\uE011",
  ArrowLeft: "\uE012", ArrowUp: "\uE013", ArrowRight: "\uE014", ArrowDown: "\uE015", Delete: "\uE017", Meta: "\uE03D",
};
