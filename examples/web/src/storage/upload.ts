// A writable stream that ends on the server: what is written goes out in parts, one part on the wire
// while the next one fills. Two parts are all the memory it takes, whatever the size, and it needs no
// streaming request bodies, which only some browsers have.

import { type Guard, guardHeaders, json } from "./server.ts";

const PART_BYTES = 8 * 1024 * 1024;

/** Opens an upload. Closing the stream gives the object its name, if the guard holds then; aborting it discards what was sent. */
export async function openUpload(name: string, guard: Guard): Promise<WritableStream<Uint8Array<ArrayBuffer>>> {
  const { id } = await json<{ id: string }>("uploads", { method: "POST" });
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let filled = 0;
  let offset = 0;
  let onTheWire: Promise<unknown> = Promise.resolve();

  /** Waits for the part before, then puts this one on the wire. As a Blob: Chromium sends those many times faster than arrays. */
  async function flush(): Promise<void> {
    await onTheWire;
    const part = new Blob(pieces);
    onTheWire = json(`uploads/${id}?offset=${offset}`, { method: "PUT", body: part });
    // A failure is met at the next await of the part, not as an unhandled rejection before it.
    onTheWire.catch(() => undefined);
    offset += filled;
    filled = 0;
    pieces = [];
  }

  const discard = async (): Promise<void> => {
    await onTheWire.catch(() => undefined);
    await json(`uploads/${id}`, { method: "DELETE" }).catch(() => undefined);
  };

  /** A sink whose step fails is never told to abort, so each step cleans up after itself. */
  async function orDiscard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await discard();
      throw error;
    }
  }

  return new WritableStream<Uint8Array<ArrayBuffer>>({
    write: (piece) =>
      orDiscard(async () => {
        pieces.push(piece);
        filled += piece.length;
        if (filled >= PART_BYTES) await flush();
      }),
    close: () =>
      orDiscard(async () => {
        if (filled > 0) await flush();
        await onTheWire;
        await json(`uploads/${id}/finish?name=${encodeURIComponent(name)}`, { method: "POST", headers: guardHeaders(guard) });
      }),
    abort: discard,
  });
}
