/** What can be told of tokens and envelopes without a key. */

import { optionsOf, unbuffered } from "./arguments.js";
import { readPrefix } from "./envelope/open.js";
import * as glue from "./generated/fortress_wasm.js";
import { inspecting, inspectStart, type Inspection } from "./inspection.js";
import { init, whole } from "./module/instance.js";
import { rangeReader } from "./source/source.js";
import type { Source, SourceOptions } from "./types.js";

/**
 * Takes a token (its text, or its bytes) or a whole envelope apart. Needs no key and checks none; needs the module, so
 * `await init()` first where nothing asynchronous was called before.
 *
 * @throws `not_fortress`, `truncated`, `unknown_version`, `invalid_text` and the like when it is neither.
 */
export const inspect = inspecting(whole, glue);

/** Takes an envelope apart from its start, which is all of it that is read. */
export async function inspectSource(source: Source, options: SourceOptions = {}): Promise<Inspection> {
  const { signal, fetch } = optionsOf(options, { signal: true, fetch: true }, "inspectSource");
  await init(undefined, "inspectSource");
  const reader = rangeReader(unbuffered(source, "inspectSource"), fetch, "inspectSource");
  const prefix = await readPrefix(reader, signal, "inspectSource");
  return inspectStart(whole, glue, prefix, reader.size, "inspectSource");
}
