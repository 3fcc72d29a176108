// What can be read off a ciphertext without a key: which key opens it, and where its parts lie.

import { inspect, inspectSource } from "fortress-sdk";

/** A chunk of 16 KiB with its tag. */
const CHUNK_BYTES = 16 * 1024 + 16;

/** The ids of the keys that a row's tokens were encrypted with: more than one where a field was changed after a rotation. */
export function keysOfTokens(tokens: readonly string[]): string[] {
  const ids = new Set<string>();
  for (const token of tokens) {
    const { keyId } = inspect(token);
    if (keyId === null) throw new Error("A token does not name its key.");
    ids.add(keyId);
  }
  return [...ids];
}

/** The id of the keyring key that opens an envelope. */
export async function keyOfSource(source: URL): Promise<string | undefined> {
  return (await inspectSource(source)).keyId ?? undefined;
}

/** How long an envelope is before its first chunk: the header that a change of recipients rewrites, and 56 bytes that stay. */
export async function prefixLength(source: URL): Promise<number> {
  const { fields } = await inspectSource(source);
  const last = fields.find(({ name }) => name === "commitment");
  if (!last) throw new Error("The stored object is not an envelope.");
  return last.offset + last.length;
}

/** The last border between two chunks at or before `size`: where a cut is hardest to notice. */
export async function chunkBorderBefore(source: URL, size: number): Promise<number> {
  const start = await prefixLength(source);
  return size < start + CHUNK_BYTES ? size : start + Math.floor((size - start) / CHUNK_BYTES) * CHUNK_BYTES;
}
