// Ways into the keyring from this browser: copies of it in the browser's storage, one sealed for a key of this device, one for a
// passkey. Each says of which stored keyring it is a copy, so an older one is found out.

import { type AnyIdentity, type ExternalKey, Keyring } from "fortress-sdk";
import { deviceKey, enrolPasskey, forgetDeviceKey, KeyringStore, passkeys } from "fortress-sdk/unlock";

export type Way = "device" | "passkey";

const store = new KeyringStore();
const passkeyIdentity = passkeys();
/** The passkey that was made in this tab; one that opened is `passkeyIdentity.used`. */
let enrolled: ExternalKey | undefined;

/** The copy was made of another keyring than the server holds now. */
export class OlderCopy extends Error {
  constructor() {
    super("The keyring was changed since this browser kept its copy. Unlock with the passphrase, then turn this on again.");
  }
}

/** Which there are. Where the browser keeps nothing there are none. */
export async function ways(): Promise<ReadonlySet<Way>> {
  const stored = await store.list().catch(() => []);
  return new Set(stored.map(({ name }) => name).filter((name): name is Way => name === "device" || name === "passkey"));
}

/** Can a passkey be used here? Its name is a domain's, and an address such as 127.0.0.1 is none. */
export function passkeysFit(): boolean {
  return typeof PublicKeyCredential === "function" && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Makes a way in. A passkey asks the person. */
export async function addWay(way: Way, keyring: Keyring, etag: string): Promise<void> {
  if (way === "device") return seal(way, await deviceKey(), keyring, etag);
  const passkey = await enrolPasskey({ user: "Fortress example", application: "Fortress example" });
  await seal(way, passkey, keyring, etag);
  enrolled = passkey;
}

/** Opens a copy, and tells of which stored keyring it is one. */
export async function openBy(way: Way): Promise<{ keyring: Keyring; etag: string }> {
  const identity: AnyIdentity = way === "device" ? await deviceKey() : passkeyIdentity;
  const keyring = await store.open(way, identity);
  return { keyring, etag: keyring.metadata["etag"] ?? "" };
}

export async function removeWay(way: Way): Promise<void> {
  await store.delete(way);
  if (way === "device") return forgetDeviceKey();
  forgetPasskey();
}

/** Forgets what opens without asking: whoever locks is asked again. */
export async function lockWays(): Promise<void> {
  forgetPasskey();
  await removeWay("device");
}

/** Renews the copies after the keyring was changed here. What needs a passkey that is not at hand goes. */
export async function renewWays(keyring: Keyring, etag: string): Promise<void> {
  const there = await ways();
  if (there.has("device")) await seal("device", await deviceKey(), keyring, etag);
  const passkey = passkeyIdentity.used ?? enrolled;
  if (there.has("passkey")) await (passkey ? seal("passkey", passkey, keyring, etag) : removeWay("passkey"));
}

async function seal(way: Way, recipient: ExternalKey, keyring: Keyring, etag: string): Promise<void> {
  const before = await store.load(way);
  await store.save(way, await keyring.seal(recipient, { metadata: { etag } }), before ? { replaces: before.version } : {});
}

function forgetPasskey(): void {
  passkeyIdentity.forget();
  enrolled = undefined;
}
