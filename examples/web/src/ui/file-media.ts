// Playing and viewing: media through the service worker, decrypted as far as it is played; images, and
// media where no service worker is allowed, decrypted whole.

import { decryptFileToBlob, objectName, openFile } from "../data/files.ts";
import { loadLabel } from "../data/labels.ts";
import { type Session } from "../data/session.ts";
import { type Playable } from "../player/opened.ts";
import { type Player } from "../player/player.ts";
import * as server from "../storage/server.ts";
import { h } from "./dom.ts";

export type MediaKind = "video" | "audio" | "image";

/** The kinds a browser shows by itself. SVG is left out: it is a document that can carry more than a picture. */
export function kindOf(type: string): MediaKind | undefined {
  const [kind, format] = type.split("/", 2);
  if (kind === "video" || kind === "audio") return kind;
  return kind === "image" && !format?.startsWith("svg") ? "image" : undefined;
}

export async function playable(session: Session, id: string): Promise<Playable> {
  // Asked before the file is opened: a change in between is then noticed, if only by opening it once more.
  const { etag } = await server.entry(objectName(id));
  const [file, { result }] = await Promise.all([openFile(session, id), loadLabel(session, id)]);
  const type = "fields" in result ? result.fields.type : "";
  return { file, type: kindOf(type) ? type : "application/octet-stream", etag };
}

/** A media element, and how to let go of the plaintext behind it. */
export interface Media {
  readonly element: HTMLElement;
  readonly close: () => void;
}

export async function media(session: Session, player: Player, id: string, name: string, type: string): Promise<Media> {
  const kind = kindOf(type);
  const url = kind === "image" ? undefined : await player.urlFor(id);
  const src = url ?? URL.createObjectURL(await decryptFileToBlob(session, id, type));
  const element =
    kind === "image"
      ? h("img", { src, alt: name })
      : h(kind ?? "audio", { src, controls: true, "aria-label": name, preload: "metadata", playsinline: kind === "video" });
  return { element, close: () => URL.revokeObjectURL(src) };
}
