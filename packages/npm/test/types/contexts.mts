// Contexts, rows and stored rows as callers type them, by an interface or not; compiled, not run.
import { decryptBlob, encryptBlob, Keyring, openSource, rewrap, type Context, type Token } from "fortress-sdk";
import { Keyring as FieldsKeyring } from "fortress-sdk/fields";

interface Where {
  readonly tenant: string;
  row: string;
}
interface User {
  name: string;
  photo: Uint8Array;
}
interface StoredUser {
  name: string;
  photo: string;
}
interface Numbered {
  row: number;
}
interface Perhaps {
  row?: string;
}
declare const where: Where;
declare const user: User;
declare const stored: StoredUser;
declare const numbered: Numbered;
declare const perhaps: Perhaps;
declare const plain: Context;
declare const mixed: Where | Numbered;
declare const one: { readonly row: string } | { readonly column: string };

const keyring = await Keyring.generate();
const fields = await FieldsKeyring.generate();

for (const own of [keyring, fields]) {
  const token: Token = own.encrypt("x", where);
  const text: string = own.decryptText(own.reencrypt(token, where), where);
  own.decrypt(token, one);
  own.decrypt(token, plain);
  own.decrypt(token, {});
  own.decrypt(token, undefined);
  const row = own.encryptRow(user, where);
  const name: Token = row.name;
  const photo: Uint8Array = own.decryptRow(stored, where).photo;
  const again: string = own.decryptRowText(own.encryptRowHoisted(user, where), where).name;
  own.reencryptRow(stored, where);
  const column = own.encryptColumn([text, null], { context: where, contexts: [where, where] });
  own.decryptColumnText(column, { context: where, contexts: [{ row: "1" }, { row: "2" }] });
  own.reencryptColumn(own.encryptColumnHoisted([photo], { context: where }).values, { header: token, context: where });
  own.decryptAllText(own.encryptAll([name, again], { contexts: [where, { row: "2" }] }), { contexts: [where, one] });

  // @ts-expect-error A number.
  own.encrypt("x", numbered);
  // @ts-expect-error A number.
  own.decrypt(token, { row: 42 });
  // @ts-expect-error A number in one of two.
  own.decrypt(token, mixed);
  // @ts-expect-error It may be missing.
  own.decryptText(token, perhaps);
  // @ts-expect-error Text.
  own.encrypt("x", "row");
  // @ts-expect-error A list.
  own.encrypt("x", ["row"]);
  // @ts-expect-error A function.
  own.encrypt("x", () => "row");
  // @ts-expect-error A Map, whose entries are no fields.
  own.encrypt("x", new Map([["row", "42"]]));
  // @ts-expect-error A value that is none.
  own.encryptRow({ age: 42 }, where);
  // @ts-expect-error A number.
  own.encryptRow(user, numbered);
  // @ts-expect-error Of a stored row, fields are text.
  own.decryptRow(user, where);
  // @ts-expect-error A number.
  own.encryptColumn(["a"], { context: numbered });
  // @ts-expect-error A number.
  own.encryptColumn(["a"], { contexts: [numbered] });
  // @ts-expect-error A number.
  own.encryptAll(["a"], { contexts: [where, numbered] });
  // @ts-expect-error There is no such option.
  own.encryptColumn(["a"], { context: where, contxts: [where] });
}

const file: Blob = await encryptBlob(new Blob(), { recipients: keyring, context: where });
await decryptBlob(file, { identity: keyring, context: where });
await rewrap(file, { identity: keyring, recipients: keyring, context: where });
(await openSource(file, { identity: keyring, context: where })).free();
(await keyring.openSource(file, { context: where })).free();
await keyring.decryptRange(file, { start: 0, end: 1, context: where });
keyring.encryptStream({ context: where });
keyring.decryptStream({ context: where });
// @ts-expect-error A number.
await encryptBlob(new Blob(), { recipients: keyring, context: numbered });
// @ts-expect-error A number.
await decryptBlob(file, { identity: keyring, context: numbered });
// @ts-expect-error A number.
await keyring.decryptRange(file, { start: 0, end: 1, context: { row: 42 } });
// @ts-expect-error A number.
keyring.encryptStream({ context: numbered });
// @ts-expect-error A number, by a name that is one.
keyring.encrypt("x", { 1: 42 });
// @ts-expect-error A symbol is no name.
keyring.encrypt("x", { [Symbol.iterator]: 4 });
keyring.encrypt("x", { 1: "text" });
