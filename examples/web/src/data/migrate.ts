// Bringing old data under the newest key, after a rotation. A record's few bytes are encrypted again; of
// a file only the header is rewritten, and its payload never moves.

import { rewrap } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { loadFiles, loadLabel, objectName, saveLabel, type StoredFile } from "./files.ts";
import { prefixLength } from "./key-of.ts";
import { type LoadedRecord, loadRecords, saveRecord } from "./records.ts";
import { type Session } from "./session.ts";

export interface OldData {
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

export function oldData(session: Session, records: readonly LoadedRecord[], files: readonly StoredFile[]): OldData {
  const { primary } = session.keyring;
  return {
    records: records.filter(({ keyId }) => keyId !== undefined && keyId !== primary),
    files: files.filter(({ keyId }) => keyId !== undefined && keyId !== primary),
  };
}

export async function migrate(session: Session): Promise<Migrated> {
  const old = oldData(session, await loadRecords(session), await loadFiles(session));
  let records = 0;
  for (const { id, result } of old.records) {
    if (!("person" in result)) continue;
    await saveRecord(session, result.person, id);
    records += 1;
  }
  let headerBytes = 0;
  let payloadBytes = 0;
  for (const { id, storedSize } of old.files) {
    headerBytes += await rewrapHeader(session, id);
    payloadBytes += storedSize;
    await saveLabel(session, id, await loadLabel(session, id));
  }
  return { records, files: old.files.length, headerBytes, payloadBytes };
}

/** Fetches the header, rewrites it for the primary key and sends it back in its place. */
async function rewrapHeader(session: Session, id: string): Promise<number> {
  const name = objectName(id);
  const length = await prefixLength(server.objectUrl(name));
  const { bytes } = await server.read(name, { start: 0, end: length });
  const rewrapped = await rewrap(bytes, { identity: session.files, recipients: [session.files] });
  await server.replacePrefix(name, length, rewrapped);
  return rewrapped.size;
}
