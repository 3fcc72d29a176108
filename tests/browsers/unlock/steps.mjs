/** What the tests have pages do, by names: the tests run outside of them. */
import { inspect, Keyring } from "/package/web.js";
import { deviceKey, enrolPasskey, forgetDeviceKey, KeyringStore, passkeys } from "/package/unlock.js";

/** The least that a writer accepts. */
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Seals a new keyring for as many new passkeys and a passphrase. */
export async function sealForPasskeys(count = 1, options = {}) {
  const keyring = await Keyring.generate();
  const recipients = [];
  for (let made = 0; made < count; made++) recipients.push(await enrolPasskey({ user: `ada ${made}`, ...options }));
  const sealed = await keyring.seal([...recipients, quick("correct horse")]);
  return { sealed: base64(sealed), primary: keyring.primary, references: recipients.map(({ reference }) => reference) };
}

export async function openByPasskey(sealed, options = {}) {
  return (await Keyring.open(fromBase64(sealed), passkeys(options))).primary;
}

export async function openByPassphrase(sealed) {
  return (await Keyring.open(fromBase64(sealed), [passkeys(), { passphrase: "correct horse" }])).primary;
}

/** Opens several times with one object, seals again for what opened, and opens that. Counts the questions. */
export async function openAndSealAgain(sealed) {
  let questions = 0;
  const { credentials } = navigator;
  const get = credentials.get.bind(credentials);
  credentials.get = (options) => {
    questions += 1;
    return get(options);
  };
  try {
    const identity = passkeys();
    const keyring = await Keyring.open(fromBase64(sealed), identity);
    await Keyring.open(fromBase64(sealed), identity);
    keyring.rotate();
    const again = await Keyring.open(await keyring.seal(identity.used), identity);
    const same = again.primary === keyring.primary;
    identity.forget();
    const forgotten = identity.used === undefined;
    await Keyring.open(fromBase64(sealed), identity);
    return { questions, same, forgotten };
  } finally {
    delete credentials.get;
  }
}

/** A keyring opens by a passkey whose wrapped key, reference or header was changed: with what code does it not? */
export async function openChanged(sealed) {
  const bytes = fromBase64(sealed);
  const text = String.fromCharCode(...bytes);
  const reference = inspect(bytes).header.recipients[0].reference;
  const at = text.indexOf(reference) + reference.length;
  const codes = [];
  for (const place of [at, at + 11, at + 12, at + 43, at + 44, at + 59, bytes.length - 1]) {
    const changed = bytes.slice();
    changed[place] ^= 1;
    codes.push(await Keyring.open(changed, passkeys()).then(() => "opened", (error) => error.code));
  }
  return codes;
}

/** Another tab asks for the passkey at the same time. */
export async function askTwice(sealed) {
  const asked = await Promise.allSettled([openByPasskey(sealed), openByPasskey(sealed)]);
  return asked.map(({ value, reason }) => value ?? reason.code);
}

export async function abortPasskey(sealed) {
  const abort = new AbortController();
  const opening = Keyring.open(fromBase64(sealed), passkeys({ signal: abort.signal })).catch((error) => error);
  abort.abort(new Error("the user left"));
  return (await opening).message;
}

/** Of each call, the code that it fails with. */
export async function badPasskeyOptions() {
  const calls = [
    () => enrolPasskey(),
    () => enrolPasskey({}),
    () => enrolPasskey({ user: "" }),
    () => enrolPasskey({ user: 7 }),
    () => enrolPasskey({ user: "ada", timeout: 0 }),
    () => enrolPasskey({ user: "ada", timeout: Infinity }),
    () => enrolPasskey({ user: "ada", timeout: "1" }),
    () => enrolPasskey({ user: "ada", relyingParty: 7 }),
    () => enrolPasskey({ user: "ada", relyingParty: "a/b" }),
    () => enrolPasskey({ user: "ada", signal: {} }),
    () => enrolPasskey({ user: "ada", passphrase: "x" }),
    () => passkeys({ user: "ada" }),
    () => passkeys(null),
    () => passkeys(new Map()),
    () => deviceKey({ name: "" }),
    () => deviceKey({ name: 7 }),
    () => deviceKey({ database: "" }),
    () => deviceKey("default"),
    () => deviceKey({ secret: "sixteen letters!" }),
    () => deviceKey({ secret: new Uint8Array(15) }),
    () => forgetDeviceKey({ secret: new Uint8Array(16) }),
    () => forgetDeviceKey({ id: 1 }),
    () => new KeyringStore({ database: 7 }),
    () => new KeyringStore({ name: "x" }),
    () => new KeyringStore().save("", new Uint8Array()),
    () => new KeyringStore().save("x", "text"),
    () => new KeyringStore().save("x", new Uint8Array(), { replace: "x" }),
    () => new KeyringStore().load(undefined),
    () => new KeyringStore().delete("x", { versions: "x" }),
  ];
  const codes = [];
  for (const call of calls) codes.push(await Promise.resolve().then(call).then(() => "none", (error) => error.code ?? String(error)));
  return codes;
}

