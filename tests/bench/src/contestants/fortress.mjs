/** Fortress by its public API, as an application calls it. */
import * as fortress from "fortress-sdk";
import { Grant, SigningKey } from "fortress-sdk/grants";
import { bytes, collect, MESSAGES, mustEqual, sink, STREAM, streamOf, VALUE } from "../workloads.mjs";

/** Different ciphertexts that are read in turn: more than a reader would keep derivations of. */
const DIFFERENT = 1000;
const ROW = ["name", "email", "phone", "street", "city", "country", "iban", "note"];
const COLUMN = 1000;

/** @returns {Promise<import("../workloads.mjs").Contestant[]>} */
export async function contestants() {
  const keyring = await fortress.Keyring.generate();
  return [
    ...tokens(keyring.scope("acme", "users", "email")),
    ...messages(keyring.scope("acme", "notes")),
    ...groups(keyring.scope("acme", "users")),
    ...(await identities(keyring)),
    ...(await grants(keyring)),
    ...(await recovery(keyring)),
    ...(await streams(keyring)),
  ];
}

function tokens(keyring) {
  const name = "Fortress token";
  const value = bytes(VALUE);
  const context = { row: "42" };
  const token = inTurn(() => keyring.encrypt(value, context));
  mustEqual(keyring.decrypt(token(), context), value, name);
  return [
    { workload: "single-encrypt", name, units: 1, run: () => keyring.encrypt(value, context) },
    { workload: "single-decrypt", name, units: 1, run: () => keyring.decrypt(token(), context) },
  ];
}

/** Bytes to bytes, as the others do it, with an array for each and without; and as text, which is a third longer. */
function messages(keyring) {
  return Object.entries(MESSAGES).flatMap(([size, units]) => {
    const message = bytes(units);
    const [token, text, array] = [keyring.encryptBytes(message), keyring.encrypt(message), new Uint8Array(2 * units)];
    if (fortress.inspect(token).suite !== "ChaCha20-Poly1305") throw new Error("a token is of another suite than the others here");
    const forms = {
      "Fortress token, as bytes": [() => keyring.encryptBytes(message), () => keyring.decrypt(token)],
      "Fortress token, into an array": [() => keyring.encryptInto(message, array), () => keyring.decryptInto(token, array)],
      "Fortress token, as text": [() => keyring.encrypt(message), () => keyring.decrypt(text)],
    };
    mustEqual(keyring.decrypt(array.subarray(0, keyring.encryptInto(message, array))), message, "into an array");
    mustEqual(array.subarray(0, keyring.decryptInto(token, array)), message, "into an array");
    mustEqual(keyring.decrypt(text), message, "as text");
    return Object.entries(forms).flatMap(([name, [encrypt, decrypt]]) => [
      { workload: `call-${size}-encrypt`, name, units, run: encrypt },
      { workload: `call-${size}-decrypt`, name, units, run: decrypt },
    ]);
  });
}

function groups(keyring) {
  const context = { row: "42" };
  const row = Object.fromEntries(ROW.map((field) => [field, bytes(VALUE)]));
  const whole = inTurn(() => keyring.encryptRow(row, context));
  const hoisted = inTurn(() => keyring.encryptRowHoisted(row, context));
  const column = Array.from({ length: COLUMN }, () => bytes(VALUE));
  const tokens = keyring.encryptColumn(column);
  mustEqual(keyring.decryptRow(whole(), context).iban, row.iban, "a row");
  mustEqual(keyring.decryptRow(hoisted(), context).iban, row.iban, "a hoisted row");
  mustEqual(keyring.decryptColumn(tokens)[7], column[7], "a column");
  return [
    { workload: "member-encrypt", name: "Fortress row of 8", units: 8, run: () => keyring.encryptRow(row, context) },
    { workload: "member-encrypt", name: "Fortress row of 8, hoisted", units: 8, run: () => keyring.encryptRowHoisted(row, context) },
    { workload: "member-encrypt", name: "Fortress column of 1,000", units: COLUMN, run: () => keyring.encryptColumn(column) },
    { workload: "member-decrypt", name: "Fortress row of 8", units: 8, run: () => keyring.decryptRow(whole(), context) },
    { workload: "member-decrypt", name: "Fortress row of 8, hoisted", units: 8, run: () => keyring.decryptRow(hoisted(), context) },
    { workload: "member-decrypt", name: "Fortress column of 1,000", units: COLUMN, run: () => keyring.decryptColumn(tokens) },
  ];
}

