// Files: dropping and choosing them, uploads under way, and the stored ones.

import { loadFiles, objectName, type StoredFile } from "../data/files.ts";
import { type Session } from "../data/session.ts";
import { Player } from "../player/player.ts";
import { arrange, byId, hush, say } from "./dom.ts";
import { FileCard } from "./file-card.ts";
import { playable } from "./file-media.ts";
import { problemBlock } from "./problem.ts";
import { runUpload } from "./upload-item.ts";

export interface FileSectionEvents {
  readonly onChange: (object?: string) => Promise<void>;
  readonly onLook: (object: string) => void;
}

export class FileSection {
  readonly #message = byId("file-message", HTMLElement);
  readonly #uploads = byId("upload-list", HTMLUListElement);
  readonly #list = byId("file-list", HTMLUListElement);
  readonly #cards = new Map<string, FileCard>();
  readonly #player = new Player(
    (id) => playable(this.#require(), id),
    (id, error) => this.#cards.get(id)?.stopped(error),
  );
  #session: Session | undefined;
  #lock = new AbortController();

  constructor(private readonly events: FileSectionEvents) {
    const input = byId("file-input", HTMLInputElement);
    input.addEventListener("change", () => {
      void this.#add(input.files);
      input.value = "";
    });
    this.#acceptDrops(byId("drop", HTMLElement));
  }

  async show(session: Session): Promise<StoredFile[]> {
    this.#session = session;
    const files = await loadFiles(session);
    if (this.#session !== session) return [];
    for (const [id, card] of this.#cards) {
      if (files.some((file) => file.id === id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    this.#player.keepUnchanged(new Map(files.map(({ id, etag }) => [id, etag])));
    for (const file of files) this.#card(session, file.id).update(file);
    arrange(
      this.#list,
      files.map(({ id }) => this.#card(session, id).element),
      "No files yet.",
    );
    return files;
  }

  clear(): void {
    this.#session = undefined;
    this.#lock.abort();
    this.#lock = new AbortController();
    this.#player.stop();
    for (const card of this.#cards.values()) card.remove();
    this.#cards.clear();
    this.#list.replaceChildren();
    this.#uploads.replaceChildren();
    hush(this.#message);
  }

  async #add(files: FileList | null): Promise<void> {
    const session = this.#session;
    if (!session || !files) return;
    hush(this.#message);
    // One after the other: each has the whole of the connection, and the order stays theirs.
    for (const file of Array.from(files)) {
      const id = await runUpload(session, file, this.#uploads, this.#lock.signal);
      if (this.#session !== session) return;
      await this.events.onChange(id && objectName(id));
    }
  }

  #card(session: Session, id: string): FileCard {
    let card = this.#cards.get(id);
    if (!card) {
      card = new FileCard(session, id, this.#player, {
        onLook: () => this.events.onLook(objectName(id)),
        onChanged: () => this.events.onChange(objectName(id)),
        onRemoved: async () => {
          await this.events.onChange();
          byId("files-title", HTMLElement).focus();
        },
      });
      this.#cards.set(id, card);
    }
    return card;
  }

  #require(): Session {
    if (!this.#session) throw new Error("The keyring is locked.");
    return this.#session;
  }

  #acceptDrops(zone: HTMLElement): void {
    // A file dropped beside the zone would otherwise replace the page.
    for (const type of ["dragover", "drop"] as const) document.addEventListener(type, (event) => event.preventDefault());
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      zone.classList.remove("over");
      if (event.dataTransfer?.files.length) void this.#add(event.dataTransfer.files);
      else say(this.#message, "bad", problemBlock("Nothing was added", new Error("Drop files; folders and text are not taken.")));
    });
  }
}
