// "Unlock again": another tab has changed the keyring, so this one asks for the passphrase once more
// before it goes on. What it shows and what was typed stay as they are, and what plays plays on.

import { type Session } from "../data/session.ts";
import { announce, byId, hush, painted, say } from "./dom.ts";
import { isWrongPassphrase, problemBlock } from "./problem.ts";
import { wrongPassphrase } from "./welcome.ts";

export interface RenewalEvents {
  readonly onRenewed: () => Promise<void>;
  /** Whoever does not unlock again locks. */
  readonly onLock: () => Promise<void>;
}

export class Renewal {
  readonly #dialog = byId("renewal", HTMLDialogElement);
  readonly #passphrase = byId("renewal-passphrase", HTMLInputElement);
  readonly #submit = byId("renewal-submit", HTMLButtonElement);
  readonly #message = byId("renewal-message", HTMLElement);
  #session: Session | undefined;

  constructor(private readonly events: RenewalEvents) {
    byId("renewal-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#session) void this.#go(this.#session);
    });
    byId("renewal-lock", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    // One Escape too many must not cost what was typed on the page behind.
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  ask(session: Session): void {
    if (this.#dialog.open) return;
    this.#session = session;
    this.#dialog.showModal();
  }

  async #go(session: Session): Promise<void> {
    this.#submit.disabled = true;
    say(this.#message, "busy", "Opening your keyring");
    await painted();
    try {
      await session.reopen(this.#passphrase.value);
      this.#session = undefined;
      this.#dialog.close();
      announce("Unlocked.");
      await this.events.onRenewed();
    } catch (error) {
      say(this.#message, "bad", isWrongPassphrase(error) ? wrongPassphrase() : problemBlock("The keyring did not open", error));
      this.#passphrase.select();
      this.#passphrase.focus();
    } finally {
      this.#submit.disabled = false;
    }
  }

  #closed(): void {
    const unrenewed = this.#session !== undefined;
    this.#session = undefined;
    this.#passphrase.value = "";
    hush(this.#message);
    if (unrenewed) void this.events.onLock();
  }
}
