// The first screen: make a keyring, or unlock the one that the server keeps sealed.

import { type Profile } from "fortress-sdk";
import { Session } from "../data/session.ts";
import { OlderCopy, passkeysFit, type Way, ways } from "../data/ways.ts";
import { byId, h, hush, painted, say } from "./dom.ts";
import { isWrongPassphrase, problemBlock } from "./problem.ts";

const SHORTEST_PASSPHRASE = 10;

const TEXTS = {
  create: {
    lead: "Choose a passphrase. It seals a new keyring, and the keyring encrypts every record and file here, before the server sees them.",
    title: "Create your keyring",
    hint: `At least ${SHORTEST_PASSPHRASE} characters; several words are good. Nobody can reset it: whoever loses it loses the data.`,
    submit: "Create keyring",
    busy: "Sealing your keyring",
    autocomplete: "new-password",
  },
  unlock: {
    lead: "The server keeps your keyring sealed. Your passphrase opens it in this tab, and never leaves it.",
    title: "Unlock your keyring",
    hint: "Checking it takes a moment by design: that is what slows down a guesser.",
    submit: "Unlock",
    busy: "Opening your keyring",
    autocomplete: "current-password",
  },
} as const;

export class Welcome {
  readonly #section = byId("welcome", HTMLElement);
  readonly #passphrase = byId("passphrase", HTMLInputElement);
  readonly #submit = byId("passphrase-submit", HTMLButtonElement);
  readonly #passkey = byId("passkey-submit", HTMLButtonElement);
  readonly #message = byId("passphrase-message", HTMLElement);
  #mode: keyof typeof TEXTS = "create";

  constructor(private readonly onSession: (session: Session) => void) {
    const form = byId("passphrase-form", HTMLFormElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#go(new FormData(form).get("profile") as Profile);
    });
    this.#passkey.addEventListener("click", () => void this.#goBy("passkey", "Waiting for your passkey"));
    const show = byId("passphrase-show", HTMLButtonElement);
    show.addEventListener("click", () => this.#reveal(show, this.#passphrase.type === "password"));
  }

  async show(): Promise<void> {
    try {
      this.#mode = (await Session.isCreated()) ? "unlock" : "create";
    } catch (error) {
      say(this.#message, "bad", problemBlock("The page cannot start", error));
    }
    const text = TEXTS[this.#mode];
    byId("welcome-lead", HTMLElement).textContent = text.lead;
    byId("passphrase-title", HTMLElement).textContent = text.title;
    byId("passphrase-hint", HTMLElement).textContent = text.hint;
    byId("profile-field", HTMLElement).hidden = this.#mode === "unlock";
    this.#submit.textContent = text.submit;
    this.#passphrase.autocomplete = text.autocomplete;
    if (this.#mode === "create") this.#passphrase.minLength = SHORTEST_PASSPHRASE;
    else this.#passphrase.removeAttribute("minlength");
    this.#passkey.hidden = this.#mode === "create" || !passkeysFit() || !(await ways()).has("passkey");
    this.#section.hidden = false;
  }

  /** Opens the keyring by this device, where that was asked for. */
  async stayUnlocked(): Promise<void> {
    if (this.#mode === "unlock" && (await ways()).has("device")) await this.#goBy("device", "Opening your keyring");
  }

  hide(): void {
    this.#section.hidden = true;
    hush(this.#message);
  }

  async #go(profile: Profile): Promise<void> {
    await this.#enter(TEXTS[this.#mode].busy, () => {
      const passphrase = this.#passphrase.value;
      return this.#mode === "create" ? Session.create(passphrase, profile) : Session.unlock(passphrase);
    });
  }

  async #goBy(way: Way, busy: string): Promise<void> {
    await this.#enter(busy, () => Session.unlockBy(way));
  }

  async #enter(busy: string, unlock: () => Promise<Session>): Promise<void> {
    this.#submit.disabled = this.#passkey.disabled = true;
    say(this.#message, "busy", busy);
    await painted();
    try {
      const session = await unlock();
      this.#passphrase.value = "";
      this.#reveal(byId("passphrase-show", HTMLButtonElement), false);
      this.hide();
      this.onSession(session);
    } catch (error) {
      this.#fail(error);
      if (error instanceof OlderCopy) this.#passkey.hidden = true;
    } finally {
      this.#submit.disabled = this.#passkey.disabled = false;
    }
  }

  #fail(error: unknown): void {
    if (this.#mode === "unlock" && isWrongPassphrase(error)) {
      say(this.#message, "bad", wrongPassphrase());
      this.#passphrase.select();
      this.#passphrase.focus();
    } else {
      say(this.#message, "bad", problemBlock(this.#mode === "create" ? "No keyring was made" : "The keyring did not open", error));
    }
  }

  #reveal(button: HTMLButtonElement, visible: boolean): void {
    this.#passphrase.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
    button.textContent = visible ? "Hide" : "Show";
  }
}

export function wrongPassphrase(): HTMLElement {
  return h(
    "div",
    { class: "problem", "data-code": "wrong_passphrase" },
    h("p", { class: "problem-title" }, "Wrong passphrase"),
    h("p", {}, "It does not open this keyring. Check capitals and spaces, and try again."),
  );
}
