// Shares: the scopes of this page's data, granted to somebody to read for a time. A share is an object for each scope, which the server
// cannot read, and a link, which names the key that signed it: whoever has the link from its sender trusts that key.

import { type Identity, inspect, type Keyring, type PublicIdentity } from "fortress-sdk";
import { Grant, init, SigningKey, verifyingKey } from "fortress-sdk/grants";
import * as server from "../storage/server.ts";
import { type Reader, type Session } from "./session.ts";

const SCOPES = ["records", "labels", "files"] as const;
type Scope = (typeof SCOPES)[number];
export const DAYS = 30;
const PURPOSE = "reading the records and files";

export interface Share {
  readonly id: string;
  /** The name of the object that is shown for it. */
  readonly object: string;
  /** For whom it is: the id of their identity. */
  readonly recipient: string;
  readonly until: Date;
  /** Was it made with the newest key? Older ones read what was there before the rotation. */
  readonly current: boolean;
  readonly link: string;
}

/** A share of which not enough is left to say what it is. */
export interface BrokenShare {
  readonly id: string;
  readonly error: unknown;
}

/** Grants everything there is, to read, and tells the link. */
export function share(session: Session, identity: PublicIdentity): Promise<string> {
  return session.write(async (guard) => {
    const id = crypto.randomUUID();
    // A key of its own for each: the link carries it, and nothing has to be kept.
    const signer = await SigningKey.generate();
    const until = new Date(Date.now() + DAYS * 86_400_000);
    try {
      for (const scope of SCOPES) {
        // For the granter too, to be able to list what was granted.
        const recipients = [identity, session.keyring];
        await server.write(objectName(id, scope), await session[scope].grant({ recipients, signer, actions: "decrypt", until, purpose: PURPOSE }), guard);
      }
      return linkTo(id, signer.verifyingKey);
    } finally {
      signer.free();
    }
  });
}

export async function loadShares(session: Session): Promise<(Share | BrokenShare)[]> {
  const ending = `-${SCOPES[0]}`;
  const objects = (await server.list()).filter(({ name }) => name.startsWith("grants/") && name.endsWith(ending));
  objects.sort((a, b) => b.modified - a.modified);
  return Promise.all(objects.map(({ name }) => loadShare(session, name, name.slice("grants/".length, -ending.length))));
}

/** Takes it from the server. Who has opened it may have kept what was in it. */
export async function removeShare(id: string): Promise<void> {
  for (const scope of SCOPES) await server.remove(objectName(id, scope)).catch(ignoreMissing);
}

/** What a share's link says. */
export interface ShareLink {
  readonly id: string;
  readonly granter: string;
}

/** Reads a link, or nothing where it is none. */
export function readLink(text: string): ShareLink | undefined {
  const said = new URLSearchParams(URL.parse(text.trim(), location.href)?.hash.slice(1));
  const [id, granter] = [said.get("share"), said.get("key")];
  return id && granter ? { id, granter } : undefined;
}

export interface OpenedShare extends Reader {
  readonly until: Date;
  readonly granter: string;
  free(): void;
}

/** Opens a share by one's identity, if it is signed by the key that its link names. */
export async function openShare({ id, granter }: ShareLink, identity: Identity): Promise<OpenedShare> {
  await init();
  const trusted = verifyingKey(granter);
  const held: { free(): void }[] = [];
  const free = () => {
    for (const each of held) each.free();
  };
  const open = async (scope: Scope): Promise<{ grant: Grant; keyring: Keyring }> => {
    const { bytes } = await server.read(objectName(id, scope));
    const grant = await Grant.open(bytes, { identity, trusted });
    held.push(grant);
    // By the scope's name, and not by the object's: a server that exchanges them gains nothing.
    const keyring = grant.scope(scope);
    held.push(keyring);
    return { grant, keyring };
  };
  try {
    const [records, labels, files] = [await open("records"), await open("labels"), await open("files")];
    return { records: records.keyring, labels: labels.keyring, files: files.keyring, until: records.grant.until, granter: records.grant.granter.id, free };
  } catch (error) {
    free();
    throw error;
  }
}

async function loadShare(session: Session, object: string, id: string): Promise<Share | BrokenShare> {
  try {
    const { bytes } = await server.read(object);
    const { granter, until } = await Grant.read(bytes, { identity: session.keyring });
    const { recipient, keyId } = readerOf(bytes);
    return { id, object, recipient, until, current: keyId === session.keyring.primary, link: linkTo(id, granter.verifyingKey) };
  } catch (error) {
    return { id, error };
  }
}

function readerOf(bytes: Uint8Array): { recipient: string; keyId: string } {
  const recipients = inspect(bytes).header?.recipients ?? [];
  const identity = recipients.find(({ kind }) => kind === "identity");
  const keyring = recipients.find(({ kind }) => kind === "keyring");
  return { recipient: identity?.kind === "identity" ? identity.id : "", keyId: keyring?.kind === "keyring" ? keyring.keyId : "" };
}

/** What follows the `#` is never sent to a server. */
function linkTo(id: string, granter: string): string {
  return new URL(`/share.html#${new URLSearchParams({ share: id, key: granter }).toString()}`, location.href).href;
}

function objectName(id: string, scope: Scope): string {
  return `grants/${id}-${scope}`;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof server.ServerError && error.code === "not_found")) throw error;
}
