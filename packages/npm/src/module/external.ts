/**
 * External keys. The module cannot wait in the middle of a call, so they are asked between two: what opens something gets their answers, and what
 * is written stands as a draft until they have wrapped its file key.
 */

import { fortressError, invalidArgument } from "../errors.js";
import { external_requests, type Parties } from "../generated/fortress_wasm.js";
import type { Bytes, ExternalKey, ExternalKeys, AnyIdentity, Recipient, WrappedKey } from "../types.js";
import { isBytes } from "./bytes.js";
import type { Frame } from "./frame.js";
import type { Handle } from "./handle.js";
import type { Instance } from "./instance.js";
import { Answered, withParties } from "./parties.js";

/** Is it a key that is asked? Keyrings have methods of other names. */
export function isExternal(party: unknown): party is ExternalKey | ExternalKeys {
  return typeof party === "object" && party !== null && ("unwrap" in party || "unwrapAny" in party);
}

/** Lends identities to a call that opens what starts with `prefix`. External keys among them are asked before: then it is a promise. */
export function withIdentities<T>(
  identities: readonly AnyIdentity[],
  prefix: Uint8Array,
  operation: string,
  body: (parties: Parties, home: Instance) => T,
): T | Promise<T> {
  return identities.some(isExternal) ? opened(identities, prefix, operation, body) : withParties(identities, operation, body);
}

async function opened<T>(identities: readonly AnyIdentity[], prefix: Uint8Array, operation: string, body: (parties: Parties, home: Instance) => T): Promise<T> {
  const others = identities.filter((identity) => !isExternal(identity));
  const requests = withParties(others, operation, (parties, home) => home.run(operation, (frame) => readRequests(parties, prefix, frame, operation)));
  const failures: unknown[] = [];
  const answers: Answered[] = [];
  try {
    for (const key of identities.filter(isExternal)) {
      if (answers.some((answer) => answer.opens)) break;
      answers.push(...(await ask(key, requests, failures, operation)));
    }
    return withParties([...others, ...answers], operation, body);
  } catch (error) {
    // What the core calls a refusal the key has said better.
    if (failures.length > 0 && (error as { code?: unknown } | null)?.code === "key_refused") throw failures[0];
    throw error;
  } finally {
    for (const answer of answers) answer.wipe();
  }
}

/** Asks one key for what it says that it opens, until something is open. */
async function ask(key: ExternalKey | ExternalKeys, requests: Requests, failures: unknown[], operation: string): Promise<Answered[]> {
  const { associated } = requests;
  const candidates = requests.wrapped.filter(({ reference }) => opens(key, reference));
  const [first] = candidates;
  if (first === undefined) return [];
  if ("unwrapAny" in key) {
    try {
      const { reference, fileKey } = await key.unwrapAny(candidates.map(copied), associated.slice());
      const wrapped = candidates.find((candidate) => candidate.reference === reference)?.wrapped;
      if (wrapped === undefined) throw invalidArgument(operation, "unwrapAny to name one of the references that it was given", reference);
      return [new Answered(reference, wrapped, associated, checked(fileKey, "unwrapAny", operation))];
    } catch (error) {
      failures.push(error);
      return [Answered.failed(first.reference, first.wrapped, associated)];
    }
  }
  const answers: Answered[] = [];
  for (const { reference, wrapped } of candidates.slice(0, requests.tries)) {
    try {
      const fileKey = checked(await key.unwrap(wrapped.slice(), associated.slice()), "unwrap", operation);
      return [...answers, new Answered(reference, wrapped, associated, fileKey)];
    } catch (error) {
      failures.push(error);
      answers.push(Answered.failed(reference, wrapped, associated));
    }
  }
  return answers;
}

function opens(key: ExternalKey | ExternalKeys, reference: string): boolean {
  return typeof key.opens === "function" ? key.opens(reference) : "reference" in key && key.reference === reference;
}

function copied({ reference, wrapped }: WrappedKey): WrappedKey {
  return { reference, wrapped: wrapped.slice() };
}

/** What stands in the module until its external recipients are there. */
interface Draft {
  expose_file_key(): number;
  free(): void;
}

/** Has the external keys among the recipients wrap the draft's file key, and finishes the draft with all of them. */
export async function completed<D extends Draft, T>(
  draft: Handle<D>,
  recipients: readonly Recipient[],
  operation: string,
  finish: (draft: D, parties: Parties, frame: Frame) => T,
): Promise<T> {
  try {
    const parties = await wrapped(draft, recipients, operation);
    return withParties(parties, operation, (list, home) => home.run(operation, (frame) => finish(draft.take(operation), list, frame)));
  } finally {
    draft.free();
  }
}

/** The recipients, those that are external by what they wrapped. One after the other: each may ask a person. */
async function wrapped(draft: Handle<Draft>, recipients: readonly Recipient[], operation: string): Promise<(Recipient | Answered)[]> {
  const parties: (Recipient | Answered)[] = [];
  const { fileKey, associated } = draft.run(operation, (raw, frame) => readFileKey(raw, frame, operation));
  try {
    for (const recipient of recipients) parties.push(isExternal(recipient) ? await wrap(recipient, fileKey, associated, operation) : recipient);
    return parties;
  } finally {
    fileKey.fill(0);
  }
}

async function wrap(key: ExternalKey, fileKey: Bytes, associated: Bytes, operation: string): Promise<Answered> {
  const { reference } = key;
  if (typeof (reference as unknown) !== "string" || typeof (key.wrap as unknown) !== "function") {
    throw invalidArgument(operation, "an external key with a reference and wrap() as a recipient", key);
  }
  const own = fileKey.slice();
  try {
    return new Answered(reference, checked(await key.wrap(own, associated.slice()), "wrap", operation), associated, undefined);
  } finally {
    own.fill(0);
  }
}

function checked(bytes: unknown, method: string, operation: string): Uint8Array {
  if (isBytes(bytes)) return bytes;
  throw fortressError("invalid_argument", `${operation}: ${method}() of an external key is to give a Uint8Array`, operation);
}

interface Requests {
  readonly associated: Bytes;
  /** How many references one key is asked for: a stranger's header could have it asked a thousand times. */
  readonly tries: number;
  readonly wrapped: readonly { readonly reference: string; readonly wrapped: Bytes }[];
}

function readRequests(parties: Parties, prefix: Uint8Array, frame: Frame, operation: string): Requests {
  const bytes = frame.copy(frame.check(external_requests(parties, frame.rest(prefix).length), operation));
  const view = new DataView(bytes.buffer);
  let at = ASSOCIATED + 1;
  const part = () => {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    return bytes.slice(start, at);
  };
  const wrapped = [];
  while (at < bytes.length) wrapped.push({ reference: decoder.decode(part()), wrapped: part() });
  return { associated: bytes.slice(0, ASSOCIATED), tries: bytes[ASSOCIATED] ?? 0, wrapped };
}

function readFileKey(draft: Draft, frame: Frame, operation: string): { fileKey: Bytes; associated: Bytes } {
  const length = frame.check(draft.expose_file_key(), operation);
  const both = frame.copy(length);
  frame.wipeResult(length);
  const parts = { fileKey: both.slice(0, FILE_KEY), associated: both.slice(FILE_KEY) };
  both.fill(0);
  return parts;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const FILE_KEY = 32;
const ASSOCIATED = 32;
