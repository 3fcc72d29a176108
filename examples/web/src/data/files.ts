// Files: the bytes are an envelope under `files/ID`; the name and type are field tokens under
// `labels/ID`, for a name says as much as many a file.

import { type EncryptedFile, openSource, type Token } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { openUpload } from "../storage/upload.ts";
import { keyOfSource } from "./key-of.ts";
import { type Session } from "./session.ts";

export interface Label {
  readonly name: string;
  readonly type: string;
}

export interface StoredFile {
  readonly id: string;
  readonly label: Label | undefined;
  /** What the server stores; the plaintext is a little smaller. */
  readonly storedSize: number;
  readonly keyId: string | undefined;
  readonly tampered: string | null;
  readonly error: unknown;
}

export interface Transfer {
  readonly onProgress?: (processed: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Encrypts while sending: the file is never whole in memory, nor is its ciphertext. */
export async function uploadFile(session: Session, file: File, { onProgress, signal }: Transfer = {}): Promise<string> {
  const id = crypto.randomUUID();
  const encrypted = file.stream().pipeThrough(
    session.files.encryptStream({
      context: { file: id },
      onProgress: ({ processed }) => onProgress?.(processed, file.size),
    }),
  );
  await encrypted.pipeTo(await openUpload(objectName(id)), signal ? { signal } : {});
  await saveLabel(session, id, { name: file.name, type: file.type });
  return id;
}

export async function loadFiles(session: Session): Promise<StoredFile[]> {
  const objects = (await server.list()).filter(({ name }) => name.startsWith("files/"));
  objects.sort((a, b) => b.modified - a.modified);
  return Promise.all(objects.map((object) => loadFile(session, object)));
}

/** Random access to a stored file: reads fetch the chunks they need and no more. */
export function openFile(session: Session, id: string): Promise<EncryptedFile> {
  return openSource(server.objectUrl(objectName(id)), { identity: session.files, context: { file: id } });
}

/** The whole file as a stream that ends only if every byte of it is authentic. */
export async function decryptFile(session: Session, id: string, { onProgress, signal }: Transfer = {}): Promise<ReadableStream<Uint8Array>> {
  const { stream, size } = await server.readStream(objectName(id), signal);
  return stream.pipeThrough(
    session.files.decryptStream({
      context: { file: id },
      onProgress: ({ processed }) => onProgress?.(processed, size),
    }),
  );
}

/** The whole file as a Blob, which browsers keep on disk when it is large. */
export async function decryptFileToBlob(session: Session, id: string, type: string, { onProgress, signal }: Transfer = {}): Promise<Blob> {
  const { size } = await server.entry(objectName(id));
  return session.files.decryptBlob(server.objectUrl(objectName(id)), {
    context: { file: id },
    type,
    onProgress: ({ processed }) => onProgress?.(processed, size),
    ...(signal && { signal }),
  });
}

export async function saveLabel(session: Session, id: string, label: Label): Promise<void> {
  await server.write(labelName(id), JSON.stringify(session.labels.encryptRow({ ...label }, { file: id })));
}

export async function removeFile(id: string): Promise<void> {
  await server.remove(objectName(id));
  await server.remove(labelName(id)).catch(() => undefined);
}

/** What to call a file whose label does not open, or whose name was empty. */
export function displayName(label: Label | undefined): string {
  return label && label.name !== "" ? label.name : "A file without a name";
}

export function objectName(id: string): string {
  return `files/${id}`;
}

export function labelName(id: string): string {
  return `labels/${id}`;
}

async function loadFile(session: Session, { name, size, tampered }: server.StoredObject): Promise<StoredFile> {
  const id = name.slice("files/".length);
  const stored = { id, storedSize: size, tampered };
  const keyId = await keyOfSource(server.objectUrl(name)).catch(() => undefined);
  try {
    return { ...stored, keyId, label: await loadLabel(session, id), error: undefined };
  } catch (error) {
    return { ...stored, keyId, label: undefined, error };
  }
}

export async function loadLabel(session: Session, id: string): Promise<Label> {
  const { bytes } = await server.read(labelName(id));
  const tokens = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Token>;
  const { name = "", type = "" } = session.labels.decryptRowText(tokens, { file: id });
  return { name, type };
}
