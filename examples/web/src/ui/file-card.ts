// One stored file: play it, read a part of it, save it, look at what the server has, or let the server
// tamper with it.

import { objectName, removeFile, type StoredFile } from "../data/files.ts";
import { displayName } from "../data/labels.ts";
import { type Session } from "../data/session.ts";
import { type Player } from "../player/player.ts";
import { confirmButton } from "./confirm-button.ts";
import { announce, h, hush, say } from "./dom.ts";
import { saveFile } from "./file-save.ts";
import { kindOf, media } from "./file-media.ts";
import { partReader } from "./file-part.ts";
import { tamperMenu } from "./file-tamper.ts";
import { size } from "./format.ts";
import { keyNote } from "./key-note.ts";
import { isAbort, problemBlock } from "./problem.ts";
import { ProgressMeter } from "./upload-item.ts";

export interface FileCardEvents {
  readonly onLook: () => void;
  /** The stored bytes are not what they were. */
  readonly onChanged: () => Promise<void>;
  readonly onRemoved: () => Promise<void>;
}

export class FileCard {
  readonly element = h("li", { class: "item" });
  readonly #title = h("h3", {});
  readonly #meta = h("p", { class: "item-meta" });
  readonly #message = h("div", { class: "message", role: "alert" });
  readonly #stage = h("div", { class: "stage" });
  readonly #actions = h("div", { class: "actions" });
  readonly #tamper: ReturnType<typeof tamperMenu>;
  #closeStage = (): void => undefined;
  #file: StoredFile | undefined;

  constructor(
    private readonly session: Session,
    private readonly id: string,
    private readonly player: Player,
    private readonly events: FileCardEvents,
  ) {
    this.element.dataset["file"] = id;
    this.#tamper = tamperMenu(objectName(id), events.onChanged, (error) => this.#fail("The server did not do it", error));
    this.element.append(h("div", { class: "item-head" }, this.#title, this.#meta), this.#actions, this.#message, this.#stage, this.#tamper.element);
  }

  update(file: StoredFile): void {
    const first = this.#file === undefined;
    // What was said of the bytes before no longer holds once they have changed.
    if (this.#file && this.#file.tampered !== file.tampered) hush(this.#message);
    this.#file = file;
    this.#title.textContent = this.#name;
    this.#meta.replaceChildren(size(file.storedSize), " · ", keyNote(file.keyIds));
    this.#tamper.update(file.tampered);
    if (file.error !== undefined) this.#fail("Its name does not open", file.error);
    if (first) this.#actions.replaceChildren(...this.#buttons());
  }

  /** The player could not go on; a media element only says that it stopped, so the reason goes here. */
  stopped(error: unknown): void {
    this.#show();
    this.#fail("This file stopped playing", error);
  }

  /** Takes the card away, and lets go of what it shows. */
  remove(): void {
    this.#show();
    this.element.remove();
  }

  get #name(): string {
    return displayName(this.#file?.label);
  }

  #buttons(): HTMLElement[] {
    const button = (text: string, act: () => void): HTMLElement =>
      h("button", { class: "button quiet", type: "button", "aria-label": `${text}: ${this.#name}`, onclick: act }, text);
    const kind = kindOf(this.#file?.label?.type ?? "");
    const first = [...(kind ? [button(kind === "image" ? "View" : "Play", () => void this.#play())] : []), button("Download", () => void this.#save())];
    first[0]?.classList.add("first");
    return [
      ...first,
      button("Read a part", () => this.#readPart()),
      button("On the server", this.events.onLook),
      confirmButton("Delete", `Delete ${this.#name}`, () => this.#remove()),
    ];
  }

  async #play(): Promise<void> {
    hush(this.#message);
    try {
      const { name = "", type = "" } = this.#file?.label ?? {};
      const { element, close } = await media(this.session, this.player, this.id, name, type);
      // The card may be gone by now.
      if (this.element.isConnected) this.#show(element, close);
      else close();
    } catch (error) {
      this.#fail("This file does not play", error);
    }
  }

  #readPart(): void {
    hush(this.#message);
    const reader = partReader(this.session, this.id, (error) => this.#fail("This part does not open", error));
    this.#show(reader);
    reader.querySelector("input")?.focus();
  }

  async #save(): Promise<void> {
    hush(this.#message);
    const cancel = new AbortController();
    const meter = new ProgressMeter(`Decrypting ${this.#name}`, this.#file?.storedSize ?? 0);
    try {
      await saveFile(this.session, this.id, this.#file?.label, {
        signal: cancel.signal,
        onProgress: (processed) => meter.update(processed),
        onStart: () =>
          this.#show(
            h("div", { class: "transfer" }, meter.text, meter.bar, h("button", { class: "button quiet", type: "button", onclick: () => cancel.abort() }, "Cancel")),
          ),
      });
      this.#show();
      say(this.#message, "good", `Decrypted and saved at ${meter.speed()}. Every byte was checked.`);
    } catch (error) {
      this.#show();
      if (!isAbort(error)) this.#fail("This file was not saved", error);
    }
  }

  async #remove(): Promise<void> {
    try {
      const name = this.#name;
      await removeFile(this.id);
      announce(`${name} was deleted.`);
      await this.events.onRemoved();
    } catch (error) {
      this.#fail("This file was not deleted", error);
    }
  }

  /** Shows this on the stage, and lets go of what was there; nothing clears it. */
  #show(content?: HTMLElement, close = (): void => undefined): void {
    this.#closeStage();
    this.#closeStage = close;
    this.#stage.replaceChildren(...(content ? [content] : []));
  }

  #fail(title: string, error: unknown): void {
    say(this.#message, "bad", problemBlock(title, error));
  }
}
