// A hex dump with named fields laid over it. The list of fields is what screen readers and keyboards
// use; pointing at a field, or at its bytes, lights up the other.

import { h } from "./dom.ts";
import { hex, integer } from "./format.ts";

export interface Field {
  readonly offset: number;
  readonly length: number;
  readonly name: string;
  readonly value: string;
}

const HUES = 8;

/** Bytes as lines of offset, hex and ASCII. */
export function hexLines(bytes: Uint8Array, from = 0, perLine = 16): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += perLine) {
    const line = bytes.subarray(at, at + perLine);
    const digits = Array.from(line, (byte) => hex(byte, 2)).join(" ");
    lines.push(`${hex(from + at, 6)}  ${digits.padEnd(perLine * 3 - 1)}  ${ascii(line)}`);
  }
  return lines.join("\n");
}

/** The dump of a ciphertext's first bytes and the list of its fields, which light each other up. */
export function annotatedHex(bytes: Uint8Array, fields: readonly Field[], total: number, perLine: number): HTMLElement {
  const root = h("div", { class: "annotated" });
  const dump = h("pre", { class: "hex", tabindex: 0, role: "group", "aria-label": `The first ${bytes.length} of ${total} bytes` });
  for (let at = 0; at < bytes.length; at += perLine) {
    dump.append(...line(bytes.subarray(at, at + perLine), at, perLine, fields));
  }
  if (total > bytes.length) dump.append(h("span", { class: "hex-more" }, `… ${integer(total - bytes.length)} more bytes`));
  const list = h("ol", { class: "hex-fields", "aria-label": "What the bytes are" }, ...fields.map((field, index) => h("li", {}, fieldButton(field, index))));

  const light = (index: string | undefined): void => {
    for (const lit of root.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (index !== undefined) for (const part of root.querySelectorAll(`[data-field="${index}"]`)) part.classList.add("lit");
  };
  const fieldOf = ({ target }: Event): string | undefined => (target instanceof Element ? target.closest<HTMLElement>("[data-field]")?.dataset["field"] : undefined);
  root.addEventListener("pointerover", (event) => light(fieldOf(event)));
  root.addEventListener("pointerleave", () => light(undefined));
  root.addEventListener("focusin", (event) => {
    light(fieldOf(event));
    const index = fieldOf(event);
    if (index !== undefined) showLine(dump, index);
  });
  root.append(dump, list);
  return root;
}

/** How many bytes fit a line of this width. */
export function bytesPerLine(width: number): 8 | 16 {
  return width >= 524 ? 16 : 8;
}

function line(bytes: Uint8Array, at: number, perLine: number, fields: readonly Field[]): Node[] {
  const digits: Node[] = [];
  const letters: Node[] = [];
  for (let start = 0; start < bytes.length; ) {
    const index = fields.findIndex(({ offset, length }) => at + start >= offset && at + start < offset + length);
    const field = fields[index];
    const end = field ? Math.min(bytes.length, field.offset + field.length - at) : nextField(fields, at + start, at + bytes.length) - at;
    const run = bytes.subarray(start, end);
    const mark = field ? { class: hue(index), "data-field": index } : {};
    digits.push(h("span", mark, Array.from(run, (byte) => hex(byte, 2)).join(" ")), document.createTextNode(" "));
    letters.push(h("span", mark, ascii(run)));
    start = end;
  }
  const padding = " ".repeat((perLine - bytes.length) * 3 + 1);
  return [h("span", { class: "hex-offset" }, hex(at, 6)), document.createTextNode("  "), ...digits, document.createTextNode(padding), ...letters, document.createTextNode("\n")];
}

function nextField(fields: readonly Field[], from: number, end: number): number {
  return Math.min(end, ...fields.map(({ offset }) => offset).filter((offset) => offset > from));
}

function fieldButton({ offset, length, name, value }: Field, index: number): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: `hex-field ${hue(index)}`, "data-field": index },
    h("span", { class: "hex-field-name" }, name),
    h("span", { class: "hex-field-at" }, length === 1 ? `byte ${integer(offset)}` : `bytes ${integer(offset)} to ${integer(offset + length - 1)}`),
    value ? h("span", { class: "hex-field-value" }, value) : null,
  );
}

function showLine(dump: HTMLElement, index: string): void {
  const first = dump.querySelector<HTMLElement>(`[data-field="${index}"]`);
  if (first) dump.scrollTop = first.offsetTop - dump.clientHeight / 3;
}

function hue(index: number): string {
  return `hue-${index % HUES}`;
}

function ascii(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
}
