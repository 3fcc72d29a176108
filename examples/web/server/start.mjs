// Puts the page and the storage API behind one address on this machine.

import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApi, sendJson } from "./api.mjs";
import { createSite, HEADERS } from "./site.mjs";
import { StoreError } from "./store-error.mjs";
import { Store } from "./store.mjs";

const BUILT_PAGE = fileURLToPath(new URL("../dist", import.meta.url));
const GIB = 1024 ** 3;
const LIMITS = { objectBytes: 16 * GIB, totalBytes: 32 * GIB, objects: 10_000, uploads: 16, idleMilliseconds: 60_000 };

/**
 * @param {{ port?: number, data?: string, root?: string, limits?: Partial<typeof LIMITS>, onReport?: (report: unknown) => void }} [options]
 *   `data` is a folder to keep the objects in; without it they live in a temporary folder that
 *   `close` removes. `onReport` hears of violations of the content security policy.
 */
export async function start({ port = 0, data, root = BUILT_PAGE, limits, onReport = console.warn } = {}) {
  const folder = data ?? (await mkdtemp(join(tmpdir(), "fortress-demo-")));
  const store = await Store.open(folder, { ...LIMITS, ...limits });
  const api = createApi(store, onReport);
  const site = createSite(root);

  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    void answer(request, response).catch((error) => fail(request, response, error));
  });

  async function answer(request, response) {
    const origin = `http://${request.headers.host}`;
    checkSender(request, origin, server.address().port);
    const url = parseUrl(request.url ?? "/", origin);
    return url.pathname.startsWith("/api/") ? api(request, response, url) : site(request, response, url);
  }

  const removeFolder = async () => {
    if (!data) await rm(folder, { recursive: true, force: true });
  };
  try {
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  } catch (error) {
    await removeFolder();
    throw error;
  }

  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    folder,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await removeFolder();
    },
  };
}

/** The address, refused when its percent signs do not spell UTF-8. */
function parseUrl(path, origin) {
  try {
    const url = new URL(path, origin);
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    throw new StoreError(400, "bad_address", "This address cannot be read.");
  }
}

/** Only pages of this very server may talk to it: not another site, and not another name for 127.0.0.1. */
function checkSender(request, origin, port) {
  const host = request.headers.host ?? "";
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    throw new StoreError(403, "bad_host", "This server answers at 127.0.0.1 and localhost only.");
  }
  if (request.headers.origin && request.headers.origin !== origin) {
    throw new StoreError(403, "bad_origin", "This server takes requests from its own page only.");
  }
}

function fail(request, response, error) {
  if (response.headersSent) return response.destroy();
  const known = error instanceof StoreError ? error : undefined;
  if (!known && !request.destroyed) console.error(error);
  for (const [name, value] of Object.entries(known?.headers ?? {})) response.setHeader(name, value);
  // The rest of a refused body is not read; the connection ends with the answer.
  if (!request.complete) response.setHeader("connection", "close");
  sendJson(response, known?.status ?? 500, {
    error: known?.code ?? "internal",
    message: known?.message ?? "The server failed. Its terminal says why.",
  });
}
