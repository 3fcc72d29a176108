/** AES-256-GCM of the host: WebCrypto everywhere, `node:crypto` in Node. */

/** The AES-256-GCM key of one message, kept by the host. Data is one chunk; tags stand behind the ciphertext. */
export type HostKey = AsyncHostKey | SyncHostKey;

/** Gives promises; many calls may be in flight. */
export interface AsyncHostKey {
  readonly sync: false;
  /** Does the calling thread compute after all, so that a result is there as soon as its promise? */
  readonly atOnce: boolean;
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
    atOnce: await (computesAtOnce ??= settlesAtOnce(subtle)),
    seal: (iv, plaintext) => subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, imported, plaintext as BufferSource),
    open: (iv, ciphertext) => subtle.decrypt({ name: "AES-GCM", iv: iv as BufferSource }, imported, ciphertext as BufferSource),
  };
}

let computesAtOnce: Promise<boolean> | undefined;

/** Chromium computes small calls on the calling thread, and their promises are settled before any other task could run. */
async function settlesAtOnce(subtle: SubtleCrypto): Promise<boolean> {
  const key = await subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["encrypt"]);
  let settled = false;
  void subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(PROBE)).then(() => {
    settled = true;
  });
  for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
  return settled;
}

/** Bytes of a chunk, about. */
const PROBE = 1 << 14;
