// Playing and viewing: media through the service worker, decrypted as far as it is played; images, and
// media where no service worker is allowed, decrypted whole.

import { decryptFileToBlob, loadLabel, openFile } from "../data/files.ts";
import { type Session } from "../data/session.ts";
import { type Playable, type Player } from "../player/player.ts";
import { h } from "./dom.ts";

export type MediaKind = "video" | "audio" | "image";

/** The kinds a browser shows by itself. SVG is left out: it is a document that can carry more than a picture. */
export function kindOf(type: string): MediaKind | undefined {
  const [kind, format] = type.split("/", 2);
  if (kind === "video" || kind === "audio") return kind;
  return kind === "image" && !format?.startsWith("svg") ? "image" : undefined;
}

export async function playable(session: Session, id: string): Promise<Playable> {
  const [file, { type }] = await Promise.all([openFile(session, id), loadLabel(session, id)]);
  return { file, type: kindOf(type) ? type : "application/octet-stream" };
}

export async function mediaElement(session: Session, player: Player, id: string, name: string, type: string): Promise<HTMLElement> {
  const kind = kindOf(type);
  const url = kind === "image" ? undefined : await player.urlFor(id);
  const src = url ?? URL.createObjectURL(await decryptFileToBlob(session, id, type));
  if (kind === "image") return h("img", { src, alt: name, onload: () => URL.revokeObjectURL(src) });
  return h(kind ?? "audio", { src, controls: true, "aria-label": name, preload: "metadata", playsinline: kind === "video" });
}