/** A whole keyring is sealed: key, header, MAC and message besides the key encapsulation. */
async function identities(keyring) {
  const name = "Fortress sealed keyring";
  const ada = await fortress.Identity.generate();
  const sealed = await keyring.seal(ada.publicIdentity);
  if ((await fortress.Keyring.open(sealed, ada)).primary !== keyring.primary) throw new Error("another keyring");
  return [
    { workload: "identity-generate", name: "Fortress identity", units: 1, asynchronous: true, run: async () => (await fortress.Identity.generate()).free() },
    { workload: "identity-seal", name, units: 1, asynchronous: true, run: () => keyring.seal(ada.publicIdentity) },
    { workload: "identity-open", name, units: 1, asynchronous: true, run: async () => (await fortress.Keyring.open(sealed, ada)).free() },
  ];
}

/** The keys of a scope, signed; opening verifies the signature and takes the keys. */
async function grants(keyring) {
  const [ada, scope] = [await fortress.Identity.generate(), keyring.scope("acme", "users")];
  const entries = [];
  for (const [algorithm, called] of [["ed25519", "Ed25519"], ["hybrid", "Ed25519 and ML-DSA-65"]]) {
    const name = `Fortress grant, ${called}`;
    const signer = await SigningKey.generate({ algorithm });
    const make = () => scope.grant({ recipients: ada.publicIdentity, signer, actions: "both", until: new Date(Date.now() + 86_400_000), purpose: "answering tickets" });
    const sealed = await make();
    const open = () => Grant.open(sealed, { identity: ada, trusted: signer.verifyingKey });
    const opened = await open();
    if (opened.keyring().primary !== keyring.primary) throw new Error("another keyring");
    opened.free();
    entries.push(
      { workload: "identity-grant", name, units: 1, asynchronous: true, run: make },
      { workload: "identity-grant-open", name, units: 1, asynchronous: true, run: async () => (await open()).free() },
    );
  }
  return entries;
}

/** The other ways into a keyring. */
async function recovery(keyring) {
  const name = "Fortress sealed keyring";
  const passphrase = "correct horse battery staple";
  const locked = await keyring.seal({ passphrase });
  const split = () => fortress.ShareSet.generate({ shares: 3, threshold: 2 });
  const set = await split();
  const sealed = await keyring.seal(set);
  const [first, , third] = set.exposeShares();
  return [
    { workload: "passphrase-unlock", name, units: 1, asynchronous: true, run: async () => (await fortress.Keyring.open(locked, { passphrase })).free() },
    { workload: "shares-split", name: "Fortress share set", units: 1, asynchronous: true, run: async () => (await split()).free() },
    { workload: "shares-recover", name, units: 1, asynchronous: true, run: async () => (await fortress.Keyring.recover(sealed, [first, third])).free() },
  ];
}

/** Makes many, and gives one after the other. */
function inTurn(make) {
  const made = Array.from({ length: DIFFERENT }, make);
  let next = 0;
  return () => made[next++ % made.length];
}

async function streams(keyring) {
  const data = bytes(STREAM);
  const entries = [];
  for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305"]) {
    const encrypted = await collect(streamOf(data).pipeThrough(keyring.encryptStream({ suite })));
    const check = sink();
    await streamOf(encrypted).pipeThrough(keyring.decryptStream()).pipeTo(check.stream);
    if (check.length() !== data.length) throw new Error(`${suite}: the stream does not give back what it was given`);
    entries.push(
      { workload: "stream-encrypt", name: `Fortress ${suite}`, units: data.length, run: () => streamOf(data).pipeThrough(keyring.encryptStream({ suite })).pipeTo(sink().stream) },
      { workload: "stream-decrypt", name: `Fortress ${suite}`, units: data.length, run: () => streamOf(encrypted).pipeThrough(keyring.decryptStream()).pipeTo(sink().stream) },
    );
    if (suite !== "AES-256-GCM") continue;
    const [plainBlob, encryptedBlob] = [new Blob([data]), new Blob([encrypted])];
    entries.push(
      { workload: "stream-encrypt", name: `Fortress ${suite}, Blob to Blob`, units: data.length, run: () => keyring.encryptBlob(plainBlob, { suite }) },
      { workload: "stream-decrypt", name: `Fortress ${suite}, Blob to Blob`, units: data.length, run: () => keyring.decryptBlob(encryptedBlob) },
      // What of that is the Blobs' own: reading one, and making one of what was read.
      { workload: "stream-encrypt", name: "Blob to Blob, unencrypted", units: data.length, run: () => new Response(plainBlob.stream()).blob() },
    );
  }
  return entries;
}
