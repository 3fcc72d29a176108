// The storage server's API, as this page uses it. Only bytes that are already encrypted come here.

export interface StoredObject {
  readonly name: string;
  readonly size: number;
  readonly modified: number;
  readonly etag: string;
  /** What the server did to the bytes when it was asked to tamper. */
  readonly tampered: string | null;
}

export interface SeenRequest {
  readonly seq: number;
  readonly time: number;
  readonly method: string;
  readonly area: string;
  readonly name: string;
  readonly range: string | null;
  readonly received: number;
  readonly sent: number;
  readonly status: number;
}

export class ServerError extends Error {
  override readonly name = "ServerError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function list(): Promise<StoredObject[]> {
  return json<StoredObject[]>("objects");
}

/** What the server says of one object. */
export async function entry(name: string): Promise<StoredObject> {
  const found = (await list()).find((object) => object.name === name);
  if (!found) throw new ServerError(404, "not_found", "The server does not hold this any more.");
  return found;
}

/** Where an object can be read, whole or by HTTP Range. */
export function objectUrl(name: string): URL {
  return new URL(`/api/objects/${name}`, location.href);
}

export async function read(name: string, range?: { start: number; end: number }): Promise<{ bytes: Uint8Array; etag: string }> {
  const headers = range && { range: `bytes=${range.start}-${range.end - 1}` };
  const response = await send(`objects/${name}`, headers ? { headers } : {});
  return { bytes: new Uint8Array(await response.arrayBuffer()), etag: response.headers.get("etag") ?? "" };
}

/** The object as it arrives, for pipes. */
export async function readStream(name: string, signal?: AbortSignal): Promise<{ stream: ReadableStream<Uint8Array>; size: number }> {
  const response = await send(`objects/${name}`, signal ? { signal } : {});
  if (!response.body) throw new ServerError(response.status, "no_body", "The server sent no bytes.");
  return { stream: response.body, size: Number(response.headers.get("content-length")) };
}

/** What must hold for a write to happen; where it does not, the server refuses it and stores nothing. */
export interface Guard {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: "*";
  /** Another object that must be as it was. */
  readonly other?: { readonly name: string; readonly etag: string };
}

export function write(name: string, body: Uint8Array | string, guard: Guard): Promise<StoredObject> {
  return json(`objects/${name}`, { method: "PUT", body: body as BodyInit, headers: guardHeaders(guard) });
}

/** Replaces an object's first `length` bytes: a new envelope header, while the payload stays where it is. */
export function replacePrefix(name: string, length: number, body: Blob, guard: Guard): Promise<StoredObject> {
  return json(`objects/${name}?prefix=${length}`, { method: "PATCH", body, headers: guardHeaders(guard) });
}

export async function remove(name: string): Promise<void> {
  await json(`objects/${name}`, { method: "DELETE" });
}

export type Tampering = { readonly flip: number } | { readonly cut: number } | { readonly undo: true };

export function tamper(name: string, order: Tampering): Promise<StoredObject> {
  return json(`tamper/${name}`, { method: "POST", body: JSON.stringify(order) });
}

export function seenSince(seq: number): Promise<SeenRequest[]> {
  return json(`log?after=${seq}`);
}

export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await send(path, init)).json()) as T;
}

export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`/api/${path}`, init).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause;
    throw new ServerError(0, "unreachable", "The storage server does not answer. Start it again, then try once more.");
  });
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as { error?: string; message?: string };
  throw new ServerError(response.status, answer.error ?? "unknown", answer.message ?? `The server answered ${response.status}.`);
}

export function guardHeaders({ ifMatch, ifNoneMatch, other }: Guard): Record<string, string> {
  return {
    ...(ifMatch && { "if-match": ifMatch }),
    ...(ifNoneMatch && { "if-none-match": ifNoneMatch }),
    ...(other && { if: `</api/objects/${other.name}> ([${other.etag}])` }),
  };
}
