// What can be read off a ciphertext without a key: which key opens it, and where its parts lie.

import { inspect, type Inspection, inspectSource } from "fortress-sdk";

const CHUNK_BYTES = 16 * 1024 + 16;

/** The id of the key that a token was encrypted with. */
export function keyOfToken(token: string | undefined): string | undefined {
  return token === undefined ? undefined : keyIdIn(inspect(token));
}

/** The id of the keyring key that opens an envelope. */
export async function keyOfSource(source: URL): Promise<string | undefined> {
  return keyIdIn(await inspectSource(source));
}

/** How long an envelope is before its first chunk: what a change of recipients rewrites, and 56 bytes that stay. */
export async function prefixLength(source: URL): Promise<number> {
  const { fields } = await inspectSource(source);
  const payload = fields.find(({ name }) => name === "payload");
  if (!payload) throw new Error("The stored object is not an envelope.");
  return payload.offset;
}

/** The last border between two chunks at or before `size`: where a cut is hardest to notice. */
export async function chunkBoundaryBefore(source: URL, size: number): Promise<number> {
  const start = await prefixLength(source);
  return size <= start + CHUNK_BYTES ? size : start + Math.floor((size - start) / CHUNK_BYTES) * CHUNK_BYTES;
}

function keyIdIn({ fields }: Inspection): string | undefined {
  return fields.find(({ name }) => name === "key id")?.value;
}
