// The storage server with several clients at once, with clients that went away, and with folders that
// are not its own.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { start } from "../server/start.mjs";
import { clientOf } from "./server.mjs";

export async function sharedServerSteps(check, scratch) {
  const within = async (options, run) => {
    const server = await start({ root: process.env.FORTRESS_DEMO_DIST, ...options });
    try {
      await run({ ...clientOf(check, server), server });
    } finally {
      await server.close();
    }
  };

  await check.step("a write while a header is replaced wins, and the header is refused", () =>
    within({}, async ({ call, server }) => {
      await call("PUT", "objects/files/a", { body: "OLDHEADER|old payload" });
      const patch = slow(server, "PATCH", "objects/files/a?prefix=10");
      patch.send("NEW");
      await until(async () => JSON.parse((await call("GET", "log")).text).some(({ method, received }) => method === "PATCH" && received === 3));
      check.equal((await call("PUT", "objects/files/a", { body: "OTHER HEADER, LONGER|other payload" })).status, 201);
      patch.send("HEADER|");
      check.equal(await patch.end(), { status: 412, code: "changed" });
      check.equal((await call("GET", "objects/files/a")).text, "OTHER HEADER, LONGER|other payload");
    }),
  );

  await check.step("uploads that were left behind make room for others, and busy ones do not", () =>
    within({ limits: { uploads: 2, totalBytes: 100, idleMilliseconds: 0 } }, async ({ call, refused, server }) => {
      const begin = async () => JSON.parse((await call("POST", "uploads")).text).id;
      const left = await begin();
      await call("PUT", `uploads/${left}?offset=0`, { body: "x".repeat(60) });
      const busy = await begin();
      const part = slow(server, "PUT", `uploads/${busy}?offset=0`);
      part.send("busy");
      await until(async () => JSON.parse((await call("GET", "log")).text).some(({ method, received }) => method === "PUT" && received === 4));
      const third = await begin();
      await refused(404, "no_upload", "PUT", `uploads/${left}?offset=60`, { body: "x" });
      part.send(" part");
      check.equal((await part.end()).status, 200);
      await call("PUT", `uploads/${third}?offset=0`, { body: "x".repeat(60) });
      check.equal((await call("PUT", "objects/files/a", { body: "x".repeat(90) })).status, 201);
      check.equal(await readdir(join(server.folder, "beside")), []);
    }),
  );

  await check.step("many bodies at once keep the limit as one does, and refused ones take no room", () =>
    within({ limits: { objectBytes: 9_000_000, totalBytes: 10_000_000 } }, async ({ call }) => {
      // A refused body's connection ends with the answer, which then need not arrive.
      await Promise.allSettled([..."abcdef"].map((name) => call("PUT", `objects/files/${name}`, { body: new Uint8Array(8_000_000) })));
      const stored = JSON.parse((await call("GET", "objects")).text);
      check.ok(stored.reduce((sum, { size }) => sum + size, 0) <= 10_000_000, `${stored.length} objects of 8 MB under a limit of 10 MB`);
      for (const { name } of stored) await call("DELETE", `objects/${name}`);
      check.equal((await call("PUT", "objects/files/a", { body: new Uint8Array(9_000_000) })).status, 201);
    }),
  );

  await check.step("what is replaced, cut, put back, cancelled or deleted gives its room back", () =>
    within({ limits: { totalBytes: 100 } }, async ({ call, refused }) => {
      for (let round = 0; round < 5; round += 1) {
        await call("PUT", "objects/files/a", { body: "x".repeat(40) });
        check.equal((await call("PATCH", "objects/files/a?prefix=10", { body: "y".repeat(5) })).status, 200);
        await call("POST", "tamper/files/a", { body: JSON.stringify({ cut: 7 }) });
        await call("POST", "tamper/files/a", { body: JSON.stringify({ undo: true }) });
        await call("POST", "tamper/files/a", { body: JSON.stringify({ cut: 7 }) });
        const { id } = JSON.parse((await call("POST", "uploads")).text);
        await call("PUT", `uploads/${id}?offset=0`, { body: "x".repeat(20) });
        await call("DELETE", `uploads/${id}`);
        await call("DELETE", "objects/files/a");
      }
      await refused(507, "full", "PUT", "objects/files/b", { body: "x".repeat(101) });
      check.equal((await call("PUT", "objects/files/b", { body: "x".repeat(100) })).status, 201);
    }),
  );

  await check.step("a folder with other files is refused and left alone", async () => {
    const data = join(scratch, "not ours");
    await mkdir(join(data, "beside"), { recursive: true });
    await writeFile(join(data, "beside", "letter.txt"), "Dear reader");
    const refusal = await start({ data }).then(
      (server) => server.close(),
      (error) => error.code,
    );
    check.equal(refusal, "foreign_folder");
    check.equal(await readdir(join(data, "beside")), ["letter.txt"]);
  });

  await check.step("a folder of its own keeps its objects, and files of others in it", async () => {
    const data = join(scratch, "ours");
    await within({ data }, ({ call }) => call("PUT", "objects/files/a", { body: "kept" }));
    const foreign = ["100%.txt", "Files", "a b"];
    for (const name of foreign) await writeFile(join(data, "objects", name), "not an object");
    await mkdir(join(data, "objects", "folder"));
    await writeFile(join(data, "beside", "letter.txt"), "Dear reader");
    await within({ data }, async ({ call }) => {
      check.equal(JSON.parse((await call("GET", "objects")).text).map(({ name }) => name), ["files/a"]);
      check.equal((await call("GET", "objects/files/a")).text, "kept");
    });
    check.equal((await readdir(join(data, "objects"))).sort(), [...foreign, "folder", "files%2Fa"].sort());
    check.equal(await readdir(join(data, "beside")), ["letter.txt"]);
  });
}

/** A request whose body is sent when the check says so. */
function slow(server, method, path) {
  const { hostname, port } = new URL(server.url);
  const sending = request({ hostname, port, path: `/api/${path}`, method });
  const answer = new Promise((resolve, reject) => {
    sending.on("error", reject).on("response", async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      resolve({ status: response.statusCode, code: JSON.parse(text).error });
    });
  });
  return {
    send: (text) => sending.write(text),
    end: () => {
      sending.end();
      return answer;
    },
  };
}

async function until(holds) {
  const limit = performance.now() + 10_000;
  while (!(await holds())) if (performance.now() > limit) throw new Error("the server did not receive what was sent");
}
