// Files: the bytes are an envelope under `files/ID`, beside their label.

import { type EncryptedFile, openSource } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { openUpload } from "../storage/upload.ts";
import { keyOfSource } from "./key-of.ts";
import { type Label, loadLabel, removeLabel, saveLabel } from "./labels.ts";
import { type Reader, type Session } from "./session.ts";

export interface StoredFile {
  readonly id: string;
  /** Changes whenever the stored bytes do. */
  readonly etag: string;
  readonly label: Label | undefined;
  readonly labelEtag: string | undefined;
  /** What the server stores; the plaintext is a little smaller. */
  readonly storedSize: number;
  /** The keys that the file and its label need; none where that cannot be told. */
  readonly keyIds: readonly string[] | undefined;
  readonly tampered: string | null;
  readonly error: unknown;
}

export interface Transfer {
  readonly onProgress?: (processed: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Encrypts while sending: the file is never whole in memory, nor is its ciphertext. */
export function uploadFile(session: Session, file: File, { onProgress, signal }: Transfer = {}): Promise<string> {
  const id = crypto.randomUUID();
  // One guard for all of it: a keyring that is changed while the bytes are on their way refuses them at the end.
  return session.write(async (guard) => {
    // The label comes first, so that no file is ever there without its name.
    await saveLabel(session, id, { name: file.name, type: file.type });
    try {
      const onBytes = ({ processed }: { processed: number }): void => onProgress?.(processed, file.size);
      const encrypted = file.stream().pipeThrough(session.files.encryptStream({ context: { file: id }, onProgress: onBytes }));
      await encrypted.pipeTo(await openUpload(objectName(id), guard), signal ? { signal } : {});
    } catch (error) {
      await removeLabel(id);
      throw error;
    }
    return id;
  });
}

export async function loadFiles(session: Reader): Promise<StoredFile[]> {
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
export async function decryptFileToBlob(session: Reader, id: string, type: string, { onProgress, signal }: Transfer = {}): Promise<Blob> {
  const { size } = await server.entry(objectName(id));
  return session.files.decryptBlob(server.objectUrl(objectName(id)), {
    context: { file: id },
    type,
    onProgress: ({ processed }) => onProgress?.(processed, size),
    ...(signal && { signal }),
  });
}

export async function removeFile(id: string): Promise<void> {
  await server.remove(objectName(id));
  await removeLabel(id);
}

export function objectName(id: string): string {
  return `files/${id}`;
}

async function loadFile(session: Reader, { name, size, etag, tampered }: server.StoredObject): Promise<StoredFile> {
  const id = name.slice("files/".length);
  const [keyId, label] = await Promise.all([keyOfSource(server.objectUrl(name)).catch(() => undefined), loadLabel(session, id)]);
  const { result } = label;
  return {
    id,
    etag,
    label: "fields" in result ? result.fields : undefined,
    labelEtag: label.etag,
    storedSize: size,
    keyIds: keyId === undefined || label.keyIds === undefined ? undefined : [...new Set([keyId, ...label.keyIds])],
    tampered,
    error: "error" in result ? result.error : undefined,
  };
}
