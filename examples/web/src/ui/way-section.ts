// Ways in: unlocking in this browser without the passphrase, by a passkey or by staying unlocked.

import { type Session } from "../data/session.ts";
import { addWay, passkeysFit, removeWay, type Way, ways } from "../data/ways.ts";
import { byId, h, hush, say } from "./dom.ts";
import { problemBlock } from "./problem.ts";

const DONE = {
  device: { on: "A reload of this page opens your data without asking, until you lock.", off: "This device asks again after a reload." },
  passkey: { on: "Your passkey unlocks this page.", off: "The passkey opens nothing here any more. Your device still lists it; delete it there." },
} as const;

export class WaySection {
  readonly #stay = byId("way-stay", HTMLInputElement);
  readonly #passkey = byId("way-passkey", HTMLButtonElement);
  readonly #hint = byId("way-passkey-hint", HTMLElement);
  readonly #message = byId("way-message", HTMLElement);
  #session: Session | undefined;
  #hasPasskey = false;

  constructor() {
    this.#stay.addEventListener("change", () => void this.#turn("device", this.#stay.checked));
    this.#passkey.addEventListener("click", () => void this.#turn("passkey", !this.#hasPasskey));
    this.#passkey.hidden = !passkeysFit();
    if (passkeysFit()) return;
    const named = new URL(location.href);
    named.hostname = "localhost";
    this.#hint.replaceChildren("This address or browser has no passkeys. ", h("a", { href: named.href }, "Open the page at localhost"), ", if yours does.");
  }

  async show(session: Session): Promise<void> {
    this.#session = session;
    const there = await ways();
    this.#stay.checked = there.has("device");
    this.#hasPasskey = there.has("passkey");
    this.#passkey.textContent = this.#hasPasskey ? "Remove the passkey" : "Add a passkey";
  }

  clear(): void {
    this.#session = undefined;
    hush(this.#message);
  }

  async #turn(way: Way, on: boolean): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#stay.disabled = this.#passkey.disabled = true;
    say(this.#message, "busy", on && way === "passkey" ? "Waiting for your passkey" : "Saving");
    try {
      if (on) await addWay(way, session.keyring, session.etag);
      else await removeWay(way);
      say(this.#message, "good", DONE[way][on ? "on" : "off"]);
    } catch (error) {
      say(this.#message, "bad", problemBlock(on ? "It was not turned on" : "It was not turned off", error));
    } finally {
      this.#stay.disabled = this.#passkey.disabled = false;
      await this.show(session);
    }
  }
}
