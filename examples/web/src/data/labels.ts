// Labels: a file's name and type, encrypted as a row under `labels/ID`, for a name says as much as many a
// file.

import * as server from "../storage/server.ts";
import { type LoadedRow, loadRow, type RowPlace, saveRow } from "./rows.ts";
import { type Reader, type Session } from "./session.ts";

export type Label = Readonly<Record<"name" | "type", string>>;

/** Saves a new label, or one in place of what was read of it before. */
export function saveLabel(session: Session, id: string, label: Label, before?: string): Promise<void> {
  return saveRow(session, placeOf(id), label, before);
}

export function loadLabel(session: Reader, id: string): Promise<LoadedRow<keyof Label>> {
  return loadRow(session, placeOf(id));
}

export async function removeLabel(id: string): Promise<void> {
  await server.remove(objectName(id)).catch(() => undefined);
}

/** What to call a file whose label does not open, or whose name was empty. */
export function displayName(label: Label | undefined): string {
  return label && label.name !== "" ? label.name : "A file without a name";
}

function objectName(id: string): string {
  return `labels/${id}`;
}

function placeOf(id: string): RowPlace {
  return { scope: "labels", object: objectName(id), context: { file: id } };
}
