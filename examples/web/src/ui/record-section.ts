// Records: the form, and the saved records decrypted back.

import { type Field, FIELDS, type LoadedRecord, loadRecords, objectName, type Person, removeRecord, saveRecord } from "../data/records.ts";
import { type Session } from "../data/session.ts";
import { confirmButton } from "./confirm-button.ts";
import { announce, arrange, byId, h, say } from "./dom.ts";
import { count } from "./format.ts";
import { keyNote } from "./key-note.ts";
import { problemBlock } from "./problem.ts";

const EXAMPLE: Person = {
  name: "Ada Lovelace",
  email: "ada@example.org",
  phone: "+44 20 7946 0018",
  notes: "Prefers letters. Allergic to penicillin.",
};

export interface RecordSectionEvents {
  /** Something on the server changed: show it again; the argument names the object worth a look. */
  readonly onChange: (object?: string) => Promise<void>;
  readonly onLook: (object: string) => void;
}

export class RecordSection {
  readonly #form = byId("record-form", HTMLFormElement);
  readonly #message = byId("record-message", HTMLElement);
  readonly #list = byId("record-list", HTMLUListElement);
  readonly #items = new Map<string, { etag: string | undefined; element: HTMLLIElement }>();
  #session: Session | undefined;

  constructor(private readonly events: RecordSectionEvents) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    byId("record-example", HTMLButtonElement).addEventListener("click", () => {
      for (const field of FIELDS) this.#input(field).value = EXAMPLE[field];
      this.#input("name").focus();
    });
  }

  async show(session: Session): Promise<LoadedRecord[]> {
    this.#session = session;
    const records = await loadRecords(session);
    // The keyring may have been locked while the server answered.
    if (this.#session !== session) return [];
    const items = records.map((record) => this.#shown(record));
    arrange(this.#list, items, "No records yet.");
    return records;
  }

  clear(): void {
    this.#session = undefined;
    this.#items.clear();
    this.#form.reset();
    this.#list.replaceChildren();
    this.#message.replaceChildren();
  }

  async #save(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    const person = Object.fromEntries(FIELDS.map((field) => [field, this.#input(field).value.trim()])) as Person;
    try {
      const id = await saveRecord(session, person);
      this.#form.reset();
      say(this.#message, "good", `Saved. The server received ${count(FIELDS.length, "token")} and no text.`);
      this.#input("name").focus();
      await this.events.onChange(objectName(id));
    } catch (error) {
      say(this.#message, "bad", problemBlock("The record was not saved", error));
    }
  }

  /** A record whose bytes are the same keeps its element, and with it the focus and a question asked. */
  #shown(record: LoadedRecord): HTMLLIElement {
    const before = this.#items.get(record.id);
    if (before && before.etag === record.etag && "fields" in record.result) return before.element;
    const element = this.#item(record);
    this.#items.set(record.id, { etag: record.etag, element });
    return element;
  }

  #item({ id, keyIds, result }: LoadedRecord): HTMLLIElement {
    const name = "fields" in result ? result.fields.name : "A record that does not open";
    return h(
      "li",
      { class: "item", "data-record": id },
      h(
        "div",
        { class: "item-head" },
        h("h3", {}, name),
        h("p", { class: "item-meta" }, keyNote(keyIds)),
      ),
      "fields" in result ? fieldList(result.fields) : problemBlock("This record does not open", result.error),
      h(
        "div",
        { class: "actions" },
        h("button", { class: "button quiet", type: "button", "aria-label": `On the server: ${name}`, onclick: () => this.events.onLook(objectName(id)) }, "On the server"),
        confirmButton("Delete", `Delete ${name}`, () => this.#remove(id, name)),
      ),
    );
  }

  async #remove(id: string, name: string): Promise<void> {
    try {
      await removeRecord(id);
      announce(`${name} was deleted.`);
      await this.events.onChange();
      byId("records-title", HTMLElement).focus();
    } catch (error) {
      say(this.#message, "bad", problemBlock("The record was not deleted", error));
    }
  }

  #input(field: Field): HTMLInputElement | HTMLTextAreaElement {
    return this.#form.elements.namedItem(field) as HTMLInputElement | HTMLTextAreaElement;
  }
}

export function fieldList(person: Person): HTMLElement {
  const filled = FIELDS.slice(1).filter((field) => person[field]);
  return h("dl", { class: "fields" }, ...filled.map((field) => h("div", {}, h("dt", {}, field), h("dd", { "data-field": field }, person[field]))));
}
