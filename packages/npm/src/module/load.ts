/** From whatever the caller has to a compiled module. */

import { FortressError, fortressError, invalidArgument, publicAddress } from "../errors.js";
import type { WasmSource } from "../types.js";

/**
 * Compiles the module. Streams it while it loads where the server names the type `application/wasm`, and compiles the
 * bytes otherwise, so that a plain file server is enough.
 *
 * @throws `wasm_unavailable` when it cannot be fetched or is not a WebAssembly module, `invalid_argument` when it is nothing of the kind.
 */
export async function compile(source: WasmSource, operation: string): Promise<WebAssembly.Module> {
  try {
    const given = await source;
    if (given instanceof WebAssembly.Module) return given;
    if (typeof given === "string" || given instanceof URL) return await compileResponse(await fetched(given));
    if (typeof Response === "function" && given instanceof Response) return await compileResponse(given);
    if (!ArrayBuffer.isView(given) && Object.prototype.toString.call(given) !== "[object ArrayBuffer]") {
      throw invalidArgument(operation, "a compiled module, its bytes, a response or a URL", given);
    }
    return await WebAssembly.compile(given as BufferSource);
  } catch (cause) {
    if (cause instanceof FortressError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fortressError("wasm_unavailable", `the WebAssembly module could not be loaded (${reason}); the next call tries again`, operation, cause);
  }
}

/** What is at an address. Node fetches no files, and says so in no words that help. */
async function fetched(address: string | URL): Promise<Response> {
  try {
    return await fetch(address);
  } catch (cause) {
    // A path, or the address of a file; in a page or its workers it may be a path of theirs.
    if (typeof location === "object" || /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(String(address))) throw cause;
    throw new Error(`${publicAddress(String(address))} is not an address to fetch; read the file, and give its bytes`, { cause });
  }
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new Error(`${publicAddress(response.url)} answered ${String(response.status)}`);
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/wasm") && typeof WebAssembly.compileStreaming === "function") {
    return WebAssembly.compileStreaming(response);
  }
  const bytes = await response.arrayBuffer();
  // A single-page server answers a missing file with its page.
  if (new DataView(bytes).byteLength < 4 || new DataView(bytes).getUint32(0) !== 0x0061736d) {
    throw new Error(`${publicAddress(response.url)} is not a WebAssembly module; is fortress.wasm served there?`);
  }
  return WebAssembly.compile(bytes);
}
