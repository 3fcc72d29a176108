// What the types promise to a strict consumer. Compiled, never run.
import {
  AuthenticationError,
  FortressError,
  Keyring,
  decryptRange,
  encryptBlob,
  init,
  inspect,
  openSource,
  rewrap,
  type Context,
  type Inspection,
  type Profile,
  type Suite,
  type Token,
} from "fortress-sdk";
import * as slim from "fortress-sdk/slim";

export async function use(file: File, upload: WritableStream<Uint8Array>): Promise<string> {
  await init();
  const profile: Profile = "balanced";
  const context: Context = { row: "42" };
  const keyring: Keyring = await Keyring.generate({ profile });
  const email = keyring.scope("acme", "users", "email");
  const token: Token = email.encrypt("ada@example.org", context);
  const stored: string = token;
  const bytes: Uint8Array = email.decrypt(stored, context);
  const row: Record<"name" | "mail", Token> = email.encryptRow({ name: "Ada", mail: bytes }, context);
  const { header, fields } = email.encryptRowHoisted({ name: "Ada" }, context);
  const back: Record<"name", string> = email.decryptRowText({ header, fields }, context);
  const column: (Token | null)[] = email.encryptColumn(["a", null]);
  const suite: Suite = "AES-256-GCM";
  await file.stream().pipeThrough(keyring.encryptStream({ context, suite })).pipeTo(upload);
  const blob: Blob = await encryptBlob(file, { recipients: [keyring, { passphrase: "words" }], onProgress: ({ processed }) => void processed });
  const again: Blob = await rewrap(blob, { identity: { passphrase: "words" }, recipients: keyring });
  const part: Uint8Array = await decryptRange(again, { identity: keyring, start: 0, end: 10 });
  const opened = await openSource("https://example.org/file", { identity: keyring });
  const size: number = opened.size;
  const inspection: Inspection = inspect(token);
  try {
    keyring.decryptText(token);
  } catch (error) {
    if (error instanceof AuthenticationError) return error.code;
    if (error instanceof FortressError) return `${error.operation}: ${error.message}`;
  }
  await slim.init(new URL("https://example.org/fortress.wasm"));
  const same: slim.Keyring = await slim.Keyring.generate();
  same.free();
  return `${back.name} ${row.mail} ${column.length} ${part.length} ${size} ${JSON.stringify(inspection)}`;
}

export function mistakes(keyring: Keyring): void {
  // @ts-expect-error a profile that does not exist
  void Keyring.generate({ profile: "paranoid" });
  // @ts-expect-error a context is strings
  keyring.encrypt("value", { row: 42 });
  // @ts-expect-error plain text is no token
  const token: Token = "plain";
  // @ts-expect-error keyrings are generated or opened
  new Keyring();
  void token;
}
