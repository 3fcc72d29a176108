import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as fortress from "fortress-sdk";
import { bytesOf, collect, pattern, streamOf, toHex } from "./support/bytes.mjs";

// Every error as a person meets it: how to get it, and what it says.
const { Keyring } = fortress;
const quick = (passphrase) => ({ passphrase, argon2: { passes: 1, memoryKiB: 8192, lanes: 1 } });
const keyring = await Keyring.generate();
const other = await Keyring.generate();
const token = keyring.encrypt("x");
const envelope = await bytesOf(await keyring.encryptBlob(pattern(100)));
const sealed = await keyring.seal(quick("right"));
const bytesWith = (at, ...bytes) => Uint8Array.from(envelope, (byte, index) => bytes[index - at] ?? byte);
const raw = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const tokenWith = (at, ...bytes) => text(raw(token).map((byte, index) => bytes[index - at] ?? byte));
const destroyed = await Keyring.generate();
const lost = destroyed.encrypt("x");
const forLost = await destroyed.encryptBlob(pattern(10));
const first = destroyed.primary;
destroyed.rotate();
destroyed.destroyVersion(first);
const freed = await Keyring.generate();
freed.free();

const CASES = [
  ["AuthenticationError", "authentication_failed", () => keyring.scope("a").decrypt(token), "the token is not authentic: it was changed, or the key, scope or context is not the one it was encrypted with"],
  ["AuthenticationError", "authentication_failed", () => keyring.decryptBlob(bytesWith(envelope.length - 1, 0, 0)), /^the data is not authentic: it was changed or cut/, bytesWith(envelope.length - 1, envelope.at(-1) ^ 1)],
  ["AuthenticationError", "wrong_passphrase", () => Keyring.open(sealed, { passphrase: "wrong" }), "the passphrase is wrong; try again, and mind the layout of the keyboard"],
  ["KeyError", "unknown_key", () => other.decrypt(token), `the token was made with key ${keyring.primary}, which this keyring does not hold; it is another keyring's, or newer than this copy`],
  ["KeyError", "key_destroyed", () => destroyed.decrypt(lost), `the token was made with key ${first}, which was destroyed; its value cannot be recovered`],
  ["KeyError", "key_destroyed", () => destroyed.decryptBlob(forLost), new RegExp(`^the envelope is encrypted for key ${first}, which was destroyed`)],
  ["KeyError", "wrong_recipient", () => Keyring.open(sealed, keyring), /^nothing given opens this envelope: it is for passphrase; bring the passphrase/],
  ["KeyError", "not_root", () => keyring.scope("a").rotate(), /^a keyring narrowed to a scope cannot be rotated/],
  ["KeyError", "primary_in_use", () => keyring.destroyVersion(keyring.primary), `version ${keyring.primary} is the primary one and cannot be destroyed; rotate first`],
  ["FormatError", "unknown_suite", () => keyring.decrypt(tokenWith(1, 0, 77)), "suite 77 is not known to this version of Fortress; a newer version may read it"],
  ["FormatError", "private_suite", () => keyring.decrypt(tokenWith(1, 0x90, 0)), "suite 36864 is private; it can be read only where its plugin is installed"],
  ["FormatError", "unknown_version", () => keyring.decrypt(tokenWith(0, 9)), /first byte is 9, expected 1, 2 or 3/],
  ["FormatError", "unknown_version", () => keyring.decryptBlob(bytesWith(4, 2)), /version 2, expected 1/],
  ["FormatError", "not_fortress", () => keyring.decryptBlob(pattern(100)), 'not a Fortress envelope: it does not start with "FTRS"; check that it is the file you meant'],
  ["FormatError", "truncated", () => keyring.decryptBlob(envelope.subarray(0, 50)), /cut off: its end is missing; get the whole of it again$/],
  ["FormatError", "truncated", () => keyring.decrypt(token.slice(0, 20)), /^the token is cut off: it has 15 bytes/],
  ["FormatError", "non_canonical", () => keyring.decryptBlob(bytesWith(9, 0xff)), /is not the deterministic CBOR of its layout; get it again from where it was written$/],
  ["FormatError", "invalid_text", () => keyring.decrypt("?"), "not a token's text: expected base64url without padding; was all of it copied?"],
  ["FormatError", "invalid_utf8", () => keyring.decryptText(keyring.encrypt(Uint8Array.of(0xff))), "the decrypted value is not UTF-8 text; read it as bytes"],
  ["FormatError", "wrong_content", () => fortress.decryptBlob(sealed, { identity: { passphrase: "right" } }), "the envelope holds keyring, expected data; open it as what it is"],
  ["FormatError", "wrong_group", () => keyring.decryptRow({ a: token }), /the token's kind does not fit here/],
  ["LimitError", "header_too_large", () => keyring.decryptBlob(bytesWith(5, 255, 255, 255, 255)), "the envelope's header has 4294967295 bytes, more than the 1048576 allowed"],
  ["LimitError", "argon2_limits", () => keyring.seal({ passphrase: "p", argon2: { passes: 1, memoryKiB: 1, lanes: 1 } }), /^Argon2id parameters out of bounds \(t=1, m=1 KiB, p=1\)/],
  ["LimitError", "value_too_large", () => keyring.encryptRow({ a: new Uint8Array(20_000) }), /^encryptRow: the field "a": a value here has at most 16383 bytes, this one has 20000/],
  ["LimitError", "too_many_recipients", () => keyring.seal(Array(1025).fill(keyring)), /at most 1024 recipients/],
  ["LimitError", "limit_exceeded", () => keyring.decryptColumn([text(raw(keyring.encryptColumn(["x"])[0]).map((byte, index) => (index === 64 ? 0x10 : byte)))]), /index in its group is 1048576, above the limit/],
  ["InputError", "invalid_segment", () => keyring.scope("a".repeat(256)), "a scope segment has 1 to 255 bytes, this one has 256"],
  ["InputError", "invalid_context", () => keyring.encrypt("x", { a: "x".repeat(20_000) }), /^a context takes at most 16384 bytes/],
  ["InputError", "invalid_context", () => keyring.encrypt("x", Object.fromEntries(Array.from({ length: 257 }, (_, i) => [i, ""]))), "a context has at most 256 entries, this one has 257"],
  ["InputError", "empty_passphrase", () => keyring.seal({ passphrase: "" }), "the passphrase is empty; choose one of several words"],
  ["InputError", "no_recipient", () => keyring.seal([]), "an envelope needs at least one recipient: a keyring, a passphrase or an identity"],
  ["InputError", "invalid_argument", () => keyring.encryptBlob(new Blob(), { suite: "AES" }), 'there is no suite "AES"; the suites are AES-256-GCM, ChaCha20-Poly1305, AEGIS-256, AEGIS-256X2'],
  ["InputError", "invalid_argument", () => keyring.seal({}), "seal: expected a Keyring, Identity or Grant of this copy of fortress-sdk, a public identity, { passphrase }, { shares } or an external key, got an object"],
  ["InputError", "invalid_argument", () => Keyring.generate({ profile: "quick" }), 'there is no profile "quick"; the profiles are lightning, balanced, fortress, archive'],
  ["InputError", "invalid_argument", () => keyring.destroyVersion("1"), 'a key id has 8 hexadecimal digits, got "1"'],
  ["InputError", "invalid_argument", () => keyring.encryptBlob("text"), "encryptBlob: expected a Blob or a Uint8Array, got a string"],
  ["InputError", "out_of_range", () => keyring.decryptRange(envelope, { start: 0, end: 101 }), "decryptRange: the range 0 to 101 does not lie within the file's 100 bytes"],
  ["SourceError", "source_failed", () => keyring.decryptRange("http://127.0.0.1:1/", { start: 0, end: 1 }), /the file could not be loaded/],
  ["InstanceError", "freed", () => freed.encrypt("x"), "encrypt: the keyring was freed and wiped; open it again"],
];

for (const [name, code, provoke, expected, altered] of CASES) {
  test(`${code}: ${expected}`, async () => {
    const act = altered === undefined ? provoke : () => keyring.decryptBlob(altered);
    await assert.rejects(
      async () => act(),
      (error) => {
        assert.ok(error instanceof fortress.FortressError, String(error));
        assert.ok(error instanceof fortress[name]);
        assert.equal(error.name, name);
        assert.equal(error.code, code);
        assert.equal(typeof error.operation, "string");
        if (typeof expected === "string") assert.equal(error.message, expected);
        else assert.match(error.message, expected);
        return true;
      },
    );
  });
}

test("an error carries no secret", async () => {
  const secret = "a passphrase nobody may see";
  const seen = [];
  for (const provoke of [
    () => Keyring.open(sealed, { passphrase: secret }),
    () => keyring.encrypt({ secret }),
    () => keyring.decrypt(secret),
    () => keyring.encrypt(secret, { a: 7 }),
    () => collect(streamOf(new TextEncoder().encode(secret)).pipeThrough(keyring.decryptStream())),
  ]) {
    await assert.rejects(async () => provoke(), (error) => Boolean(seen.push(`${error.message}${error.stack}${JSON.stringify(error)}`)));
  }
  for (const shown of seen) assert.ok(!shown.includes(secret) && !shown.includes(toHex(new TextEncoder().encode(secret))));
});

test("the classes of codes are those of the guide, and the codes of the format are among them", async () => {
  const read = (path) => readFile(new URL(path, import.meta.url), "utf8");
  const [source, guide, spec] = await Promise.all(["../src/errors.ts", "../../../docs/guide/web.md", "../../../docs/spec/limits.md"].map(read));
  const kinds = Object.fromEntries([...source.matchAll(/^  ([a-z0-9_]+): "([A-Za-z]+)",$/gmu)].map(([, name, kind]) => [name, kind]));
  assert.ok(Object.keys(kinds).length > 60);
  const rows = [...guide.matchAll(/^\| `([A-Za-z]+Error)`[^|]*\|(.*)\|$/gmu)].flatMap(([, kind, cell]) => [...cell.matchAll(/`([a-z0-9_]+)`/gu)].map(([, name]) => [name, kind]));
  const passkeys = Object.entries(kinds).filter(([name]) => name.startsWith("passkey_"));
  assert.deepEqual(Object.fromEntries([...rows, ...passkeys]), kinds);
  const plain = /^export type ErrorCode = .*;$/mu.exec(source)[0];
  const tables = spec.slice(spec.indexOf("**L-3.**"), spec.indexOf("**L-4.**"));
  for (const [, name] of tables.matchAll(/`([a-z0-9]+(?:_[a-z0-9]+)*)`(?=,| \||$)/gmu)) {
    assert.ok(name in kinds || plain.includes(`"${name}"`), name);
  }
});

test("entries export the classes of errors, and nothing that makes them", async () => {
  const classes = ["AuthenticationError", "FormatError", "FortressError", "GrantError", "InputError", "InstanceError", "KeyError", "LimitError", "SourceError", "StorageError"];
  const whole = [
    "Identity", "Keyring", "ShareSet", "decryptBlob", "decryptRange", "decryptStream", "encryptBlob", "encryptStream", "init", "inspect", "inspectSource", "openSource", "publicIdentity", "rewrap", "scopeIdentity",
  ];
  const fields = ["Keyring", "init", "inspect"];
  const grants = ["Grant", "SigningKey", "init", "verifyingKey"];
  const entries = {
    "fortress-sdk": whole, "fortress-sdk/slim": whole, "fortress-sdk/fields": fields, "fortress-sdk/fields/slim": fields, "fortress-sdk/grants": grants, "fortress-sdk/grants/slim": grants,
  };
  for (const [entry, own] of Object.entries(entries)) {
    assert.deepEqual(Object.keys(await import(entry)).sort(), [...own, ...classes].sort(), entry);
  }
  for (const [entry, own] of Object.entries({ "web.js": whole, "fields.js": fields, "grants.js": grants })) {
    const names = Object.keys(await import(new URL(`../dist/${entry}`, import.meta.url)));
    assert.deepEqual(names.sort(), [...own, ...classes].sort(), entry);
  }
  const unlock = ["KeyringStore", "deviceKey", "enrolPasskey", "forgetDeviceKey", "passkeys"];
  assert.deepEqual(Object.keys(await import("fortress-sdk/unlock")).sort(), [...unlock, ...classes].sort());
});
