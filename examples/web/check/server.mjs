// The storage server by itself: its limits and its refusals.

import { start } from "../server/start.mjs";

export async function serverSteps(check) {
  const reports = [];
  const server = await start({ root: process.env.FORTRESS_DEMO_DIST, limits: { objectBytes: 1000, totalBytes: 2500, objects: 3, uploads: 1 }, onReport: (report) => reports.push(report) });
  const { call, refused } = clientOf(check, server);

  try {
    await check.step("stores, serves ranges, lists and deletes", async () => {
      check.equal((await call("PUT", "objects/files/a", { body: "0123456789" })).status, 201);
      const middle = await call("GET", "objects/files/a", { headers: { range: "bytes=2-4" } });
      check.equal([middle.status, middle.text, middle.headers.get("content-range")], [206, "234", "bytes 2-4/10"]);
      check.equal((await call("GET", "objects/files/a", { headers: { range: "bytes=-3" } })).text, "789");
      check.equal((await call("GET", "objects/files/a", { headers: { range: "bytes=7-" } })).text, "789");
      check.equal(JSON.parse((await call("GET", "objects")).text).map(({ name, size }) => [name, size]), [["files/a", 10]]);
      const outside = await refused(416, "bad_range", "GET", "objects/files/a", { headers: { range: "bytes=10-" } });
      check.equal(outside.headers.get("content-range"), "bytes */10");
      check.equal((await call("DELETE", "objects/files/a")).status, 200);
      await refused(404, "not_found", "GET", "objects/files/a");
    });

    await check.step("replaces the front of an object and keeps the rest", async () => {
      await call("PUT", "objects/files/a", { body: "HEAD-payload" });
      check.equal((await call("PATCH", "objects/files/a?prefix=4", { body: "LONGER" })).status, 200);
      check.equal((await call("GET", "objects/files/a")).text, "LONGER-payload");
      await refused(416, "bad_range", "PATCH", "objects/files/a?prefix=99", { body: "x" });
      await refused(400, "bad_number", "PATCH", "objects/files/a?prefix=-1", { body: "x" });
    });

    await check.step("takes parts in order, and nothing of an upload shows before its end", async () => {
      const { id } = JSON.parse((await call("POST", "uploads")).text);
      await refused(429, "too_many_uploads", "POST", "uploads");
      await refused(409, "empty_upload", "POST", `uploads/${id}/finish?name=files/b`);
      await call("PUT", `uploads/${id}?offset=0`, { body: "first " });
      await refused(409, "wrong_offset", "PUT", `uploads/${id}?offset=0`, { body: "again" });
      await call("PUT", `uploads/${id}?offset=6`, { body: "second" });
      await refused(404, "not_found", "GET", "objects/files/b");
      check.equal((await call("POST", `uploads/${id}/finish?name=files/b`)).status, 201);
      check.equal((await call("GET", "objects/files/b")).text, "first second");
      await refused(404, "no_upload", "PUT", `uploads/${id}?offset=12`, { body: "late" });
    });

    await check.step("honours If-Match and If-None-Match", async () => {
      const etag = (await call("PUT", "objects/keyring", { body: "one", headers: { "if-none-match": "*" } })).headers.get("etag");
      await refused(412, "exists", "PUT", "objects/keyring", { body: "two", headers: { "if-none-match": "*" } });
      check.equal((await call("PUT", "objects/keyring", { body: "two", headers: { "if-match": etag } })).status, 201);
      await refused(412, "changed", "PUT", "objects/keyring", { body: "three", headers: { "if-match": etag } });
    });

    await check.step("takes a write that depends on another object only while that one is unchanged", async () => {
      const etag = (await call("PUT", "objects/keyring", { body: "two" })).headers.get("etag");
      const headers = { if: `</api/objects/keyring> ([${etag}])` };
      check.equal((await call("PUT", "objects/files/a", { body: "HEAD-payload", headers })).status, 201);
      check.equal((await call("PATCH", "objects/files/a?prefix=4", { body: "head", headers })).status, 200);
      await call("PUT", "objects/keyring", { body: "two" });
      await refused(412, "other_changed", "PUT", "objects/files/a", { body: "late", headers });
      await refused(412, "other_changed", "PATCH", "objects/files/a?prefix=4", { body: "late", headers });
      const { id } = JSON.parse((await call("POST", "uploads")).text);
      await call("PUT", `uploads/${id}?offset=0`, { body: "late" });
      await refused(412, "other_changed", "POST", `uploads/${id}/finish?name=files/a`, { headers });
      await call("DELETE", `uploads/${id}`);
      await refused(400, "bad_condition", "PUT", "objects/files/a", { body: "x", headers: { if: "(<urn:lock>)" } });
      check.equal((await call("GET", "objects/files/a")).text, "head-payload");
    });

    await check.step("keeps its limits", async () => {
      await refused(413, "too_large", "PUT", "objects/keyring", { body: "x".repeat(1001) });
      await refused(507, "full", "PUT", "objects/files/c", { body: "x" });
      check.equal((await call("GET", "objects/keyring")).text, "two");
    });

    await check.step("refuses other names, hosts and origins", async () => {
      for (const name of ["..%2f..%2fetc%2fpasswd", "Files/a", "files/", "files/A", `files/${"a".repeat(65)}`]) await refused(400, "bad_name", "PUT", `objects/${name}`, { body: "x" });
      await refused(403, "bad_origin", "GET", "objects", { headers: { origin: "http://elsewhere.example" } });
      await refused(400, "bad_address", "GET", "objects/%ff");
      const page = await fetch(new URL("..%2fpackage.json", server.url));
      check.equal(page.status, 404);
    });

    await check.step("tampers and puts back", async () => {
      await call("POST", "tamper/files/b", { body: JSON.stringify({ flip: 0 }) });
      check.equal((await call("GET", "objects/files/b")).text, "girst second");
      await refused(409, "already_tampered", "POST", "tamper/files/b", { body: JSON.stringify({ cut: 3 }) });
      await call("POST", "tamper/files/b", { body: JSON.stringify({ undo: true }) });
      await call("POST", "tamper/files/b", { body: JSON.stringify({ cut: 5 }) });
      check.equal((await call("GET", "objects/files/b")).text, "first");
      await call("POST", "tamper/files/b", { body: JSON.stringify({ undo: true }) });
      check.equal((await call("GET", "objects/files/b")).text, "first second");
      await refused(400, "bad_order", "POST", "tamper/files/b", { body: "{}" });
    });

    await check.step("serves the page under a policy without inline scripts or eval", async () => {
      const response = await fetch(server.url);
      check.equal(response.status, 200);
      check.includes(response.headers.get("content-security-policy"), "script-src 'self' 'wasm-unsafe-eval';");
    });
  } finally {
    await server.close();
  }
}

/** Calls the server's API, and expects refusals. */
export function clientOf(check, server) {
  const call = async (method, path, { body, headers } = {}) => {
    const response = await fetch(new URL(`api/${path}`, server.url), { method, body, headers });
    const text = await response.text();
    return { status: response.status, text, code: response.ok ? undefined : JSON.parse(text).error, headers: response.headers };
  };
  const refused = async (status, code, method, path, options) => {
    const answer = await call(method, path, options);
    check.equal([answer.status, answer.code], [status, code]);
    return answer;
  };
  return { call, refused };
}
