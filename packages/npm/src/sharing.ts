/// <reference lib="esnext.disposable" preserve="true" />
/** People: identities, for whom others encrypt, and share sets, for the day when every other way in is lost. */

import { optionsOf, unbuffered, type Known } from "./arguments.js";
import { readPrefix } from "./envelope/open.js";
import { describe, fortressError, invalidArgument } from "./errors.js";
import { IdentityHandle, public_identity, scope_identity, ShareSetHandle } from "./generated/fortress_wasm.js";
import type { Frame } from "./module/frame.js";
import { Handle } from "./module/handle.js";
import { init, instance, run } from "./module/instance.js";
import { identityHandles, shareSetHandles } from "./module/parties.js";
import { rangeReader } from "./source/source.js";
import type { PublicIdentity, ScopeIdentity, Source, SourceOptions } from "./types.js";

interface Described {
  readonly id: string;
  readonly text: PublicIdentity;
}

/**
 * Someone's key pair in WebAssembly memory, X25519 and ML-KEM-768 together: what is sealed for it today stays sealed when quantum computers break the
 * one. Others encrypt for its public part; it opens what they encrypted.
 *
 * ```ts
 * const ada = await Identity.generate();
 * const sealed = await keyring.seal(ada.publicIdentity); // whoever has only the public part can do this
 * const again = await Keyring.open(sealed, ada);
 * ```
 */
export class Identity {
  /** What others encrypt for: a text that starts with `fortress1`, to be given out. */
  readonly publicIdentity: PublicIdentity;
  /** What stands for it in headers: 16 hexadecimal digits. It tells identities apart, and proves nothing. */
  readonly id: string;
  readonly #handle: Handle<IdentityHandle>;

  private constructor(handle: Handle<IdentityHandle>, operation: string) {
    // Callers without TypeScript see a constructor.
    if (!(handle instanceof Handle)) throw fortressError("invalid_argument", "Identity: make one with Identity.generate or Identity.fromSecret", "Identity");
    this.#handle = handle;
    const described = handle.run(operation, (raw, frame) => frame.json(raw.describe(), operation) as Described);
    this.publicIdentity = described.text;
    this.id = described.id;
    identityHandles.set(this, handle);
  }

  /** A fresh one. Keep its secret, or it opens nothing after the page is gone. */
  static async generate(): Promise<Identity> {
    return made("generate", () => IdentityHandle.generate(), (handle) => new Identity(handle, "generate"));
  }

  /** The one of a text that {@link Identity.exposeSecret} gave. @throws `invalid_identity`. */
  static async fromSecret(secret: string): Promise<Identity> {
    if (typeof secret !== "string") throw invalidArgument("fromSecret", "the text of a secret identity", secret);
    return made(
      "fromSecret",
      (frame) => IdentityHandle.from_secret(frame.lastValue(secret, "fromSecret").length),
      (handle) => new Identity(handle, "fromSecret"),
    );
  }

  /** The secret, in the clear, as text that starts with `FORTRESS-SECRET-KEY-1`. Whoever has it opens everything that is encrypted for this identity. */
  exposeSecret(): string {
    return this.#handle.run("exposeSecret", (raw, frame) => frame.secretText(raw.expose_secret(), "exposeSecret"));
  }

  /**
   * The shares that an envelope or a sealed keyring holds for this identity, in the clear: what its holder brings when others need it. Reads no more than the
   * header, and checks nothing of who wrote it: a made-up share opens nothing.
   *
   * @throws `wrong_recipient` when there are none.
   */
  async exposeHeldShares(source: Source, options: SourceOptions = {}): Promise<string[]> {
    const { signal, fetch } = optionsOf(options, { signal: true, fetch: true }, "exposeHeldShares");
    await init(undefined, "exposeHeldShares");
    const prefix = await readPrefix(rangeReader(unbuffered(source, "exposeHeldShares"), fetch, "exposeHeldShares"), signal, "exposeHeldShares");
    return this.#handle.run("exposeHeldShares", (raw, frame) => frame.secretJson(raw.expose_held_shares(frame.rest(prefix).length), "exposeHeldShares") as string[]);
  }

  /** The public part. */
  toString(): PublicIdentity {
    return this.publicIdentity;
  }

