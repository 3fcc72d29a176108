/** What can be told of a ciphertext without a key. Nothing of it is authenticated: it is what the bytes claim. */

import { invalidArgument } from "./errors.js";
import { viewOf } from "./module/bytes.js";
import type { WasmModule } from "./module/loaded.js";
import type { Suite } from "./types.js";

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
  | { readonly kind: "identity"; readonly id: string }
  | { readonly kind: "shares"; readonly set: string; readonly threshold: number; readonly count: number }
  | { readonly kind: "external"; readonly reference: string }
  | { readonly kind: "scope"; readonly keyId: string }
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

/** What every module tells. */
interface Inspecting {
  inspect_text(length: number): number;
  inspect_bytes(length: number, total: number): number;
  inspected_len(): number;
}

/** The function that takes apart what a module knows. */
export function inspecting(module: WasmModule, glue: Inspecting): (data: Uint8Array | ArrayBuffer | string) => Inspection {
  return (data) => {
    if (typeof data === "string") {
      return module.run("inspect", (frame) => frame.json(glue.inspect_text(frame.lastValue(data, "inspect").length), "inspect") as Inspection);
    }
    const bytes = viewOf(data, "inspect");
    if (bytes === undefined) throw invalidArgument("inspect", "a token's text, or a Uint8Array", data);
    const enough = module.run("inspect", () => glue.inspected_len());
    return inspectStart(module, glue, bytes.subarray(0, enough), bytes.length, "inspect");
  };
}

/** Takes apart what starts with these bytes and has `total`. */
export function inspectStart(module: WasmModule, glue: Inspecting, start: Uint8Array, total: number, operation: string): Inspection {
  return module.run(operation, (frame) => frame.json(glue.inspect_bytes(frame.rest(start).length, total), operation) as Inspection);
}
