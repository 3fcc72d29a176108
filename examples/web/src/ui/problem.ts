// What an error means to the person in front of the page. The SDK's sentence says what was wrong with
// the bytes; the line above it says what that means here.

import { FortressError } from "fortress-sdk";
import { ServerError } from "../storage/server.ts";
import { h } from "./dom.ts";

const MEANINGS: Readonly<Record<string, string>> = {
  authentication_failed: "These bytes are not the ones that were encrypted, so nothing of them is shown.",
  key_destroyed: "The key for this was destroyed, so nobody can open it any more.",
  truncated: "The end is missing, so it does not count as the whole.",
  unknown_key: "This was encrypted under a key that this tab does not hold. Lock, then unlock to load the newest keyring.",
  wrong_recipient: "Nothing this tab holds opens this.",
  grant_expired: "Its time is over. Ask for a new one.",
  forged_grant: "It was not made by whom it names, so it is not used.",
  untrusted_granter: "It is signed by another key than the link names, so it is not used.",
  invalid_identity: "This is not a public identity, or not all of it.",
  passkey_cancelled: "No passkey was used. Try again, or use the passphrase.",
  passkey_timeout: "Nobody used a passkey in time. Try again, or use the passphrase.",
  passkey_unsupported: "This browser, or this authenticator, has no keys in its passkeys. Use another one, or the passphrase.",
  storage_unavailable: "This browser keeps nothing for this page: storage is off, or this is a private window.",
  storage_full: "This browser has no room left for this page.",
  changed: "This was changed in another tab meanwhile. Nothing was overwritten; try again.",
  other_changed: "The keyring was changed meanwhile. Nothing was written under the older key; try again.",
  exists: "A keyring was made in another tab meanwhile. Reload the page to unlock it.",
};

export interface Problem {
  readonly code: string;
  readonly meaning: string | undefined;
  readonly detail: string;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof FortressError || error instanceof ServerError) {
    return { code: error.code, meaning: MEANINGS[error.code], detail: sentence(error.message) };
  }
  return { code: "unexpected", meaning: undefined, detail: sentence(error instanceof Error ? error.message : String(error)) };
}

/** Error texts are written to follow a colon; alone they are sentences. */
function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}

/** The problem as a block: a heading of our choice, what it means, and the SDK's own sentence. */
export function problemBlock(title: string, error: unknown): HTMLElement {
  const { code, meaning, detail } = problemOf(error);
  return h(
    "div",
    { class: "problem", "data-code": code },
    h("p", { class: "problem-title" }, title),
    meaning ? h("p", {}, meaning) : h("p", {}, detail),
    meaning ? h("p", { class: "problem-detail" }, detail) : null,
  );
}

/** A wrong passphrase is the one failure a person meets by an honest slip, so it has words of its own. */
export function isWrongPassphrase(error: unknown): boolean {
  return error instanceof FortressError && error.code === "wrong_passphrase";
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
