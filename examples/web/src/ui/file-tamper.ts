// What a hostile server could do: flip a bit, or cut the end off. The page asks it to, and then finds
// out like anybody else, when the bytes do not open.

import { chunkBorderBefore } from "../data/key-of.ts";
import * as server from "../storage/server.ts";
import { h } from "./dom.ts";

export function tamperMenu(object: string, onChanged: () => Promise<void>, onError: (error: unknown) => void): { element: HTMLElement; update: (tampered: string | null) => void } {
  const note = h("p", { class: "tamper-note", role: "status" });
  const button = (text: string, name: string, order: () => Promise<server.Tampering>): HTMLButtonElement =>
    h("button", { class: "button quiet", type: "button", "data-tamper": name, onclick: () => void run(order).catch(onError) }, text);

  async function run(order: () => Promise<server.Tampering>): Promise<void> {
    await server.tamper(object, await order());
    await onChanged();
  }

  const flip = button("Let the server flip a byte", "flip", async () => ({ flip: Math.floor((await server.entry(object)).size * 0.75) }));
  const cut = button("Let the server cut the end", "cut", async () => ({ cut: await chunkBorderBefore(server.objectUrl(object), Math.floor((await server.entry(object)).size * 0.66)) }));
  const undo = button("Put it back", "undo", () => Promise.resolve({ undo: true }));
  const element = h("details", { class: "tamper" }, h("summary", {}, "What if the server tampers?"), h("div", { class: "actions" }, flip, cut, undo), note);

  return {
    element,
    update(tampered) {
      flip.disabled = tampered !== null;
      cut.disabled = tampered !== null;
      undo.disabled = tampered === null;
      note.textContent = tampered ?? "";
      element.toggleAttribute("data-tampered", tampered !== null);
    },
  };
}
