/** The API of `fortress-sdk/fields`: values, rows and columns by a module half as large. */

import { listOf, optionsOf } from "./arguments.js";
import { FieldKeyring, GENERATE, now, type GenerateOptions } from "./field-keyring.js";
import * as glue from "./generated/fortress_fields.js";
import { inspecting } from "./inspection.js";
import { carry } from "./module/carry.js";
import { Handle } from "./module/handle.js";
import { WasmModule } from "./module/loaded.js";
import type { SealOptions } from "./sealed.js";
import type { AnyIdentity, Bytes, Data, Recipient, WasmSource } from "./types.js";

const fields = new WasmModule(glue, { entry: "fortress-sdk/fields/slim", file: "fields.wasm" });

/** What opens and makes sealed keyrings: the whole module, which is loaded when one of them is first needed. */
export type Sealed = ReturnType<typeof import("./sealed.js").connectSealed>;

let sealed: (() => Promise<Sealed>) | undefined;

/**
 * Loads the WebAssembly module. Everything that returns a promise does so by itself; call it where a synchronous function comes first. Calling it again
 * does nothing; after a failure it tries again.
 *
 * @throws `wasm_unavailable`; with `fortress-sdk/fields/slim` and no source, `not_initialised`.
 */
export async function init(source?: WasmSource): Promise<void> {
  await fields.init(source);
}

/**
 * Versioned keys in WebAssembly memory, as that of `fortress-sdk`, for values, rows and columns. Opening and sealing one loads the whole module, which
 * opens it or seals it and hands over the keys; everything else is done by the small one.
 *
 * ```ts
 * const keyring = await Keyring.open(sealed, { passphrase });
 * const email = keyring.scope("acme", "users", "email");
 * const token = email.encrypt("ada@example.org", { row: "42" });
 * ```
 */
export class Keyring extends FieldKeyring {
  readonly #handle: Handle<glue.KeyringHandle>;

  private constructor(handle: Handle<glue.KeyringHandle>, metadata?: Readonly<Record<string, string>>) {
    super(handle, metadata);
    this.#handle = handle;
  }

  /** A keyring with one fresh version. Seal it to keep it. */
  static async generate(options: GenerateOptions = {}): Promise<Keyring> {
    const { profile = "" } = optionsOf(options, GENERATE, "generate");
    await fields.init(undefined, "generate");
    const home = fields.instance("generate");
    const raw = home.run("generate", (frame) => glue.KeyringHandle.generate(frame.lastValue(profile, "generate").length, now()) ?? frame.fail("generate"));
    return new Keyring(new Handle(home, raw, "keyring"));
  }

  /**
   * Opens a sealed keyring. A passphrase takes a moment: it is derived with Argon2id.
   *
   * @throws `wrong_passphrase`, `wrong_recipient` when none of its recipients is the identity's kind, `not_fortress` and the like when it is not a sealed
   *   keyring.
   */
  static async open(data: Data, identity: AnyIdentity | readonly AnyIdentity[]): Promise<Keyring> {
    const [{ openSealed, metadataOf }] = await Promise.all([whole("open"), fields.init(undefined, "open")]);
    const opened = await openSealed(data, listOf(identity), "open");
    try {
      return new Keyring(carry(opened, fields, glue.KeyringHandle, "open"), metadataOf(opened, "open"));
    } finally {
      opened.free();
    }
  }

  /**
   * Seals the keyring, all versions and scope included, for one or more recipients. Store the result anywhere.
   *
   * @throws `empty_passphrase`, `argon2_limits`, `no_recipient`, `too_many_recipients`.
   */
  async seal(recipient: Recipient | readonly Recipient[], options: SealOptions = {}): Promise<Bytes> {
    const { seal } = await whole("seal");
    return seal(this.#handle, recipient, options, "seal");
  }

  /** @internal */
  protected override narrowed(handle: Handle<glue.KeyringHandle>): this {
    return new Keyring(handle) as this;
  }
}

/**
 * Takes a token apart: its text, or its bytes. Needs no key and checks none; needs the module, so `await init()` first where nothing asynchronous was called
 * before. Envelopes are taken apart by `inspect` of `fortress-sdk`.
 *
 * @throws `truncated`, `unknown_version`, `invalid_text` and the like when it is none.
 */
export const inspect = inspecting(fields, glue);

function whole(operation: string): Promise<Sealed> {
  // An entry that does not connect it does not exist.
  return (sealed as (operation: string) => Promise<Sealed>)(operation);
}

/** What an entry knows of its platform. */
export interface FieldsPlatform {
  /** Where the small module is. */
  readonly wasm?: () => WasmSource;
  /** Brings the whole one. */
  readonly sealed: () => Promise<Sealed>;
}

/** Connects the package to a platform and returns its functions, as `connect` of the whole API does. */
export function connectFields(platform: FieldsPlatform) {
  if (platform.wasm !== undefined) fields.setDefaultSource(platform.wasm);
  sealed ??= platform.sealed;
  return { init, Keyring, inspect };
}

export type { AllOptions, GenerateOptions } from "./field-keyring.js";
export type { InspectedField, Inspection } from "./inspection.js";
export type { ColumnOptions, EncryptedRow, HoistedColumn, HoistedRow, Row, StoredColumnOptions, StoredHoistedRow } from "./rows.js";
export type { SealOptions } from "./sealed.js";
export type * from "./types.js";
