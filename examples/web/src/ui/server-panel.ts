// What the server holds, as it holds it: the bytes of an object laid out by `inspect`, and the requests
// it saw. Nothing here is decrypted.

import { type StoredObject } from "../storage/server.ts";
import * as server from "../storage/server.ts";
import { byId, h } from "./dom.ts";
import { bytes, count, size } from "./format.ts";
import { bytesPerLine } from "./hex.ts";
import { objectView } from "./object-view.ts";
import { problemBlock } from "./problem.ts";

const LOG_SHOWN = 30;

export class ServerPanel {
  readonly #panel = byId("server", HTMLElement);
  readonly #select = byId("object-select", HTMLSelectElement);
  readonly #view = byId("object-view", HTMLElement);
  readonly #log = byId("log", HTMLDetailsElement);
  #shown = "";

  constructor() {
    this.#select.addEventListener("change", () => void this.refresh(this.#select.value));
    this.#log.addEventListener("toggle", () => void this.#showLog());
    let perLine = bytesPerLine(this.#view.clientWidth);
    new ResizeObserver(() => {
      const now = bytesPerLine(this.#view.clientWidth);
      if (now === perLine) return;
      perLine = now;
      this.#shown = "";
      void this.refresh();
    }).observe(this.#view);
  }

  /** Shows what is there now; `object` chooses which one, and stays chosen. */
  async refresh(object = this.#select.value): Promise<void> {
    try {
      const objects = await server.list();
      this.#list(objects, object);
      await this.#show(objects.find(({ name }) => name === this.#select.value));
      await this.#showLog();
    } catch (error) {
      this.#shown = "";
      this.#view.replaceChildren(problemBlock("The server cannot be read", error));
    }
  }

  /** Chooses an object and brings the panel to it, on narrow screens too. */
  async look(object: string): Promise<void> {
    await this.refresh(object);
    this.#panel.scrollIntoView({ block: "start" });
    this.#select.focus({ preventScroll: true });
  }

  #list(objects: readonly StoredObject[], chosen: string): void {
    const total = objects.reduce((sum, object) => sum + object.size, 0);
    byId("server-total", HTMLElement).textContent = objects.length > 0 ? `${count(objects.length, "object")}, ${size(total)}, no key` : "Nothing yet";
    this.#select.disabled = objects.length === 0;
    const options = objects.map(({ name, size: length }) => h("option", { value: name }, `${shortName(name)}, ${size(length)}`));
    this.#select.replaceChildren(...(options.length > 0 ? options : [h("option", { value: "" }, "No objects")]));
    this.#select.value = objects.some(({ name }) => name === chosen) ? chosen : (objects[0]?.name ?? "");
  }

  async #show(object: StoredObject | undefined): Promise<void> {
    const version = object ? object.name + object.etag : "";
    if (version === this.#shown) return;
    this.#shown = version;
    if (!object) {
      this.#view.replaceChildren(h("p", { class: "empty" }, "Whatever you save appears here, as the server sees it."));
      return;
    }
    const view = await objectView(object, this.#view.clientWidth);
    if (this.#shown !== version) return;
    this.#view.replaceChildren(
      h("p", { class: "object-name" }, h("code", {}, object.name), ` ${bytes(object.size)}`),
      ...(object.tampered ? [h("p", { class: "note bad" }, object.tampered)] : []),
      view,
    );
  }

  async #showLog(): Promise<void> {
    if (!this.#log.open) return;
    const requests = (await server.seenSince(0)).slice(-LOG_SHOWN).reverse();
    byId("log-list", HTMLElement).replaceChildren(
      ...requests.map(({ method, area, name, range, received, sent, status }) =>
        h(
          "li",
          {},
          h("code", {}, `${method} ${area === "objects" && name ? shortName(name) : `${area} ${shortName(name)}`.trim()}`),
          range ? ` ${range}` : "",
          received > 0 ? ` ${size(received)} in` : "",
          sent > 0 ? ` ${size(sent)} out` : "",
          status >= 400 ? ` ${status}` : "",
        ),
      ),
    );
  }
}

/** Ids are random; their first digits tell them apart. */
function shortName(name: string): string {
  const [kind = "", id] = name.split("/", 2);
  return id === undefined ? kind : `${kind}/${id.slice(0, 8)}`;
}
