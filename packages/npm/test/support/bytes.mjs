// Data for tests.

/** Bytes that differ from chunk to chunk: a fast generator with a long period. */
export function pattern(length, seed = 1) {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** A stream over bytes, in arrays of these sizes, again and again. */
export function streamOf(bytes, ...sizes) {
  let at = 0;
  let turn = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      const size = sizes.length === 0 ? bytes.length : sizes[turn++ % sizes.length];
      controller.enqueue(bytes.subarray(at, at + size));
      at += size;
    },
  });
}

/** All bytes of a stream. */
export async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return concat(...parts);
}

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The bytes of a Blob. */
export async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

export function equal(a, b) {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
