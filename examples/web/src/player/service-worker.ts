// Answers /play/ID, with or without a Range, from the page that asked: the page decrypts just the chunks
// a range touches, and this worker turns the bytes into a response that <video>, <audio> and fetch
// understand. It holds no key, stores nothing and leaves every other request alone.

import type { Answer, Claim, Opened, PlayPath, Question } from "./messages.ts";

declare const self: ServiceWorkerGlobalScope;

const CLAIM: Claim = "claim";
const PLAY_PATH: PlayPath = "/play/";
const PIECE_BYTES = 1024 * 1024;
const ANSWER_MILLISECONDS = 30_000;

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === CLAIM) event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin === self.location.origin && url.pathname.startsWith(PLAY_PATH)) {
    event.respondWith(play(event.clientId, url.pathname.slice(PLAY_PATH.length), event.request.headers.get("range")));
  }
});

async function play(clientId: string, id: string, rangeHeader: string | null): Promise<Response> {
  const page = await self.clients.get(clientId);
  if (!page) return new Response("The page that holds the key is gone.", { status: 404 });
  try {
    const { size, type } = await ask<Opened>(page, { ask: "open", id });
    const range = parseRange(rangeHeader, size);
    if (range === "outside") return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
    if (range === undefined) return new Response(decrypted(page, id, size), { headers: headers(type, size) });
    const bytes = await ask<Uint8Array<ArrayBuffer>>(page, { ask: "read", id, ...range });
    return new Response(bytes, { status: 206, headers: { ...headers(type, bytes.length), "content-range": `bytes ${range.start}-${range.end - 1}/${size}` } });
  } catch (error) {
    return new Response(error instanceof Error ? error.message : String(error), { status: 502 });
  }
}

function headers(type: string, length: number): Record<string, string> {
  return { "accept-ranges": "bytes", "cache-control": "no-store", "content-length": String(length), "content-type": type };
}

/** The whole plaintext piece by piece, as fast as it is taken and no faster. */
function decrypted(page: Client, id: string, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  let cancelled = false;
  return new ReadableStream(
    {
      async pull(controller) {
        const end = Math.min(size, at + PIECE_BYTES);
        if (end > at) {
          const piece = await ask<Uint8Array>(page, { ask: "read", id, start: at, end });
          // A player that seeks drops the response while a piece is on its way.
          if (cancelled) return;
          controller.enqueue(piece);
          at = end;
        }
        if (at === size) controller.close();
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
}

function ask<T>(page: Client, question: Question): Promise<T> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const limit = setTimeout(() => {
      port1.close();
      reject(new Error("The page did not answer."));
    }, ANSWER_MILLISECONDS);
    port1.onmessage = ({ data }: MessageEvent<Answer<T>>) => {
      clearTimeout(limit);
      port1.close();
      if ("ok" in data) resolve(data.ok);
      else reject(new Error(data.failed));
    };
    page.postMessage(question, [port2]);
  });
}

/**
 * One byte range, RFC 9110 section 14; anything else is answered whole. A range is answered up to {@link PIECE_BYTES}
 * from its start, as a server may: players ask on, and nothing is decrypted that they then drop.
 */
function parseRange(header: string | null, size: number): { start: number; end: number } | "outside" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (!match[1] && !match[2])) return undefined;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(size, Number(match[2]) + 1) : size;
  return start < end ? { start, end: Math.min(end, start + PIECE_BYTES) } : "outside";
}
