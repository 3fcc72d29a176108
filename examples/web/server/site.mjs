// The built page, served with a content security policy that allows our own scripts and WebAssembly
// and nothing else: no inline script, no eval, no other origin.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { StoreError } from "./store-error.mjs";

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "report-uri /api/report",
].join("; ");

export const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** @param {string} root  the folder that `npm run build` wrote */
export function createSite(root) {
  return async function handle(request, response, url) {
    if (request.method !== "GET" && request.method !== "HEAD") throw new StoreError(405, "bad_method", "The page's files can only be read.");
    const path = normalize(join(root, decodeURIComponent(url.pathname === "/" ? "/index.html" : url.pathname)));
    const found = path.startsWith(root + sep) ? await stat(path).catch(() => undefined) : undefined;
    if (!found?.isFile()) throw new StoreError(404, "not_found", `There is no page at ${url.pathname}.`);

    // Built files carry a hash in their names, so they never change; the entry points do.
    const unchanging = url.pathname.startsWith("/assets/");
    response.writeHead(200, {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      "content-length": found.size,
      "cache-control": unchanging ? "public, max-age=31536000, immutable" : "no-cache",
    });
    if (request.method === "HEAD") return response.end();
    await pipeline(createReadStream(path), response).catch(() => response.destroy());
  };
}
