/** Sealed keyrings: opening one, making one, and changing who opens it. */

import { bytesOf, listOf, optionsOf, type Known } from "./arguments.js";
import { finishHeader } from "./envelope/rewrap.js";
import { EnvelopeDraft, HeaderDraft, KeyringHandle } from "./generated/fortress_wasm.js";
import { completed, isExternal, withIdentities } from "./module/external.js";
import { Handle } from "./module/handle.js";
import { init, whole } from "./module/instance.js";
import type { KeyringHandle as AnyKeyring } from "./module/keyrings.js";
import { withKeyring, withParties, writeKeep } from "./module/parties.js";
import type { AnyIdentity, Bytes, Data, Keep, Recipient, WasmSource } from "./types.js";

/** What goes with a sealed keyring. */
export interface SealOptions {
  /** Public: anyone can read it, nobody can alter it unnoticed. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Opens a sealed keyring. */
export async function openSealed(sealed: Data, identities: readonly AnyIdentity[], operation: string): Promise<Handle<KeyringHandle>> {
  await init(undefined, operation);
  const bytes = await bytesOf(sealed, operation);
  return withIdentities(identities, bytes, operation, (parties, home) => {
    const raw = home.run(operation, (frame) => KeyringHandle.open(parties, frame.rest(bytes).length) ?? frame.fail(operation));
    return new Handle(home, raw, "keyring");
  });
}

/** Public metadata of the sealed keyring that this one was opened from. */
export function metadataOf(keyring: Handle<KeyringHandle>, operation: string): Readonly<Record<string, string>> {
  return keyring.run(operation, (raw, frame) => (frame.json(raw.describe(), operation) as { metadata: Record<string, string> }).metadata);
}

/** Seals a keyring, which may be another module's. */
export async function seal(keyring: Handle<AnyKeyring>, recipient: Recipient | readonly Recipient[], options: SealOptions, operation: string): Promise<Bytes> {
  const { metadata } = optionsOf(options, SEAL, operation);
  await init(undefined, operation);
  const recipients = recipient === undefined ? [recipient] : listOf(recipient);
  if (!recipients.some(isExternal)) {
    return withParties(recipients, operation, (parties) =>
      withKeyring(keyring, operation, (own) =>
        own.run(operation, (raw, frame) => frame.copy(frame.check(raw.seal(parties, frame.context(metadata, operation).length), operation))),
      ),
    );
  }
  const draft = withKeyring(keyring, operation, (own) => {
    const raw = own.run(operation, (_, frame) => EnvelopeDraft.keyring(frame.context(metadata, operation).length) ?? frame.fail(operation));
    return new Handle(own.home, raw, "draft");
  });
  return completed(draft, recipients, operation, (open, parties, frame) =>
    withKeyring(keyring, operation, (own) => frame.copy(frame.check(open.seal(own.get(operation), parties), operation))),
  );
}

/** Writes the header of a sealed keyring anew. */
export async function rewrapSealed(
  sealed: Data,
  identities: readonly AnyIdentity[],
  keep: Keep | undefined,
  recipients: readonly Recipient[],
  operation: string,
): Promise<Bytes> {
  await init(undefined, operation);
  const bytes = await bytesOf(sealed, operation);
  const draft = await withIdentities(identities, bytes, operation, (parties, home) => {
    const raw = home.run(operation, (frame) => HeaderDraft.keyring(parties, writeKeep(frame, keep, operation).rest(bytes).length) ?? frame.fail(operation));
    return new Handle(home, raw, "header");
  });
  const { replaced, header } = await finishHeader(draft, recipients, operation);
  const rewrapped = new Uint8Array(header.length + bytes.length - replaced);
  rewrapped.set(header);
  rewrapped.set(bytes.subarray(replaced), header.length);
  return rewrapped;
}

/**
 * For an entry without all this, which loads it when it is needed: where the module is, and what it does. It exports what this returns, for the reason that
 * `connect` gives.
 */
export function connectSealed(wasm?: () => WasmSource) {
  if (wasm !== undefined) whole.setDefaultSource(wasm);
  return { openSealed, metadataOf, seal };
}

const SEAL: Known<SealOptions> = { metadata: true };