/** Signals that are aborted already, and an object that none of ours is. */
export async function enrolAborted() {
  return enrolPasskey({ user: "ada", signal: AbortSignal.abort(new Error("before")) }).catch((error) => error.message);
}

/** Seals a new keyring for this device and a passphrase, and keeps it. */
export async function keep(name, database) {
  const keyring = await Keyring.generate();
  const store = new KeyringStore({ database });
  const sealed = await keyring.seal([await deviceKey({ database }), quick("correct horse")], { metadata: { owner: name } });
  const { version, created, updated, recipients, metadata } = await store.save(name, sealed);
  store.close();
  return { primary: keyring.primary, version, dates: [created instanceof Date, created <= updated], kinds: recipients.map(({ kind }) => kind), metadata };
}

export async function openKept(name, database) {
  const store = new KeyringStore({ database });
  try {
    return (await store.open(name, await deviceKey({ database }))).primary;
  } finally {
    store.close();
  }
}

/** A device key that takes a secret besides: with what codes do others not open? */
export async function withSecret(database) {
  const keyring = await Keyring.generate();
  const secret = crypto.getRandomValues(new Uint8Array(16));
  const sealed = await keyring.seal(await deviceKey({ database, secret }));
  const code = async (options) => Keyring.open(sealed, await deviceKey({ database, ...options })).then((opened) => opened.primary === keyring.primary, (error) => error.code);
  return [await code({ secret: secret.slice() }), await code({}), await code({ secret: secret.map((byte) => byte ^ 1) }), await code({ secret: new Uint8Array(20) })];
}

