/** Which keys open something, for the line below its name. */

import { h } from "./dom.ts";

export function keyNote(keyIds: readonly string[] | undefined): HTMLElement {
  if (!keyIds) return h("span", {}, "key unreadable");
  const codes = keyIds.flatMap((id, at) => [at > 0 ? ", " : "", h("code", {}, id)]);
  return h("span", {}, keyIds.length > 1 ? "keys " : "key ", ...codes);
}
