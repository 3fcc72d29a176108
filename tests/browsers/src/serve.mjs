/** A static file server on 127.0.0.1 for tests: right types, byte ranges, headers as asked for. */
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";

/**
 * @typedef {string | { body: string | Uint8Array, type?: string }} Served a folder's path, or the thing itself
 *
 * @typedef {object} ServeOptions
 * @property {Record<string, string>} [headers] added to every answer
 * @property {string} [csp] the Content-Security-Policy of every answer
 * @property {boolean} [coop] isolate the page (COOP and COEP), for precise clocks and shared memory
 * @property {number} [port] 0, any free one, unless told
 * @property {string} [uploads] the path of a folder that also takes files, by PUT
 */

/**
 * Serves a folder, or several things by path: `{ "/": "site", "/lib/": "dist", "/page.html": { body } }`.
 * A longer path wins over a shorter one.
 *
 * @param {string | Record<string, Served>} what
 * @param {ServeOptions} [options]
 * @returns {Promise<{ url: string, requests: string[], close(): Promise<void> }>} the url ends in "/";
 *   `requests` gathers "GET /path" lines as they come
 */
export async function serve(what, { headers = {}, csp, coop = false, port = 0, uploads } = {}) {
  const mounts = Object.entries(typeof what === "string" ? { "/": what } : what).sort(([a], [b]) => b.length - a.length);
  const common = {
    "cache-control": "no-store",
    ...(csp && { "content-security-policy": csp }),
    ...(coop && { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }),
    ...headers,
  };
  const requests = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    for (const [name, value] of Object.entries(common)) response.setHeader(name, value);
    try {
      if (request.method === "PUT" && uploads) await receive(uploads, mounts, request, response);
      else await answer(mounts, request, response);
    } catch (error) {
      if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
      response.end(String(error));
    }
  });
  await new Promise((ready, failed) => server.once("error", failed).listen(port, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

async function answer(mounts, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405);
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const found = await find(mounts, path);
  if (!found) return refuse(response, 404);
  const range = parseRange(request.headers.range, found.size);
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${found.size}`);
    return refuse(response, 416);
  }
  const { start, end } = range ?? { start: 0, end: found.size };
  response.writeHead(range ? 206 : 200, {
    "content-type": found.type,
    "content-length": end - start,
    "accept-ranges": "bytes",
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${found.size}` }),
  });
  if (request.method === "HEAD" || start === end) return response.end();
  if (found.body) return response.end(found.body.subarray(start, end));
  createReadStream(found.file, { start, end: end - 1 }).on("error", () => response.destroy()).pipe(response);
}

async function receive(uploads, mounts, request, response) {
  const file = within(mounts, decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  if (file?.prefix !== uploads) return refuse(response, 405);
  await pipeline(request, createWriteStream(file.path));
  response.writeHead(204).end();
}

/** The file that a path names in the first folder mounted above it, there or not. */
function within(mounts, path) {
  const [prefix, served] = mounts.find(([prefix]) => path.startsWith(prefix)) ?? [];
  if (typeof served !== "string") return undefined;
  const root = resolve(served);
  const file = join(root, path.slice(prefix.length));
  return file.startsWith(root + sep) ? { prefix, path: file } : undefined;
}

async function find(mounts, path) {
  for (const [prefix, served] of mounts) {
    if (typeof served === "object") {
      if (path !== prefix) continue;
      const body = Buffer.from(served.body);
      return { body, size: body.length, type: served.type ?? typeOf(path) };
    }
    if (!path.startsWith(prefix)) continue;
    const root = resolve(served);
    const file = join(root, path.slice(prefix.length), path.endsWith("/") ? "index.html" : "");
    if (file !== root && !file.startsWith(root + sep)) continue;
    const info = await stat(file).catch(() => undefined);
    if (info?.isFile()) return { file, size: info.size, type: typeOf(file) };
  }
  return undefined;
}

/** One range of RFC 9110, section 14.1.2; several at once are answered with the whole, as a server may. */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  return start >= size || start >= end ? "unsatisfiable" : { start, end };
}

function refuse(response, status) {
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(String(status));
}

function typeOf(path) {
  return types[extname(path)] ?? "application/octet-stream";
}

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webm": "video/webm",
  ".mp4": "video/mp4",
  ".txt": "text/plain; charset=utf-8",
};
