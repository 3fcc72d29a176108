// What a caller with strict types writes; compiled, not run.
import { decryptBlob, FortressError, inspect, Keyring, rewrap, type Context, type Profile, type Token } from "fortress-sdk";
import wasm from "fortress-sdk/fortress.wasm";
import * as slim from "fortress-sdk/slim";

const profile: Profile = "lightning";
const context: Context = { row: "42" };
const keyring: Keyring = await Keyring.generate({ profile });
const token: Token = keyring.encrypt("x", context);
// @ts-expect-error A token is no plain string's equal: what was never encrypted is not one.
const notToken: Token = "x";

const row = keyring.encryptRow({ email: "a", photo: new Uint8Array() });
const email: Token = row.email;
const photo: Uint8Array = keyring.decryptRow(row).photo;
const hoisted = keyring.encryptRowHoisted({ name: "Ada" });
const name: string = keyring.decryptRowText(hoisted).name;
const stored: { header: string; fields: { name: string } } = JSON.parse(JSON.stringify(hoisted));
const again: string = keyring.decryptRowText(stored).name;
// @ts-expect-error No such field.
row.phone;
const column: (Token | null)[] = keyring.encryptColumn(["a", null]);

await new Blob([photo as Uint8Array<ArrayBuffer>]).stream().pipeThrough(keyring.encryptStream()).pipeTo(new WritableStream<Uint8Array>());
const file: Blob = await decryptBlob("/file", { identity: { passphrase: "p" }, onProgress: ({ processed, total }) => processed / (total ?? 1) });
const shared: Blob = await rewrap(file, { identity: keyring, recipients: [keyring, { passphrase: "p", argon2: { passes: 3, memoryKiB: 65_536, lanes: 4 } }] });

await slim.init(wasm);
const same: Keyring = await slim.Keyring.generate();
try {
  using opened = await same.openSource(shared);
  const part: Uint8Array = await opened.read(0, 10);
  void part;
} catch (error) {
  if (error instanceof FortressError) console.log(error.code === "authentication_failed", error.operation);
  // @ts-expect-error A code that is none.
  if (error instanceof FortressError) console.log(error.code === "authentification_failed");
}
console.log(token, notToken, email, name, again, column, inspect(token).fields[0]?.offset);
