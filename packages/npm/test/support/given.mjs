// What examples leave to whoever uses them, where they do not say what it is: a file, where it goes, and the server that has it.
import { createServer } from "node:http";
import { Keyring } from "fortress-sdk";
import { concat, pattern } from "./bytes.mjs";

export const passphrase = "correct horse battery staple";
export const context = { kind: "file" };
export const file = new Blob([pattern(1_500_000)]);
/** A keyring, for whoever has none, whose file the server has until another one comes to the destination. */
export const files = await Keyring.generate();

let stored = new Uint8Array(await (await files.encryptBlob(file, { context })).arrayBuffer());

const parts = [];
export const destination = new WritableStream({
  write: (part) => void parts.push(part),
  close: () => void (stored = concat(...parts)),
});

const server = createServer((request, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined) return response.writeHead(416).end();
  const end = Math.min(last === "" ? Infinity : Number(last) + 1, stored.length);
  response.writeHead(206, { connection: "close", "content-range": `bytes ${first}-${end - 1}/${stored.length}`, "content-length": end - Number(first) });
  return response.end(stored.subarray(Number(first), end));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
// The example's end is the server's.
server.unref();
export const url = `http://127.0.0.1:${server.address().port}/file`;
