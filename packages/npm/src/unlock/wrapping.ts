/** Wrapping a file key under a key of WebCrypto that no script can read. */

import { fortressError } from "../errors.js";
import type { Bytes, ExternalKey } from "../types.js";

/**
 * An external key by AES-256-GCM: what it wraps is a random nonce, the ciphertext and the tag, 60 bytes, with the header's associated data as the AEAD's
 * (spec X-3). With several keys that is wrapped again by each, and all of them are needed.
 */
export class WrappingKey implements ExternalKey {
  readonly #keys: readonly CryptoKey[];

  constructor(
    readonly reference: string,
    ...keys: readonly CryptoKey[]
  ) {
    this.#keys = keys;
  }

  async wrap(fileKey: Bytes, associated: Bytes): Promise<Uint8Array> {
    let wrapped = fileKey;
    for (const key of this.#keys) {
      const iv = crypto.getRandomValues(new Uint8Array(NONCE));
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated }, key, wrapped));
      wrapped = new Uint8Array(NONCE + sealed.length);
      wrapped.set(iv);
      wrapped.set(sealed, NONCE);
    }
    return wrapped;
  }

  async unwrap(wrapped: Bytes, associated: Bytes): Promise<Uint8Array> {
    let opened: Bytes | undefined = wrapped.length === FILE_KEY + this.#keys.length * OVERHEAD ? wrapped : undefined;
    for (const key of [...this.#keys].reverse()) {
      if (opened === undefined) break;
      const algorithm = { name: "AES-GCM", iv: opened.subarray(0, NONCE), additionalData: associated };
      const inner = await crypto.subtle.decrypt(algorithm, key, opened.subarray(NONCE)).catch(() => undefined);
      opened = inner && new Uint8Array(inner);
    }
    if (opened === undefined) throw fortressError("authentication_failed", "what the key wrapped was changed, or belongs to another key or header", "unwrap");
    return opened;
  }
}

/** The AES key that a secret gives for a reference (spec X-3): HKDF-SHA-512 with an empty salt. */
export async function derivedKey(secret: Bytes, label: string, reference: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const info = new TextEncoder().encode(`${label}\0${reference}`);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-512", salt: new Uint8Array(), info }, material, AES, false, ["encrypt", "decrypt"]);
}

/** What keys for {@link WrappingKey} are made with. */
export const AES = { name: "AES-GCM", length: 256 } as const;

/** base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The bytes of base64url without padding, where it is the one text that they have. */
export function fromBase64url(text: string): Bytes | undefined {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
  return toBase64url(bytes) === text ? bytes : undefined;
}

const NONCE = 12;
/** Nonce and tag. */
const OVERHEAD = NONCE + 16;
const FILE_KEY = 32;
