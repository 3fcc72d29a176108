// The page of whom something is shared with: their identity, to be shared with, and what a link opens.

import "@fontsource-variable/geist/index.css";
import "@fontsource-variable/geist-mono/index.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";

import { type Identity } from "fortress-sdk";
import { decryptFileToBlob, loadFiles, type StoredFile } from "./data/files.ts";
import { displayName } from "./data/labels.ts";
import { fingerprint, linkFor, ownIdentity } from "./data/own-identity.ts";
import { loadRecords } from "./data/records.ts";
import { type OpenedShare, openShare, readLink } from "./data/shares.ts";
import { copyField } from "./ui/copy-field.ts";
import { announce, arrange, byId, h, hush, say } from "./ui/dom.ts";
import { size, time } from "./ui/format.ts";
import { problemBlock } from "./ui/problem.ts";
import { fieldList } from "./ui/record-section.ts";

const LARGEST_TEXT = 100_000;
const URL_LIFETIME_MILLISECONDS = 60_000;

const link = byId("link", HTMLInputElement);
const message = byId("open-message", HTMLElement);
const shared = byId("shared", HTMLElement);
let identity: Identity | undefined;
let opened: OpenedShare | undefined;
/** The opening that is under way, or was last. */
let latest = 0;

byId("open-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void open(link.value);
});
addEventListener("hashchange", () => void open(location.href));

try {
  identity = await ownIdentity();
  byId("own", HTMLElement).replaceChildren(
    h("p", {}, "Your identity is ", h("code", { id: "own-id" }, identity.id), ", and its fingerprint ", h("code", { id: "own-fingerprint" }, await fingerprint(identity.publicIdentity)), ". Compare all of it with whoever shares with you, by phone say."),
    copyField("own-link", "Send this link to whoever shall share with you", linkFor(identity)),
  );
  if (location.hash !== "") await open(location.href);
} catch (error) {
  say(byId("own-message", HTMLElement), "bad", problemBlock("This browser keeps no identity", error));
}

async function open(text: string): Promise<void> {
  const turn = ++latest;
  opened?.free();
  opened = undefined;
  shared.hidden = true;
  const said = readLink(text);
  if (!identity || !said) {
    say(message, "bad", problemBlock("Nothing was opened", new Error("This is no link of a share. Was all of it copied?")));
    return;
  }
  link.value = new URL(text.trim(), location.href).href;
  say(message, "busy", "Opening");
  let share: OpenedShare | undefined;
  try {
    share = await openShare(said, identity);
    const [records, files] = await Promise.all([loadRecords(share), loadFiles(share)]);
    // What another link has overtaken is not shown under that one.
    if (turn !== latest) {
      share.free();
      return;
    }
    opened = share;
    show(share, records, files);
    hush(message);
    announce("Opened.");
    byId("shared-title", HTMLElement).focus();
  } catch (error) {
    share?.free();
    if (turn === latest) say(message, "bad", problemBlock("The share does not open", error));
  }
}

function show(share: OpenedShare, records: Awaited<ReturnType<typeof loadRecords>>, files: readonly StoredFile[]): void {
  byId("shared-terms", HTMLElement).replaceChildren("To read until ", h("b", {}, time(share.until)), ", signed by ", h("code", {}, share.granter), ".");
  arrange(
    byId("shared-records", HTMLElement),
    records.map(({ id, result }) =>
      "fields" in result
        ? h("li", { class: "item", "data-record": id }, h("h3", {}, result.fields.name), fieldList(result.fields))
        : h("li", { class: "item", "data-record": id }, problemBlock("This record does not open", result.error)),
    ),
    "No records.",
  );
  arrange(byId("shared-files", HTMLElement), files.map((file) => fileItem(share, file)), "No files.");
  shared.hidden = false;
}

function fileItem(share: OpenedShare, { id, label, storedSize }: StoredFile): HTMLLIElement {
  const name = displayName(label);
  const stage = h("div", { class: "message", role: "status" });
  const read = h("button", { class: "button", type: "button", "aria-label": `Open ${name}`, onclick: () => void readFile(share, id, name, label?.type ?? "", stage) }, "Open");
  return h("li", { class: "item", "data-file": id }, h("div", { class: "item-head" }, h("h3", {}, name), h("p", { class: "item-meta" }, size(storedSize))), h("div", { class: "actions" }, read), stage);
}

/** Text is shown; anything else is saved, whole or not at all. */
async function readFile(share: OpenedShare, id: string, name: string, type: string, stage: HTMLElement): Promise<void> {
  say(stage, "busy", "Decrypting");
  try {
    const blob = await decryptFileToBlob(share, id, "application/octet-stream");
    if (type.startsWith("text/") && blob.size <= LARGEST_TEXT) {
      say(stage, "good", h("pre", { class: "part-bytes", tabindex: 0 }, await blob.text()));
      return;
    }
    const href = URL.createObjectURL(blob);
    setTimeout(() => URL.revokeObjectURL(href), URL_LIFETIME_MILLISECONDS);
    h("a", { href, download: name }).click();
    say(stage, "good", `Saved as ${name}.`);
  } catch (error) {
    say(stage, "bad", problemBlock("This file does not open", error));
  }
}
