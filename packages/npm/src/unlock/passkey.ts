/** Passkeys: the key that a passkey derives (WebAuthn's PRF extension) wraps file keys (spec X-3). */

import { optionsOf, type Known } from "../arguments.js";
import { fortressError, invalidArgument } from "../errors.js";
import type { Bytes, ExternalKey, ExternalKeys, WrappedKey } from "../types.js";
import { createPasskey, evaluatePasskey, type Asking } from "./webauthn.js";
import { derivedKey, fromBase64url, toBase64url, WrappingKey } from "./wrapping.js";

/** How a person is asked for a passkey. */
export interface PasskeyOptions {
  /** The domain that the passkey belongs to: this page's, or one above it. By default this page's. */
  readonly relyingParty?: string;
  /** Milliseconds until it is given up, by default two minutes. */
  readonly timeout?: number;
  /** Gives it up when it is aborted, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a new passkey is called. */
export interface EnrolOptions extends PasskeyOptions {
  /** Whose it is, as the browser shows it: an address or a name. */
  readonly user: string;
  /** What it is for, as the browser shows it; by default the relying party. */
  readonly application?: string;
  /** References of passkeys that there are, as `inspect` shows them: an authenticator that holds one of them makes no second one. */
  readonly exclude?: readonly string[];
}

/**
 * Makes a passkey: a recipient to seal a keyring or encrypt a file for. It can be used until the page is left, without asking again; from then on
 * {@link passkeys} opens what was sealed for it.
 *
 * The person is asked once or, where the authenticator cannot derive a key at once, twice. Seal for a passphrase or a second passkey besides: a
 * passkey that is lost or deleted opens nothing.
 *
 * @throws `passkey_unsupported`, `passkey_cancelled`, `passkey_timeout`, `passkey_exists`, `passkey_failed`.
 */
export async function enrolPasskey(options: EnrolOptions): Promise<ExternalKey> {
  const operation = "enrolPasskey";
  const { user, application, exclude = [], ...own } = optionsOf(options, ENROL, operation);
  if (typeof user !== "string" || user === "") throw invalidArgument(operation, "the name of a user", user);
  const asking = askingOf(own, operation);
  const known = exclude.map((reference) => credentialOf(reference, asking.relyingParty)).filter((id) => id !== undefined);
  const created = await createPasskey({ user, application: application ?? asking.relyingParty, exclude: known.slice(0, MAX_CREDENTIALS) }, PRF_INPUT, asking);
  const reference = prefixOf(asking.relyingParty) + toBase64url(created.id);
  if (reference.length > MAX_REFERENCE) {
    throw fortressError("passkey_unsupported", `${operation}: the passkey's id has ${String(created.id.length)} bytes and does not fit a header; use another authenticator`, operation);
  }
  const secret = created.secret ?? (await evaluatePasskey([created.id], PRF_INPUT, asking)).secret;
  return wrappingKey(reference, secret);
}

/**
 * The passkeys of this site as what opens a keyring or a file. The person is asked once for one of those in the header, and not again for the same one
 * while this object is in use.
 *
 * @throws from whatever opens with it: `passkey_unsupported`, `passkey_cancelled` (or none of them is on this device: browsers do not tell),
 *   `passkey_timeout`, `passkey_unknown`, `passkey_failed`; `wrong_recipient` where the header has no passkey of this site.
 */
export function passkeys(options: PasskeyOptions = {}): Passkeys {
  return new Passkeys(askingOf(optionsOf(options, PASSKEY, "passkeys"), "passkeys"));
}

/** Obtained from {@link passkeys}. */
class Passkeys implements ExternalKeys {
  readonly #asking: Asking;
  readonly #keys = new Map<string, WrappingKey>();
  #used: ExternalKey | undefined;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  /** The passkey that opened last, as a recipient: what it opened can be sealed for it again, without asking. */
  get used(): ExternalKey | undefined {
    return this.#used;
  }

  /** Forgets the keys: from now on the person is asked again. */
  forget(): void {
    this.#keys.clear();
    this.#used = undefined;
  }

  opens(reference: string): boolean {
    return credentialOf(reference, this.#asking.relyingParty) !== undefined;
  }

  async unwrapAny(wrapped: readonly WrappedKey[], associated: Bytes): Promise<{ readonly reference: string; readonly fileKey: Uint8Array }> {
    const key = wrapped.map(({ reference }) => this.#keys.get(reference)).find((known) => known !== undefined) ?? (await this.#ask(wrapped));
    const candidate = wrapped.find(({ reference }) => reference === key.reference);
    if (candidate === undefined) throw fortressError("passkey_unknown", "the authenticator answered with a passkey that opens nothing here; choose another one", "passkeys");
    const fileKey = await key.unwrap(candidate.wrapped, associated);
    this.#keys.set(key.reference, key);
    this.#used = key;
    return { reference: key.reference, fileKey };
  }

  async #ask(wrapped: readonly WrappedKey[]): Promise<WrappingKey> {
    const ids = wrapped.map(({ reference }) => credentialOf(reference, this.#asking.relyingParty)).filter((id) => id !== undefined);
    const { id, secret } = await evaluatePasskey(ids.slice(0, MAX_CREDENTIALS), PRF_INPUT, this.#asking);
    return wrappingKey(prefixOf(this.#asking.relyingParty) + toBase64url(id), secret);
  }
}

export type { Passkeys };

/** The key that a passkey's PRF output gives (spec X-3). Overwrites the output. */
async function wrappingKey(reference: string, secret: Bytes): Promise<WrappingKey> {
  try {
    return new WrappingKey(reference, await derivedKey(secret, LABEL, reference));
  } finally {
    secret.fill(0);
  }
}

/** The credential that a reference names, if it is a passkey of this relying party. */
function credentialOf(reference: unknown, relyingParty: string): Bytes | undefined {
  const prefix = prefixOf(relyingParty);
  if (typeof reference !== "string" || !reference.startsWith(prefix)) return undefined;
  return fromBase64url(reference.slice(prefix.length));
}

function prefixOf(relyingParty: string): string {
  return `webauthn:${relyingParty}/`;
}

function askingOf({ relyingParty = globalThis.location?.hostname ?? "", timeout = TIMEOUT, signal }: PasskeyOptions, operation: string): Asking {
  if (typeof relyingParty !== "string" || relyingParty.includes("/")) throw invalidArgument(operation, "a domain as the relying party", relyingParty);
  if (!Number.isFinite(timeout) || timeout <= 0 || timeout > MAX_TIMEOUT) throw invalidArgument(operation, "a timeout in milliseconds, at most an hour", timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument(operation, "an AbortSignal", signal);
  return { relyingParty, timeout, signal, operation };
}

const LABEL = "fortress-sdk/passkey@v1";
/** The same for all: a passkey's PRF is its own already. 32 bytes, which is what authenticators take without hashing. */
const PRF_INPUT = new Uint8Array(32);
PRF_INPUT.set(Array.from(LABEL, (character) => character.charCodeAt(0)));
/** Of a reference in a header (spec X-2). */
const MAX_REFERENCE = 1024;
/** Browsers refuse more in one question. */
const MAX_CREDENTIALS = 64;
const TIMEOUT = 120_000;
const MAX_TIMEOUT = 3_600_000;
const PASSKEY: Known<PasskeyOptions> = { relyingParty: true, timeout: true, signal: true };
const ENROL: Known<EnrolOptions> = { ...PASSKEY, user: true, application: true, exclude: true };
