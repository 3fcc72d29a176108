// Sharing: somebody's public identity in, a link out; who may read, and taking a share away.

import { init, publicIdentity } from "fortress-sdk";
import { fingerprint, identityIn } from "../data/own-identity.ts";
import { type Session } from "../data/session.ts";
import { type BrokenShare, DAYS, loadShares, removeShare, share, type Share } from "../data/shares.ts";
import { confirmButton } from "./confirm-button.ts";
import { copyField } from "./copy-field.ts";
import { announce, arrange, byId, h, hush, say } from "./dom.ts";
import { time } from "./format.ts";
import { problemBlock } from "./problem.ts";

export interface ShareEvents {
  readonly onLook: (object: string) => void;
  readonly onChange: (object?: string) => Promise<void>;
}

export class ShareSection {
  readonly #text = byId("share-identity", HTMLTextAreaElement);
  readonly #whose = byId("share-whose", HTMLElement);
  readonly #submit = byId("share-submit", HTMLButtonElement);
  readonly #message = byId("share-message", HTMLElement);
  readonly #list = byId("share-list", HTMLElement);
  #session: Session | undefined;

  constructor(private readonly events: ShareEvents) {
    byId("share-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#share();
    });
    this.#text.addEventListener("input", () => void this.#tellWhose());
    this.#takeLink();
    addEventListener("hashchange", () => {
      this.#takeLink();
    });
  }

  async show(session: Session): Promise<void> {
    this.#session = session;
    const shares = await loadShares(session);
    if (this.#session === session) arrange(this.#list, shares.map((each) => this.#item(each)), "Shared with nobody.");
  }

  clear(): void {
    this.#session = undefined;
    this.#list.replaceChildren();
    hush(this.#message);
  }

  /** A link that somebody sent to be shared with names their identity. What is in the field already stays: any site could have opened the link. */
  #takeLink(): void {
    if (!location.hash.startsWith("#identity=")) return;
    const identity = identityIn(location.href);
    history.replaceState(null, "", location.pathname);
    if (this.#text.value !== "" && identityIn(this.#text.value) !== identity) {
      say(this.#message, "bad", "A link with another identity was opened, and was not taken. Clear the field and open it again if you mean it.");
      return;
    }
    this.#text.value = identity;
    void this.#tellWhose();
  }

  /** Says whose identity is in the field, before anything is shared with it. */
  async #tellWhose(): Promise<void> {
    const text = this.#text.value;
    const print = text === "" ? undefined : await fingerprintOf(identityIn(text));
    if (this.#text.value !== text) return;
    this.#whose.replaceChildren(...(print === undefined ? [] : ["The fingerprint of this identity is ", h("code", {}, print), ". Their page shows theirs: compare all of it with them before you share."]));
  }

  async #share(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#submit.disabled = true;
    say(this.#message, "busy", "Sealing the keys to read");
    try {
      await init();
      const link = await share(session, publicIdentity(identityIn(this.#text.value)));
      this.#text.value = "";
      this.#whose.replaceChildren();
      say(this.#message, "good", h("p", {}, `Shared for ${DAYS} days. Send them this link: it opens for their identity alone, in their browser.`), copyField("share-link", "Link to send", link));
      await this.events.onChange();
    } catch (error) {
      say(this.#message, "bad", problemBlock("Nothing was shared", error));
      this.#text.focus();
    } finally {
      this.#submit.disabled = false;
    }
  }

  #item(each: Share | BrokenShare): HTMLLIElement {
    const title = "error" in each ? "A share that does not open" : `Identity ${each.recipient}`;
    const remove = confirmButton("Remove", `Remove the share of ${title}`, () => this.#remove(each.id, title));
    if ("error" in each) return h("li", { class: "item", "data-share": each.id }, h("h3", {}, title), problemBlock("What it grants cannot be read", each.error), h("div", { class: "actions" }, remove));
    return h(
      "li",
      { class: "item", "data-share": each.id },
      h("div", { class: "item-head" }, h("h3", {}, "Identity ", h("code", {}, each.recipient)), h("p", { class: "item-meta" }, `to read until ${time(each.until)}`)),
      each.current ? null : h("p", { class: "hint" }, "Made before the last rotation: it reads what was saved until then. Share again for what comes after."),
      copyField(`share-link-${each.id}`, "Its link", each.link),
      h(
        "div",
        { class: "actions" },
        h("button", { class: "button quiet", type: "button", "aria-label": `On the server: the share of ${title}`, onclick: () => this.events.onLook(each.object) }, "On the server"),
        remove,
      ),
    );
  }

  async #remove(id: string, title: string): Promise<void> {
    try {
      await removeShare(id);
      announce(`The share of ${title} was removed.`);
      const rotate = h("button", { class: "button", type: "button", onclick: () => byId("rotate-passphrase", HTMLInputElement).focus() }, "Go to rotation");
      say(
        this.#message,
        "good",
        h("p", {}, "Removed from the server: the link opens nothing any more."),
        h("p", {}, "It takes nothing back. Whoever opened it may have kept what they read, and the keys. Rotate the keyring, so that what you save from now on is out of their reach, then share anew with the others. What was saved before stays within it, as long as a copy of those bytes exists."),
        rotate,
      );
      await this.events.onChange();
      byId("shares-title", HTMLElement).focus();
    } catch (error) {
      say(this.#message, "bad", problemBlock("The share was not removed", error));
    }
  }
}

/** The fingerprint of a public identity; nothing where it is none. */
async function fingerprintOf(text: string): Promise<string | undefined> {
  await init();
  try {
    return await fingerprint(publicIdentity(text));
  } catch {
    return undefined;
  }
}
