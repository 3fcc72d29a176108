// The few DOM helpers that the rest of the page is written with. Text goes in as text nodes, never as
// markup, so nothing a person or the server supplies can become HTML.

export type Child = Node | string | null | undefined | false;

const LONGEST_FRAME_MILLISECONDS = 100;

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>;

/** An element: `on…` attributes take listeners, `true` sets an attribute, `false` and `null` leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter(isPresent));
  return element;
}

/** The element of that id and class; a page that lacks it is broken, so this throws. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} with the id "${id}".`);
  return element;
}

/** Says something to screen readers that sighted people see elsewhere on the page. */
export function announce(text: string): void {
  byId("announcer", HTMLElement).textContent = text;
}

/** Puts a message where its live region is, or clears it. */
export function say(region: HTMLElement, tone: "good" | "bad" | "busy", ...children: Child[]): void {
  region.dataset["tone"] = tone;
  region.replaceChildren(...children.filter(isPresent));
}

export function hush(region: HTMLElement): void {
  region.replaceChildren();
}

/** Resolves after the browser has painted, so that "Opening" is seen before the work begins; a hidden tab never paints. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, LONGEST_FRAME_MILLISECONDS);
  });
}

/** Makes these the list's items, or says that there are none; items that stay in place are not touched. */
export function arrange(list: HTMLElement, items: readonly HTMLElement[], empty: string): void {
  const wanted = items.length > 0 ? items : [h("li", { class: "empty" }, empty)];
  if (wanted.length !== list.children.length || wanted.some((item, at) => list.children[at] !== item)) list.replaceChildren(...wanted);
}

function isPresent(child: Child): child is Node | string {
  return child !== null && child !== undefined && child !== false;
}
