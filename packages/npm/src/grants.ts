/// <reference lib="esnext.disposable" preserve="true" />
/** Grants and the keys that sign them: the API of `fortress-sdk/grants`. */

import { bytesOf, listOf, optionsOf, type Known } from "./arguments.js";
import { fortressError, invalidArgument } from "./errors.js";
import * as glue from "./generated/fortress_signatures.js";
import { UnverifiedGrantHandle, type GrantHandle } from "./generated/fortress_wasm.js";
import { seconds, type GrantActions } from "./granting.js";
import { Keyring } from "./keyring.js";
import { withIdentities } from "./module/external.js";
import { Handle } from "./module/handle.js";
import { init as initWhole, whole } from "./module/instance.js";
import { WasmModule } from "./module/loaded.js";
import { grantHandles } from "./module/parties.js";
import { signers } from "./module/signers.js";
import type { AnyIdentity, Data, ScopeIdentity, VerifyingKey, WasmSource } from "./types.js";

const signatures = new WasmModule(glue, { entry: "fortress-sdk/grants/slim", file: "signatures.wasm" });

/**
 * Loads the WebAssembly module of the algorithms. Everything that returns a promise does so by itself; call it where {@link verifyingKey} comes first. Calling it
 * again does nothing; after a failure it tries again.
 *
 * @throws `wasm_unavailable`; with `fortress-sdk/grants/slim` and no source, `not_initialised`.
 */
export async function init(source?: WasmSource): Promise<void> {
  await signatures.init(source);
}

/** By what a key signs: Ed25519, or ML-DSA-65 beside it, so that it holds against quantum computers. */
export type SigningAlgorithm = "ed25519" | "hybrid";

/** Who signed a grant. */
export interface Granter {
  readonly verifyingKey: VerifyingKey;
  /** What stands for the key where it is too long: 16 hexadecimal digits. It tells granters apart, and proves nothing. */
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
}

/** What a new signing key is like. */
export interface SigningKeyOptions {
  /** By default `ed25519`. */
  readonly algorithm?: SigningAlgorithm;
}

/**
 * What signs grants, in WebAssembly memory. Others trust its grants by its verifying key.
 *
 * ```ts
 * const grace = await SigningKey.generate({ algorithm: "hybrid" });
 * const sealed = await keyring.scope("acme", "users").grant({ recipients: ada, signer: grace, actions: "decrypt", until });
 * ```
 */
export class SigningKey implements Granter {
  /** What others verify by: a text that starts with `fortress-verifying-key-1`, to be given out. */
  readonly verifyingKey: VerifyingKey;
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly #handle: Handle<glue.SigningKeyHandle>;

  private constructor(handle: Handle<glue.SigningKeyHandle>, operation: string) {
    // Callers without TypeScript see a constructor.
    if (!(handle instanceof Handle)) throw fortressError("invalid_argument", "SigningKey: make one with SigningKey.generate or SigningKey.fromSecret", "SigningKey");
    this.#handle = handle;
    const { id, algorithm, text } = handle.run(operation, (raw, frame) => frame.json(raw.describe(), operation) as Described);
    this.verifyingKey = text;
    this.id = id;
    this.algorithm = algorithm;
    signers.set(this, {
      verifyingKey: handle.run(operation, (raw, frame) => frame.copy(frame.check(raw.verifying_key(), operation))),
      sign: (message, by) => handle.run(by, (raw, frame) => frame.copy(frame.check(raw.sign(frame.rest(message).length), by))),
    });
  }

  /** A fresh one. Keep its secret, or its next grant is another granter's. */
  static async generate(options: SigningKeyOptions = {}): Promise<SigningKey> {
    const { algorithm = "" } = optionsOf(options, SIGNING_KEY, "generate");
    if (typeof (algorithm as unknown) !== "string") throw invalidArgument("generate", '"ed25519" or "hybrid" as the algorithm', algorithm);
    return SigningKey.#made("generate", algorithm, (length) => glue.SigningKeyHandle.generate(length));
  }

  /** The one of a text that {@link SigningKey.exposeSecret} gave. @throws `invalid_signing_key`. */
  static async fromSecret(secret: string): Promise<SigningKey> {
    if (typeof secret !== "string") throw invalidArgument("fromSecret", "the text of a signing key", secret);
    return SigningKey.#made("fromSecret", secret, (length) => glue.SigningKeyHandle.from_secret(length));
  }

