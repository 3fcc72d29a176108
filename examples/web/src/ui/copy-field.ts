// A text to hand on, with a button that copies it.

import { announce, h } from "./dom.ts";

export function copyField(id: string, label: string, text: string): HTMLElement {
  const input = h("input", { id, type: "text", readonly: true, spellcheck: "false", value: text });
  input.addEventListener("focus", () => input.select());
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied.");
      button.textContent = "Copied";
    } catch {
      // Where pages may not copy, the text is there to be copied by hand.
      input.focus();
    }
  };
  const button = h("button", { class: "button quiet toggle", type: "button", "aria-label": `Copy: ${label}`, onclick: () => void copy() }, "Copy");
  return h("div", { class: "field" }, h("label", { for: id }, label), h("div", { class: "with-toggle" }, input, button));
}
