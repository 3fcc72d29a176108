// The storage server of the example: `node server.mjs [--port N] [--data FOLDER]`.
//
// It stores bytes and hands them back. It has no key, no account and no idea what it stores, which is
// the point: see what it holds, and let it tamper.

import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { start } from "./server/start.mjs";

const USUAL_PORT = 4680;

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    data: { type: "string" },
  },
});

const port = Number(values.port ?? USUAL_PORT);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port takes a number from 0 to 65535, not "${values.port}".`);
  process.exit(2);
}
if (!existsSync(new URL("dist/index.html", import.meta.url))) {
  console.error("The page is not built yet: run `npm run build` first, or `cargo xtask demo` for everything at once.");
  process.exit(1);
}

const server = await startOnFreePort().catch((error) => {
  console.error(error.code === "EADDRINUSE" ? `Port ${port} is in use. Choose another with --port.` : error.code === "foreign_folder" ? error.message : error);
  process.exit(1);
});
console.log(`Fortress example: ${server.url}`);
console.log(`Stored bytes: ${server.folder}`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}

/** The usual port, or any free one where that is taken and nobody asked for it. */
async function startOnFreePort() {
  try {
    return await start({ port, data: values.data });
  } catch (error) {
    if (error.code !== "EADDRINUSE" || values.port !== undefined) throw error;
    return start({ port: 0, data: values.data });
  }
}
