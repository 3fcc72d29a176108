// The storage API: objects by name with HTTP Range, uploads in parts, tampering, and a log of what the
// server saw. It knows no format and holds no key.
//
//   GET    /api/objects                      every object's name, size and time
//   GET    /api/objects/NAME                 the bytes, or the part that Range asks for
//   PUT    /api/objects/NAME                 store
//   PATCH  /api/objects/NAME?prefix=N        replace the first N bytes by the body
//   DELETE /api/objects/NAME
//   POST   /api/uploads                      begin an upload
//   PUT    /api/uploads/ID?offset=N          append a part
//   POST   /api/uploads/ID/finish?name=NAME  give it its name
//   DELETE /api/uploads/ID                   give it up
//   POST   /api/tamper/NAME                  { "flip": byte } or { "cut": size } or { "undo": true }
//   GET    /api/log?after=N                  the requests above, newest last
//   POST   /api/report                       a browser's report of a broken content security policy
//
// What stores can be guarded: by If-None-Match: * and If-Match, and by If: </api/objects/OTHER> ([ETAG]), which
// holds while another object is unchanged (RFC 4918, section 10.4).

import { Buffer } from "node:buffer";
import { pipeline } from "node:stream/promises";
import { StoreError } from "./store-error.mjs";

export const PART_BYTES = 16 * 1024 * 1024;
const SMALL_BODY_BYTES = 4096;
const LOG_LENGTH = 500;

/** @param {import("./store.mjs").Store} store  @param {(report: unknown) => void} onReport */
export function createApi(store, onReport) {
  const log = createLog();

  /** @param {import("node:http").IncomingMessage} request  @param {import("node:http").ServerResponse} response  @param {URL} url */
  return async function handle(request, response, url) {
    const [area, ...rest] = url.pathname.slice("/api/".length).split("/").map(decodeURIComponent);
    const name = rest.join("/");
    const method = request.method ?? "GET";
    const route = `${method} ${area}`;

    if (route === "GET log") return sendJson(response, 200, log.after(integer(url, "after", 0)));
    if (route === "POST report") return sendJson(response, 200, onReport(await readJson(request)) ?? null);
    const seen = log.begin(method, area, name, request);
    response.on("close", () => seen.end(response.statusCode));

    switch (route) {
      case "GET objects":
      case "HEAD objects":
        return name ? sendObject(store, name, request, response, seen) : sendJson(response, 200, store.list());
      case "PUT objects":
        return sendEntry(response, 201, await store.put(name, seen.body(request), guard(request)));
      case "PATCH objects":
        return sendEntry(response, 200, await store.replacePrefix(name, integer(url, "prefix"), seen.body(request), guard(request)));
      case "DELETE objects":
        store.remove(name);
        return sendJson(response, 200, { removed: name });
      case "POST uploads": {
        if (rest[1] !== "finish") return sendJson(response, 201, { id: store.uploads.begin() });
        const entry = store.finishUpload(rest[0], url.searchParams.get("name") ?? "", guard(request));
        seen.rename(entry.name);
        return sendEntry(response, 201, entry);
      }
      case "PUT uploads":
        return sendJson(response, 200, { size: await store.uploads.append(rest[0], integer(url, "offset"), seen.body(request), PART_BYTES) });
      case "DELETE uploads":
        store.uploads.abort(rest[0]);
        return sendJson(response, 200, { removed: rest[0] });
      case "POST tamper":
        return sendEntry(response, 200, await tamper(store.tampering, name, await readJson(request)));
      default:
        throw new StoreError(404, "no_route", `There is no ${method} ${url.pathname} here.`);
    }
  };
}

async function tamper(tampering, name, order) {
  if (Number.isSafeInteger(order.flip)) return tampering.flip(name, order.flip);
  if (Number.isSafeInteger(order.cut)) return tampering.cut(name, order.cut);
  if (order.undo === true) return tampering.undo(name);
  throw new StoreError(400, "bad_order", 'Say { "flip": byte }, { "cut": size } or { "undo": true }.');
}

async function sendObject(store, name, request, response, seen) {
  const entry = store.entry(name);
  const range = parseRange(request.headers.range, entry.size);
  const { start, end } = range ?? { start: 0, end: entry.size };
  response.writeHead(range ? 206 : 200, {
    "content-type": "application/octet-stream",
    "content-length": end - start,
    "accept-ranges": "bytes",
    "cache-control": "no-store",
    etag: entry.etag,
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${entry.size}` }),
  });
  if (request.method === "HEAD") return response.end();
  const bytes = store.read(name, start, end);
  bytes.on("data", (chunk) => seen.sent(chunk.length));
  // A reader that has seen enough closes the connection; that is no fault of either side.
  await pipeline(bytes, response).catch(() => response.destroy());
}

/** One byte range, RFC 9110 section 14; anything else is served whole, as the RFC allows. */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (!match[1] && !match[2])) return undefined;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(size, Number(match[2]) + 1) : size;
  if (start >= size || end <= start) {
    const error = new StoreError(416, "bad_range", `The object has ${size} bytes; the range ${header} is outside it.`);
    throw Object.assign(error, { headers: { "content-range": `bytes */${size}` } });
  }
  return { start, end };
}

/** @returns {import("./store.mjs").Guard} */
function guard({ headers }) {
  const other = headers.if && /^<\/api\/objects\/([^>]+)> \(\[("[^"]*")\]\)$/.exec(headers.if);
  if (headers.if && !other) throw new StoreError(400, "bad_condition", "This server takes If: </api/objects/NAME> ([ETAG]) and no other condition.");
  return { ifMatch: headers["if-match"], ifNoneMatch: headers["if-none-match"], other: other && { name: other[1], etag: other[2] } };
}

function integer(url, key, fallback) {
  const text = url.searchParams.get(key);
  if (text === null && fallback !== undefined) return fallback;
  if (!/^\d{1,15}$/.test(text ?? "")) throw new StoreError(400, "bad_number", `The query needs ${key}=, a whole number.`);
  return Number(text);
}

async function readJson(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > SMALL_BODY_BYTES) throw new StoreError(413, "too_large", `This request takes at most ${SMALL_BODY_BYTES} bytes.`);
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8")) ?? {};
  } catch {
    throw new StoreError(400, "bad_json", "The body is not JSON.");
  }
}

function sendEntry(response, status, entry) {
  response.setHeader("etag", entry.etag);
  sendJson(response, status, entry);
}

export function sendJson(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), "cache-control": "no-store" });
  response.end(text);
}

/** The last requests, as the server saw them: who asked for what is all it ever learns. */
function createLog() {
  const entries = [];
  let next = 1;
  return {
    after: (seq) => entries.filter((entry) => entry.seq > seq),
    begin(method, area, name, request) {
      const entry = { seq: next++, time: Date.now(), method, area, name, range: request.headers.range ?? null, received: 0, sent: 0, status: 0 };
      entries.push(entry);
      if (entries.length > LOG_LENGTH) entries.shift();
      return {
        body: (stream) => stream.on("data", (chunk) => (entry.received += chunk.length)).pause(),
        sent: (bytes) => (entry.sent += bytes),
        rename: (to) => (entry.name = to),
        end: (status) => (entry.status = status),
      };
    },
  };
}
