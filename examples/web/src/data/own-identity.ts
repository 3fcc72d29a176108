// The identity of whoever uses this browser: its secret stays here, encrypted under a keyring that is sealed for a key of this device.

import { Identity, Keyring } from "fortress-sdk";
import { deviceKey, KeyringStore } from "fortress-sdk/unlock";

const NAME = "identity";
const CONTEXT = { what: "secret identity" };
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
  const keyring = await Keyring.generate();
  try {
    const identity = await Identity.generate();
    await store.save(NAME, await keyring.seal(device, { metadata: { identity: keyring.encrypt(identity.exposeSecret(), CONTEXT) } }));
    return identity;
  } finally {
    keyring.free();
  }
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
