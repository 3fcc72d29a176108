// A button for what cannot be undone: the first press asks, the second does it, leaving it takes the
// question back.

import { h } from "./dom.ts";

export function confirmButton(text: string, label: string, act: () => void | Promise<void>): HTMLButtonElement {
  let asked = false;
  const button = h("button", { class: "button quiet", type: "button", "aria-label": label }, text);
  const ask = (now: boolean): void => {
    asked = now;
    button.textContent = now ? `${text} for good?` : text;
    button.setAttribute("aria-label", now ? `${label} for good?` : label);
    button.classList.toggle("danger", now);
  };
  button.addEventListener("click", () => {
    const confirmed = asked;
    ask(!confirmed);
    if (confirmed) void act();
  });
  button.addEventListener("blur", () => ask(false));
  button.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") ask(false);
  });
  return button;
}
