/** WebAuthn with the PRF extension (W3C WebAuthn Level 3, 10.1.4), and what can go wrong with it as errors of ours. */

import { fortressError, type ErrorCode, type FortressError } from "../errors.js";
import type { Bytes } from "../types.js";

/** How the browser is asked. */
export interface Asking {
  readonly relyingParty: string;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly operation: string;
}

interface NewPasskey {
  readonly user: string;
  readonly application: string;
  readonly exclude: readonly Bytes[];
}

/** Makes a passkey. Its PRF output for `input` comes with it where the authenticator gives it at once. */
export async function createPasskey({ user, application, exclude }: NewPasskey, input: Bytes, asking: Asking): Promise<{ id: Bytes; secret: Bytes | undefined }> {
  await assertSupported(asking);
  const credential = await ask(asking, (signal) =>
    navigator.credentials.create({
      signal,
      publicKey: {
        challenge: random(),
        rp: { id: asking.relyingParty, name: application },
        user: { id: random(), name: user, displayName: user },
        // ES256, Ed25519, RS256: nothing is signed that anyone would verify, so whatever the authenticator has.
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: exclude.map(descriptor),
        // The PRF of a credential differs with and without user verification.
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
        timeout: asking.timeout,
        extensions: { prf: { eval: { first: input } } },
      },
    }),
  );
  const { enabled, results } = credential.getClientExtensionResults().prf ?? {};
  const secret = secretOf(results);
  if (enabled !== true && secret === undefined) throw unsupported("this passkey cannot derive a key: its authenticator has no PRF extension; use another one", asking);
  return { id: new Uint8Array(credential.rawId), secret };
}

/** Asks for one of these passkeys, and its PRF output for `input`. */
export async function evaluatePasskey(ids: readonly Bytes[], input: Bytes, asking: Asking): Promise<{ id: Bytes; secret: Bytes }> {
  await assertSupported(asking);
  const credential = await ask(asking, (signal) =>
    navigator.credentials.get({
      signal,
      publicKey: {
        challenge: random(),
        rpId: asking.relyingParty,
        allowCredentials: ids.map(descriptor),
        userVerification: "required",
        timeout: asking.timeout,
        extensions: { prf: { eval: { first: input } } },
      },
    }),
  );
  const secret = secretOf(credential.getClientExtensionResults().prf?.results);
  if (secret === undefined) throw unsupported("the passkey derived no key: this browser or its authenticator has no PRF extension; use another one, or the passphrase", asking);
  return { id: new Uint8Array(credential.rawId), secret };
}

/** Refuses before a passkey is made that could not be used. */
async function assertSupported(asking: Asking): Promise<void> {
  if (typeof globalThis.PublicKeyCredential !== "function" || globalThis.navigator?.credentials === undefined) {
    throw unsupported("there is no WebAuthn here: it takes a browser that has it, and a page from https or localhost", asking);
  }
  const capabilities = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined);
  if (capabilities?.["extension:prf"] === false) throw unsupported("this browser has no PRF extension for passkeys; use another one, or a passphrase", asking);
}

/** Runs one request of the browser, with a time-out of our own: the browser's looks like a refusal. */
async function ask(asking: Asking, request: (signal: AbortSignal) => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const { signal, timeout } = asking;
  signal?.throwIfAborted();
  const giveUp = new AbortController();
  const abort = () => {
    giveUp.abort(signal?.reason);
  };
  signal?.addEventListener("abort", abort);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    giveUp.abort();
  }, timeout);
  try {
    const credential = await request(giveUp.signal);
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (cause) {
    signal?.throwIfAborted();
    throw late ? failed("passkey_timeout", `nobody used a passkey within ${String(timeout)} ms`, asking, cause) : refused(cause, asking);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
  throw failed("passkey_failed", "the browser gave no passkey", asking);
}

/** What the browser threw, as an error of ours. */
function refused(cause: unknown, asking: Asking): FortressError {
  const { name = "Error", message = "" } = Object(cause) as { name?: string; message?: string };
  switch (name) {
    case "NotAllowedError":
      return failed("passkey_cancelled", "no passkey was used: it was cancelled, is not allowed here, or none of them is on this device", asking, cause);
    case "InvalidStateError":
      return failed("passkey_exists", "the authenticator holds one of the excluded passkeys already", asking, cause);
    case "NotSupportedError":
    case "ConstraintError":
      return failed("passkey_unsupported", `the authenticator cannot do it (${message})`, asking, cause);
    case "SecurityError":
      return failed("passkey_unsupported", `this page may not use passkeys of ${JSON.stringify(asking.relyingParty)} (${message})`, asking, cause);
    default:
      return failed("passkey_failed", `the browser reports ${name} (${message})`, asking, cause);
  }
}

function unsupported(text: string, asking: Asking): FortressError {
  return failed("passkey_unsupported", text, asking);
}

function failed(code: ErrorCode, text: string, asking: Asking, cause?: unknown): FortressError {
  return fortressError(code, `${asking.operation}: ${text}`, asking.operation, cause);
}

/** The first output, in an array of our own. */
function secretOf(results: { first?: BufferSource } | undefined): Bytes | undefined {
  const first = results?.first;
  if (first === undefined) return undefined;
  const view = ArrayBuffer.isView(first) ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength) : new Uint8Array(first);
  const secret = Uint8Array.from(view);
  return secret.length === SECRET ? secret : undefined;
}

function descriptor(id: Bytes): PublicKeyCredentialDescriptor {
  return { type: "public-key", id };
}

function random(): Bytes {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Bytes of a PRF output. */
const SECRET = 32;
