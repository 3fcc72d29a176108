// Bringing old data under the newest key, after a rotation. A record's few bytes are encrypted again; of
// a file only the label and the header are rewritten, and its payload never moves.

import { rewrap } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { ServerError } from "../storage/server.ts";
import { loadFiles, objectName, type StoredFile } from "./files.ts";
import { prefixLength } from "./key-of.ts";
import { saveLabel } from "./labels.ts";
import { type LoadedRecord, loadRecords, saveRecord } from "./records.ts";
import { type Session } from "./session.ts";

export interface Stored {
  readonly records: readonly LoadedRecord[];
  readonly files: readonly StoredFile[];
}

export interface Migrated {
  readonly records: number;
  readonly files: number;
  /** What was sent for the files, of what they hold. */
  readonly headerBytes: number;
  readonly payloadBytes: number;
}

/** What is not under the newest key alone. */
export function oldData(session: Session, { records, files }: Stored): Stored {
  const { primary } = session.keyring;
  const isOld = ({ keyIds }: LoadedRecord | StoredFile): boolean => keyIds?.some((id) => id !== primary) ?? false;
  return { records: records.filter(isOld), files: files.filter(isOld) };
}

/** Does anything need this key? What does not tell its keys may need any. */
export function isNeeded(id: string, { records, files }: Stored): boolean {
  return [...records, ...files].some(({ keyIds }) => keyIds?.includes(id) ?? true);
}

export async function migrate(session: Session): Promise<Migrated> {
  const old = oldData(session, { records: await loadRecords(session), files: await loadFiles(session) });
  let records = 0;
  for (const { id, etag, result } of old.records) {
    if ("fields" in result && (await unlessChanged(() => saveRecord(session, result.fields, { id, etag })))) records += 1;
  }
  let files = 0;
  let headerBytes = 0;
  let payloadBytes = 0;
  for (const file of old.files) {
    const sent = await unlessChanged(() => moveFile(session, file));
    if (sent === undefined) continue;
    files += 1;
    headerBytes += sent;
    payloadBytes += file.storedSize;
  }
  return { records, files, headerBytes, payloadBytes };
}

/** What was changed or deleted meanwhile is left as it is: whoever did it had the newest key. */
async function unlessChanged<T>(move: () => Promise<T>): Promise<T | undefined> {
  try {
    return await move();
  } catch (error) {
    if (error instanceof ServerError && (error.code === "changed" || error.code === "not_found")) return undefined;
    throw error;
  }
}

/** The label goes first: until the header follows, the file is plainly an old one, whatever fails in between. */
async function moveFile(session: Session, { id, etag, label, labelEtag }: StoredFile): Promise<number> {
  if (label) await saveLabel(session, id, label, labelEtag);
  return rewrapHeader(session, id, etag);
}

/** Fetches the header, rewrites it for the primary key and sends it back in its place. */
async function rewrapHeader(session: Session, id: string, etag: string): Promise<number> {
  const name = objectName(id);
  const length = await prefixLength(server.objectUrl(name));
  const { bytes } = await server.read(name, { start: 0, end: length });
  return session.write(async (guard) => {
    const rewrapped = await rewrap(bytes, { identity: session.files, recipients: [session.files] });
    await server.replacePrefix(name, length, rewrapped, { ...guard, ifMatch: etag });
    return rewrapped.size;
  });
}
