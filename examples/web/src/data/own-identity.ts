// The identity of whoever uses this browser: its secret stays here, encrypted under a keyring that is sealed for a key of this device.

import { FortressError, Identity, Keyring, type PublicIdentity } from "fortress-sdk";
import { deviceKey, KeyringStore } from "fortress-sdk/unlock";

const NAME = "identity";
const CONTEXT = { what: "secret identity" };
const FINGERPRINT_BYTES = 20;
const store = new KeyringStore();

/** The identity that is kept here, made when it is first asked for. */
export async function ownIdentity(): Promise<Identity> {
  const device = await deviceKey({ name: NAME });
  const kept = await store.load(NAME);
  if (kept) {
    const keyring = await store.open(NAME, device);
    try {
      return await Identity.fromSecret(keyring.decryptText(keyring.metadata["identity"] ?? "", CONTEXT));
    } finally {
      keyring.free();
    }
  }
  const identity = await Identity.generate();
  const keyring = await Keyring.generate();
  try {
    await store.save(NAME, await keyring.seal(device, { metadata: { identity: keyring.encrypt(identity.exposeSecret(), CONTEXT) } }));
    return identity;
  } catch (error) {
    identity.free();
    // Another tab was first: then that one's is kept here.
    if (error instanceof FortressError && error.code === "store_conflict") return await ownIdentity();
    throw error;
  } finally {
    keyring.free();
  }
}

/** What two people compare of a public identity, in words over the phone say: 160 bits, which nobody finds a second identity for. */
export async function fingerprint(identity: PublicIdentity): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity)));
  const pairs = Array.from(digest.subarray(0, FINGERPRINT_BYTES), (byte) => byte.toString(16).padStart(2, "0"));
  return pairs.map((pair, at) => (at % 2 === 0 && at > 0 ? ` ${pair}` : pair)).join("");
}

/** A link by which somebody shares with this identity. What follows the `#` is never sent to a server. */
export function linkFor(identity: Identity): string {
  return new URL(`/#identity=${identity.publicIdentity}`, location.href).href;
}

/** The public identity of such a link, or the text as it is. */
export function identityIn(text: string): string {
  const hash = URL.parse(text.trim())?.hash ?? "";
  return new URLSearchParams(hash.slice(1)).get("identity") ?? text.trim();
}
