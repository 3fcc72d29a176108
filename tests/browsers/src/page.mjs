import { until } from "./resources.mjs";

/** An error that code inside the page threw, with the page's own name, code and stack. */
export class PageError extends Error {
  /** @param {{ name: string, message: string, stack?: string, code?: string, operation?: string }} thrown */
  constructor({ name, message, stack, code, operation }) {
    super(message);
    this.name = name;
    if (code !== undefined) this.code = code;
    if (operation !== undefined) this.operation = operation;
    this.stack = `${name}: ${message}\nin the page:\n${stack ?? "(no stack)"}\nin the test:\n${this.stack?.replace(/^.*\n/, "")}`;
  }
}

/**
 * One tab. What every browser does alike is here and rests on {@link Page.run}; the rest is the engine's.
 *
 * @abstract
 */
export class Page {
  /**
   * Evaluates an expression that gives a promise of a string.
   *
   * @abstract
   * @param {string} expression
   * @returns {Promise<string>}
   */
  async run(expression) {
    throw new Error(`not implemented: ${expression}`);
  }

  /**
   * Calls a function inside the page, awaits what it gives and returns that as JSON does. A string is an
   * expression, in which `await` works. The function is sent as text: it sees the page, not the test.
   *
   * @param {((...args: any[]) => any) | string} code
   * @param {...any} args JSON values
   * @returns {Promise<any>}
   * @throws {PageError} what the code threw
   */
  async evaluate(code, ...args) {
    const answer = JSON.parse(await this.run(wrap(code, args)));
    if (answer.thrown) throw new PageError(answer.thrown);
    return answer.value;
  }

  /**
   * Waits until the code gives something truthy, and returns that. Survives a navigation meanwhile.
   *
   * @param {((...args: any[]) => any) | string} code
   * @param {{ timeout?: number, args?: any[] }} [options] milliseconds, 15,000 unless told
   */
  async waitFor(code, { timeout = 15_000, args = [] } = {}) {
    let last;
    const probe = async () => {
      try {
        const value = await this.evaluate(code, ...args);
        last = `last value: ${JSON.stringify(value)}`;
        return value;
      } catch (error) {
        last = `last error: ${error.message}`;
        return undefined;
      }
    };
    try {
      return await until(probe, { what: "the page", timeout });
    } catch {
      throw new Error(`waited ${timeout} ms in vain for ${code}\n${last}`);
    }
  }

  /** Waits until an element is there and drawn. */
  async waitForVisible(selector, { timeout = 15_000 } = {}) {
    await this.waitFor((css) => document.querySelector(css)?.getClientRects().length > 0, { timeout, args: [selector] });
  }

  /** The text of the first match, as a person sees it. */
  async text(selector) {
    return this.evaluate((css) => {
      const element = document.querySelector(css);
      if (!element) throw new Error(`nothing matches ${css}`);
      return element.innerText ?? element.textContent;
    }, selector);
  }

  /** Replaces a field's value and tells the page as typing would: `input`, then `change`. */
  async fill(selector, text) {
    await this.waitForVisible(selector);
    await this.evaluate((css, value) => {
      const field = document.querySelector(css);
      field.focus();
      if (field.isContentEditable) field.textContent = value;
      // The prototype's setter: frameworks put their own on the element to see who changes it.
      else Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, value);
      field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true, data: value }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }, selector, text);
  }
}

function wrap(code, args) {
  const value = typeof code === "function"
    ? `await (${asExpression(code)})(...${inScript(JSON.stringify(args))})`
    : `await (${code}\n)`;
  return `(async () => {
  try {
    const value = ${value};
    return JSON.stringify({ value });
  } catch (error) {
    const { name = "Error", message = String(error), stack, code, operation } = Object(error);
    return JSON.stringify({ thrown: { name, message, stack, code, operation } });
  }
})()`;
}

/** Methods (`{ run() {} }`) print without the word `function`; everything else is an expression already. */
function asExpression(code) {
  const text = code.toString();
  const isMethod = /^(async\s+)?\*?\s*(?!function\b|async\b|class\b)[\w$]+\s*\([^]*?\)\s*\{/.test(text) && !/^[^{]*=>/.test(text);
  return isMethod ? text.replace(/^(async\s+)?/, "$1function ") : text;
}

/** JSON is JavaScript but for two line separators that old engines refuse in strings. */
function inScript(json) {
  return json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
