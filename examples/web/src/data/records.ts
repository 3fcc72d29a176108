// Records: a person's fields, each a field token of its own. The server stores a JSON object whose
// values it cannot read, under a random id.

import { type Token } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { keyOfToken } from "./key-of.ts";
import { type Session } from "./session.ts";

export const FIELDS = ["name", "email", "phone", "notes"] as const;
export type Person = Record<(typeof FIELDS)[number], string>;

export interface LoadedRecord {
  readonly id: string;
  /** Changes whenever the stored bytes do. */
  readonly etag: string;
  /** The fields, or why they do not open. */
  readonly result: { readonly person: Person } | { readonly error: unknown };
  readonly keyId: string | undefined;
}

export async function saveRecord(session: Session, person: Person, id: string = crypto.randomUUID()): Promise<string> {
  // The context ties every token to its record: tokens moved to another record do not open there.
  const tokens = session.records.encryptRow(person, { record: id });
  await server.write(objectName(id), JSON.stringify(tokens));
  return id;
}

export async function loadRecords(session: Session): Promise<LoadedRecord[]> {
  const objects = (await server.list()).filter(({ name }) => name.startsWith("records/"));
  objects.sort((a, b) => b.modified - a.modified);
  return Promise.all(objects.map(({ name, etag }) => loadRecord(session, name.slice("records/".length), etag)));
}

export async function removeRecord(id: string): Promise<void> {
  await server.remove(objectName(id));
}

export function objectName(id: string): string {
  return `records/${id}`;
}

async function loadRecord(session: Session, id: string, etag: string): Promise<LoadedRecord> {
  let keyId: string | undefined;
  try {
    const { bytes } = await server.read(objectName(id));
    const tokens = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Token>;
    keyId = keyOfToken(tokens["name"]);
    return { id, etag, keyId, result: { person: session.records.decryptRowText(tokens, { record: id }) as Person } };
  } catch (error) {
    return { id, etag, keyId, result: { error } };
  }
}
