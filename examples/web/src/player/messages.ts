// What the service worker asks the page, each question on a message port of its own.

export type Question = { readonly ask: "open"; readonly id: string } | { readonly ask: "read"; readonly id: string; readonly start: number; readonly end: number };

export interface Opened {
  readonly size: number;
  readonly type: string;
}

export type Answer<T> = { readonly ok: T } | { readonly failed: string };

// The two sides share types and no code, so that the worker stays one plain script. These are the two
// values they agree on; the compiler holds both sides to them.

/** Sent to a worker that is active but does not control the page yet, as after a forced reload. */
export type Claim = "claim";

export type PlayPath = "/play/";
