// Reading a part of a file: the page asks for plaintext bytes, the SDK fetches only the chunks that hold
// them, and the server's own log says how much travelled.

import { objectName, openFile } from "../data/files.ts";
import { type Session } from "../data/session.ts";
import * as server from "../storage/server.ts";
import { h, say } from "./dom.ts";
import { bytes } from "./format.ts";
import { hexLines } from "./hex.ts";

const MOST_BYTES = 1024 * 1024;
const SHOWN_BYTES = 256;

export function partReader(session: Session, id: string, onError: (error: unknown) => void): HTMLFormElement {
  const field = (name: string, label: string, value: number, min: number, max?: number): HTMLElement =>
    h("div", { class: "field" }, h("label", { for: `${name}-${id}` }, label), h("input", { id: `${name}-${id}`, name, type: "number", value, min, max, step: 1, required: true, inputmode: "numeric" }));
  const result = h("div", { class: "message", role: "status" });
  const form = h(
    "form",
    {
      class: "part",
      onsubmit: (event) => {
        event.preventDefault();
        const values = new FormData(form);
        void read(Number(values.get("from")), Number(values.get("length"))).catch((error: unknown) => {
          result.replaceChildren();
          onError(error);
        });
      },
    },
    h("div", { class: "inline-form" }, field("from", "From byte", 0, 0), field("length", "How many", 4096, 1, MOST_BYTES), h("button", { class: "button", type: "submit" }, "Read")),
    result,
  );

  async function read(start: number, length: number): Promise<void> {
    const before = await lastSeen();
    const file = await openFile(session, id);
    const { size } = file;
    let part: Uint8Array;
    try {
      if (start >= size) throw new Error(`The file has ${bytes(size)}, so none at ${start}.`);
      part = await file.read(start, Math.min(size, start + length));
    } finally {
      file.free();
    }
    const travelled = await sentSince(before, objectName(id));
    say(
      result,
      "good",
      h("p", {}, `Read ${bytes(part.length)}. `, h("b", {}, `${bytes(travelled)} travelled`), ` of ${bytes(size)}.`),
      h("pre", { class: "part-bytes", tabindex: 0, role: "group", "aria-label": "The decrypted bytes" }, hexLines(part.subarray(0, SHOWN_BYTES), start), part.length > SHOWN_BYTES ? "\n…" : ""),
    );
    result.dataset["travelled"] = String(travelled);
  }

  return form;
}

async function lastSeen(): Promise<number> {
  return (await server.seenSince(0)).at(-1)?.seq ?? 0;
}

async function sentSince(seq: number, name: string): Promise<number> {
  const requests = await server.seenSince(seq);
  return requests.filter((request) => request.name === name).reduce((sum, { sent }) => sum + sent, 0);
}
