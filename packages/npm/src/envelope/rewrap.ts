/** Changing who may open an envelope, without touching its message. */

import { invalidArgument } from "../errors.js";
import { HeaderDraft } from "../generated/fortress_wasm.js";
import { completed, withIdentities } from "../module/external.js";
import { isBytes } from "../module/bytes.js";
import { Handle } from "../module/handle.js";
import { init } from "../module/instance.js";
import { writeKeep } from "../module/parties.js";
import { rangeReader } from "../source/source.js";
import type { AnyIdentity, Bytes, Keep, Recipient } from "../types.js";
import { readPrefix } from "./open.js";

/** The start of an envelope for other recipients: what is replaced, and what takes its place. */
export interface Rewrapped {
  /** Bytes at the envelope's start that {@link Rewrapped.header} replaces. */
  readonly replaced: number;
  readonly header: Bytes;
}

/** Writes the header of an envelope anew. `prefix` is everything before its first chunk. */
async function rewrapPrefix(
  prefix: Uint8Array,
  identities: readonly AnyIdentity[],
  context: object | undefined,
  keep: Keep | undefined,
  recipients: readonly Recipient[],
  operation: string,
): Promise<Rewrapped> {
  const draft = await withIdentities(identities, prefix, operation, (parties, home) => {
    const raw = home.run(operation, (frame) => {
      writeKeep(frame, keep, operation).u32(context === undefined ? 0 : 1);
      if (context !== undefined) frame.context(context, operation);
      return HeaderDraft.data(parties, frame.rest(prefix).length) ?? frame.fail(operation);
    });
    return new Handle(home, raw, "header");
  });
  return finishHeader(draft, recipients, operation);
}

/** Writes a header that is open for its new recipients. */
export function finishHeader(draft: Handle<HeaderDraft>, recipients: readonly Recipient[], operation: string): Promise<Rewrapped> {
  return completed(draft, recipients, operation, (open, parties, frame) => {
    const length = frame.check(open.finish(parties), operation);
    return { replaced: frame.resultU32(0), header: frame.copy(length).slice(4) };
  });
}

/**
 * Writes an envelope's header for other recipients. The message stays as it is, whatever its size: the Blob that comes
 * back refers to the old one's bytes.
 *
 * Whoever could open the envelope before can still open a copy from before.
 */
export async function rewrapBlob(
  envelope: Blob | Uint8Array,
  identities: readonly AnyIdentity[],
  context: object | undefined,
  keep: Keep | undefined,
  recipients: readonly Recipient[],
  operation: string,
): Promise<Blob> {
  // Of a URL there would be a header to write, and nothing to put behind it.
  if (!isBytes(envelope) && !(envelope instanceof Blob)) throw invalidArgument(operation, "a Blob or a Uint8Array", envelope);
  await init(undefined, operation);
  const prefix = await readPrefix(rangeReader(envelope, undefined, operation), undefined, operation);
  const { replaced, header } = await rewrapPrefix(prefix, identities, context, keep, recipients, operation);
  const rest = envelope instanceof Blob ? envelope.slice(replaced) : (envelope.subarray(replaced) as Bytes);
  return new Blob([header, rest], { type: "application/octet-stream" });
}