  /** Wipes the secret. Again it does nothing. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/**
 * Reads the text of a public identity, as it comes from somebody. Needs the module, so `await init()` first where nothing asynchronous was called before.
 *
 * @throws `invalid_identity` when it is none, or was not copied whole, or is a secret one.
 */
export function publicIdentity(text: string): PublicIdentity {
  if (typeof text !== "string") throw invalidArgument("publicIdentity", "the text of a public identity", text);
  return run("publicIdentity", (frame) => (frame.json(public_identity(frame.lastValue(text, "publicIdentity").length), "publicIdentity") as Described).text);
}

/**
 * Reads the text of a scope's identity, which {@link Keyring.scopeIdentity} gave. Needs the module, so `await init()` first where nothing asynchronous was called before.
 *
 * @throws `invalid_identity` when it is none, or was not copied whole.
 */
export function scopeIdentity(text: string): ScopeIdentity {
  if (typeof text !== "string") throw invalidArgument("scopeIdentity", "the text of a scope's identity", text);
  return run("scopeIdentity", (frame) => (frame.json(scope_identity(frame.lastValue(text, "scopeIdentity").length), "scopeIdentity") as { text: ScopeIdentity }).text);
}

/** How many shares a set has, and how many of them open. */
export interface ShareSetOptions {
  /** How many there are, 2 to 255. */
  readonly shares: number;
  /** How many of them open, at least 2. */
  readonly threshold: number;
}

/**
 * Shares of which any so many open what is encrypted for the set, and fewer open nothing. Give each to someone else, as text or by naming them as
 * holders, and free the set: nothing but its shares brings it back.
 *
 * ```ts
 * const set = await ShareSet.generate({ shares: 3, threshold: 2 });
 * const sealed = await keyring.seal([{ passphrase }, set]);
 * const [first, , third] = set.exposeShares();
 * const recovered = await Keyring.recover(sealed, [third, first]);
 * ```
 */
export class ShareSet {
  /** 16 hexadecimal digits, in each of its shares and in headers. */
  readonly id: string;
  /** How many shares open. */
  readonly threshold: number;
  readonly #handle: Handle<ShareSetHandle>;

  private constructor(handle: Handle<ShareSetHandle>, threshold: number) {
    if (!(handle instanceof Handle)) throw fortressError("invalid_argument", "ShareSet: make one with ShareSet.generate", "ShareSet");
    this.#handle = handle;
    this.threshold = threshold;
    this.id = handle.run("generate", (raw, frame) => frame.asciiText(frame.check(raw.id(), "generate")));
    shareSetHandles.set(this, handle);
  }

  /** A fresh set. @throws `invalid_share_set`. */
  static async generate(options: ShareSetOptions): Promise<ShareSet> {
    const { shares, threshold } = optionsOf(options, SHARE_SET, "generate");
    for (const count of [shares, threshold]) if (!isCount(count)) throw invalidShareSet(count);
    return made("generate", () => ShareSetHandle.generate(threshold, shares), (handle) => new ShareSet(handle, threshold));
  }

  /** All shares, in the clear, as texts that start with `FORTRESS-SHARE-1`. Those of the set's holders come first, in their order. */
  exposeShares(): string[] {
    return this.#handle.run("exposeShares", (raw, frame) => frame.secretJson(raw.expose_shares(), "exposeShares") as string[]);
  }

  /** Wipes the set. Again it does nothing. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

/** Has the module make something, and wraps it. */
async function made<R extends { free(): void }, T>(operation: string, make: (frame: Frame) => R | undefined, wrap: (handle: Handle<R>) => T): Promise<T> {
  await init(undefined, operation);
  const home = instance(operation);
  return wrap(new Handle(home, home.run(operation, (frame) => make(frame) ?? frame.fail(operation)), "key"));
}

function isCount(count: unknown): boolean {
  return typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= 255;
}

function invalidShareSet(count: unknown): Error {
  const got = typeof count === "number" ? String(count) : describe(count);
  return fortressError("invalid_share_set", `generate: a share set has whole numbers of shares and threshold, 2 to 255, got ${got}`, "generate");
}

const SHARE_SET: Known<ShareSetOptions> = { shares: true, threshold: true };
