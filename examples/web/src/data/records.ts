// Records: a person's fields, each a field token of its own, in a row under a random id.

import * as server from "../storage/server.ts";
import { type LoadedRow, loadRow, type RowPlace, saveRow } from "./rows.ts";
import { type Reader, type Session } from "./session.ts";

export const FIELDS = ["name", "email", "phone", "notes"] as const;
export type Field = (typeof FIELDS)[number];
export type Person = Readonly<Record<Field, string>>;

export interface LoadedRecord extends LoadedRow<Field> {
  readonly id: string;
}

/** Saves a new record, or one in place of what was read of it before. */
export async function saveRecord(session: Session, person: Person, before?: { readonly id: string; readonly etag: string | undefined }): Promise<string> {
  const id = before?.id ?? crypto.randomUUID();
  await saveRow(session, placeOf(id), person, before?.etag);
  return id;
}

export async function loadRecords(session: Reader): Promise<LoadedRecord[]> {
  const objects = (await server.list()).filter(({ name }) => name.startsWith("records/"));
  objects.sort((a, b) => b.modified - a.modified);
  return Promise.all(
    objects.map(async ({ name }) => {
      const id = name.slice("records/".length);
      return { id, ...(await loadRow<Field>(session, placeOf(id))) };
    }),
  );
}

export async function removeRecord(id: string): Promise<void> {
  await server.remove(objectName(id));
}

export function objectName(id: string): string {
  return `records/${id}`;
}

function placeOf(id: string): RowPlace {
  return { scope: "records", object: objectName(id), context: { record: id } };
}
