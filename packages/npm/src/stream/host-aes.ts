/** AES-256-GCM of the host: WebCrypto everywhere, `node:crypto` in Node. */

/** The AES-256-GCM key of one message, kept by the host. Data is one chunk; tags stand behind the ciphertext. */
export type HostKey = AsyncHostKey | SyncHostKey;

/** Computes off the calling thread; many calls may be in flight. */
export interface AsyncHostKey {
  readonly sync: false;
  seal(nonce: Uint8Array, plaintext: Uint8Array): Promise<ArrayBuffer>;
  /** Rejects when the tag does not verify. */
  open(nonce: Uint8Array, ciphertext: Uint8Array): Promise<ArrayBuffer>;
}

/** Computes at once, into a buffer of the caller's. */
export interface SyncHostKey {
  readonly sync: true;
  seal(nonce: Uint8Array, plaintext: Uint8Array, out: Uint8Array, at: number): void;
  /** Throws when the tag does not verify. */
  open(nonce: Uint8Array, ciphertext: Uint8Array, out: Uint8Array, at: number): void;
}

/** Makes a host's key from 32 bytes, which it copies. */
export type HostAes = (key: Uint8Array) => HostKey | Promise<HostKey>;

let hostAes: HostAes | undefined;

/** Names a host AES that is better than WebCrypto. */
export function setHostAes(aes: HostAes): void {
  hostAes = aes;
}

/** The host's AES; `undefined` where there is none, such as a page that is not a secure context. */
export function currentHostAes(): HostAes | undefined {
  if (hostAes !== undefined) return hostAes;
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  return subtle === undefined ? undefined : (key) => webCryptoKey(subtle, key);
}

/** A WebCrypto key that cannot be extracted. WebCrypto copies nonces and data when it is called, so views may be reused. */
async function webCryptoKey(subtle: SubtleCrypto, key: Uint8Array): Promise<AsyncHostKey> {
  const imported = await subtle.importKey("raw", key as BufferSource, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    sync: false,
    seal: (iv, plaintext) => subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, imported, plaintext as BufferSource),
    open: (iv, ciphertext) => subtle.decrypt({ name: "AES-GCM", iv: iv as BufferSource }, imported, ciphertext as BufferSource),
  };
}
