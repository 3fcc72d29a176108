// One stored object, as bytes: an envelope with its header laid out, or a record's JSON, whose tokens
// open into their own bytes. `inspect` needs no key, so this is all that anyone can learn.

import { inspect, inspectSource } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { type StoredObject } from "../storage/server.ts";
import { fromBase64Url } from "../data/base64url.ts";
import { h } from "./dom.ts";
import { annotatedHex, bytesPerLine, hexLines } from "./hex.ts";
import { bytes as formatBytes } from "./format.ts";
import { problemBlock } from "./problem.ts";

const SHOWN_BYTES = 512;
const LARGEST_RECORD = 64 * 1024;

export async function objectView(object: StoredObject, width: number): Promise<HTMLElement> {
  const isRecord = (object.name.startsWith("records/") || object.name.startsWith("labels/")) && object.size <= LARGEST_RECORD;
  return isRecord ? recordView(object, width) : envelopeView(object, width);
}

async function envelopeView({ name, size }: StoredObject, width: number): Promise<HTMLElement> {
  const { bytes } = size > 0 ? await server.read(name, { start: 0, end: Math.min(size, SHOWN_BYTES) }) : { bytes: new Uint8Array() };
  try {
    const { fields } = await inspectSource(server.objectUrl(name));
    return annotatedHex(bytes, fields, size, bytesPerLine(width));
  } catch (error) {
    // After tampering; the bytes are shown all the same.
    return h("div", {}, problemBlock("These bytes are not a whole envelope", error), h("pre", { class: "hex", tabindex: 0 }, hexLines(bytes, 0, bytesPerLine(width))));
  }
}

async function recordView({ name }: StoredObject, width: number): Promise<HTMLElement> {
  const { bytes } = await server.read(name);
  const detail = h("div", { class: "token-detail" });
  try {
    const tokens = Object.entries(JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>);
    const buttons = tokens.map(([field, token]) =>
      h("button", { type: "button", class: "token", "aria-pressed": "false", title: `Token of the field ${field}`, onclick: () => choose(field) }, `"${token}"`),
    );
    const choose = (chosen: string): void => {
      tokens.forEach(([field, token], at) => {
        buttons[at]?.setAttribute("aria-pressed", String(field === chosen));
        if (field === chosen) detail.replaceChildren(tokenView(field, token, width));
      });
    };
    if (tokens[0]) choose(tokens[0][0]);
    const lines = tokens.map(([field], at) => h("div", { class: "json-line" }, `"${field}":`, buttons[at]));
    return h("div", {}, h("div", { class: "json" }, "{", ...lines, "}"), detail);
  } catch (error) {
    return h("div", {}, problemBlock("This object is not a record any more", error), h("pre", { class: "hex", tabindex: 0 }, hexLines(bytes, 0, bytesPerLine(width))));
  }
}

function tokenView(field: string, token: string, width: number): HTMLElement {
  const bytes = fromBase64Url(token);
  return h("div", {}, h("h3", {}, `The token of “${field}”, ${formatBytes(bytes.length)}`), annotatedHex(bytes, inspect(token).fields, bytes.length, bytesPerLine(width)));
}
