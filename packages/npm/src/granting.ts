/** Making grants: a keyring's scope, sealed for some, signed by its granter. */

import { listOf, optionsOf, type Known } from "./arguments.js";
import { invalidArgument } from "./errors.js";
import { EnvelopeDraft, type KeyringHandle } from "./generated/fortress_wasm.js";
import type { SigningKey } from "./grants.js";
import { completed } from "./module/external.js";
import { Handle } from "./module/handle.js";
import { signers, type Signer } from "./module/signers.js";
import type { Bytes, Recipient } from "./types.js";

/** What a grant allows. Who may only encrypt gets no key that decrypts. */
export type GrantActions = "encrypt" | "decrypt" | "both";

/** What a granter decides. */
export interface GrantOptions {
  /** For whom it is. They cannot be changed afterwards, for the signature covers them: make another grant. */
  readonly recipients: Recipient | readonly Recipient[];
  /** Who grants. */
  readonly signer: SigningKey;
  readonly actions: GrantActions;
  /** From when on; by default from now on. Fractions of seconds do not count. */
  readonly from?: Date;
  /** The moment at which it is not valid any more. Every grant ends. */
  readonly until: Date;
  /** What it is for, in at most 1,024 bytes of UTF-8. */
  readonly purpose?: string;
  /** What the granter is called, in at most 255 bytes. The signature says that the granter wrote it, and not that it is true. */
  readonly granterName?: string;
  /** For whom it is, in at most 255 bytes. */
  readonly recipientName?: string;
}

/** Makes a grant of a keyring that is narrowed to a scope. */
export async function grant(keyring: Handle<KeyringHandle>, options: GrantOptions, operation: string): Promise<Bytes> {
  const { recipients, signer, actions, from = new Date(), until, purpose = "", granterName = "", recipientName = "" } = optionsOf(options, GRANT, operation);
  const granter = signerOf(signer, operation);
  const times = [seconds(from, "from", operation), seconds(until, "until", operation)] as const;
  for (const text of [actions, purpose, granterName, recipientName]) {
    if (typeof (text as unknown) !== "string") throw invalidArgument(operation, "strings as actions, purpose and names", text);
  }
  const draft = new Handle(keyring.home, keyring.run(operation, (_, frame) => EnvelopeDraft.grant() ?? frame.fail(operation)), "draft");
  const raw = await completed(draft, listOf(recipients), operation, (open, parties, frame) => {
    frame.u32(granter.verifyingKey.length).rest(granter.verifyingKey);
    for (const text of [actions, purpose, granterName, recipientName]) frame.string(text, operation);
    return open.into_grant(keyring.get(operation), parties, ...times, frame.length) ?? frame.fail(operation);
  });
  const unsigned = new Handle(keyring.home, raw, "grant");
  try {
    const signature = unsigned.run(operation, (exposed, frame) => {
      const length = frame.check(exposed.expose_message(), operation);
      try {
        return granter.sign(frame.view(length), operation);
      } finally {
        frame.wipeResult(length);
      }
    });
    return unsigned.run(operation, (_, frame) => {
      const { length } = frame.rest(signature);
      return frame.copy(frame.check(unsigned.take(operation).seal(length), operation));
    });
  } finally {
    unsigned.free();
  }
}

/** The seconds since 1970 of a Date. */
export function seconds(date: Date, name: string, operation: string): number {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) throw invalidArgument(operation, `a valid Date as ${name}`, date);
  return date.getTime() / 1000;
}

function signerOf(key: object, operation: string): Signer {
  const signer = typeof key === "object" && (key as unknown) !== null ? signers.get(key) : undefined;
  if (signer === undefined) throw invalidArgument(operation, "a SigningKey of this copy of fortress-sdk as the signer", key);
  return signer;
}

const GRANT: Known<GrantOptions> = {
  recipients: true, signer: true, actions: true, from: true, until: true, purpose: true, granterName: true, recipientName: true,
};
