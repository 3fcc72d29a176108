/**
 * What an application does with the package, start to end, in nothing but what every runtime has. Each
 * runtime, bundler and browser of the packaging tests runs this same file.
 *
 * @param {typeof import("fortress-sdk")} fortress the package, however it was loaded
 * @param {{ files?: string }} [options] where the files that Node wrote are served, with HTTP Range
 * @returns {Promise<object>} what this runtime wrote, for Node to read
 */
export async function scenario(fortress, { files } = {}) {
  const { Keyring } = fortress;
  const keyring = await Keyring.generate({ profile: "balanced" });
  await tokens(fortress, keyring);
  await rows(fortress, keyring);
  await sealing(fortress, keyring);
  for (const suite of ["AES-256-GCM", "ChaCha20-Poly1305", "AEGIS-256", "AEGIS-256X2"]) await envelopes(fortress, keyring, suite);
  await rotation(fortress, keyring);
  if (files) await filesOfNode(fortress, files);
  const written = await write(fortress);
  keyring.free();
  await fails(fortress, ["freed"], () => keyring.encrypt("too late"));
  return written;
}

/**
 * What an application does that encrypts fields alone. `loaded` tells how many modules there are so far, where that can be told: the whole one comes when
 * a keyring is sealed or opened.
 */
export async function fieldsScenario(fortress, loaded = () => undefined) {
  const keyring = await fortress.Keyring.generate();
  await tokens(fortress, keyring);
  await rows(fortress, keyring);
  check((loaded() ?? 1) === 1, "one module is enough for fields");
  await sealing(fortress, keyring);
  check((loaded() ?? 2) === 2, "another one opens and seals keyrings");
  const token = keyring.encrypt("kept");
  keyring.rotate();
  equal(keyring.decryptText(keyring.reencrypt(token)), "kept", "a token under the new key");
  const passphrase = "packaging tests";
  const sealed = await keyring.seal({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
  const written = { passphrase, sealed: base64(sealed), token: keyring.encrypt("written here") };
  keyring.free();
  await fails(fortress, ["freed"], () => keyring.encrypt("too late"));
  return written;
}

/**
 * What an application does that grants. `loaded` tells how many modules there are so far, where that can be told: that of the signatures comes when a key
 * that signs is made.
 */
export async function grantsScenario(fortress, { Grant, SigningKey }, loaded = () => undefined) {
  const { Identity, Keyring, encryptBlob } = fortress;
  const [keyring, ada] = [await Keyring.generate(), await Identity.generate()];
  check((loaded() ?? 1) === 1, "one module is enough without grants");
  const users = keyring.scope("acme", "users");
  const token = users.encrypt("granted");
  for (const algorithm of ["ed25519", "hybrid"]) {
    const signer = await SigningKey.generate({ algorithm });
    const until = new Date(Date.now() + 60_000);
    const sealed = await users.grant({ recipients: ada.publicIdentity, signer, actions: "decrypt", until });
    const grant = await Grant.open(sealed, { identity: ada, trusted: signer.verifyingKey });
    equal(grant.keyring().decryptText(token), "granted", "a value by a grant");
    await fails(fortress, ["action_not_granted"], () => grant.keyring().encrypt("x"));
    await fails(fortress, ["grant_expired"], () => Grant.open(sealed, { identity: ada, trusted: signer.verifyingKey, now: until }));
    await fails(fortress, ["untrusted_granter"], () => Grant.open(sealed, { identity: ada, trusted: [] }));
  }
  check((loaded() ?? 2) === 2, "another one has the signatures");
  const answer = await encryptBlob(new Blob(["yes"]), { recipients: users.scopeIdentity() });
  equal(await (await users.decryptBlob(answer)).text(), "yes", "what a form sealed");
  const passphrase = "packaging tests";
  return { passphrase, sealed: base64(await keyring.seal({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } })), token: keyring.encrypt("written here") };
}

/** The slim entry has no module of its own, and says so. */
export async function beforeInit(fortress) {
  await fails(fortress, ["not_initialised"], () => fortress.Keyring.generate());
  await fails(fortress, ["wasm_unavailable"], () => fortress.init(Uint8Array.of(1, 2, 3)));
}

async function tokens(fortress, keyring) {
  const email = keyring.scope("acme", "users", "email");
  const token = email.encrypt("ada@example.org", { row: "42" });
  equal(typeof token, "string", "a token is text");
  equal(email.decryptText(token, { row: "42" }), "ada@example.org", "a token's text");
  equal(email.decrypt(email.encrypt(Uint8Array.of(1, 2, 3))), Uint8Array.of(1, 2, 3), "a token's bytes");
  equal(keyring.scope("acme", "users").scope("email").decryptText(token, { row: "42" }), "ada@example.org", "scopes by steps");
  await fails(fortress, ["authentication_failed"], () => email.decrypt(token, { row: "43" }));
  await fails(fortress, ["authentication_failed"], () => keyring.scope("acme", "users", "ssn").decrypt(token, { row: "42" }));
  await fails(fortress, ["truncated"], () => email.decrypt(token.slice(0, 40), { row: "42" }));
  await fails(fortress, ["invalid_text"], () => email.decrypt("no token!"));
  const inspection = fortress.inspect(token);
  check(JSON.stringify(inspection).includes(keyring.primary), "inspect shows the key id");
}

async function rows(fortress, keyring) {
  const users = keyring.scope("acme", "users");
  const row = { name: "Ada", mail: "ada@example.org", note: "" };
  const whole = users.encryptRow(row, { row: "1" });
  equal(users.decryptRowText(whole, { row: "1" }), row, "a row of whole tokens");
  const { header, fields } = users.encryptRowHoisted(row, { row: "1" });
  equal(users.decryptRowText({ header, fields }, { row: "1" }), row, "a row under one header");
  await fails(fortress, ["authentication_failed"], () => users.decryptRow({ ...whole, name: whole.mail, mail: whole.name }, { row: "1" }));
  const column = ["a", null, "c"];
  equal(users.decryptColumnText(users.encryptColumn(column)), column, "a column");
}

async function sealing(fortress, keyring) {
  const argon2 = { passes: 1, memoryKiB: 8192, lanes: 1 };
  const sealed = await keyring.seal({ passphrase: "correct horse", argon2 });
  const again = await fortress.Keyring.open(sealed, { passphrase: "correct horse" });
  equal(again.primary, keyring.primary, "the sealed keyring's primary key");
  equal(again.scope("s").decryptText(keyring.scope("s").encrypt("x")), "x", "the sealed keyring's secrets");
  await fails(fortress, ["wrong_passphrase"], () => fortress.Keyring.open(sealed, { passphrase: "wrong horse" }));
  await fails(fortress, ["empty_passphrase"], () => keyring.seal({ passphrase: "" }));
}

/** Large enough that AES-256-GCM goes through the host's own implementation where there is one. */
const size = 3 * 1024 * 1024 + 17;

async function envelopes(fortress, keyring, suite) {
  const context = { file: "report" };
  const plain = pattern(size);
  const encrypted = await bytesOf(inPieces(plain, 70_001).pipeThrough(keyring.encryptStream({ suite, context })));
  check(encrypted.length > plain.length, `${suite}: the envelope is longer than the file`);
  equal(await bytesOf(inPieces(encrypted, 100_003).pipeThrough(keyring.decryptStream({ context }))), plain, `${suite}: stream`);
  const blob = new Blob([encrypted]);
  equal(await bytesOf((await keyring.decryptBlob(blob, { context })).stream()), plain, `${suite}: decryptBlob`);
  for (const [start, end] of [[0, 1], [16_383, 16_385], [1_000_000, 1_100_000], [size - 5, size]]) {
    equal(await keyring.decryptRange(blob, { start, end, context }), plain.subarray(start, end), `${suite}: range ${start}-${end}`);
  }
  const flipped = encrypted.slice();
  flipped[2_000_000] ^= 1;
  await fails(fortress, ["authentication_failed"], () => bytesOf(inPieces(flipped, 100_003).pipeThrough(keyring.decryptStream({ context }))));
  await fails(fortress, ["authentication_failed"], () => keyring.decryptBlob(blob, { context: { file: "other" } }));
  const cut = encrypted.subarray(0, 2_000_000);
  await fails(fortress, ["authentication_failed", "truncated"], () => bytesOf(inPieces(cut, 100_003).pipeThrough(keyring.decryptStream({ context }))));
}

async function rotation(fortress, keyring) {
  const before = await keyring.encryptBlob(new Blob(["kept"]));
  const old = keyring.primary;
  const token = keyring.encrypt("kept");
  keyring.rotate();
  check(keyring.primary !== old, "a new primary key");
  equal(keyring.decryptText(token), "kept", "a token of the old key");
  equal(keyring.decryptText(keyring.reencrypt(token)), "kept", "the same under the new key");
  const after = await fortress.rewrap(before, { identity: keyring, recipients: [keyring] });
  keyring.destroyVersion(old);
  await fails(fortress, ["key_destroyed"], () => keyring.decryptBlob(before));
  equal(await (await keyring.decryptBlob(after)).text(), "kept", "the rewrapped file");
}

/** Opens what Node wrote: whole, and a slice by HTTP Range. */
async function filesOfNode(fortress, files) {
  const expected = await (await fetch(new URL("expected.json", files))).json();
  const sealed = new Uint8Array(await (await fetch(new URL("keyring.sealed", files))).arrayBuffer());
  const keyring = await fortress.Keyring.open(sealed, { passphrase: expected.passphrase });
  equal(keyring.decryptText(expected.token), expected.text, "Node's token");
  const { start, end } = expected.range;
  const part = await keyring.decryptRange(new URL("report.ftrs", files), { start, end, context: expected.context });
  equal(part, pattern(expected.size).subarray(start, end), "a slice of Node's file");
  const file = await fortress.openSource(new URL("report.ftrs", files), { identity: keyring, context: expected.context });
  equal(file.size, expected.size, "the size of Node's file");
  equal(await bytesOf(file.stream()), pattern(expected.size), "Node's file");
  keyring.free();
}

/** A sealed keyring, a token and a file for somebody else to open; see {@link read}. */
export async function write({ Keyring }) {
  const keyring = await Keyring.generate();
  const passphrase = "packaging tests";
  const sealed = await keyring.seal({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
  const token = keyring.encrypt("written here");
  const file = await bytesOf((await keyring.encryptBlob(new Blob([pattern(50_000)]))).stream());
  keyring.free();
  return { passphrase, sealed: base64(sealed), token, file: base64(file) };
}

/** Opens what {@link write} wrote, somewhere else. */
export async function read({ Keyring }, { passphrase, sealed, token, file }) {
  const keyring = await Keyring.open(unbase64(sealed), { passphrase });
  equal(keyring.decryptText(token), "written here", "the other's token");
  if (file !== undefined) equal(await bytesOf((await keyring.decryptBlob(unbase64(file))).stream()), pattern(50_000), "the other's file");
  keyring.free();
}

/** Bytes that differ from chunk to chunk, the same everywhere. */
export function pattern(length) {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

function inPieces(bytes, length) {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset < bytes.length) controller.enqueue(bytes.subarray(offset, (offset += length)));
      else controller.close();
    },
  });
}

/** By a reader, as not every runtime's `Response` takes every stream. */
async function bytesOf(stream) {
  const pieces = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

function check(truth, what) {
  if (!truth) throw new Error(`not so: ${what}`);
}

function equal(actual, expected, what) {
  if (expected instanceof Uint8Array) {
    check(actual instanceof Uint8Array && actual.length === expected.length && actual.every((byte, i) => byte === expected[i]), what);
  } else {
    const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
    if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
  }
}

async function fails({ FortressError }, codes, action) {
  let error;
  try {
    await action();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof FortressError)) throw new Error(`expected a FortressError (${codes.join(" or ")}), got ${error?.stack ?? "none"}`, { cause: error });
  check(error instanceof Error && codes.includes(error.code), `the code is ${codes.join(" or ")}: got ${error.code}, ${error.message}`);
  check(typeof error.operation === "string" && error.operation !== "", `${error.code} names the operation`);
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function unbase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
