import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve } from "@fortress-tests/browsers";

describe("serve", () => {
  let server;
  const site = new URL("site", import.meta.url).pathname;
  const get = (path, headers = {}) => fetch(new URL(path, server.url), { headers });

  before(async () => {
    server = await serve({ "/": site, "/bytes.wasm": { body: Uint8Array.of(0, 1, 2, 3, 4) } }, { headers: { "x-own": "1" }, csp: "default-src 'self'" });
  });
  after(() => server.close());

  test("files, an index and types", async () => {
    const index = await get("/");
    assert.equal(index.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(await index.text(), /A page to drive/);
    assert.equal((await get("/page.mjs")).headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal((await get("/bytes.wasm")).headers.get("content-type"), "application/wasm");
    assert.equal((await get("/none")).status, 404);
  });

  test("headers on every answer", async () => {
    const answer = await get("/none");
    assert.equal(answer.headers.get("content-security-policy"), "default-src 'self'");
    assert.equal(answer.headers.get("x-own"), "1");
  });

  test("byte ranges", async () => {
    const bytes = async (range) => [...new Uint8Array(await (await get("/bytes.wasm", { range })).arrayBuffer())];
    assert.deepEqual(await bytes("bytes=1-2"), [1, 2]);
    assert.deepEqual(await bytes("bytes=3-"), [3, 4]);
    assert.deepEqual(await bytes("bytes=-2"), [3, 4]);
    assert.equal((await get("/bytes.wasm", { range: "bytes=1-2" })).headers.get("content-range"), "bytes 1-2/5");
    assert.equal((await get("/bytes.wasm", { range: "bytes=9-" })).status, 416);
  });

  test("nothing outside its folder", async () => {
    for (const path of ["/%2e%2e/package.json", "/..%2fpackage.json"]) assert.equal((await get(path)).status, 404);
  });

  test("takes files where it is told to, and nowhere else", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fortress-serve-test-"));
    const taking = await serve({ "/": site, "/in/": folder }, { uploads: "/in/" });
    const put = async (path) => (await fetch(new URL(path, taking.url), { method: "PUT", body: "sent" })).status;
    assert.equal(await put("/in/file"), 204);
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "sent");
    for (const path of ["/file", "/in/%2e%2e/file", "/in/..%2ffile"]) assert.equal(await put(path), 405, path);
    assert.equal((await fetch(server.url, { method: "PUT", body: "sent" })).status, 405, "not without being told");
    await taking.close();
    rmSync(folder, { recursive: true });
  });
});
