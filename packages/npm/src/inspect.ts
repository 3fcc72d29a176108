/** What can be told of a ciphertext without a key. Nothing of it is authenticated: it is what the bytes claim. */

import { optionsOf, unbuffered } from "./arguments.js";
import { readPrefix } from "./envelope/open.js";
import { invalidArgument } from "./errors.js";
import { inspect_bytes, inspect_text, inspected_len } from "./generated/fortress_wasm.js";
import { viewOf } from "./module/frame.js";
import { init, run } from "./module/instance.js";
import { rangeReader } from "./source/source.js";
import type { Source, SourceOptions, Suite } from "./types.js";

/** A run of bytes and what it means. */
export interface InspectedField {
  /** Where it starts. */
  readonly offset: number;
  /** How many bytes it has; none for the last chunk of an envelope that is cut off. */
  readonly length: number;
  /** What the specification calls it. */
  readonly name: string;
  /** What it says, for people; empty where the bytes speak for themselves. */
  readonly value: string;
}

/** Who may open an envelope, as far as its header says. */
export type InspectedRecipient =
  | { readonly kind: "keyring"; readonly keyId: string }
  | { readonly kind: "passphrase"; readonly argon2: { readonly passes: number; readonly memoryKiB: number; readonly lanes: number } }
  | { readonly kind: "external"; readonly reference: string }
  | { readonly kind: "other"; readonly type?: number };

/** What can be told of a ciphertext. */
export interface Inspection {
  readonly kind: "token" | "group-header" | "whole-member" | "hoisted-member" | "envelope";
  /** Its suite's number in the IANA registry; `null` where it names none. */
  readonly suiteId: number | null;
  /** The same by name; `null` where this version does not know it. */
  readonly suite: Suite | null;
  /** The key that it names: 8 hexadecimal digits. */
  readonly keyId: string | null;
  /** Bytes of its plaintext, where they follow from its length. */
  readonly plaintextLength: number | null;
  /** Is its end missing, for no message has its length? One that was cut elsewhere looks whole: only decrypting it tells. */
  readonly cutOff: boolean;
  /** The header of an envelope. */
  readonly header: { readonly content: string; readonly metadata: Readonly<Record<string, string>>; readonly recipients: readonly InspectedRecipient[] } | null;
  /** All bytes, in order and without gaps. */
  readonly fields: readonly InspectedField[];
}

/**
 * Takes a token (its text, or its bytes) or a whole envelope apart. Needs no key and checks none; needs the module, so
 * `await init()` first where nothing asynchronous was called before.
 *
 * @throws `not_fortress`, `truncated`, `unknown_version`, `invalid_text` and the like when it is neither.
 */
export function inspect(data: Uint8Array | ArrayBuffer | string): Inspection {
  if (typeof data === "string") {
    return run("inspect", (frame) => frame.json(inspect_text(frame.lastValue(data, "inspect").length), "inspect") as Inspection);
  }
  const bytes = viewOf(data);
  if (bytes === undefined) throw invalidArgument("inspect", "a token's text, or a Uint8Array", data);
  const enough = run("inspect", () => inspected_len());
  return inspectStart(bytes.subarray(0, enough), bytes.length, "inspect");
}

/** Takes an envelope apart from its start, which is all of it that is read. */
export async function inspectSource(source: Source, options: SourceOptions = {}): Promise<Inspection> {
  const { signal } = optionsOf(options, { signal: true }, "inspectSource");
  await init();
  const reader = rangeReader(unbuffered(source), "inspectSource");
  const prefix = await readPrefix(reader, signal, "inspectSource");
  return inspectStart(prefix, reader.size, "inspectSource");
}

function inspectStart(start: Uint8Array, total: number, operation: string): Inspection {
  return run(operation, (frame) => frame.json(inspect_bytes(frame.rest(start).length, total), operation) as Inspection);
}
