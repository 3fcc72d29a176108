// Keys: the keyring's versions, rotation, bringing old data under the newest key, and destroying older ones.

import { type LoadedRecord } from "../data/records.ts";
import { type StoredFile } from "../data/files.ts";
import { isNeeded, migrate, oldData } from "../data/migrate.ts";
import { type Session } from "../data/session.ts";
import { confirmButton } from "./confirm-button.ts";
import { byId, type Child, h, hush, painted, say } from "./dom.ts";
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
      void this.#rotateNow();
    });
    this.#olderSubmit.addEventListener("click", () => void this.#migrate());
  }

  show(session: Session, records: readonly LoadedRecord[], files: readonly StoredFile[]): void {
    this.#session = session;
    const { keyring } = session;
    byId("keys-summary", HTMLElement).textContent = `Profile ${keyring.profile}. ${keyring.rotationDue() ? "Rotation is due." : "No rotation is due."}`;
    const old = oldData(session, { records, files });
    this.#older.hidden = old.records.length + old.files.length === 0;
    this.#list.replaceChildren(
      ...keyring.versions.map(({ id, created, state }) =>
        h(
          "li",
          { "data-state": state },
          h("code", {}, id),
          h("span", { class: "version-state" }, STATES[state]),
          h("span", { class: "item-meta" }, `made ${time(created)}`),
          // A key that anything still needs is not offered.
          state === "decrypt-only" && !isNeeded(id, { records, files }) && confirmButton("Destroy", `Destroy key ${id}`, () => this.#destroy(id)),
        ),
      ),
    );
    byId("older-text", HTMLElement).textContent = `${described(old.records.length, old.files.length)} still under an older key, and still open.`;
  }

  clear(): void {
    this.#session = undefined;
    this.#list.replaceChildren();
    this.#passphrase.value = "";
    hush(this.#rotateMessage);
    hush(this.#olderMessage);
  }

  async #rotateNow(): Promise<void> {
    await this.#change("Sealing the keyring with a new key", "The keyring was not rotated", async (session, passphrase) => {
      const id = await session.rotate(passphrase);
      return ["New data is encrypted with ", h("code", {}, id), " from now on."];
    });
  }

  async #destroy(id: string): Promise<void> {
    if (!this.#passphrase.reportValidity()) return;
    await this.#change("Sealing the keyring without that key", "The key was not destroyed", async (session, passphrase) => {
      await session.destroy(passphrase, id);
      return ["Key ", h("code", {}, id), " is gone from the keyring. Copies of the keyring from before still hold it."];
    });
  }

  async #change(busy: string, failed: string, change: (session: Session, passphrase: string) => Promise<Child[]>): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#rotate.disabled = true;
    hush(this.#olderMessage);
    say(this.#rotateMessage, "busy", busy);
    await painted();
    try {
      const done = await change(session, this.#passphrase.value);
      this.#passphrase.value = "";
      say(this.#rotateMessage, "good", ...done);
      await this.events.onChange("keyring");
    } catch (error) {
      if (isWrongPassphrase(error)) say(this.#rotateMessage, "bad", wrongPassphrase());
      else say(this.#rotateMessage, "bad", problemBlock(failed, error));
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
