// Stored rows: a JSON object whose names the server can read, and whose values it cannot.

import { type Context, type Token } from "fortress-sdk";
import * as server from "../storage/server.ts";
import { ServerError } from "../storage/server.ts";
import { keysOfTokens } from "./key-of.ts";
import { type Reader, type Session } from "./session.ts";

/** The object, the scope that encrypts it, and what its tokens are tied to: moved to another object, they do not open. */
export interface RowPlace {
  readonly scope: "records" | "labels";
  readonly object: string;
  readonly context: Context;
}

export interface LoadedRow<K extends string> {
  /** Changes whenever the stored bytes do; none where nothing could be read. */
  readonly etag: string | undefined;
  /** The keys that it needs; none where that cannot be told. */
  readonly keyIds: readonly string[] | undefined;
  /** The fields, or why they do not open. */
  readonly result: { readonly fields: Readonly<Record<K, string>> } | { readonly error: unknown };
}

/** Encrypts a row and stores it; in place of one that was read before, if that is still there as it was. */
export async function saveRow(session: Session, { scope, object, context }: RowPlace, fields: Readonly<Record<string, string>>, before?: string): Promise<void> {
  await session.write(async (guard) => {
    const tokens = session[scope].encryptRow(fields, context);
    await server.write(object, JSON.stringify(tokens), { ...guard, ...(before !== undefined && { ifMatch: before }) });
  });
}

export async function loadRow<K extends string>(session: Reader, { scope, object, context }: RowPlace): Promise<LoadedRow<K>> {
  let etag: string | undefined;
  let keyIds: string[] | undefined;
  try {
    const stored = await server.read(object);
    etag = stored.etag;
    const tokens = JSON.parse(new TextDecoder().decode(stored.bytes)) as Record<K, Token>;
    keyIds = keysOfTokens(Object.values(tokens));
    return { etag, keyIds, result: { fields: session[scope].decryptRowText(tokens, context) } };
  } catch (error) {
    // What is not there needs no key.
    if (error instanceof ServerError && error.code === "not_found") keyIds = [];
    return { etag, keyIds, result: { error } };
  }
}