/** What a script that runs here can do with the key: use it, and nothing that gives its bytes. */
export async function theft(database) {
  const opened = await new Promise((resolve, reject) => {
    const request = indexedDB.open(database);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const [{ key }] = await new Promise((resolve, reject) => {
    const request = opened.transaction("device-keys").objectStore("device-keys").getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  opened.close();
  const thrown = [];
  for (const format of ["raw", "jwk"]) thrown.push(await crypto.subtle.exportKey(format, key).then(() => "exported", (error) => error.name));
  return { extractable: key.extractable, thrown };
}

/** Saves in a row; what each gives or fails with. */
export async function savesAndConflicts(database) {
  const store = new KeyringStore({ database });
  const keyring = await Keyring.generate();
  const [one, two] = [await keyring.seal(quick("one")), await keyring.seal(quick("two"))];
  const code = (promise) => promise.then(() => "done", (error) => error.code);
  const first = await store.save("ring", one);
  const second = await store.save("ring", two, { replaces: first.version });
  const results = {
    taken: await code(store.save("ring", one)),
    older: await code(store.save("ring", one, { replaces: first.version })),
    stillTwo: base64((await store.load("ring")).sealed) === base64(two),
    createdStays: second.created.getTime() === first.created.getTime(),
    versionsDiffer: first.version !== second.version,
    absent: await code(store.save("other", one, { replaces: first.version })),
    listed: (await store.list()).map(({ name }) => name),
    deleteOlder: await code(store.delete("ring", { version: first.version })),
    deleteIt: await code(store.delete("ring", { version: second.version })),
    deleteAgain: await code(store.delete("ring")),
    gone: await store.load("ring"),
    openGone: await code(store.open("ring", { passphrase: "one" })),
    afterwards: await code(store.save("ring", one, { replaces: second.version })),
    blob: await code(store.save("blob", new Blob([one]))),
    notSealed: await code(store.save("x", new TextEncoder().encode("not a keyring"))),
    empty: await code(store.save("x", new Uint8Array())),
    cut: await code(store.save("x", one.slice(0, 50))),
    file: await code(store.save("x", await keyring.encryptBlob(new Uint8Array(10)))),
    names: await code(store.save("\u0000 / \ud83d\udd11 __proto__", one)),
  };
  store.close();
  results.openedAgain = await code(store.list());
  return results;
}

/** Races for one name; how many of them won. */
export async function race(database, attempts) {
  const keyring = await Keyring.generate();
  const sealed = await keyring.seal(quick("one"));
  const stores = Array.from({ length: attempts }, () => new KeyringStore({ database }));
  const saves = await Promise.allSettled(stores.map((store) => store.save("race", sealed)));
  for (const store of stores) store.close();
  return saves.map(({ status, reason }) => (status === "fulfilled" ? "won" : reason.code));
}

export async function deviceReferences(database, count) {
  const keys = await Promise.all(Array.from({ length: count }, () => deviceKey({ database })));
  return [...new Set(keys.map(({ reference }) => reference))];
}

/** A connection that gives way to nobody, as an older version of a page may hold. */
export async function holdOpen(database) {
  globalThis.held = await new Promise((resolve) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("other");
    request.onsuccess = () => resolve(request.result);
  });
  return globalThis.held.version;
}

/** A page of a later version opens the database: those that are open give way. */
export async function upgrade(database) {
  const opened = await new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 2);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  opened.close();
  return opened.version;
}

export async function codeOf(method, ...args) {
  const store = new KeyringStore({ database: args.shift() });
  globalThis.kept ??= [];
  globalThis.kept.push(store);
  return store[method](...args).then(() => "done", (error) => `${error.name} ${error.code}`);
}

/** Entries that something else changed, beside one that nothing did: what is listed, and what each call gives. */
export async function damaged(database) {
  const store = new KeyringStore({ database });
  const keyring = await Keyring.generate();
  const sealed = await keyring.seal(quick("one"), { metadata: { owner: "ada" } });
  const names = ["a whole one", "cut", "flipped", "no bytes", "noise", "other version"];
  const versions = {};
  for (const name of names) ({ version: versions[name] } = await store.save(name, sealed));
  store.close();
  const flipped = sealed.slice();
  flipped[flipped.length - 1] ^= 1;
  const other = sealed.slice();
  other[4] = 9;
  await change(database, { cut: sealed.slice(0, 40), flipped, "no bytes": undefined, noise: new Uint8Array(300).fill(0xee), "other version": other });
  const listed = (await store.list()).map(({ name, recipients, metadata }) => [name, recipients.length, metadata.owner ?? ""]);
  const opened = {};
  for (const name of names) {
    opened[name] = await store.open(name, { passphrase: "one" }).then(({ primary }) => primary === keyring.primary, ({ name: kind, code }) => `${kind} ${code}`);
  }
  const loaded = (await store.load("cut")).sealed.length;
  const replaced = await store.save("cut", sealed, { replaces: versions.cut }).then(async () => (await store.open("cut", { passphrase: "one" })).primary === keyring.primary);
  for (const name of names) await store.delete(name, name === "noise" ? { version: versions.noise } : {});
  const left = (await store.list()).length;
  store.close();
  return { listed, opened, loaded, replaced, left };
}

/** Puts other bytes where sealed keyrings are stored, as a bug or a failing disk would. */
async function change(database, sealed) {
  const request = indexedDB.open(database);
  const opened = await new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  const transaction = opened.transaction("keyrings", "readwrite");
  const table = transaction.objectStore("keyrings");
  for (const [name, bytes] of Object.entries(sealed)) {
    const stored = table.get(name);
    stored.onsuccess = () => table.put({ ...stored.result, sealed: bytes });
  }
  await new Promise((resolve, reject) => Object.assign(transaction, { oncomplete: resolve, onabort: () => reject(transaction.error) }));
  opened.close();
}

/** Storage that is not there, that refuses, and keys that cannot be kept. */
export async function denied() {
  const codes = [];
  const real = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
  const open = (answer) => ({ open: answer });
  const denying = (name) => open(() => {
    throw new DOMException("denied", name);
  });
  for (const value of [undefined, denying("SecurityError"), denying("InvalidStateError"), denying("UnknownError")]) {
    Object.defineProperty(globalThis, "indexedDB", { configurable: true, value });
    const calls = [() => new KeyringStore({ database: "denied" }).list(), () => deviceKey({ database: "denied" }), () => forgetDeviceKey({ database: "denied" })];
    for (const call of calls) codes.push(await call().then(() => "done", (error) => error.code));
  }
  Object.defineProperty(globalThis, "indexedDB", real);
  codes.push(await new KeyringStore({ database: "denied" }).list().then(() => "done", (error) => error.code));
  return codes;
}

/** Saves what does not fit. */
export async function fill(database, bytes) {
  const keyring = await Keyring.generate();
  const sealed = await keyring.seal(quick("one"), { metadata: { much: "x".repeat(bytes) } });
  const store = new KeyringStore({ database });
  const code = await store.save("large", sealed).then(() => "done", (error) => error.code);
  const left = await store.list().then((list) => list.length, (error) => error.code);
  store.close();
  return { code, left };
}