  static async #made(operation: string, text: string, make: (length: number) => glue.SigningKeyHandle | undefined): Promise<SigningKey> {
    await signatures.init(undefined, operation);
    const home = signatures.instance(operation);
    const raw = home.run(operation, (frame) => make(frame.lastValue(text, operation).length) ?? frame.fail(operation));
    return new SigningKey(new Handle(home, raw, "signing key"), operation);
  }

  /** The secret, in the clear, as text that starts with `FORTRESS-SIGNING-KEY-1`. Whoever has it grants as this granter. */
  exposeSecret(): string {
    return this.#handle.run("exposeSecret", (raw, frame) => frame.secretText(raw.expose_secret(), "exposeSecret"));
  }

  /** The verifying key. */
  toString(): VerifyingKey {
    return this.verifyingKey;
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
 * Reads the text of a verifying key, as it comes from somebody. Needs the module, so `await init()` first where nothing asynchronous of this entry was called
 * before.
 *
 * @throws `invalid_signing_key` when it is none, or was not copied whole, or is the secret one.
 */
export function verifyingKey(text: string): VerifyingKey {
  if (typeof text !== "string") throw invalidArgument("verifyingKey", "the text of a verifying key", text);
  return signatures.run("verifyingKey", (frame) => (frame.json(glue.verifying_key(frame.lastValue(text, "verifyingKey").length), "verifyingKey") as Described).text);
}

/** What a grant says. */
export interface GrantTerms {
  /** 32 hexadecimal digits, by which a record of grants names it. */
  readonly id: string;
  readonly granter: Granter;
  /** The scope that it is for. */
  readonly path: readonly string[];
  readonly actions: GrantActions;
  readonly from: Date;
  /** The moment at which it is not valid any more. */
  readonly until: Date;
  readonly purpose: string;
  readonly granterName: string;
  readonly recipientName: string;
}

/** What opens a grant: one of these is enough. */
export interface ReadGrantOptions {
  readonly identity: AnyIdentity | readonly AnyIdentity[];
}

/** And whose grants are good. */
export interface OpenGrantOptions extends ReadGrantOptions {
  /** The verifying keys of those whose grants are good. Compare one with its holder, all of it, before you add it. */
  readonly trusted: VerifyingKey | readonly VerifyingKey[];
  /** By default this moment. */
  readonly now?: Date;
}

/**
 * An opened grant, of a trusted granter: a scope's keys for a time. It is a recipient and an identity wherever those are asked for, as far as it allows, and
 * gives a keyring for tokens, rows and columns. Each use asks the clock.
 *
 * ```ts
 * const grant = await Grant.open(sealed, { identity: ada, trusted: [graceVerifyingKey] });
 * const name = grant.keyring().decryptText(token, { row: "42" });
 * ```
 */
export class Grant implements GrantTerms {
  readonly id: string;
  readonly granter: Granter;
  readonly path: readonly string[];
  readonly actions: GrantActions;
  readonly from: Date;
  readonly until: Date;
  readonly purpose: string;
  readonly granterName: string;
  readonly recipientName: string;
  readonly #handle: Handle<GrantHandle>;

  private constructor(handle: Handle<GrantHandle>, terms: GrantTerms) {
    // Callers without TypeScript see a constructor.
    if (!(handle instanceof Handle)) throw fortressError("invalid_argument", "Grant: open one with Grant.open", "Grant");
    this.#handle = handle;
    ({
      id: this.id, granter: this.granter, path: this.path, actions: this.actions, from: this.from, until: this.until,
      purpose: this.purpose, granterName: this.granterName, recipientName: this.recipientName,
    } = terms);
    grantHandles.set(this, handle);
  }

  /**
   * Opens a grant that is signed by one of the `trusted` and valid now.
   *
   * @throws `wrong_recipient` when it is for others, `forged_grant`, `untrusted_granter`, `grant_not_yet_valid`, `grant_expired`, `wrong_content` and the like
   *   when it is no grant.
   */
  static async open(sealed: Data, options: OpenGrantOptions): Promise<Grant> {
    const { identity, trusted, now } = optionsOf(options, OPEN, "open");
    const at = seconds(now ?? new Date(), "now", "open");
    const texts = listOf(trusted).map((text: unknown) => {
      if (typeof text !== "string") throw invalidArgument("open", "the texts of verifying keys as `trusted`", text);
      return text;
    });
    const { handle, terms } = await opened(sealed, listOf(identity), "open");
    try {
      signatures.run("open", (frame) => frame.check(glue.require_trusted(frame.list(texts, "open").lastValue(terms.granter.verifyingKey, "open").length), "open"));
      handle.run("open", (raw, frame) => frame.check(raw.check(at), "open"));
    } catch (error) {
      handle.free();
      throw error;
    }
    return new Grant(handle, terms);
  }

  /**
   * What a grant says, its signature verified, to be shown to whoever decides whether its granter is to be trusted. It gives no key.
   *
   * @throws as {@link Grant.open}, but for trust and time.
   */
  static async read(sealed: Data, options: ReadGrantOptions): Promise<GrantTerms> {
    const { identity } = optionsOf(options, READ, "read");
    const { handle, terms } = await opened(sealed, listOf(identity), "read");
    handle.free();
    return terms;
  }

  /** Is it valid now? @throws `grant_not_yet_valid`, `grant_expired`. */
  check(now: Date = new Date()): void {
    const at = seconds(now, "now", "check");
    this.#handle.run("check", (raw, frame) => frame.check(raw.check(at), "check"));
  }

  /**
   * The keyring of its scope, which does what the grant allows and refuses all else. It does not end by itself: take it out of the grant when you need it, and free it.
   *
   * @throws `action_not_granted` by a grant to encrypt, which has none; `grant_not_yet_valid`, `grant_expired`.
   */
  keyring(now: Date = new Date()): Keyring {
    return this.#scope(this.path, now, "keyring");
  }

  /** The same narrowed to a scope, which is named from the root: the grant's own, or one below it. @throws also `outside_scope`. */
  scope(...segments: readonly string[]): Keyring {
    return this.#scope(segments, new Date(), "scope");
  }

  /**
   * What others encrypt for at its scope: a text for whom the grant's granter decrypts.
   *
   * @throws `action_not_granted` by a grant to decrypt; `grant_not_yet_valid`, `grant_expired`.
   */
  scopeIdentity(now: Date = new Date()): ScopeIdentity {
    const at = seconds(now, "now", "scopeIdentity");
    return this.#handle.run("scopeIdentity", (raw, frame) => frame.asciiText(frame.check(raw.scope_identity(at), "scopeIdentity")) as ScopeIdentity);
  }

  /** Wipes its keys. Again it does nothing. Keyrings that it gave are freed on their own. */
  free(): void {
    this.#handle.free();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #scope(segments: readonly string[], now: Date, operation: string): Keyring {
    const at = seconds(now, "now", operation);
    const raw = this.#handle.run(operation, (grant, frame) => {
      frame.u32(segments.length);
      for (const segment of segments) {
        if (typeof segment !== "string") throw invalidArgument(operation, "strings as segments", segment);
        frame.string(segment, operation);
      }
      return grant.scope(at, frame.length) ?? frame.fail(operation);
    });
    return Keyring.of(new Handle(this.#handle.home, raw, "keyring"));
  }
}

/** Opens a grant and verifies its signature, whoever signed it. */
async function opened(sealed: Data, identities: readonly AnyIdentity[], operation: string): Promise<{ handle: Handle<GrantHandle>; terms: GrantTerms }> {
  await Promise.all([initWhole(undefined, operation), signatures.init(undefined, operation)]);
  const bytes = await bytesOf(sealed, operation);
  const unverified = await withIdentities(identities, bytes, operation, (parties, home) => {
    const raw = home.run(operation, (frame) => UnverifiedGrantHandle.open(parties, frame.rest(bytes).length) ?? frame.fail(operation));
    return new Handle(home, raw, "grant");
  });
  try {
    const granter = verified(unverified, operation);
    const raw = unverified.run(operation, (_, frame) => unverified.take(operation).verified() ?? frame.fail(operation));
    const handle = new Handle(unverified.home, raw, "grant");
    return { handle, terms: termsOf(handle, granter, operation) };
  } finally {
    unverified.free();
  }
}

/** Has the signature verified in the other module's memory, where the granted keys come with what was signed and are wiped again. */
function verified(grant: Handle<UnverifiedGrantHandle>, operation: string): Described {
  const home = signatures.instance(operation);
  return grant.run(operation, (raw, source) => {
    const length = source.check(raw.expose(), operation);
    try {
      return home.run(operation, (frame) => frame.json(glue.verify(frame.rest(source.view(length)).length), operation) as Described);
    } finally {
      source.wipeResult(length);
    }
  });
}

function termsOf(grant: Handle<GrantHandle>, granter: Described, operation: string): GrantTerms {
  const { from, until, ...said } = grant.run(operation, (raw, frame) => frame.json(raw.describe(), operation) as Said);
  const { id, algorithm, text } = granter;
  return { ...said, granter: { verifyingKey: text, id, algorithm }, from: new Date(from * 1000), until: new Date(until * 1000) };
}

/** A verifying key as the module describes it. */
interface Described {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly text: VerifyingKey;
}

type Said = Omit<GrantTerms, "granter" | "from" | "until"> & { readonly from: number; readonly until: number };

/** Connects the entry to a platform and returns its functions, as `connect` of the whole API does. */
export function connectGrants(platform: { readonly whole: () => WasmSource; readonly signatures: () => WasmSource }) {
  whole.setDefaultSource(platform.whole);
  signatures.setDefaultSource(platform.signatures);
  return { init, Grant, SigningKey, verifyingKey };
}

const SIGNING_KEY: Known<SigningKeyOptions> = { algorithm: true };
const READ: Known<ReadGrantOptions> = { identity: true };
const OPEN: Known<OpenGrantOptions> = { identity: true, trusted: true, now: true };

export type { GrantActions, GrantOptions } from "./granting.js";
export type * from "./types.js";
