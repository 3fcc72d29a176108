// One upload under way: how far, how fast, and a way to stop it.

import { uploadFile } from "../data/files.ts";
import { type Session } from "../data/session.ts";
import { announce, h } from "./dom.ts";
import { size, speed } from "./format.ts";
import { isAbort, problemBlock } from "./problem.ts";

/** Uploads a file and shows it; returns its id, or nothing when it was cancelled or failed. */
export async function runUpload(session: Session, file: File, list: HTMLElement, locked: AbortSignal): Promise<string | undefined> {
  const cancel = new AbortController();
  const meter = new ProgressMeter(`Encrypting ${file.name}`, file.size);
  const actions = h("div", { class: "actions" }, h("button", { class: "button quiet", type: "button", onclick: () => cancel.abort() }, "Cancel"));
  const item = h("li", { class: "item upload" }, h("div", { class: "item-head" }, h("h3", {}, file.name), meter.text), meter.bar, actions);
  list.append(item);
  try {
    const id = await uploadFile(session, file, {
      onProgress: (processed) => meter.update(processed),
      signal: AbortSignal.any([cancel.signal, locked]),
    });
    item.remove();
    announce(`${file.name} is encrypted and stored, at ${meter.speed()}.`);
    list.dispatchEvent(new CustomEvent("stored", { detail: { id, speed: meter.speed() } }));
    return id;
  } catch (error) {
    if (isAbort(error)) {
      item.remove();
      announce(`${file.name} was not stored.`);
    } else {
      const close = h("button", { class: "button quiet", type: "button", onclick: () => item.remove() }, "Close");
      item.replaceChildren(problemBlock(`${file.name} was not stored`, error), h("div", { class: "actions" }, close));
    }
    return undefined;
  }
}

/** A progress bar with its figures, announced at every quarter. */
export class ProgressMeter {
  readonly bar: HTMLProgressElement;
  readonly text = h("p", { class: "item-meta" });
  readonly #started = performance.now();
  #processed = 0;
  #announced = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
  ) {
    this.bar = h("progress", { max: Math.max(total, 1), value: 0, "aria-label": what });
    this.update(0);
  }

  update(processed: number): void {
    this.#processed = processed;
    this.bar.value = processed;
    const part = this.total > 0 ? Math.floor((100 * processed) / this.total) : 100;
    this.text.textContent = `${size(processed)} of ${size(this.total)}, ${part} %${processed > 0 ? `, ${this.speed()}` : ""}`;
    if (part - this.#announced >= 25 && part < 100) {
      this.#announced = part;
      announce(`${this.what}: ${part} percent.`);
    }
  }

  speed(): string {
    return speed(this.#processed, performance.now() - this.#started);
  }
}
