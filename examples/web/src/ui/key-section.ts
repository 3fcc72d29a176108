// Keys: the keyring's versions, rotation, and bringing old data under the newest key.

import { type LoadedRecord } from "../data/records.ts";
import { type StoredFile } from "../data/files.ts";
import { migrate, oldData } from "../data/migrate.ts";
import { type Session } from "../data/session.ts";
import { byId, h, hush, painted, say } from "./dom.ts";
import { count, size, time } from "./format.ts";
import { isWrongPassphrase, problemBlock } from "./problem.ts";
import { wrongPassphrase } from "./welcome.ts";

export interface KeySectionEvents {
  /** The keyring, or what the server holds, has changed: show everything again. */
  readonly onChange: (object?: string) => Promise<void>;
}

const STATES = {
  primary: "Encrypts new data",
  "decrypt-only": "Opens old data",
  destroyed: "Destroyed",
} as const;

export class KeySection {
  readonly #list = byId("version-list", HTMLUListElement);
  readonly #passphrase = byId("rotate-passphrase", HTMLInputElement);
  readonly #rotate = byId("rotate-submit", HTMLButtonElement);
  readonly #rotateMessage = byId("rotate-message", HTMLElement);
  readonly #older = byId("older", HTMLElement);
  readonly #olderSubmit = byId("older-submit", HTMLButtonElement);
  readonly #olderMessage = byId("older-message", HTMLElement);
  #session: Session | undefined;

  constructor(private readonly events: KeySectionEvents) {
    byId("rotate-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#go();
    });
    this.#olderSubmit.addEventListener("click", () => void this.#migrate());
  }

  show(session: Session, records: readonly LoadedRecord[], files: readonly StoredFile[]): void {
    this.#session = session;
    const { keyring } = session;
    byId("keys-summary", HTMLElement).textContent = `Profile ${keyring.profile}. ${keyring.rotationDue() ? "Rotation is due." : "No rotation is due."}`;
    this.#list.replaceChildren(
      ...keyring.versions.map(({ id, created, state }) =>
        h("li", { "data-state": state }, h("code", {}, id), h("span", { class: "version-state" }, STATES[state]), h("span", { class: "item-meta" }, `made ${time(created)}`)),
      ),
    );
    const old = oldData(session, records, files);
    this.#older.hidden = old.records.length + old.files.length === 0;
    byId("older-text", HTMLElement).textContent = `${described(old.records.length, old.files.length)} still under an older key, and still open.`;
  }

  clear(): void {
    this.#session = undefined;
    this.#list.replaceChildren();
    this.#passphrase.value = "";
    hush(this.#rotateMessage);
    hush(this.#olderMessage);
  }

  async #go(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#rotate.disabled = true;
    hush(this.#olderMessage);
    say(this.#rotateMessage, "busy", "Sealing the keyring with a new key");
    await painted();
    try {
      const id = await session.rotate(this.#passphrase.value);
      this.#passphrase.value = "";
      say(this.#rotateMessage, "good", "New data is encrypted with ", h("code", {}, id), " from now on.");
      await this.events.onChange("keyring");
    } catch (error) {
      if (isWrongPassphrase(error)) say(this.#rotateMessage, "bad", wrongPassphrase());
      else say(this.#rotateMessage, "bad", problemBlock("The keyring was not rotated", error));
      this.#passphrase.focus();
    } finally {
      this.#rotate.disabled = false;
    }
  }

  async #migrate(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#olderSubmit.disabled = true;
    say(this.#olderMessage, "busy", "Re-encrypting");
    try {
      const { records, files, headerBytes, payloadBytes } = await migrate(session);
      const sent = files > 0 ? ` For the files ${size(headerBytes)} of headers were sent; ${size(payloadBytes)} stayed where they are.` : "";
      say(this.#olderMessage, "good", `${described(records, files)} now under the newest key.${sent}`);
      byId("keys-title", HTMLElement).focus();
    } catch (error) {
      say(this.#olderMessage, "bad", problemBlock("Not everything was re-encrypted", error));
    } finally {
      this.#olderSubmit.disabled = false;
      await this.events.onChange();
    }
  }
}

function described(records: number, files: number): string {
  const parts = [records > 0 && count(records, "record"), files > 0 && count(files, "file")].filter((part) => part !== false);
  return `${parts.join(" and ") || "Nothing"} ${records + files === 1 ? "is" : "are"}`;
}
